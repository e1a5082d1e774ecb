"""Stands for Wan's encoders where they are not what is tested: means of blocks of pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from ex4d.progress import Progress
from ex4d.synthesis.wan.prompt_files import PromptCache
from ex4d.synthesis.wan.weight_folders import WanFolder
from ex4d.training.dataset import preparing
from ex4d.training.dataset.encoders import Bench, FrozenEncoders
from ex4d.training.dataset.excerpt_file import ExcerptTensors


def quick_encoded(_: FrozenEncoders, colour: np.ndarray, visible: Sequence[np.ndarray]) -> ExcerptTensors:
    guides = [colour * seen[..., None] for seen in visible]
    masks = [np.repeat(seen[..., None], 3, axis=-1) for seen in visible]
    first = np.where(np.arange(len(colour))[:, None, None, None] == 0, colour, 128)
    target, first_frame, *others = (_means(one) for one in (colour, first, *guides, *masks))
    return ExcerptTensors(target, first_frame, torch.ones(5, 4), others[: len(visible)], others[len(visible) :])


def _means(video: np.ndarray) -> torch.Tensor:
    frames = torch.from_numpy(video.astype(np.float32) / 255).permute(3, 0, 1, 2)
    return F.avg_pool3d(F.pad(frames, (0, 0, 0, 0, 3, 0)), (4, 8, 8))


def quick_embed(
    prompts: Iterable[str], folder: WanFolder, bench: Bench, cache: PromptCache, progress: Progress
) -> None:  # fmt: skip
    for prompt in prompts:
        cache.write(prompt, torch.full((2, 4), float(len(prompt))))


def use(patch: pytest.MonkeyPatch) -> None:
    """Have data sets prepared with these."""
    patch.setattr(FrozenEncoders, "encoded", quick_encoded)
    patch.setattr(preparing, "embed", quick_embed)
