"""Depth for the pixels whose depth nobody measured.

What a depth camera misses is mostly the strip beside a foreground edge that its projector could not reach: background.
So every unknown pixel looks out along four lines (across, down and the two diagonals) to the known pixels at both ends.
Where the two belong to one surface, depth is carried over linearly in 1/z, which is exact for a plane; where one is
clearly nearer, the farther is taken. The four answers are averaged, and the line with the narrowest gap counts most: it
is the one that crosses the strip.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32
from numba import njit

from ex4d.errors import ReconstructionError

SAME_SURFACE = np.float32(1.1)
"""Ends whose depths are within this factor are one surface. Of 1.05 to 1.3 the best on Kinect frames with known strips
beside edges hidden: 1.2 and more brings the foreground into the strips, less gains nothing."""
ONE_ENDED = np.float32(4.0)
"""A line that leaves the image without a second end counts as a gap this many times as wide."""
SMOOTHINGS = 1
"""Passes of a 3 x 3 mean among guessed pixels only: it softens the streaks of the lines and blurs nothing known."""

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]


def fill_unknown(depth: Depth, known: Known) -> Depth:
    """Return depth everywhere: as given where it is known, above 0 and continued from the background elsewhere.

    ``depth`` is z in any unit, above 0 where ``known``; what it holds elsewhere is not looked at. Where everything is
    known the argument itself is returned.

    Raises:
        ReconstructionError: nothing is known.
    """
    if known.all():
        return depth
    if not known.any():
        raise ReconstructionError("no depth is known in a frame; give another depth file, or leave that frame out")
    before = _look_back(depth, known)
    after = _look_back(depth[::-1, ::-1], known[::-1, ::-1])[::-1, ::-1]
    inverse = _combined(depth, known, before, after)
    _reach_the_rest(inverse)
    for _ in range(SMOOTHINGS):
        inverse = _smoothed(inverse, known)
    return np.where(known, depth, 1 / inverse)


def _reach_the_rest(inverse: Depth) -> None:
    """Give pixels that no line connects to anything known, as in sparse depth, what the nearest pixel has."""
    missing = inverse == 0
    if missing.any():
        from scipy.ndimage import distance_transform_edt

        rows, columns = distance_transform_edt(missing, return_distances=False, return_indices=True)
        inverse[missing] = inverse[rows[missing], columns[missing]]


kernel = njit(cache=True, nogil=True, error_model="numpy")


@kernel
@no_type_check
def _look_back(depth, known):  # noqa: ANN001, ANN202 - compiled
    """For each unknown pixel, 1/z (0: none) and distance of the known ones left, up left, up, and up right of it."""
    height, width = depth.shape
    seen = np.zeros((height, width, 4, 2), np.float32)
    diagonal = np.float32(1.4142135)
    for i in range(height):
        for j in range(width):
            if known[i, j]:
                seen[i, j, :, 0] = np.float32(1) / depth[i, j]
                continue
            if j > 0:
                seen[i, j, 0, 0] = seen[i, j - 1, 0, 0]
                seen[i, j, 0, 1] = seen[i, j - 1, 0, 1] + np.float32(1)
            for k in range(1, 4):
                column = j + k - 2
                if i > 0 and 0 <= column < width:
                    seen[i, j, k, 0] = seen[i - 1, column, k, 0]
                    seen[i, j, k, 1] = seen[i - 1, column, k, 1] + (np.float32(1) if k == 2 else diagonal)
    return seen


@kernel
@no_type_check
def _combined(depth, known, before, after):  # noqa: ANN001, ANN202 - compiled
    """Average 1/z over the four lines of each unknown pixel, by the fourth power of how narrow their gaps are."""
    height, width = depth.shape
    inverse = np.zeros((height, width), np.float32)
    for i in range(height):
        for j in range(width):
            if known[i, j]:
                inverse[i, j] = np.float32(1) / depth[i, j]
                continue
            total = weighted = 0.0
            for k in range(4):
                first, second = before[i, j, k, 0], after[i, j, k, 0]
                to_first, to_second = before[i, j, k, 1], after[i, j, k, 1]
                gap = to_first + to_second
                value = min(first, second)
                if value == 0:  # at most one end
                    value = max(first, second)
                    gap = ONE_ENDED * (to_first if first > 0 else to_second)
                elif max(first, second) < SAME_SURFACE * value:
                    value = (first * to_second + second * to_first) / gap
                if value > 0:
                    weight = 1.0 / (gap * gap * gap * gap)
                    total += weight
                    weighted += weight * value
            if total > 0:
                inverse[i, j] = weighted / total
    return inverse


@kernel
@no_type_check
def _smoothed(inverse, known):  # noqa: ANN001, ANN202 - compiled
    """Replace each unknown pixel's 1/z by the mean over the unknown ones among its 3 x 3 neighbours."""
    height, width = inverse.shape
    smooth = inverse.copy()
    for i in range(height):
        for j in range(width):
            if known[i, j]:
                continue
            total, count = 0.0, 0
            for row in range(max(0, i - 1), min(height, i + 2)):
                for column in range(max(0, j - 1), min(width, j + 2)):
                    if not known[row, column]:
                        total += inverse[row, column]
                        count += 1
            smooth[i, j] = total / count
    return smooth
