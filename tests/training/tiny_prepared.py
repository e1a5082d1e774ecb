"""Examples of a tiny size: in memory, or in a prepared folder as if clips had been prepared for tiny Wan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ex4d.synthesis.wan.prompt_files import PromptCache
from ex4d.training.dataset.excerpt_file import ExcerptNotes, ExcerptTensors, MaskNotes, write_excerpt
from ex4d.training.dataset.prepared import PROMPTS, Example, IndexEntry, Prepared, open_prepared, write_index

WORDS = 512
GRID = (2, 4, 4)
"""Latents in time, down and across: 5 frames of 32x32."""


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def tiny_example(
    seed: int, *, grid: tuple[int, int, int] = GRID, text: int = 32, image: int = 32, patches: int = 5
) -> Example:
    """Draw an example: every tensor differs from every other."""
    own = torch.zeros(4, *grid)
    own[:, 0] = 1
    words = torch.zeros(WORDS, text)
    words[:7] = draw(7, text, seed=10 * seed + 1)
    return Example(
        target=draw(16, *grid, seed=10 * seed + 2),
        condition=torch.cat([own, draw(16, *grid, seed=10 * seed + 3)]),
        image=draw(patches, image, seed=10 * seed + 4),
        text=words,
        guide=draw(16, *grid, seed=10 * seed + 5),
        mask=draw(16, *grid, seed=10 * seed + 6),
    )


@dataclass(frozen=True)
class TinyExamples:
    """Excerpts whose masks differ and whose targets do not."""

    count: int = 3
    draws: int = 2
    changed: Callable[[int, Example], Example] = lambda index, example: example

    def name(self, index: int) -> str:
        return f"tiny-{index:04d}"

    def example(self, index: int, draw: int) -> Example:
        first, own = tiny_example(100 * index), tiny_example(100 * index + 1 + draw)
        made = Example(first.target, first.condition, first.image, first.text, own.guide, own.mask)
        return self.changed(index, made)


def write_tiny_prepared(folder: Path, *, trained: int = 3, held_out: int = 2, draws: int = 2) -> Prepared:
    """Write excerpts of 5 frames of 32x32 as if they had been prepared for tiny Wan, and open them."""
    prompts = PromptCache(folder / PROMPTS, "tiny")
    for index, prompt in enumerate(("a bear", "static")):
        prompts.write(prompt, draw_features(index))
    entries = []
    for index in range(trained + held_out):
        made = [tiny_example(100 * index + mask) for mask in range(draws)]
        notes = ExcerptNotes(
            name=f"clip-{index:04d}", key=f"key-{index}", frames=tuple(range(5)), size=(32, 32),
            frame_rate=Fraction(30), masks=tuple(MaskNotes("tracking", f"mask {mask}") for mask in range(draws)),
        )  # fmt: skip
        tensors = ExcerptTensors(
            made[0].target, made[0].condition[4:], made[0].image, [one.guide for one in made],
            [one.mask for one in made],
        )  # fmt: skip
        visible = [np.ones((5, 32, 32), dtype=bool)] * draws
        write_excerpt(folder / f"{notes.name}.safetensors", notes, tensors, visible)
        entries.append(IndexEntry(notes.name, notes.key, "a bear", held_out=index >= trained))
    write_index(folder, encoder="tiny", negative_prompt="static", entries=entries)
    return open_prepared(folder)


def draw_features(seed: int) -> Tensor:
    return draw(7, 32, seed=seed).to(torch.bfloat16)
