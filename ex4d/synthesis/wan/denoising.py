"""The denoising loop: noise becomes latents, step by step, in float32.

Source: FlowMatchScheduler and WanVideoPipeline of EX-4D's diffsynth; the distilled sampler is that of LightX2V.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ex4d.array_types import Float
from ex4d.errors import SynthesisError
from ex4d.synthesis.wan.schedule import timesteps

Latents = Float[Tensor, "1 channels latent_frames latent_height latent_width"]


@dataclass(frozen=True)
class Step:
    """One step that is done."""

    index: int
    """From 0."""
    total: int
    foreseen: Latents
    """The finished latents as they are foreseen now, for previews."""

    def comes_every(self, count: int) -> bool:
        """Tell whether it is one of every ``count`` steps; of none where that is 0."""
        return count > 0 and (self.index + 1) % count == 0


def denoise(
    velocity: Callable[[Latents, float], Latents],
    noise: Latents,
    sigmas: tuple[float, ...],
    *,
    renoise: torch.Generator | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Latents:
    """Follow the velocity from noise to latents.

    Args:
        velocity: what the model gives for latents at a timestep (0 to 1000), guidance taken, float32.
        noise: where to start.
        sigmas: noise levels, from 1 to 0, one more than there are steps.
        renoise: draws fresh noise for each step, as distilled models were taught; None follows the flow (Euler).
        on_step: is told of each step that is done; what it raises ends the loop.

    Raises:
        SynthesisError: latents that are not finite; names the step.
    """
    latents, total = noise, len(sigmas) - 1
    for index, (timestep, (sigma, following)) in enumerate(zip(timesteps(sigmas), pairwise(sigmas), strict=True)):
        flow = velocity(latents, timestep)
        foreseen = latents - sigma * flow
        if renoise is None:
            latents = latents + (following - sigma) * flow
        else:
            fresh = torch.randn(latents.shape, generator=renoise, dtype=torch.float32).to(latents.device)
            latents = (1 - following) * foreseen + following * fresh
        _require_finite(latents, index, total)
        on_step(Step(index, total, foreseen))
    return latents


def guided(with_prompt: Latents, without: Latents, guidance: float) -> Latents:
    """Push the velocity away from the negative prompt's (Ho and Salimans, arXiv 2207.12598)."""
    return without + guidance * (with_prompt - without)


def _require_finite(latents: Latents, index: int, total: int) -> None:
    if not torch.isfinite(latents).all():
        raise SynthesisError(
            f"step {index + 1} of {total}: the latents are not finite numbers any more; check the weights "
            "(ex4d models check), or choose another precision"
        )
