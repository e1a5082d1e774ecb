"""Flow matching as Wan was trained: a straight way from an excerpt to noise, and what is drawn of it for each example.

On the way from latents x0 (level 0) to noise e (level 1), x = (1 - level) x0 + level e, the velocity e - x0 is learned
(Lipman et al., arXiv 2210.02747; Liu et al., arXiv 2209.03003). Levels lean towards noise as those of inference do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ex4d.array_types import Float, Float32
from ex4d.synthesis.wan.schedule import SHIFT, TIMESTEPS
from ex4d.training.draws import generator, seed_of

Latents = Float32[Tensor, "batch channels latent_frames latent_height latent_width"]
Levels = Float32[Tensor, " batch"]


@dataclass(frozen=True)
class Chance:
    """What is drawn for one example: a function of the seed and the example's number alone."""

    level: float
    """Of noise, 0 to 1."""
    noise_seed: int
    unprompted: bool
    """Whether the negative prompt takes the place of its own."""

    @classmethod
    def of(cls, seed: int, number: int, *, without_prompt: float = 0.0) -> Chance:
        """Draw for the example of this ``number``, counted over all processes from the start of the training."""
        draws = generator(seed, "example", number)
        level, prompt = (float(draw) for draw in draws.random(2))
        return cls(shifted(level), seed_of(seed, "noise", number), prompt < without_prompt)


def shifted(even: float) -> float:
    """Return an evenly distributed level as those of inference are distributed."""
    return SHIFT * even / (1 + (SHIFT - 1) * even)


def noise_like(latents: Float[Tensor, "*shape"], seed: int) -> Float32[Tensor, "*shape"]:
    """Draw an example's noise on the host, so that every device has the same."""
    return torch.randn(latents.shape, generator=torch.Generator().manual_seed(seed))


def noisy(target: Latents, noise: Latents, levels: Levels) -> Latents:
    """Return each example as far on its way to noise as its level says."""
    far = levels.view(-1, 1, 1, 1, 1)
    return (1 - far) * target + far * noise


def timesteps_of(levels: Levels) -> Float32[Tensor, " batch"]:
    """Return what the transformer is told for noise levels."""
    return TIMESTEPS * levels


def losses(velocity: Latents, target: Latents, noise: Latents) -> Float32[Tensor, " batch"]:
    """Return each example's mean squared error of the velocity."""
    return (velocity.float() - (noise - target)).square().flatten(1).mean(dim=1)
