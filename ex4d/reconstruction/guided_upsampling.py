"""Enlarging depth by the colour: where its edges lie between two of its pixels, the finer picture knows.

Between four pixels of one surface 1/z is interpolated, as ``ex4d.media.depth_resampling`` does. Where the four belong
to a near and a far surface, a new pixel belongs to one of the two: to the one whose pixels round about it resembles in
colour, and to which it is closer. It then lies on that surface, continued linearly in 1/z: no depth is a mean of both.
(The idea of letting a finer picture decide is Kopf et al., Joint Bilateral Upsampling, 2007; theirs is a mean.)
"""

from __future__ import annotations

from fractions import Fraction
from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, Float64, UInt8

COLOUR_LIKENESS = np.float32(24.0)
"""Levels of 255 by which colours of one surface differ, root of the sum of squares over the three channels."""
REACH = 2
"""Pixels of the depth, each way, whose colours stand for the two sides."""
BELIEF = np.float32(2.0)
"""How much a place between near and far pixels, -0.5 to 0.5, counts beside the colours, -1 to 1. 1 to 4 were tried:
where colour lies on depth to the pixel, less is better; where it is some pixels off, as in the kitchen, more."""

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]
Colour = UInt8[np.ndarray, "new_height new_width 3"]
Scale = tuple[Fraction, Fraction]
"""Across and down."""


def upsample_guided(
    depth: Depth, known: Known, colour: Colour, scale: Scale, origin: tuple[Fraction, Fraction], step: float
) -> tuple[Float32[np.ndarray, "new_height new_width"], Bool[np.ndarray, "new_height new_width"]]:
    """Draw the window of depth that a picture shows; a new pixel is known where its nearest old one is.

    Args:
        depth: z in any unit, above 0 where known.
        known: where that is.
        colour: the picture, of the new pixels.
        scale: new pixels an old one.
        origin: where the window begins (x, y), old pixels.
        step: how many times as far as each other neighbours of one surface may be, across and down.
    """
    rows, columns = _places(colour, scale, origin)
    inverse = np.zeros(depth.shape, np.float32)
    np.divide(np.float32(1), depth, out=inverse, where=known)
    drawn, drawn_known = np.empty(colour.shape[:2], np.float32), np.empty(colour.shape[:2], np.bool_)
    torn = np.zeros(colour.shape[:2], np.bool_)
    _draw_surfaces(np.ascontiguousarray(depth), inverse, rows, columns, np.float32(step), drawn, drawn_known, torn)
    at = np.nonzero(torn)
    if len(at[0]):
        coarse, covered = colour_of_depth(depth.shape, colour, scale, origin)
        inverse_seen = np.where(covered, inverse, np.float32(0))
        balance = np.zeros(colour.shape[:2], np.float32)
        _weigh(inverse, inverse_seen, coarse, np.ascontiguousarray(colour), rows, columns, *at, balance)
        _decide(inverse, rows, columns, np.float32(step), balance, *at, drawn)
    return drawn, drawn_known


def colour_of_depth(
    shape: tuple[int, int], colour: Colour, scale: Scale, origin: tuple[Fraction, Fraction]
) -> tuple[UInt8[np.ndarray, "height width 3"], Known]:
    """Return the mean colour that a picture shows in each pixel of depth, and which pixels it shows.

    ``shape`` is (height, width) of the depth; ``scale`` and ``origin`` are as in ``upsample_guided``.
    """
    mean, covered = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.bool_)
    _average(np.ascontiguousarray(colour), *_places(colour, scale, origin), mean, covered)
    return mean, covered


def _places(
    colour: Colour, scale: Scale, origin: tuple[Fraction, Fraction]
) -> tuple[Float64[np.ndarray, "new_height"], Float64[np.ndarray, "new_width"]]:
    """Return where the centres of the new rows and columns lie among the old ones."""
    rows = (np.arange(colour.shape[0]) + 0.5) / float(scale[1]) + float(origin[1])
    return rows, (np.arange(colour.shape[1]) + 0.5) / float(scale[0]) + float(origin[0])


kernel = njit(cache=True, nogil=True, error_model="numpy")


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def _meet(one, other, step):  # noqa: ANN001, ANN202 - compiled
    return max(one, other) <= step * min(one, other)


@kernel
@no_type_check
def _cell(place, side):  # noqa: ANN001, ANN202 - compiled
    """Return the two old pixels that a place lies between, and the weight of the second."""
    first = min(max(int(np.floor(place - 0.5)), 0), side - 1)
    return first, min(first + 1, side - 1), np.float32(min(max(place - 0.5 - first, 0.0), 1.0))


@kernel
@no_type_check
def _nearest(place, side):  # noqa: ANN001, ANN202 - compiled
    return min(max(int(np.floor(place)), 0), side - 1)


@kernel
@no_type_check
def _draw_surfaces(depth, inverse, rows, columns, step, drawn, drawn_known, torn):  # noqa: ANN001, ANN202 - compiled
    """Interpolate where four pixels are of one surface, else take the nearest; note what lies between two surfaces."""
    height, width = depth.shape
    for i in range(len(rows)):
        above, below, down = _cell(rows[i], height)
        nearest_row = _nearest(rows[i], height)
        for j in range(len(columns)):
            left, right, across = _cell(columns[j], width)
            nearest_column = _nearest(columns[j], width)
            tl, tr, bl, br = inverse[above, left], inverse[above, right], inverse[below, left], inverse[below, right]
            least, most = min(tl, tr, bl, br), max(tl, tr, bl, br)
            drawn_known[i, j] = inverse[nearest_row, nearest_column] > 0
            joined = _meet(tl, tr, step) and _meet(bl, br, step) and _meet(tl, bl, step) and _meet(tr, br, step)
            if least > 0 and joined:
                upper = (np.float32(1) - across) * tl + across * tr
                lower = (np.float32(1) - across) * bl + across * br
                drawn[i, j] = np.float32(1) / ((np.float32(1) - down) * upper + down * lower)
            else:
                drawn[i, j] = depth[nearest_row, nearest_column]
                torn[i, j] = drawn_known[i, j] and (least > 0 or _differ(tl, tr, bl, br, most, step))


@kernel
@no_type_check
def _differ(tl, tr, bl, br, most, step):  # noqa: ANN001, ANN202 - compiled
    """Say whether the known ones of four (above 0) are further apart than a surface's pixels are."""
    least = most
    for value in (tl, tr, bl, br):
        if 0 < value < least:
            least = value
    return most > step * least


@kernel
@no_type_check
def _average(colour, rows, columns, mean, covered):  # noqa: ANN001, ANN202 - compiled
    height, width = covered.shape
    sums, counts = np.zeros((height, width, 3), np.int64), np.zeros((height, width), np.int64)
    for i in range(len(rows)):
        row = _nearest(rows[i], height)
        for j in range(len(columns)):
            column = _nearest(columns[j], width)
            counts[row, column] += 1
            for c in range(3):
                sums[row, column, c] += colour[i, j, c]
    for row in range(height):
        for column in range(width):
            count = counts[row, column]
            covered[row, column] = count > 0
            for c in range(3):
                mean[row, column, c] = (2 * sums[row, column, c] + count) // (2 * count) if count else 0


@kernel
@no_type_check
def _sides(inverse, above, below, left, right):  # noqa: ANN001, ANN202 - compiled
    """Return 1/z half-way between the nearest and the farthest known one of four."""
    most = least = np.float32(0)
    for value in (inverse[above, left], inverse[above, right], inverse[below, left], inverse[below, right]):
        if value > 0:
            most = max(most, value)
            least = value if least == 0 else min(least, value)
    return np.float32(0.5) * (most + least)


@kernel
@no_type_check
def _weigh(inverse, inverse_seen, coarse, colour, rows, columns, at_row, at_column, balance):  # noqa: ANN001, ANN202 - compiled
    """For each new pixel between two surfaces, > 0 where it belongs to the near one."""
    height, width = inverse.shape
    softness = np.float32(1) / (COLOUR_LIKENESS * COLOUR_LIKENESS)
    for p in range(len(at_row)):
        i, j = at_row[p], at_column[p]
        above, below, down = _cell(rows[i], height)
        left, right, across = _cell(columns[j], width)
        middle = _sides(inverse, above, below, left, right)
        red, green, blue = np.float32(colour[i, j, 0]), np.float32(colour[i, j, 1]), np.float32(colour[i, j, 2])
        like_near = like_far = weight_near = weight_far = np.float32(1e-6)
        row, column = _nearest(rows[i], height), _nearest(columns[j], width)
        for k in range(max(0, row - REACH), min(height, row + REACH + 1)):
            for m in range(max(0, column - REACH), min(width, column + REACH + 1)):
                if inverse_seen[k, m] <= 0:
                    continue
                r = np.float32(coarse[k, m, 0]) - red
                g = np.float32(coarse[k, m, 1]) - green
                b = np.float32(coarse[k, m, 2]) - blue
                y, x = np.float32(k + 0.5 - rows[i]), np.float32(m + 0.5 - columns[j])
                close = np.float32(1) / (np.float32(1) + y * y + x * x)
                alike = np.float32(1) / (np.float32(1) + softness * (r * r + g * g + b * b))
                alike *= alike * close
                if inverse[k, m] > middle:
                    like_near += alike
                    weight_near += close
                else:
                    like_far += alike
                    weight_far += close
        one, other = like_near / weight_near, like_far / weight_far
        share = _share(inverse, above, below, down, left, right, across, middle)
        balance[i, j] = (one - other) / (one + other) + BELIEF * (share - np.float32(0.5))


@kernel
@no_type_check
def _share(inverse, above, below, down, left, right, across, middle):  # noqa: ANN001, ANN202 - compiled
    """Return how much of a place between four pixels the near ones among the known would have, 0 to 1."""
    near = known = np.float32(0)
    for k in range(2):
        for m in range(2):
            weight = (down if k else np.float32(1) - down) * (across if m else np.float32(1) - across)
            value = inverse[below if k else above, right if m else left]
            if value > 0:
                known += weight
                if value > middle:
                    near += weight
    return near / known if known > 0 else np.float32(0.5)


@kernel
@no_type_check
def _decide(inverse, rows, columns, step, balance, at_row, at_column, drawn):  # noqa: ANN001, ANN202 - compiled
    """Give each new pixel between two surfaces the depth of the one that it and its neighbours lean to."""
    height, width = inverse.shape
    for p in range(len(at_row)):
        i, j = at_row[p], at_column[p]
        total = balance[i, j]
        for k in range(max(0, i - 1), min(len(rows), i + 2)):
            for m in range(max(0, j - 1), min(len(columns), j + 2)):
                total += balance[k, m]
        above, below, down = _cell(rows[i], height)
        left, right, across = _cell(columns[j], width)
        middle = _sides(inverse, above, below, left, right)
        row, column, heaviest = -1, -1, np.float32(-1)
        for k in range(2):
            for m in range(2):
                weight = (down if k else np.float32(1) - down) * (across if m else np.float32(1) - across)
                y, x = below if k else above, right if m else left
                value = inverse[y, x]
                if value > 0 and (value > middle) == (total > 0) and weight > heaviest:
                    row, column, heaviest = y, x, weight
        y, x = np.float32(rows[i] - row - 0.5), np.float32(columns[j] - column - 0.5)
        here = inverse[row, column]
        value = here + y * _slope(inverse, row, column, 1, 0, step) + x * _slope(inverse, row, column, 0, 1, step)
        drawn[i, j] = np.float32(1) / min(max(value, here / step), here * step)


@kernel
@no_type_check
def _slope(inverse, row, column, down, across, step):  # noqa: ANN001, ANN202 - compiled
    """By how much 1/z of the surface at a pixel changes to the next one; the lesser of what both sides say."""
    height, width = inverse.shape
    here = inverse[row, column]
    before = after = np.float32(0)
    found = 0
    if row >= down and column >= across:
        value = inverse[row - down, column - across]
        if value > 0 and _meet(value, here, step):
            before = here - value
            found += 1
    if row + down < height and column + across < width:
        value = inverse[row + down, column + across]
        if value > 0 and _meet(value, here, step):
            after = value - here
            found += 2
    if found < 3:
        return before + after
    if before * after <= 0:
        return np.float32(0)
    return before if abs(before) < abs(after) else after
