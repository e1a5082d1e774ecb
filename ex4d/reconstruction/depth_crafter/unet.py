"""DepthCrafter's own pass through Stable Video Diffusion's UNet: every frame has the embedding of its own picture.

The reference is ``depthcrafter/unet.py`` of Tencent/DepthCrafter. Modules and names are those of diffusers'
UNetSpatioTemporalConditionModel; the layers are computed by :mod:`.spatiotemporal`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ex4d.array_types import Float
from ex4d.reconstruction.depth_crafter.spatiotemporal import (
    Embedding,
    Features,
    Resized,
    convolved,
    enlarged,
    normed,
    residual,
    transformed,
)

Latents = Float[torch.Tensor, "frames channels height width"]
PIECE = 2**17
"""Tokens at the largest size that a transformer works on at a time; fewer take longer, more only take memory."""


def velocity(
    unet: Any,
    latents: Latents,
    video: Latents,
    timestep: Float[torch.Tensor, ""],
    pictures: Float[torch.Tensor, "frames numbers"],
    time_ids: Float[torch.Tensor, "3"],
) -> Latents:
    """Return what the UNet sees in noisy latents.

    Args:
        unet: diffusers' module.
        latents: scaled as the schedule scales them.
        video: the latents of the clip's frames.
        timestep: a quarter of the noise level's logarithm.
        pictures: the image encoder's embedding of each frame.
        time_ids: frames a second, motion, and noise that was added to the frames.
    """
    time = _time(unet, timestep, time_ids)
    x = torch.cat([latents, video], dim=1).permute(0, 2, 3, 1).contiguous()
    passed = [convolved(unet.conv_in, x)]
    for block in unet.down_blocks:
        passed += _layers(block, passed[-1], time, pictures)
    x = residual(unet.mid_block.resnets[0], passed[-1], time)
    for attention, block in zip(unet.mid_block.attentions, unet.mid_block.resnets[1:], strict=True):
        x = residual(block, transformed(attention, x, pictures, PIECE), time)
    for block in unet.up_blocks:
        x = _up(block, x, passed, time, pictures)
    x = convolved(unet.conv_out, normed(unet.conv_norm_out, x, silu=True))
    return x.permute(0, 3, 1, 2).contiguous()


def _time(unet: Any, timestep: Float[torch.Tensor, ""], time_ids: Float[torch.Tensor, "3"]) -> Embedding:
    """Return the embedding of the noise level and the time ids."""
    dtype = unet.conv_in.weight.dtype
    level = unet.time_embedding(unet.time_proj(timestep[None]).to(dtype))
    return level + unet.add_embedding(unet.add_time_proj(time_ids).reshape(1, -1).to(dtype))


def _layers(
    block: nn.Module, x: Features, time: Embedding, pictures: Float[torch.Tensor, "frames numbers"]
) -> list[Tensor]:
    """Return the features after each layer of a block on the way down, the smaller ones at its end included."""
    attentions = getattr(block, "attentions", None) or [None] * len(block.resnets)
    made = []
    for layer, attention in zip(block.resnets, attentions, strict=True):
        x = residual(layer, x, time)
        x = x if attention is None else transformed(attention, x, pictures, PIECE)
        made.append(x)
    for smaller in block.downsamplers or ():
        made.append(convolved(smaller.conv, made[-1]))
    return made


def _up(
    block: nn.Module,
    x: Features,
    passed: list[Tensor],
    time: Embedding,
    pictures: Float[torch.Tensor, "frames numbers"],
) -> Resized:
    """Return a block's features on the way up; takes those that were passed over, last ones first."""
    attentions = getattr(block, "attentions", None) or [None] * len(block.resnets)
    for layer, attention in zip(block.resnets, attentions, strict=True):
        x = residual(layer, torch.cat([x, passed.pop()], dim=-1), time)
        x = x if attention is None else transformed(attention, x, pictures, PIECE)
    for larger in block.upsamplers or ():
        x = enlarged(larger, x)
    return x
