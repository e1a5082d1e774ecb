"""Shots that say which frame is which, and their transitions, for the tests of the edit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from ex4d.shotlist.transitions import DIRECTIONS, Transition

RATE = Fraction(24)
CUT = Transition()
BETWEEN = ("cut", "dissolve", "wipe", "fade", "dip-white")
OPENING = ("cut", "fade", "dip-white")


def transition(kind: str, frames: int, direction: str | None = None) -> Transition:
    duration = Fraction(0) if kind == "cut" else frames / RATE
    return Transition.model_validate({"kind": kind, "direction": direction, "duration": duration})


@st.composite
def transitions(draw: st.DrawFn, kinds: tuple[str, ...] = BETWEEN, longest: int = 9) -> Transition:
    kind = draw(st.sampled_from(kinds))
    direction = draw(st.sampled_from(DIRECTIONS)) if kind == "wipe" else None
    return transition(kind, draw(st.integers(1, longest)), direction)


@dataclass
class NumberedShot:
    """Frame i is filled with ``first + i``; counts how many of its readings are open."""

    first: int
    frame_count: int
    opened: list[int] = field(default_factory=list)
    shape: tuple[int, int] = (2, 3)

    def frames(self, start: int, stop: int) -> Iterator[np.ndarray]:
        self.opened.append(1)
        for index in range(start, stop):
            yield np.full((*self.shape, 3), self.first + index, np.uint8)
        self.opened.append(-1)
