"""The layers of Stable Video Diffusion's networks over diffusers' modules, with channels last throughout.

Features lie in memory as frames, rows, columns, channels. That one order is what convolutions of pictures, convolutions
over time, and transformers (pixels as tokens) all read without a copy; diffusers' own layers change between orders at
each step. What each of them computes is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ex4d.array_types import Float

HAS_TRITON = find_spec("triton") is not None

Features = Float[torch.Tensor, "frames height width channels"]
Filtered = Float[torch.Tensor, "frames height width filters"]
Resized = Float[torch.Tensor, "frames tall wide filters"]
Tokens = Float[torch.Tensor, "frames pixels channels"]
Bias = Float[torch.Tensor, "filters"]
Embedding = Float[torch.Tensor, "1 features"]


def fuses(x: torch.Tensor) -> bool:
    """Whether :mod:`.kernels` can be used: on a card, where PyTorch comes with Triton. The results are the same."""
    return x.is_cuda and HAS_TRITON


def convolved(layer: nn.Conv2d, x: Features, *, biased: bool = True) -> Resized:
    """Return a convolution of pictures; without its bias where something else adds that."""
    bias = layer.bias if biased else None
    seen = functional.conv2d(x.permute(0, 3, 1, 2), layer.weight, bias, layer.stride, layer.padding)
    return seen.permute(0, 2, 3, 1)


def convolved_over_time(layer: nn.Conv3d, x: Features, *, biased: bool = True) -> Filtered:
    """Return a convolution over three frames of each pixel.

    A card takes half the time for it as a convolution of volumes. A CPU takes a third of that as a convolution of one
    picture whose rows are the frames and whose columns are all pixels: the same numbers.
    """
    bias = layer.bias if biased else None
    if x.is_cuda:
        volume = x.permute(3, 0, 1, 2)[None]
        return functional.conv3d(volume, layer.weight, bias, padding=layer.padding)[0].permute(1, 2, 3, 0)
    frames, height, width, _ = x.shape
    sheet = x.reshape(1, frames, height * width, -1).permute(0, 3, 1, 2)
    seen = functional.conv2d(sheet, layer.weight.squeeze(-1), bias, padding=(1, 0))
    return seen.permute(0, 2, 3, 1).reshape(frames, height, width, -1)


def normed(
    layer: nn.GroupNorm, x: Features, bias: Bias | None = None, *, together: bool = False, silu: bool = False
) -> Features:
    """Return the group norm of each frame, or of all frames together, of features and a bias; its SiLU where asked."""
    if fuses(x):
        from ex4d.reconstruction.depth_crafter import kernels

        return kernels.normed(layer, x, bias, together=together, silu=silu)
    x = x if bias is None else x + bias
    first = x.permute(3, 0, 1, 2)[None] if together else x.permute(0, 3, 1, 2)
    seen = functional.group_norm(first, layer.num_groups, layer.weight, layer.bias, layer.eps)
    if silu:
        seen = functional.silu(seen, inplace=True)
    return seen[0].permute(1, 2, 3, 0).contiguous() if together else seen.permute(0, 2, 3, 1).contiguous()


def joined(x: Features, more: Features, bias: Bias, share: Float[torch.Tensor, "1"]) -> Features:
    """Return features plus a share of others and their bias."""
    if fuses(x):
        from ex4d.reconstruction.depth_crafter import kernels

        return kernels.joined(x, more, bias, share)
    return torch.addcmul(x, more + bias, share)


def residual(block: Any, x: Features, time: Embedding | None, *, mirrored: bool = False) -> Filtered:
    """Return a SpatioTemporalResBlock's output: a residual block of each frame, then some of one over time.

    Its output is a mean of the features before and after the second, which is itself a residual: so they plus a share.

    Args:
        block: the module.
        x: features.
        time: the embedding of noise and time ids; None in the decoder, which has none.
        mirrored: whether the block's mixing factor is the share of what time adds, rather than that of what it keeps.
    """
    x = residual_of_frames(block.spatial_res_block, x, time)
    over_time = block.temporal_res_block
    h = convolved_over_time(over_time.conv1, normed(over_time.norm1, x, together=True, silu=True), biased=False)
    h = normed(over_time.norm2, h, _bias(over_time, time), together=True, silu=True)
    h = convolved_over_time(over_time.conv2, h, biased=False)
    kept = torch.sigmoid(block.time_mixer.mix_factor)
    return joined(x, h, over_time.conv2.bias, kept if mirrored else 1.0 - kept)


def residual_of_frames(block: Any, x: Features, time: Embedding | None) -> Filtered:
    """Return a ResnetBlock2D's output."""
    h = convolved(block.conv1, normed(block.norm1, x, silu=True), biased=False)
    h = convolved(block.conv2, normed(block.norm2, h, _bias(block, time), silu=True), biased=False)
    bias = block.conv2.bias
    if block.conv_shortcut is not None:
        x, bias = convolved(block.conv_shortcut, x, biased=False), bias + block.conv_shortcut.bias
    return joined(x, h, bias, bias.new_ones(1))


def _bias(block: Any, time: Embedding | None) -> Bias:
    """Return the first convolution's bias, with what the time embedding adds to every pixel of every frame."""
    bias: Bias = block.conv1.bias
    return bias if time is None else bias + block.time_emb_proj(functional.silu(time))[0]


def transformed(model: Any, x: Features, pictures: Float[torch.Tensor, "frames numbers"], piece: int) -> Features:
    """Return a TransformerSpatioTemporalModel's output.

    Args:
        model: the module.
        x: features.
        pictures: the embedding of each frame's picture.
        piece: tokens that are worked on at a time: what there is to compute with them takes far more memory than they.
    """
    frames, height, width, channels = x.shape
    h = model.proj_in(normed(model.norm, x).reshape(frames, height * width, channels))
    place = model.time_proj(torch.arange(frames, device=x.device)).to(h.dtype)
    moment = model.time_pos_embed(place)[:, None]
    for block, over_time in zip(model.transformer_blocks, model.temporal_transformer_blocks, strict=True):
        for at in _pieces(frames, piece // (height * width)):
            _attend(block, h[at], pictures[at])
        kept = torch.sigmoid(model.time_mixer.mix_factor)
        for at in _pieces(height * width, piece // frames):
            some = h[:, at]
            torch.lerp(_attended_over_time(over_time, some + moment, pictures[:1]), some, kept, out=some)
    return model.proj_out(h).view(frames, height, width, channels).add_(x)


def _pieces(length: int, piece: int) -> Iterator[slice]:
    for start in range(0, length, max(1, piece)):
        yield slice(start, start + max(1, piece))


def _attend(block: Any, x: Tokens, pictures: Float[torch.Tensor, "frames numbers"]) -> None:
    """Put a BasicTransformerBlock's output in the place of its input: each frame's pixels look at one another."""
    h = x + self_attention(block.attn1, block.norm1(x))
    h += _told(block.attn2, pictures)[:, None]
    torch.add(h, _fed(block.ff, block.norm3(h)), out=x)


def _attended_over_time(block: Any, h: Tokens, picture: Float[torch.Tensor, "1 numbers"]) -> Tokens:
    """Return a TemporalBasicTransformerBlock's output: the frames of each pixel look at one another."""
    h = _fed(block.ff_in, block.norm_in(h)).add_(h)
    h += self_attention(block.attn1, block.norm1(h).transpose(0, 1)).transpose(0, 1)
    h += _told(block.attn2, picture)
    return h.add_(_fed(block.ff, block.norm3(h)))


def _told(attention: Any, pictures: Float[torch.Tensor, "some numbers"]) -> Float[torch.Tensor, "some channels"]:
    """Return what a cross attention adds to every pixel.

    It looks at one thing only, the picture's embedding (over time: that of the first frame), and the softmax of one
    number is 1. So it does not depend on who looks: there are neither queries nor keys to compute.
    """
    return attention.to_out[0](attention.to_v(pictures))


def self_attention(
    attention: Any, x: Float[torch.Tensor, "batch tokens channels"]
) -> Float[torch.Tensor, "batch tokens channels"]:
    """Return each token's mean of all tokens of its batch, by diffusers' Attention."""
    heads = [
        layer(x).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
        for layer in (attention.to_q, attention.to_k, attention.to_v)
    ]
    seen = functional.scaled_dot_product_attention(*heads)
    return attention.to_out[0](seen.transpose(1, 2).flatten(2))


def _fed(layer: Any, x: Tokens) -> Tokens:
    """Return a feed-forward layer's output, whose middle is gated by GELU."""
    wide = layer.net[0].proj(x)
    if fuses(wide):
        from ex4d.reconstruction.depth_crafter import kernels

        return layer.net[2](kernels.gated(wide))
    value, gate = wide.chunk(2, dim=-1)
    return layer.net[2](value * functional.gelu(gate))


def enlarged(layer: Any, x: Features) -> Resized:
    """Return features of twice the height and width, by an Upsample2D."""
    frames, height, width, channels = x.shape
    twice = x[:, :, None, :, None].expand(frames, height, 2, width, 2, channels)
    return convolved(layer.conv, twice.reshape(frames, 2 * height, 2 * width, channels))
