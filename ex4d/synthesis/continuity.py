"""How well a shot that was completed in windows holds together: two statistics of its finished frames."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np

from ex4d.array_types import Bool, UInt8

UNSEEN_LEVELS = 0.01
"""Mean change between frames that nobody sees: one pixel in a hundred, by one level. So that stills can be measured."""


def seam(frames: UInt8[np.ndarray, "frames height width 3"], borders: Collection[int]) -> float:
    """Compare how much frames change across the borders of windows with how much they do inside.

    With d(b) = mean over pixels and channels of abs(frame b - frame b-1), in levels of 255, and e = 0.01 levels:

        seam = (mean of d over borders + e) / (mean of d over all other frames + e)

    1 is seamless; more than 1.2 shows. A border b is a frame that shows another share of some window than the frame
    before it (:func:`ex4d.synthesis.windows.borders`).

    Raises:
        ValueError: no border within the frames, or nothing between them.
    """
    steps = np.array([_change(before, after) for before, after in pairwise(frames)])
    across = np.isin(np.arange(1, len(frames)), list(borders))
    if across.all() or not across.any():
        raise ValueError(f"{across.sum()} of {len(steps)} steps between frames are borders: nothing to compare")
    return float((steps[across].mean() + UNSEEN_LEVELS) / (steps[~across].mean() + UNSEEN_LEVELS))


def drift(
    frames: UInt8[np.ndarray, "frames height width 3"],
    guide: UInt8[np.ndarray, "frames height width 3"],
    visible: Bool[np.ndarray, "frames height width"],
) -> float:
    """Measure how fast colours leave those of the source, levels of 255 in 100 frames.

    With e(t, c) = mean over the visible pixels of frame t of (frame - guide) in channel c, it is 100 times the slope
    of the least squares line through e(., c) over t, without its sign, of the channel where it is largest. Frames that
    show nothing of the source do not count. More than 1 shows in long shots.

    Raises:
        ValueError: less than two frames show anything of the source.
    """
    seen = np.flatnonzero(visible.any(axis=(1, 2)))
    if len(seen) < 2:
        raise ValueError(f"{len(seen)} frames show the source: a slope takes two")
    errors = np.array([frames[t][visible[t]].mean(axis=0) - guide[t][visible[t]].mean(axis=0) for t in seen])
    times = seen - seen.mean()
    slopes = (times[:, None] * errors).sum(axis=0) / (times**2).sum()
    return float(100 * np.abs(slopes).max())


def _change(before: UInt8[np.ndarray, "height width 3"], after: UInt8[np.ndarray, "height width 3"]) -> float:
    return float(np.abs(after.astype(np.int16) - before).mean())
