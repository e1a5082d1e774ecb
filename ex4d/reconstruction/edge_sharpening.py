"""Sharpening depth: what hangs in mid-air between a near and a far surface goes to one of the two.

Depth from a network is soft: across a silhouette it runs from near to far over several pixels, at depths where nothing
is. In a mesh those pixels are a ramp of stretched faces. Along each row and column such a ramp is a short run of 1/z
between two ends that are much flatter; a plane has none, as its 1/z is linear over the picture however steeply it is
seen. Each pixel of a ramp takes the depth of one of its ends: of the one that its own depth is closer to, or, about
half-way, of the one whose colours it resembles. What is in no ramp is not touched.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, UInt8

WIDEST_SHARE = 1 / 32
"""Of the picture's longer side: how wide a ramp may be from end to end where nobody says. Networks look at some 500
pixels a side, whatever is made of their answer, and blur over a dozen of these at most."""
NARROWEST = 4
"""Pixels that it may be wide in the smallest of pictures."""
LEAST_RATIO = np.float32(1.1)
"""How many times as far as its near end a ramp's far end is, at least: 1.04 to 1.2 were tried. Less makes hidden steps
of unevenness, more leaves edges soft."""
TAIL = np.float32(0.15)
"""A ramp reaches as far as each pixel adds this share of its steepest step: two thirds of a blurred edge's tails."""
FLANK = 3
"""Pixels beyond each end that are to be flat, but for..."""
FLATTER = np.float32(0.4)
"""...this share of the ramp's mean slope, or it is a part of a slope, not an edge."""
SIDE = 5
"""Pixels beyond each end whose middle value is that side's depth: the first are soft still, or overshoot."""
SAME_SIDE = np.float32(0.2)
"""Share of the ramp's rise by which these may differ from the end: beyond, another thing begins."""
SAMPLES = 3
"""Pixels each way whose colours stand for the sides; together they reach half of the widest ramp."""
NEARNESS = np.float32(16.0)
"""Squared pixels at which such a sample counts half as much as one on the spot."""
COLOUR_LIKENESS = np.float32(24.0)
"""Levels of 255 by which colours of one surface differ, root of the sum of squares over the three channels."""
BELIEF = np.float32(4.0)
"""How much a pixel's place in the ramp, -0.5 to 0.5, counts beside the colours, -1 to 1. Where blurred depth is in
place, more is better; where it is off by 1.5 pixels, as networks are, half as much is: fox and kitchen disagree."""
UNDOUBTED = np.float32(0.3)
"""Place from which on colours are not asked."""

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]


def sharpen(
    depth: Depth, known: Known, colour: UInt8[np.ndarray, "height width 3"], widest: int | None = None
) -> Depth:
    """Return depth with each pixel of a soft edge on one of the edge's two sides; all else stays, bit for bit.

    Depth of fewer pixels than the picture is better sharpened before it is enlarged.

    Args:
        depth: z in any unit, above 0 where known; what it holds elsewhere is kept.
        known: where that is.
        colour: of the same pixels.
        widest: pixels from end to end of the widest ramp; by default a share of the picture.
    """
    widest = widest or max(NARROWEST, round(WIDEST_SHARE * max(depth.shape)))
    inverse = np.zeros(depth.shape, np.float32)
    np.divide(np.float32(1), depth, out=inverse, where=known)
    near, far, width = np.zeros_like(inverse), np.zeros_like(inverse), np.zeros(depth.shape, np.int32)
    _find_ramps(inverse, near, far, width, widest)
    _find_ramps(np.ascontiguousarray(inverse.T), near.T, far.T, width.T, widest)
    inside = np.nonzero(width)
    if not len(inside[0]):
        return depth
    balance, sharp = np.zeros_like(inverse), depth.copy()
    stride = max(1, round(widest / (2 * SAMPLES)))
    _weigh(inverse, near, far, width, np.ascontiguousarray(colour), *inside, stride, balance)
    _decide(near, far, balance, *inside, sharp)
    return sharp


kernel = njit(cache=True, nogil=True, error_model="numpy")


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def _find_ramps(inverse, near, far, width, widest):  # noqa: ANN001, ANN202 - compiled
    """Note, for each pixel inside a ramp along its row, 1/z of the ramp's ends; of two ramps the one that rises more.

    ``width`` is the ramp's in pixels, 0 outside ramps. Of an edge that runs along the row, nearly, the row holds but
    ripples; the column crosses it.
    """
    for row in range(inverse.shape[0]):
        line = inverse[row]
        for k in range(len(line) - 1):
            if line[k] <= 0 or line[k + 1] <= 0:
                continue
            step = line[k + 1] - line[k]
            peak = abs(step)
            if peak * widest < (LEAST_RATIO - 1) * min(line[k], line[k + 1]):
                continue
            if _step(line, k - 1, step) > peak or _step(line, k + 1, step) > peak:
                continue
            start, stop = k, k + 1
            while stop - start <= widest and TAIL * peak < _step(line, start - 1, step) <= peak:
                start -= 1
            while stop - start <= widest and TAIL * peak < _step(line, stop, step) <= peak:
                stop += 1
            if 2 <= stop - start <= widest and _is_ramp(line, start, stop):
                rise = abs(line[stop] - line[start])
                one, other = _side(line, start, -1, rise), _side(line, stop, 1, rise)
                for i in range(start + 1, stop):
                    if abs(one - other) > near[row, i] - far[row, i]:
                        width[row, i] = stop - start
                        near[row, i], far[row, i] = max(one, other), min(one, other)


@kernel
@no_type_check
def _step(line, k, like):  # noqa: ANN001, ANN202 - compiled
    """By how much 1/z changes from k to k + 1, above 0 in the direction of ``like``; -1 where that is not known."""
    if k < 0 or k >= len(line) - 1 or line[k] <= 0 or line[k + 1] <= 0:
        return np.float32(-1)
    step = line[k + 1] - line[k]
    return step if like > 0 else -step


@kernel
@no_type_check
def _is_ramp(line, start, stop):  # noqa: ANN001, ANN202 - compiled
    """Say whether a run rises enough, between two flanks that hardly do."""
    rise = line[stop] - line[start]
    if abs(rise) < (LEAST_RATIO - 1) * min(line[start], line[stop]):
        return False
    allowed = FLATTER * abs(rise) / (stop - start)
    return _is_flat(line, start, -1, rise, allowed) and _is_flat(line, stop, 1, rise, allowed)


@kernel
@no_type_check
def _is_flat(line, end, way, like, allowed):  # noqa: ANN001, ANN202 - compiled
    """Say whether the line beyond an end goes on rising by less than allowed; no where nothing is known of it."""
    known = 0
    while known < FLANK and 0 <= end + way * (known + 1) < len(line) and line[end + way * (known + 1)] > 0:
        known += 1
    rise = (line[end + way * known] - line[end]) * way
    return known > 0 and (rise if like > 0 else -rise) <= allowed * known


@kernel
@no_type_check
def _side(line, end, way, rise):  # noqa: ANN001, ANN202 - compiled
    """Return 1/z of the surface beyond an end: the middle of its first values, kept in order as they come."""
    values = np.empty(SIDE, np.float32)
    count = 0
    while count < SIDE and 0 <= end + way * count < len(line):
        value = line[end + way * count]
        if value <= 0 or abs(value - line[end]) > SAME_SIDE * rise:
            break
        at = count
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value
        count += 1
    return values[count // 2] if count % 2 else np.float32(0.5) * (values[count // 2 - 1] + values[count // 2])


@kernel
@no_type_check
def _weigh(inverse, near, far, width, colour, rows, columns, stride, balance):  # noqa: ANN001, ANN202 - compiled
    """For each pixel of a ramp, how much it belongs to the near side (> 0) or the far one (< 0)."""
    softness = np.float32(1) / (COLOUR_LIKENESS * COLOUR_LIKENESS)
    reach = SAMPLES * stride
    for p in range(len(rows)):
        row, column = rows[p], columns[p]
        high, low = near[row, column], far[row, column]
        middle = np.float32(0.5) * (high + low)
        place = min(max((inverse[row, column] - middle) / (high - low), np.float32(-0.5)), np.float32(0.5))
        balance[row, column] = BELIEF * place
        if abs(place) >= UNDOUBTED:
            continue
        red, green, blue = colour[row, column]
        like_near = like_far = weight_near = weight_far = np.float32(1e-6)
        for i in range(row - reach, row + reach + 1, stride):
            for j in range(column - reach, column + reach + 1, stride):
                outside = i < 0 or j < 0 or i >= inverse.shape[0] or j >= inverse.shape[1]
                if outside or width[i, j] > 0 or inverse[i, j] <= 0:
                    continue
                r = np.float32(colour[i, j, 0]) - np.float32(red)
                g = np.float32(colour[i, j, 1]) - np.float32(green)
                b = np.float32(colour[i, j, 2]) - np.float32(blue)
                close = np.float32(1) / (NEARNESS + np.float32((i - row) ** 2 + (j - column) ** 2))
                alike = np.float32(1) / (np.float32(1) + softness * (r * r + g * g + b * b))
                if inverse[i, j] > middle:
                    like_near += alike * alike * close
                    weight_near += close
                else:
                    like_far += alike * alike * close
                    weight_far += close
        one, other = like_near / weight_near, like_far / weight_far
        balance[row, column] += (one - other) / (one + other)


@kernel
@no_type_check
def _decide(near, far, balance, rows, columns, sharp):  # noqa: ANN001, ANN202 - compiled
    """Give each pixel of a ramp the depth of the side that it, counted twice, and its neighbours belong to."""
    height, width = balance.shape
    for p in range(len(rows)):
        row, column = rows[p], columns[p]
        total = balance[row, column]
        for i in range(max(0, row - 1), min(height, row + 2)):
            for j in range(max(0, column - 1), min(width, column + 2)):
                total += balance[i, j]
        sharp[row, column] = np.float32(1) / (near[row, column] if total > 0 else far[row, column])
