"""One window's latents out of noise, by the schedule of the download."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ex4d.array_types import Float
from ex4d.reconstruction.depth_crafter.unet import velocity

Latents = Float[torch.Tensor, "frames channels height width"]
Shared = Float[torch.Tensor, "shared channels height width"]
FRAMES_A_SECOND, MOTION, ADDED_NOISE = 7.0, 127.0, 0.02
"""The time ids that the reference gives to every clip, and the share of noise that it adds to its frames."""


@dataclass(frozen=True)
class Condition:
    """What a window's frames are."""

    video: Latents
    pictures: Float[torch.Tensor, "frames numbers"]


@dataclass(frozen=True)
class Denoising:
    """The UNet with its schedule."""

    unet: Any
    scheduler: Any
    steps: int
    guidance: float
    """Above 1, every step asks the UNet twice: for these frames, and for none."""

    def latents(
        self,
        noise: Latents,
        condition: Condition,
        before: Shared | None,
        step_done: Callable[[Latents], None] = lambda latents: None,
    ) -> Latents:
        """Return a window's latents, in float32.

        Args:
            noise: of deviation 1.
            condition: of as many frames.
            before: what the window before made of the first frames.
            step_done: is told of the latents after each step.
        """
        scheduler = self.scheduled(noise.device)
        latents = noise * scheduler.init_noise_sigma
        if before is not None:
            overlap = before.shape[0]
            latents[:overlap] = before + noise[:overlap] * scheduler.sigmas[0]
        for timestep in scheduler.timesteps:
            seen = self._seen(scheduler.scale_model_input(latents, timestep), timestep, condition)
            latents = scheduler.step(seen.float(), timestep, latents).prev_sample
            step_done(latents)
        return latents

    def scheduled(self, device: torch.device) -> Any:
        """Return the scheduler at the beginning of its noise levels."""
        with warnings.catch_warnings():  # diffusers converts a tensor in a way that NumPy 2 deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            self.scheduler.set_timesteps(self.steps, device=device)
        return self.scheduler

    def _seen(self, scaled: Latents, timestep: Float[torch.Tensor, ""], condition: Condition) -> Latents:
        told = self._velocity(scaled, timestep, condition)
        if self.guidance <= 1.0:
            return told
        nothing = Condition(torch.zeros_like(condition.video), torch.zeros_like(condition.pictures))
        untold = self._velocity(scaled, timestep, nothing)
        return untold + self.guidance * (told - untold)

    def _velocity(self, scaled: Latents, timestep: Float[torch.Tensor, ""], condition: Condition) -> Latents:
        dtype = self.unet.conv_in.weight.dtype
        time_ids = torch.tensor([FRAMES_A_SECOND, MOTION, ADDED_NOISE], device=scaled.device)
        video, pictures = condition.video.to(dtype), condition.pictures.to(dtype)
        return velocity(self.unet, scaled.to(dtype), video, timestep, pictures, time_ids)
