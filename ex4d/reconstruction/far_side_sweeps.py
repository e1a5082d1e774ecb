"""The compiled loops of the background layer: cells, and sweeps that carry the far side of an edge under the near."""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from numba import njit

from ex4d.reconstruction.cells import Cells, FarSide

kernel = njit(cache=True, nogil=True, error_model="numpy")

TOLERANCE = np.float32(0.06)
"""Relative disparity within which a surface is as far as the one carried: there the sweep has come out, or has met the
floor that a thing stands on."""
SAME_SURFACE = np.float32(0.15)
"""Relative disparity within which a colour seen on the way belongs to the surface that is carried."""
NEWEST_SHARE = np.float32(0.3)
"""Of the running means of disparity and colour along a line: what the newest cell counts."""


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def gather_cells(
    colour: UInt8[np.ndarray, "height width 3"],
    depth: Float32[np.ndarray, "height width"],
    known: Bool[np.ndarray, "height width"],
    step: int,
    edge_ratio: np.float32,
) -> Cells:
    """Reduce a frame to cells of ``step`` x ``step`` pixels; neighbours in a ratio above ``edge_ratio`` are an edge."""
    height, width = depth.shape
    rows, columns = (height + step - 1) // step, (width + step - 1) // step
    mean = np.empty((rows, columns, 3), np.float32)
    disparity = np.empty((rows, columns), np.float32)
    nearest = np.empty((rows, columns), np.float32)
    farthest = np.empty((rows, columns), np.float32)
    edge = np.zeros((rows, columns), np.bool_)
    measured = np.ones((rows, columns), np.bool_)
    for i in range(rows):
        top, bottom, below = i * step, min(height, (i + 1) * step), min(height, (i + 1) * step + 1)
        for j in range(columns):
            left, right, beside = j * step, min(width, (j + 1) * step), min(width, (j + 1) * step + 1)
            red = green = blue = count = 0
            total = np.float32(0)
            for y in range(top, bottom):
                for x in range(left, right):
                    red += colour[y, x, 0]
                    green += colour[y, x, 1]
                    blue += colour[y, x, 2]
                    count += 1
                    total += np.float32(1) / depth[y, x]
                    measured[i, j] &= known[y, x]
            mean[i, j, 0], mean[i, j, 1], mean[i, j, 2] = red / count, green / count, blue / count
            disparity[i, j] = total / np.float32(count)
            least, most = np.float32(np.inf), np.float32(0)
            for y in range(top, below):
                for x in range(left, beside):
                    here = depth[y, x]
                    least, most = min(least, here), max(most, here)
                    if x + 1 < beside:
                        there = depth[y, x + 1]
                        edge[i, j] |= max(here, there) > edge_ratio * min(here, there)
                    if y + 1 < below:
                        there = depth[y + 1, x]
                        edge[i, j] |= max(here, there) > edge_ratio * min(here, there)
            nearest[i, j], farthest[i, j] = np.float32(1) / least, np.float32(1) / most
    return Cells(mean, disparity, nearest, farthest, edge, measured)


@kernel
@no_type_check
def away_from(edge: Bool[np.ndarray, "rows columns"], margin: int) -> Bool[np.ndarray, "rows columns"]:
    """Return True for cells with no edge within ``margin`` cells: edge pixels are mixed with the foreground."""
    rows, columns = edge.shape
    pure = np.ones((rows, columns), np.bool_)
    for i in range(rows):
        for j in range(columns):
            if edge[i, j]:
                pure[max(0, i - margin) : i + margin + 1, max(0, j - margin) : j + margin + 1] = False
    return pure


@kernel
@no_type_check
def sweep(cells: Cells, pure: Bool[np.ndarray, "rows columns"], reach: np.float32) -> FarSide:
    """Sweep every line of cells both ways; ``reach`` is cells of shift for each unit of disparity across an edge."""
    rows, columns = cells.disparity.shape
    found = FarSide(
        np.zeros((rows, columns), np.float32),
        np.zeros((rows, columns), np.float32),
        np.zeros((rows, columns), np.float32),
        np.zeros((rows, columns, 3), np.float32),
        np.zeros((rows, columns), np.float32),
        np.zeros((rows, columns), np.bool_),
    )
    for i in range(rows):
        _sweep_line(cells, pure, reach, found, i * columns, 1, columns)
        _sweep_line(cells, pure, reach, found, (i + 1) * columns - 1, -1, columns)
    for j in range(columns):
        _sweep_line(cells, pure, reach, found, j, columns, rows)
        _sweep_line(cells, pure, reach, found, (rows - 1) * columns + j, -columns, rows)
    return found


@kernel
@no_type_check
def _sweep_line(  # noqa: PLR0915 - one pass along a line; its state would be the argument list of any part
    cells: Cells, pure: Any, reach: np.float32, found: FarSide, first: int, stride: int, count: int
) -> None:
    """Walk ``count`` cells (flat indices), carrying the far side of each edge on until the surface is as far again.

    ``seen`` is the surface the line last showed away from edges, with its colour; ``surface`` the disparity since the
    last edge; ``carried`` what is carried, with the colour of ``paint`` (its disparity, 0 if none is known); ``near``
    what it is carried under (0 if not yet met): once over an edge to what is closer to the carried one than to this,
    the line has stepped off the near side again, and the far side has slanted meanwhile.
    """
    colour, disparity = cells.colour.reshape(-1, 3), cells.disparity.ravel()
    nearest, farthest, edge = cells.nearest.ravel(), cells.farthest.ravel(), cells.edge.ravel()
    clean = pure.ravel()
    weight, disparity_sum, colour_weight = found.weight.ravel(), found.disparity.ravel(), found.colour_weight.ravel()
    colour_sum, closeness, beyond = found.colour.reshape(-1, 3), found.closeness.ravel(), found.beyond.ravel()
    zero, one = np.float32(0), np.float32(1)
    surface = seen = seen_r = seen_g = seen_b = zero
    near = carried = paint = paint_r = paint_g = paint_b = zero
    smooth_run = distance = limit = 0
    carrying = False
    for k in range(count):
        c = first + k * stride
        if edge[c] and nearest[c] > farthest[c] * (one + TOLERANCE):
            if not carrying or farthest[c] < carried * (one - TOLERANCE):
                same = smooth_run > 0 and abs(surface - farthest[c]) < TOLERANCE * farthest[c]
                carried = surface if same else farthest[c]
                if abs(seen - carried) < SAME_SURFACE * carried:
                    paint, paint_r, paint_g, paint_b = seen, seen_r, seen_g, seen_b
                elif abs(paint - carried) >= SAME_SURFACE * carried:
                    paint = zero
                carrying, near, distance, limit = True, zero, 0, 0
            smooth_run = 0
        elif not edge[c]:
            surface = disparity[c] if smooth_run == 0 else surface + NEWEST_SHARE * (disparity[c] - surface)
            smooth_run += 1
            if clean[c]:
                share = NEWEST_SHARE if abs(seen - disparity[c]) < SAME_SURFACE * disparity[c] else one
                seen += share * (disparity[c] - seen)
                seen_r += share * (colour[c, 0] - seen_r)
                seen_g += share * (colour[c, 1] - seen_g)
                seen_b += share * (colour[c, 2] - seen_b)
        if not carrying:
            continue
        distance += 1
        limit = max(limit, 2 + int(reach * (nearest[c] - carried)))
        stepped_off = smooth_run == 1 and nearest[c] * nearest[c] < near * carried
        near = nearest[c]
        if nearest[c] <= carried * (one + TOLERANCE) or stepped_off:
            carrying = False
        elif distance > limit:
            beyond[c] = True
        else:
            share = one / np.float32(distance * distance)
            weight[c] += share
            disparity_sum[c] += share * carried
            if paint > 0:
                colour_weight[c] += share
                colour_sum[c, 0] += share * paint_r
                colour_sum[c, 1] += share * paint_g
                colour_sum[c, 2] += share * paint_b
                closeness[c] = max(closeness[c], one / np.float32(distance))
