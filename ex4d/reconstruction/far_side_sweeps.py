"""The compiled loops of the background layer: cells, and sweeps that carry the far side of an edge under the near."""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.reconstruction.cells import Cells, FarSide

kernel = njit(cache=True, nogil=True, error_model="numpy")

TOLERANCE = np.float32(0.06)
"""Relative disparity within which a surface is as far as the one carried: there the sweep has come out, or has met the
floor that a thing stands on."""
SAME_SURFACE = np.float32(0.15)
"""Relative disparity within which a colour seen on the way belongs to the surface that is carried."""
NESTING = 4
"""How many things may stand one before the other on a line; beyond that the nearest are taken for one."""
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
    stack = np.zeros((NESTING, 7), np.float32)
    carried = np.zeros((4, rows * columns, 6), np.float32)
    beyond = found.beyond.ravel()
    for i in range(rows):
        _sweep_line(cells, pure, reach, carried[0], beyond, stack, i * columns, 1, columns)
        _sweep_line(cells, pure, reach, carried[1], beyond, stack, (i + 1) * columns - 1, -1, columns)
    for j in range(columns):
        _sweep_line(cells, pure, reach, carried[2], beyond, stack, j, columns, rows)
        _sweep_line(cells, pure, reach, carried[3], beyond, stack, (rows - 1) * columns + j, -columns, rows)
    _combine(carried, found)
    return found


@kernel
@no_type_check
def _combine(carried: Float32[np.ndarray, "4 cells 6"], found: FarSide) -> None:
    """Average, at each cell, the sweeps that agree with the weightiest; of equally close ones that is the nearer."""
    weight, disparity_sum, colour_weight = found.weight.ravel(), found.disparity.ravel(), found.colour_weight.ravel()
    colour_sum, closeness = found.colour.reshape(-1, 3), found.closeness.ravel()
    for c in range(carried.shape[1]):
        best, chosen = np.float32(0), np.float32(0)
        for way in range(4):
            score = carried[way, c, 0] * carried[way, c, 1]
            if score > best:
                best, chosen = score, carried[way, c, 1]
        for way in range(4):
            share, disparity = carried[way, c, 0], carried[way, c, 1]
            if share > 0 and abs(disparity - chosen) <= SAME_SURFACE * chosen:
                weight[c] += share
                disparity_sum[c] += share * disparity
                if carried[way, c, 5] > 0:
                    colour_weight[c] += share
                    for channel in range(3):
                        colour_sum[c, channel] += share * carried[way, c, 2 + channel]
                    closeness[c] = max(closeness[c], np.sqrt(share))


@kernel
@no_type_check
def _sweep_line(
    cells: Cells, pure: Any, reach: np.float32, found: Any, beyond: Any, stack: Any, first: int, stride: int, count: int
) -> None:
    """Walk ``count`` cells (flat indices), carrying the far side of each edge on until the surface is as far again.

    Over an edge to what is nearer, the surface left behind goes on the stack; what is on top of it lies directly behind
    what the line shows. Over an edge to what is closer to the carried surface than to the near one, the line has
    stepped off again, though the far side may have slanted meanwhile. ``seen`` is the surface last shown away from
    edges, with its colour. A row of the stack: disparity, R', G', B', 1 if they are known, distance, limit of it.
    """
    colour, disparity = cells.colour.reshape(-1, 3), cells.disparity.ravel()
    nearest, edge, clean = cells.nearest.ravel(), cells.edge.ravel(), pure.ravel()
    zero, one = np.float32(0), np.float32(1)
    surface = seen = seen_r = seen_g = seen_b = zero
    across = False
    depth = edge_run = 0
    for k in range(count):
        c = first + k * stride
        for level in range(depth):
            stack[level, 5] += one
        if edge[c]:
            edge_run += 1
            across = surface > 0
        else:
            here = disparity[c]
            if across and here > surface * (one + TOLERANCE) and depth < NESTING:
                known = abs(seen - surface) < SAME_SURFACE * surface
                stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3] = surface, seen_r, seen_g, seen_b
                stack[depth, 4], stack[depth, 5], stack[depth, 6] = one if known else zero, edge_run + one, zero
                depth += 1
            while depth > 0 and (
                nearest[c] <= stack[depth - 1, 0] * (one + TOLERANCE)
                or (across and here < surface and here * here < surface * stack[depth - 1, 0])
            ):
                depth -= 1
            surface = here if across or surface == 0 else surface + NEWEST_SHARE * (here - surface)
            across, edge_run = False, 0
            if clean[c]:
                share = NEWEST_SHARE if abs(seen - here) < SAME_SURFACE * here else one
                seen += share * (here - seen)
                seen_r += share * (colour[c, 0] - seen_r)
                seen_g += share * (colour[c, 1] - seen_g)
                seen_b += share * (colour[c, 2] - seen_b)
        if depth == 0:
            continue
        carried, distance = stack[depth - 1, 0], stack[depth - 1, 5]
        stack[depth - 1, 6] = max(stack[depth - 1, 6], np.float32(2) + reach * (nearest[c] - carried))
        if nearest[c] <= carried * (one + TOLERANCE):
            continue
        if distance > stack[depth - 1, 6]:
            beyond[c] = True
            continue
        found[c, 0], found[c, 1] = one / (distance * distance), carried
        found[c, 2], found[c, 3], found[c, 4] = stack[depth - 1, 1], stack[depth - 1, 2], stack[depth - 1, 3]
        found[c, 5] = stack[depth - 1, 4]


@kernel
@no_type_check
def vote(
    disparity: Float32[np.ndarray, "rows columns"], hidden: Bool[np.ndarray, "rows columns"], spacing: int
) -> Float32[np.ndarray, "rows columns"]:
    """Return the disparity with that of each ``hidden`` cell replaced by the median of 3 x 3 hidden ones around it."""
    rows, columns = disparity.shape
    result = disparity.copy()
    ballots = np.empty(9, np.float32)
    for i in range(rows):
        for j in range(columns):
            if not hidden[i, j]:
                continue
            count = 0
            for y in range(i - spacing, i + spacing + 1, spacing):
                for x in range(j - spacing, j + spacing + 1, spacing):
                    if 0 <= y < rows and 0 <= x < columns and hidden[y, x]:
                        at = count
                        while at > 0 and ballots[at - 1] > disparity[y, x]:
                            ballots[at] = ballots[at - 1]
                            at -= 1
                        ballots[at] = disparity[y, x]
                        count += 1
            result[i, j] = ballots[count // 2]
    return result


@kernel
@no_type_check
def smooth_behind(
    layer: Float32[np.ndarray, "rows columns 4"],
    trust: Float32[np.ndarray, "rows columns"],
    replaced: Bool[np.ndarray, "rows columns"],
    spacing: int,
) -> tuple[Float32[np.ndarray, "rows columns 4"], Float32[np.ndarray, "rows columns"]]:
    """Average the colour of the ``replaced`` cells, by trust, with eight others ``spacing`` cells away on one surface.

    One pass of an edge-avoiding à-trous filter (Dammertz et al. 2010); the surface is told by disparity, channel 0.
    """
    rows, columns = trust.shape
    smoothed, trusted = layer.copy(), trust.copy()
    for i in range(rows):
        for j in range(columns):
            if not replaced[i, j]:
                continue
            total = red = green = blue = np.float32(0)
            for y in range(i - spacing, i + spacing + 1, spacing):
                for x in range(j - spacing, j + spacing + 1, spacing):
                    if 0 <= y < rows and 0 <= x < columns and trust[y, x] > 0:
                        apart = abs(layer[y, x, 0] / layer[i, j, 0] - np.float32(1)) / SAME_SURFACE
                        if apart < 1:
                            tap = np.float32(2 if y == i else 1) * np.float32(2 if x == j else 1)
                            share = tap * trust[y, x] * (np.float32(1) - apart)
                            total += share
                            red += share * layer[y, x, 1]
                            green += share * layer[y, x, 2]
                            blue += share * layer[y, x, 3]
            if total > 0:
                smoothed[i, j, 1], smoothed[i, j, 2], smoothed[i, j, 3] = red / total, green / total, blue / total
                trusted[i, j] = min(np.float32(1), total / np.float32(16))
    return smoothed, trusted
