"""A window's pixels as VACE reads them, and what it gives back as frames."""

from __future__ import annotations

import numpy as np
import torch

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.errors import SynthesisError

GREY = 0.5
"""Of 0 to 1; zero in the -1 to 1 that the VAE reads, which is what VACE was shown where nothing is known."""


def prepare(
    colour: UInt8[np.ndarray, "frames height width 3"], visible: Bool[np.ndarray, "frames height width"]
) -> tuple[Float32[torch.Tensor, "1 frames 3 height width"], Float32[torch.Tensor, "1 frames 1 height width"]]:
    """Return the video, 0 to 1 with grey holes, and the mask: 1 where VACE is to make pixels, 0 where to keep them."""
    hole = torch.from_numpy(~visible)[None, :, None]
    pixels = torch.from_numpy(colour).permute(0, 3, 1, 2)[None].to(torch.float32) / 255
    return torch.where(hole, GREY, pixels), hole.to(torch.float32)


def to_frames(
    decoded: Float32[np.ndarray, "frames height width 3"],
) -> UInt8[np.ndarray, "frames height width 3"]:
    """Round 0 to 1 to levels as diffusers does for pictures.

    Raises:
        SynthesisError: values that are not finite.
    """
    if not np.isfinite(decoded).all():
        raise SynthesisError("the VAE's frames are not finite numbers; check the weights (ex4d models check)")
    return (decoded * 255).round().astype(np.uint8)
