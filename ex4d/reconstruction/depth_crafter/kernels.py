# ruff: noqa: ANN001, ANN202, N803 - triton types a kernel by its arguments, and its constants are in capitals
"""Group norm with SiLU, and GELU's gate, for a card, over features whose channels are last.

PyTorch's group norm wants channels first. It copies the features there and back, and norms of all frames together keep
32 of a card's cores busy. These kernels read the features twice and write them once.
"""

from __future__ import annotations

from typing import no_type_check

import torch
import triton
import triton.language as tl
from torch import nn
from triton import jit

from ex4d.array_types import Float

CHANNELS = 64
"""Of a tile that a program works on at a time."""
ROWS = 64
"""Pixels of a tile that is written."""
SUMMED_ROWS = 256
"""Pixels of a tile that is only read."""
PROGRAMS = 4096
"""About how many programs keep every core of a card busy."""
GATED_ROWS, GATED = 4, 256
"""Tokens and numbers of a tile that is gated."""

Features = Float[torch.Tensor, "frames height width channels"]
Bias = Float[torch.Tensor, "channels"]


def normed(layer: nn.GroupNorm, x: Features, bias: Bias | None, *, together: bool, silu: bool) -> Features:
    """Return the group norm of each frame, or of all frames together, through a SiLU where asked.

    Args:
        layer: the module.
        x: features.
        bias: is added to them first, at no cost.
        together: whether all frames are one.
        silu: whether to take the SiLU.
    """
    x = x.contiguous()
    pictures, channels = 1 if together else x.shape[0], x.shape[-1]
    rows = x.numel() // channels // pictures
    blocks = triton.cdiv(channels, CHANNELS)
    parts = min(triton.cdiv(rows, SUMMED_ROWS), max(1, PROGRAMS // (pictures * blocks)))
    length = triton.cdiv(rows, parts)
    parts = triton.cdiv(rows, length)
    sums = torch.empty(pictures, parts, 3, channels, dtype=torch.float32, device=x.device)
    affine = torch.empty(pictures, 2, channels, dtype=torch.float32, device=x.device)
    made = torch.empty_like(x)
    _sums[(blocks, parts, pictures)](x, sums, rows, channels, length, SUMMED_ROWS, CHANNELS, num_warps=8)
    size = channels // layer.num_groups
    _affine[(layer.num_groups, pictures)](
        sums, layer.weight, layer.bias, layer.bias if bias is None else bias, affine, rows, channels, parts, length,
        size, layer.eps, bias is not None, 64, triton.next_power_of_2(size),
    )  # fmt: skip
    _applied[(triton.cdiv(rows, ROWS), blocks, pictures)](x, affine, made, rows, channels, silu, ROWS, CHANNELS)
    return made


def joined(x: Features, more: Features, bias: Bias, share: Float[torch.Tensor, "1"]) -> Features:
    """Return ``x`` plus a share of ``more`` and its bias."""
    x, more = x.contiguous(), more.contiguous()
    channels = x.shape[-1]
    rows = x.numel() // channels
    made = torch.empty_like(x)
    grid = triton.cdiv(rows, ROWS), triton.cdiv(channels, CHANNELS)
    _joined[grid](x, more, bias, share, made, rows, channels, ROWS, CHANNELS)
    return made


def gated(x: Float[torch.Tensor, "*shape twice"]) -> Float[torch.Tensor, "*shape once"]:
    """Return the first half of the last axis times the GELU of the second."""
    size = x.shape[-1] // 2
    made = torch.empty(*x.shape[:-1], size, dtype=x.dtype, device=x.device)
    rows = made.numel() // size
    grid = triton.cdiv(rows, GATED_ROWS), triton.cdiv(size, GATED)
    _gated[grid](x.contiguous(), made, rows, size, GATED_ROWS, GATED)
    return made


@jit(do_not_specialize=["rows", "length"])
@no_type_check  # triton types a kernel by its arguments
def _sums(x, sums, rows, channels, length, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Sum some rows of each channel, and their squares, both less the first of them, which keeps squares small."""
    part, picture = tl.program_id(1), tl.program_id(2)
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    inside = channel < channels
    first = picture.to(tl.int64) * rows + part * length
    count = tl.minimum(length, rows - part * length)
    pivot = tl.load(x + first * channels + channel, inside, 0.0).to(tl.float32)
    total = tl.zeros([CHANNELS], tl.float32)
    squares = tl.zeros([CHANNELS], tl.float32)
    for start in range(0, count, ROWS):
        row = start + tl.arange(0, ROWS)
        here = (row < count)[:, None] & inside[None, :]
        value = tl.load(x + (first + row)[:, None] * channels + channel[None, :], here, 0.0).to(tl.float32)
        value = tl.where(here, value - pivot[None, :], 0.0)
        total += tl.sum(value, 0)
        squares += tl.sum(value * value, 0)
    place = sums + (picture * tl.num_programs(1) + part) * 3 * channels + channel
    tl.store(place, pivot, inside)
    tl.store(place + channels, total, inside)
    tl.store(place + 2 * channels, squares, inside)


@jit(do_not_specialize=["rows", "parts", "length"])
@no_type_check
def _affine(
    sums, weight, bias, added, affine, rows, channels, parts, length, size, eps,
    ADDED: tl.constexpr, PARTS: tl.constexpr, SIZE: tl.constexpr,
):  # fmt: skip
    """Make of a group's sums what its channels are multiplied by, and what is added: all parts' moments together.

    By Chan, Golub and LeVeque (1983): deviations from each part's mean, and the parts' means from that of all.
    """
    group, picture = tl.program_id(0), tl.program_id(1)
    within = tl.arange(0, SIZE)
    channel = group * size + within
    table = sums + picture * parts * 3 * channels + channel[None, :]
    more = tl.zeros([SIZE], tl.float32)
    if ADDED:
        more = tl.load(added + channel, within < size, 0.0).to(tl.float32)
    mean = 0.0
    for start in range(0, parts, PARTS):
        part = start + tl.arange(0, PARTS)
        here = (part < parts)[:, None] & (within < size)[None, :]
        count = tl.minimum(length, rows - part * length)[:, None].to(tl.float32)
        pivot = tl.load(table + part[:, None] * 3 * channels, here, 0.0) + more[None, :]
        total = tl.load(table + part[:, None] * 3 * channels + channels, here, 0.0)
        mean += tl.sum(tl.where(here, pivot * count + total, 0.0) / (rows * size))
    deviation = 0.0
    for start in range(0, parts, PARTS):
        part = start + tl.arange(0, PARTS)
        here = (part < parts)[:, None] & (within < size)[None, :]
        count = tl.minimum(length, rows - part * length)[:, None].to(tl.float32)
        pivot = tl.load(table + part[:, None] * 3 * channels, here, 0.0) + more[None, :]
        total = tl.load(table + part[:, None] * 3 * channels + channels, here, 0.0)
        squares = tl.load(table + part[:, None] * 3 * channels + 2 * channels, here, 0.0)
        apart = pivot + total / count - mean
        deviation += tl.sum(
            tl.where(here, squares - total * total / count + apart * apart * count, 0.0) / (rows * size)
        )
    scale = tl.load(weight + channel, within < size, 0.0).to(tl.float32) / tl.sqrt(deviation + eps)
    shift = tl.load(bias + channel, within < size, 0.0).to(tl.float32) + (more - mean) * scale
    place = affine + picture * 2 * channels + channel
    tl.store(place, scale, within < size)
    tl.store(place + channels, shift, within < size)


@jit(do_not_specialize=["rows"])
@no_type_check
def _applied(x, affine, made, rows, channels, SILU: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Scale and shift a tile, and take its SiLU where asked."""
    picture = tl.program_id(2)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = channel < channels
    scale = tl.load(affine + picture * 2 * channels + channel, inside, 0.0)
    shift = tl.load(affine + picture * 2 * channels + channels + channel, inside, 0.0)
    here = (row < rows)[:, None] & inside[None, :]
    place = (picture.to(tl.int64) * rows + row)[:, None] * channels + channel[None, :]
    value = tl.load(x + place, here, 0.0).to(tl.float32) * scale[None, :] + shift[None, :]
    if SILU:
        value = value / (1.0 + tl.exp(-value))
    tl.store(made + place, value.to(made.dtype.element_ty), here)


@jit(do_not_specialize=["rows"])
@no_type_check
def _joined(x, more, bias, share, made, rows, channels, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Add a tile to another, with its bias, and times a share."""
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = channel < channels
    here = (row < rows)[:, None] & inside[None, :]
    place = row.to(tl.int64)[:, None] * channels + channel[None, :]
    added = tl.load(bias + channel, inside, 0.0).to(tl.float32)
    value = tl.load(more + place, here, 0.0).to(tl.float32) + added[None, :]
    value = tl.load(x + place, here, 0.0).to(tl.float32) + value * tl.load(share).to(tl.float32)
    tl.store(made + place, value.to(made.dtype.element_ty), here)


@jit(do_not_specialize=["rows"])
@no_type_check
def _gated(x, made, rows, size, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    """Multiply by the exact GELU of the gate, which lies ``size`` numbers behind."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    here = (row < rows)[:, None] & (column < size)[None, :]
    place = row.to(tl.int64)[:, None] * size + column[None, :]
    wide = place + row.to(tl.int64)[:, None] * size
    value = tl.load(x + wide, here, 0.0).to(tl.float32)
    gate = tl.load(x + wide + size, here, 0.0).to(tl.float32)
    gelu = 0.5 * gate * (1.0 + tl.erf(gate * 0.7071067811865476))
    tl.store(made + place, (value * gelu).to(made.dtype.element_ty), here)
