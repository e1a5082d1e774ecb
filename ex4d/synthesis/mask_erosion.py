"""Erosion of what a guide shows, as EX-4D's adapter was trained with it: the rims of holes are not to be trusted."""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Bool
from ex4d.errors import UserError

DRAWN_KERNELS = range(2, 9)
"""Pixels; EX-4D draws one of these for each frame (its generate.py, with a generator that is not seeded)."""


def kernels(frame_count: int, seed: int, erode: int | None) -> tuple[int, ...]:
    """Return the side of the square that each frame of a shot is eroded by, pixels.

    It is ``erode`` for all, or drawn by ``seed`` for each where that is None: from the bits of PCG64, which numpy
    promises never to change, and so that the first frames of a longer shot draw the same.

    Raises:
        UserError: ``erode`` is negative.
    """
    if erode is None:
        bits = np.random.PCG64(seed).random_raw(frame_count)
        return tuple(DRAWN_KERNELS[int(draw % len(DRAWN_KERNELS))] for draw in bits)
    if erode < 0:
        raise UserError(f"erode {erode}: write the pixels to erode by, 0 for none, or leave it out to draw 2 to 8")
    return (erode,) * frame_count


def erode(visible: Bool[np.ndarray, "height width"], kernel: int) -> Bool[np.ndarray, "height width"]:
    """Keep what is visible all over a square of ``kernel`` pixels round it; 0 and 1 keep everything.

    The square reaches ``kernel // 2`` pixels to the left and up, one less to the right and down where it is even;
    beyond the image all counts as visible (as OpenCV's ``erode`` has it).
    """
    if kernel <= 1:
        return visible
    before, after = kernel // 2, kernel - 1 - kernel // 2
    reached = np.pad(visible, (before, after), constant_values=True)
    return np.ascontiguousarray(_runs(_runs(reached, kernel).T, kernel).T)


def _runs(visible: Bool[np.ndarray, "rows columns"], length: int) -> Bool[np.ndarray, "fewer_rows columns"]:
    """Return, for each row, whether it and the ``length`` - 1 after it are visible; runs are doubled, not stepped."""
    known = 1
    while known < length:
        step = min(known, length - known)
        visible = visible[:-step] & visible[step:]
        known += step
    return visible
