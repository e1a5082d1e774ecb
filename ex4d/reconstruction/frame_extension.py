"""Compiled kernels that continue an image beyond its frame: each new cell is a mean of the frame's whole rim."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Float32

kernel = njit(cache=True, nogil=True, error_model="numpy")

RIM_CELLS = 2
"""Cells a side of the blocks along the rim whose means are continued."""
ALONG = np.float32(16.0)
"""How much more an offset along an edge of the frame counts than one away from it, squared distances: what is beside
the frame resembles what is level with it. 1 gives fog and 100 stripes; 4, 16, 36 and 100 were measured on real pairs of
views, with powers of the distance from 1.5 to 6."""
NODE_CELLS = 8
"""Spacing of the cells whose mean is computed; between them it is interpolated."""
SEAM_CELLS = np.float32(2.0)
"""Distance at which the mean of the rim and its closest cell count the same: the join is seamless."""


def extend(
    image: Float32[np.ndarray, "rows columns channels"], above: int, before: int
) -> Float32[np.ndarray, "padded_rows padded_columns channels"]:
    """Continue an image by ``above`` rows above and below it and ``before`` columns on both sides."""
    rows, columns, channels = image.shape
    extended = np.empty((rows + 2 * above, columns + 2 * before, channels), np.float32)
    places, values = _rim(image)
    nodes = _nodes(places, values, rows, columns, above, before)
    _spread(image, nodes, above, before, extended)
    return extended


@kernel
@no_type_check
def _rim(
    image: Float32[np.ndarray, "rows columns channels"],
) -> tuple[Float32[np.ndarray, "blocks 2"], Float32[np.ndarray, "blocks channels"]]:
    """Return row and column of the blocks along the rim, centred on its outermost cells, and their means."""
    rows, columns, channels = image.shape
    down, across = (rows + RIM_CELLS - 1) // RIM_CELLS, (columns + RIM_CELLS - 1) // RIM_CELLS
    places = np.empty((2 * (down + across), 2), np.float32)
    values = np.zeros((2 * (down + across), channels), np.float32)
    for k in range(len(places)):
        if k < 2 * across:
            top = 0 if k < across else max(0, rows - RIM_CELLS)
            left = (k % across) * RIM_CELLS
        else:
            top = ((k - 2 * across) % down) * RIM_CELLS
            left = 0 if k - 2 * across < down else max(0, columns - RIM_CELLS)
        bottom, right = min(rows, top + RIM_CELLS), min(columns, left + RIM_CELLS)
        places[k, 0], places[k, 1] = 0.5 * (top + bottom - 1), 0.5 * (left + right - 1)
        for y in range(top, bottom):
            for x in range(left, right):
                for c in range(channels):
                    values[k, c] += image[y, x, c] / np.float32((bottom - top) * (right - left))
    return places, values


@kernel
@no_type_check
def _nodes(
    places: Float32[np.ndarray, "blocks 2"],
    values: Float32[np.ndarray, "blocks channels"],
    rows: int,
    columns: int,
    above: int,
    before: int,
) -> Float32[np.ndarray, "node_rows node_columns channels"]:
    """Weigh the rim by 1 / squared distance at every NODE_CELLS-th cell of the padded image."""
    height, width = (rows + 2 * above) // NODE_CELLS + 2, (columns + 2 * before) // NODE_CELLS + 2
    channels = values.shape[1]
    nodes = np.zeros((height, width, channels), np.float32)
    for i in range(height):
        y = np.float32(i * NODE_CELLS - above)
        beyond_y = max(np.float32(0), -y, y - np.float32(rows - 1))
        for j in range(width):
            x = np.float32(j * NODE_CELLS - before)
            beyond_x = max(np.float32(0), -x, x - np.float32(columns - 1))
            if beyond_x + beyond_y == 0 and min(y, rows - 1 - y, x, columns - 1 - x) > NODE_CELLS:
                continue
            beside = beyond_x / (beyond_x + beyond_y + np.float32(1e-3))
            stretch_y = np.float32(1) + (ALONG - np.float32(1)) * beside
            stretch_x = np.float32(1) + (ALONG - np.float32(1)) * (np.float32(1) - beside)
            total = np.float32(0)
            for k in range(len(places)):
                dy, dx = y - places[k, 0], x - places[k, 1]
                weight = np.float32(1) / (stretch_y * dy * dy + stretch_x * dx * dx + np.float32(1))
                total += weight
                for c in range(channels):
                    nodes[i, j, c] += weight * values[k, c]
            for c in range(channels):
                nodes[i, j, c] /= total
    return nodes


@kernel
@no_type_check
def _spread(
    image: Float32[np.ndarray, "rows columns channels"],
    nodes: Float32[np.ndarray, "node_rows node_columns channels"],
    above: int,
    before: int,
    extended: Float32[np.ndarray, "padded_rows padded_columns channels"],
) -> None:
    """Copy the image inside; outside, interpolate the nodes and blend in the closest cell of the image."""
    rows, columns, channels = image.shape
    for i in range(extended.shape[0]):
        y, node_y = i - above, i // NODE_CELLS
        near_y, share_y = min(max(y, 0), rows - 1), np.float32(i % NODE_CELLS) / np.float32(NODE_CELLS)
        for j in range(extended.shape[1]):
            x, node_x = j - before, j // NODE_CELLS
            near_x, share_x = min(max(x, 0), columns - 1), np.float32(j % NODE_CELLS) / np.float32(NODE_CELLS)
            distance = np.sqrt(np.float32((y - near_y) ** 2 + (x - near_x) ** 2))
            mean = distance / (distance + SEAM_CELLS)
            for c in range(channels):
                value = image[near_y, near_x, c]
                if distance > 0:
                    a, b = nodes[node_y, node_x, c], nodes[node_y, node_x + 1, c]
                    d, e = nodes[node_y + 1, node_x, c], nodes[node_y + 1, node_x + 1, c]
                    upper, lower = a + share_x * (b - a), d + share_x * (e - d)
                    value += mean * (upper + share_y * (lower - upper) - value)
                extended[i, j, c] = value
