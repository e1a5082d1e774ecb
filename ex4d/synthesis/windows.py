"""How a shot is cut into the windows that a model sees at once, and what such a model is to the windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ex4d.array_types import Bool, UInt8
from ex4d.synthesis.settings import FRAME_STRIDE

Completer = Callable[
    [UInt8[np.ndarray, "frames height width 3"], Bool[np.ndarray, "frames height width"], int],
    UInt8[np.ndarray, "frames height width 3"],
]
"""Completes one window: its colour (R'G'B', black where not visible), where it is visible, and which window of the
shot it is, from 0. There are 4k + 1 frames of the working size; the first is fully visible and conditions the rest."""


@dataclass(frozen=True)
class Window:
    """Frames ``start`` up to, not including, ``stop`` of a shot."""

    start: int
    stop: int

    @property
    def frame_count(self) -> int:
        """How many frames of the shot it has."""
        return self.stop - self.start

    @property
    def padding(self) -> int:
        """How many frames it lacks to 4k + 1."""
        return -(self.frame_count - 1) % FRAME_STRIDE


def plan_windows(frame_count: int, length: int, overlap: int) -> tuple[Window, ...]:
    """Cover a shot by as few windows of at most ``length`` frames as can share ``overlap`` each with the next.

    A shot that fits is one window, whatever its length: it may need padding. A longer one gets windows of one length,
    the shortest 4k + 1 that needs no more of them, evenly spread; they need no padding and may share more than asked.

    Args:
        frame_count: frames of the shot, at least 1.
        length: most frames of a window, 4k + 1.
        overlap: least frames that neighbours share, 1 to ``length`` - 1.
    """
    assert frame_count >= 1 and length % FRAME_STRIDE == 1 and 1 <= overlap < length
    if frame_count <= length:
        return (Window(0, frame_count),)
    gaps = -(-(frame_count - length) // (length - overlap))
    shortest = -(-(frame_count + gaps * overlap) // (gaps + 1))
    length = shortest + -(shortest - 1) % FRAME_STRIDE
    starts = (gap * (frame_count - length) // gaps for gap in range(gaps + 1))
    return tuple(Window(start, start + length) for start in starts)


def borders(windows: Sequence[Window]) -> tuple[int, ...]:
    """Return the frames that show another share of some window than the frame before them, in order.

    Between two neighbours these are the frames that they share, which are cross-faded, and the one after those.
    """
    shared = (range(after.start, before.stop + 1) for before, after in pairwise(windows))
    return tuple(sorted({frame for span in shared for frame in span}))
