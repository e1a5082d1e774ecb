"""Excerpts' files of drawn numbers, without any encoder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from ex4d.synthesis.wan.prompt_files import PromptCache
from ex4d.training.dataset.excerpt_file import ExcerptNotes, ExcerptTensors, MaskNotes, write_excerpt
from ex4d.training.dataset.prepared import IndexEntry, write_index

FRAMES, SIZE, FEATURES, MASKS = 5, (48, 32), 6, 2
ENCODER, PROMPT, NEGATIVE = "an encoder", "a quiet street", "blurred"


def notes(name: str = "bear-0003", **changes: object) -> ExcerptNotes:
    masks = tuple(MaskNotes("tracking", f"mask {index}") for index in range(MASKS))
    stated = {"name": name, "key": f"key of {name}", "frames": tuple(range(3, 3 + FRAMES)), "size": SIZE,
              "frame_rate": Fraction(30000, 1001), "masks": masks}  # fmt: skip
    return ExcerptNotes(**{**stated, **changes})  # type: ignore[arg-type]


def tensors(seed: int = 0) -> ExcerptTensors:
    draws = torch.Generator().manual_seed(seed)

    def latents() -> torch.Tensor:
        return torch.randn(16, 2, SIZE[1] // 8, SIZE[0] // 8, generator=draws)

    guides, masks = ([latents() for _ in range(MASKS)] for _ in range(2))
    return ExcerptTensors(latents(), latents(), torch.randn(5, FEATURES, generator=draws), guides, masks)


def visible(seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).random((MASKS, FRAMES, SIZE[1], SIZE[0])) < 0.5)


def write_made(folder: Path, names: tuple[str, ...] = ("bear-0003", "dog-0000"), held_out: int = 1) -> None:
    """Write a folder that is prepared to the end; the last ones are held out."""
    folder.mkdir(parents=True, exist_ok=True)
    cache = PromptCache(folder / "prompts", ENCODER)
    for seed, prompt in enumerate((PROMPT, NEGATIVE)):
        cache.write(prompt, torch.randn(3 + seed, FEATURES, generator=torch.Generator().manual_seed(seed)))
    for seed, name in enumerate(names):
        write_excerpt(folder / f"{name}.safetensors", notes(name), tensors(seed), visible(seed))
    trained = len(names) - held_out
    entries = [IndexEntry(name, f"key of {name}", PROMPT, at >= trained) for at, name in enumerate(names)]
    write_index(folder, encoder=ENCODER, negative_prompt=NEGATIVE, entries=entries)
