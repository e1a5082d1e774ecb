"""The noise levels of Wan's flow matching, as EX-4D takes them, and the noise that it starts from.

Source: tau-yihouxiang/EX-4D, diffsynth/schedulers/flow_match.py; the float32 operations are the same, one by one. A
scheduler of diffusers differs by up to 0.15, as it shifts the last level twice.
"""

from __future__ import annotations

import torch

from ex4d.array_types import Float32
from ex4d.synthesis.settings import FRAME_STRIDE

SHIFT = 5.0
"""How far the levels lean towards noise; EX-4D's, and that of lightx2v's distillation."""
TIMESTEPS = 1000.0
"""What the transformer calls pure noise."""
DISTILLED_STEPS = 4
"""Of lightx2v's step distillation: levels 1, .75, .5 and .25, shifted as ever."""
LATENT_CHANNELS = 16
LATENT_STRIDE = 8
"""Pixels along each side of a latent."""


def noise_levels(steps: int) -> tuple[float, ...]:
    """Return the noise levels from 1 down to 0, one more than there are steps."""
    even = torch.linspace(1.0, 0.0, steps + 1)[:-1]
    return (*(SHIFT * even / (1 + (SHIFT - 1) * even)).tolist(), 0.0)


def timesteps(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Return what the transformer is told for each step; float32's rounding, as in the original."""
    return tuple((torch.tensor(levels[:-1]) * TIMESTEPS).tolist())


def latent_shape(frames: int, width: int, height: int) -> tuple[int, int, int, int, int]:
    """Return the shape of the latents of so many frames (4k + 1) of a size that 16 divides."""
    return 1, LATENT_CHANNELS, (frames - 1) // FRAME_STRIDE + 1, height // LATENT_STRIDE, width // LATENT_STRIDE


def initial_noise(
    draws: torch.Generator, frames: int, width: int, height: int
) -> Float32[torch.Tensor, "1 channels latent_frames latent_height latent_width"]:
    """Draw the noise that a video starts from; ``draws`` is of the CPU, so that every device gets the same."""
    return torch.randn(latent_shape(frames, width, height), generator=draws)
