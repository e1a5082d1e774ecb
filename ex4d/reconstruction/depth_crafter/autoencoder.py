"""Stable Video Diffusion's autoencoder: pictures one by one into latents, latents a few frames together into pictures.

Modules and names are those of diffusers' AutoencoderKLTemporalDecoder.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ex4d.array_types import Float
from ex4d.reconstruction.depth_crafter.spatiotemporal import (
    Features,
    convolved,
    convolved_over_time,
    enlarged,
    normed,
    residual,
    residual_of_frames,
    self_attention,
)

Pictures = Float[torch.Tensor, "frames 3 tall wide"]
Latents = Float[torch.Tensor, "frames channels height width"]


def encoded(encoder: Any, to_moments: nn.Conv2d, pictures: Pictures) -> Latents:
    """Return the most likely latents of pictures in [-1, 1], not scaled; each picture's depend on it alone."""
    x = convolved(encoder.conv_in, pictures.permute(0, 2, 3, 1).contiguous())
    for block in encoder.down_blocks:
        for layer in block.resnets:
            x = residual_of_frames(layer, x, None)
        for smaller in block.downsamplers or ():
            x = convolved(smaller.conv, functional.pad(x, (0, 0, 0, 1, 0, 1)))
    x = residual_of_frames(encoder.mid_block.resnets[0], x, None)
    x = _attended(encoder.mid_block.attentions[0], x)
    x = residual_of_frames(encoder.mid_block.resnets[1], x, None)
    moments = convolved(to_moments, convolved(encoder.conv_out, normed(encoder.conv_norm_out, x, silu=True)))
    return moments.permute(0, 3, 1, 2).chunk(2, dim=1)[0].contiguous()


def decoded(decoder: Any, latents: Latents) -> Pictures:
    """Return the pictures of unscaled latents, about in [-1, 1]; frames that are decoded together depend on another."""
    x = convolved(decoder.conv_in, latents.permute(0, 2, 3, 1).contiguous())
    middle = decoder.mid_block
    x = residual(middle.resnets[0], x, None, mirrored=True)
    for layer, attention in zip(middle.resnets[1:], middle.attentions, strict=False):  # one attention, after the first
        x = residual(layer, _attended(attention, x), None, mirrored=True)
    for block in decoder.up_blocks:
        for layer in block.resnets:
            x = residual(layer, x, None, mirrored=True)
        for larger in block.upsamplers or ():
            x = enlarged(larger, x)
    x = convolved(decoder.conv_out, normed(decoder.conv_norm_out, x, silu=True))
    return convolved_over_time(decoder.time_conv_out, x).permute(0, 3, 1, 2)


def _attended(attention: Any, x: Features) -> Features:
    frames, height, width, channels = x.shape
    tokens = normed(attention.group_norm, x).view(frames, height * width, channels)
    return x + self_attention(attention, tokens).view(frames, height, width, channels)
