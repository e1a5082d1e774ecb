"""What CLIP's image encoder says of each frame, prepared as Stable Video Diffusion prepares its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from ex4d.array_types import Float

Pictures = Float[torch.Tensor, "frames 3 height width"]


def embedded(
    encoder: Any, pictures: Pictures, mean: Sequence[float], deviation: Sequence[float]
) -> Float[torch.Tensor, "frames numbers"]:
    """Return the projected embedding of pictures in [-1, 1], squashed to the encoder's square as the reference does."""
    pixels = seen_by(pictures, encoder.config.image_size, mean, deviation)
    return encoder(pixel_values=pixels.to(encoder.dtype)).image_embeds


def seen_by(
    pictures: Pictures, side: int, mean: Sequence[float], deviation: Sequence[float]
) -> Float[torch.Tensor, "frames 3 side side"]:
    """Return what enters an encoder of squares: blurred where it shrinks, resized bicubically, normalised."""
    x = pictures
    for axis in (-1, -2):
        x = _blurred(x, axis, pictures.shape[axis] / side)
    x = functional.interpolate(x, size=(side, side), mode="bicubic", align_corners=True)
    middle, spread = (x.new_tensor(list(each))[:, None, None] for each in (mean, deviation))
    return ((x + 1.0) / 2.0 - middle) / spread


def _blurred(x: Pictures, axis: int, factor: float) -> Pictures:
    """Blur by a Gaussian of half of what ``factor`` is above 1, cut at two deviations; not at all where it is not.

    As in ``_resize_with_antialiasing`` of diffusers, whose deviation of 0.001 for no blur leaves every number as it is.
    """
    deviation = (factor - 1.0) / 2.0
    if deviation <= 0.001:
        return x
    taps = int(max(4.0 * deviation, 3)) // 2 * 2 + 1
    at = torch.arange(taps, device=x.device, dtype=x.dtype) - taps // 2
    kernel = torch.exp(-at.square() / (2 * deviation**2))
    kernel = (kernel / kernel.sum()).view((1, 1, -1, 1) if axis == -2 else (1, 1, 1, -1)).expand(3, -1, -1, -1)
    margin = (0, 0, taps // 2, taps // 2) if axis == -2 else (taps // 2, taps // 2, 0, 0)
    return functional.conv2d(functional.pad(x, margin, mode="reflect"), kernel, groups=3)
