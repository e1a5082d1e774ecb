"""Examples of a tiny size, made in memory: what a prepared folder would give, without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

WORDS = 512
GRID = (2, 4, 4)
"""Latents in time, down and across: 5 frames of 32x32."""


@dataclass(frozen=True)
class TinyExample:
    target: Tensor
    condition: Tensor
    image: Tensor
    text: Tensor
    guide: Tensor
    mask: Tensor


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def tiny_example(
    seed: int, *, grid: tuple[int, int, int] = GRID, text: int = 32, image: int = 32, patches: int = 5
) -> TinyExample:
    """Draw an example: every tensor differs from every other."""
    own = torch.zeros(4, *grid)
    own[:, 0] = 1
    words = torch.zeros(WORDS, text)
    words[:7] = draw(7, text, seed=10 * seed + 1)
    return TinyExample(
        target=draw(16, *grid, seed=10 * seed + 2),
        condition=torch.cat([own, draw(16, *grid, seed=10 * seed + 3)]),
        image=draw(patches, image, seed=10 * seed + 4),
        text=words.to(torch.bfloat16),
        guide=draw(16, *grid, seed=10 * seed + 5),
        mask=draw(16, *grid, seed=10 * seed + 6),
    )


@dataclass(frozen=True)
class TinyExamples:
    """Excerpts whose masks differ and whose targets do not."""

    count: int = 3
    draws: int = 2
    changed: Callable[[int, TinyExample], TinyExample] = lambda index, example: example

    def name(self, index: int) -> str:
        return f"tiny-{index:04d}"

    def example(self, index: int, draw: int) -> TinyExample:
        first, own = tiny_example(100 * index), tiny_example(100 * index + 1 + draw)
        made = TinyExample(first.target, first.condition, first.image, first.text, own.guide, own.mask)
        return self.changed(index, made)
