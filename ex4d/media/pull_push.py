"""Fill the unknown pixels of an image smoothly from the known ones, coarse to fine (pull-push, Gortler et al. 1996)."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Float32

kernel = njit(cache=True, nogil=True, error_model="numpy")

SHARPNESS = np.float32(4.0)
"""How soon a pixel of a coarser level counts as known: when a share 1/SHARPNESS of its neighbourhood is. With 1 each
fill is a mean over a neighbourhood several times as wide as its distance from what is known; the larger, the narrower,
and in the limit it streaks. Chosen on real pairs of views (tests/bench/bench_fill.py)."""


def pull_push(
    image: Float32[np.ndarray, "height width channels"],
    weight: Float32[np.ndarray, "height width"],
    *,
    favour_far: bool = False,
) -> Float32[np.ndarray, "height width channels"]:
    """Return the image with each pixel of weight below 1 replaced, in that measure, by what surrounds it.

    Weights are 0 (unknown) to 1 (known, kept as it is). With ``favour_far``, channel 0 is disparity (> 0 where the
    weight is), and means favour the farther: a pixel twice as near as the farthest one beside it counts 16 times less.
    Where no pixel is known at all the result is 0.
    """
    filled = np.where(weight[..., None] > 0, image, np.float32(0))
    levels = [(filled, weight)]
    while max(levels[-1][1].shape) > 1:
        levels.append(_pull(*levels[-1], favour_far))
    for (finer, weights), (coarser, _) in zip(levels[-2::-1], levels[:0:-1], strict=True):
        _push(finer, weights, coarser)
    return filled


@kernel
@no_type_check
def _pull(  # noqa: PLR0912 - one loop nest over pixels
    image: Float32[np.ndarray, "height width channels"],
    weight: Float32[np.ndarray, "height width"],
    favour_far: bool,
) -> tuple[Float32[np.ndarray, "rows columns channels"], Float32[np.ndarray, "rows columns"]]:
    """Halve an image: weighted means over 4 x 4 pixels, binomial (1 3 3 1) in each direction."""
    height, width, channels = image.shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    coarse = np.zeros((rows, columns, channels), np.float32)
    coarse_weight = np.zeros((rows, columns), np.float32)
    for i in range(rows):
        top, bottom = max(0, 2 * i - 1), min(height, 2 * i + 3)
        for j in range(columns):
            left, right = max(0, 2 * j - 1), min(width, 2 * j + 3)
            farthest = np.float32(np.inf)
            if favour_far:
                for y in range(top, bottom):
                    for x in range(left, right):
                        if weight[y, x] > 0:
                            farthest = min(farthest, image[y, x, 0])
            support = total = np.float32(0)
            for y in range(top, bottom):
                tap = np.float32(3) if y >> 1 == i else np.float32(1)
                for x in range(left, right):
                    if weight[y, x] > 0:
                        share = weight[y, x] * (tap * np.float32(3) if x >> 1 == j else tap)
                        support += share
                        if favour_far:
                            share *= (farthest / image[y, x, 0]) ** favour_far
                        total += share
                        for c in range(channels):
                            coarse[i, j, c] += share * image[y, x, c]
            if total > 0:
                for c in range(channels):
                    coarse[i, j, c] /= total
                coarse_weight[i, j] = min(np.float32(1), SHARPNESS * support / np.float32(64))
    return coarse, coarse_weight


@kernel
@no_type_check
def _push(
    image: Float32[np.ndarray, "height width channels"],
    weight: Float32[np.ndarray, "height width"],
    coarse: Float32[np.ndarray, "rows columns channels"],
) -> None:
    """Blend the coarser level, bilinearly enlarged, into the pixels that are not fully known."""
    height, width, channels = image.shape
    rows, columns = coarse.shape[:2]
    for i in range(height):
        above, below = max(0, (i + 1) // 2 - 1), min(rows - 1, (i + 1) // 2)
        down = np.float32(0.75) if i % 2 == 0 else np.float32(0.25)
        for j in range(width):
            known = weight[i, j]
            if known < 1:
                left, right = max(0, (j + 1) // 2 - 1), min(columns - 1, (j + 1) // 2)
                across = np.float32(0.75) if j % 2 == 0 else np.float32(0.25)
                for c in range(channels):
                    upper = coarse[above, left, c] + across * (coarse[above, right, c] - coarse[above, left, c])
                    lower = coarse[below, left, c] + across * (coarse[below, right, c] - coarse[below, left, c])
                    fill = upper + down * (lower - upper)
                    image[i, j, c] = known * image[i, j, c] + (1 - known) * fill
