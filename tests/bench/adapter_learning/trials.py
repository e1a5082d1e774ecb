"""Clips with true second views: their guides, what completes them, and how near that comes to the truth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ex4d.synthesis.wan.conditioning import latents_to_frames
from ex4d.synthesis.wan.schedule import noise_levels, timesteps
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.draws import seed_of
from tests.bench.adapter_learning.base import told_of
from tests.bench.adapter_learning.filming import Guide, guide_of
from tests.bench.adapter_learning.lessons import encoded
from tests.bench.adapter_learning.scenes import drawn_scene, drifting, second_path
from tests.bench.adapter_learning.work import Work, autoencoder

AT_ONCE = 16
"""Clips that are completed together."""
REGIONS = ("uncovered", "covered")


@dataclass(frozen=True)
class Trial:
    """A clip that is seen from elsewhere."""

    source: np.ndarray
    """(frames, side, side, 3), uint8: what the one camera saw."""
    truth: np.ndarray
    """What the other camera saw."""
    guide: Guide
    angle_deg: float
    """By which the second view's last camera looks elsewhere."""

    def region(self, name: str) -> np.ndarray:
        """Return the pixels after the first frame that the guide shows, or does not."""
        chosen = self.guide.visible if name == "covered" else ~self.guide.visible
        return np.concatenate([np.zeros_like(chosen[:1]), chosen[1:]])

    def psnr(self, frames: np.ndarray, region: str) -> float:
        """Return how near frames come to the truth, dB, all pixels of a region together."""
        error = (frames.astype(np.float64) - self.truth)[self.region(region)]
        return float(10 * np.log10(255**2 / np.mean(error**2)))


@dataclass(frozen=True)
class Trials:
    """Several of them, with what the transformer is told; of one seed's noise."""

    trials: list[Trial]
    told: dict[str, Tensor]
    truth: Tensor
    """Latents of the true second views."""

    def noise(self, words: str, seed: int) -> Tensor:
        """Draw where each clip begins: by its number, the same whoever completes it."""
        made = [torch.Generator().manual_seed(seed_of(words, seed, k)) for k in range(len(self.trials))]
        return torch.stack([torch.randn(self.truth.shape[1:], generator=one) for one in made]).to(self.truth)


def filmed_trial(work: Work, words: str, number: int) -> Trial:
    """Film a scene twice: as a source with depth, and from where the guide is seen."""
    scale = work.scale
    scene = drawn_scene(scale.frames, words, number)
    source = drifting(scale.frames, words, number)
    away = second_path(scale.frames, scene.distance, words, number)
    clip = scene.filmed(source, scale.side)
    truth = scene.filmed(source @ away, scale.side).colour
    angle = float(np.degrees(np.arccos(np.clip(away[-1, 2, 2], -1, 1))))
    return Trial(clip.colour, truth, guide_of(clip, away, scale.erode), angle)


def filmed_trials(work: Work, words: str, count: int) -> Trials:
    """Film so many."""
    code = autoencoder(work)
    trials = [filmed_trial(work, words, k) for k in range(count)]
    parts = [encoded(code, one.truth, one.guide.colour, [one.guide.visible]) for one in trials]
    truth, condition, guides, masks = (torch.stack(part).to(work.device) for part in zip(*parts, strict=True))
    told = told_of(condition[:, 4:, 0], condition[0, 4:, 1], truth.shape[2])
    text = told.text.expand(count, -1, -1)
    parts_told = {"text": text, "image": told.image, "condition": condition, "guide": guides[:, 0], "mask": masks[:, 0]}
    return Trials(trials, parts_told, truth)


@torch.no_grad()
def completed(work: Work, adapter: TrainableAdapter, trials: Trials, noise: Tensor, steps: int) -> list[np.ndarray]:
    """Return the frames that an adapter completes guides to; what the frozen transformer alone does if it is new."""
    code, found = autoencoder(work), []
    for start in range(0, len(noise), AT_ONCE):
        told = {name: one[start : start + AT_ONCE] for name, one in trials.told.items()}
        latents = denoised(adapter, told, noise[start : start + AT_ONCE], steps)
        found += [latents_to_frames(code, one[None]) for one in latents]
    return found


def recoded(work: Work, trials: Trials) -> list[np.ndarray]:
    """Return the true second views as the autoencoder gives them back: no completion can be nearer."""
    code = autoencoder(work)
    return [latents_to_frames(code, one[None]) for one in trials.truth]


def denoised(adapter: TrainableAdapter, told: dict[str, Tensor], latents: Tensor, steps: int) -> Tensor:
    """Follow the flow as the product's loop does, several clips at once."""
    levels = noise_levels(steps)
    for timestep, (level, following) in zip(timesteps(levels), pairwise(levels), strict=True):
        at = torch.full((len(latents),), timestep, device=latents.device)
        latents = latents + (following - level) * adapter(latents, at, **told)
    return latents
