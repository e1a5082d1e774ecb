"""Depth for the pixels whose depth nobody measured.

What a depth camera misses is mostly the strip beside a foreground edge that its projector could not reach: background.
So every unknown pixel looks out along four lines (across, down and the two diagonals) to the known pixels at both ends.
Where the two belong to one surface, depth is carried over linearly in 1/z, which is exact for a plane; where one is
clearly nearer, the farther is taken. The line with the narrowest gap counts most, as it is the one that crosses the
strip; the answers that agree with it are averaged, so that no pixel is left in mid-air between near and far.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32
from ex4d.errors import ReconstructionError

SAME_SURFACE = np.float32(1.1)
"""Ends whose depths are within this factor are one surface. Of 1.05 to 1.3 the best on Kinect frames with known strips
beside edges hidden: 1.2 and more brings the foreground into the strips, less gains nothing."""
STEEPEST = 2.0
"""By how much more they may differ across a gap as wide as the image is high: surfaces slope. Against 0 it brings a
third fewer holes in slopes back too far, and as good as no more strips beside edges too near."""
ONE_ENDED = np.float32(4.0)
"""A line that leaves the image without a second end counts as a gap this many times as wide."""
SMOOTHINGS = 1
"""Passes of a 3 x 3 mean among guessed pixels of one surface: it softens the streaks of the lines, and no edge."""

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
    rows, columns = np.nonzero(~known)
    index = np.full(depth.shape, -1, np.int32)
    index[rows, columns] = np.arange(len(rows))
    before = _ends(depth, index, rows, columns, -1)
    after = _ends(depth, index, rows, columns, 1)
    inverse = _combined(before, after, np.float32(STEEPEST / depth.shape[0]))
    for _ in range(SMOOTHINGS):
        inverse = _smoothed(inverse, index, rows, columns)
    filled = depth.copy()
    with np.errstate(divide="ignore"):
        filled[rows, columns] = 1 / inverse
    _reach_the_rest(filled)
    return filled


def _reach_the_rest(filled: Depth) -> None:
    """Give pixels that no line connects to anything known, as in sparse depth, what the nearest pixel has."""
    missing = np.isinf(filled)
    if missing.any():
        from scipy.ndimage import distance_transform_edt

        rows, columns = distance_transform_edt(missing, return_distances=False, return_indices=True)
        filled[missing] = filled[rows[missing], columns[missing]]


kernel = njit(cache=True, nogil=True, error_model="numpy")


@kernel
@no_type_check
def _ends(depth, index, rows, columns, step):  # noqa: ANN001, ANN202 - compiled
    """For each unknown pixel, 1/z (0: none) and distance of the first known one on four lines.

    Step -1 looks left, up left, up and up right; step 1 the other way. ``index`` is -1 where depth is known, else
    which of the unknown pixels this is.
    """
    height, width = depth.shape
    ends = np.zeros((len(rows), 4, 2), np.float32)
    for n in range(len(rows)):
        p = n if step < 0 else len(rows) - 1 - n
        for k in range(4):
            i, j = rows[p] + (step if k > 0 else 0), columns[p] + step * (1, 1, 0, -1)[k]
            if not (0 <= i < height and 0 <= j < width):
                continue
            q = index[i, j]
            ends[p, k, 0] = ends[q, k, 0] if q >= 0 else np.float32(1) / depth[i, j]
            ends[p, k, 1] = (ends[q, k, 1] if q >= 0 else np.float32(0)) + np.float32(1 + 0.4142135 * (k % 2))
    return ends


@kernel
@no_type_check
def _combined(before, after, slope):  # noqa: ANN001, ANN202 - compiled
    """Average 1/z over the lines of each unknown pixel that agree, by the fourth power of how narrow they are."""
    inverse = np.zeros(len(before), np.float32)
    answers, weights = np.zeros(4, np.float32), np.zeros(4, np.float32)
    for p in range(len(before)):
        anchor, heaviest = np.float32(0), np.float32(0)
        for k in range(4):
            first, second = before[p, k, 0], after[p, k, 0]
            to_first, to_second = before[p, k, 1], after[p, k, 1]
            gap = to_first + to_second
            value = min(first, second)
            if value == 0:  # at most one end
                value = max(first, second)
                gap = ONE_ENDED * (to_first if first > 0 else to_second)
            elif max(first, second) < (SAME_SURFACE + slope * gap) * value:
                value = (first * to_second + second * to_first) / gap
            answers[k] = value
            weights[k] = 1.0 / (gap * gap * gap * gap) if value > 0 else 0.0
            if weights[k] > heaviest or (weights[k] == heaviest and 0 < value < anchor):  # the farther of equals
                anchor, heaviest = value, weights[k]
        total = weighted = 0.0
        for k in range(4):
            if weights[k] > 0 and max(answers[k], anchor) < SAME_SURFACE * min(answers[k], anchor):
                total += weights[k]
                weighted += weights[k] * answers[k]
        if total > 0:
            inverse[p] = weighted / total
    return inverse


@kernel
@no_type_check
def _smoothed(inverse, index, rows, columns):  # noqa: ANN001, ANN202 - compiled
    """Replace each unknown pixel's 1/z by the mean over its unknown 3 x 3 neighbours that are on its surface."""
    height, width = index.shape
    smooth = inverse.copy()
    for p in range(len(rows)):
        total, count = np.float32(0), 0
        for i in range(max(0, rows[p] - 1), min(height, rows[p] + 2)):
            for j in range(max(0, columns[p] - 1), min(width, columns[p] + 2)):
                q = index[i, j]
                if q >= 0 and max(inverse[q], inverse[p]) < SAME_SURFACE * min(inverse[q], inverse[p]):
                    total += inverse[q]
                    count += 1
        if count:
            smooth[p] = total / count
    return smooth
