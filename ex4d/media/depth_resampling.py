"""Enlarging depth: along a surface between its pixels, across an edge never.

The nearest pixel alone would make a staircase of every slope: seen from the side, a floor of hidden steps. 1/z is
linear over the picture of a plane, so that between four pixels of one surface it is interpolated.
"""

from __future__ import annotations

from fractions import Fraction
from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, Float64

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]


def enlarge(
    depth: Depth,
    known: Known,
    size: tuple[int, int],
    scale: tuple[Fraction, Fraction],
    origin: tuple[Fraction, Fraction],
    step: float,
) -> tuple[Float32[np.ndarray, "new_height new_width"], Bool[np.ndarray, "new_height new_width"]]:
    """Draw the window of ``depth`` that begins at ``origin`` (x, y), ``scale`` new pixels a pixel, ``size`` (w, h).

    A new pixel is known where its nearest old one is. Neighbours of one surface are at most ``step`` times as far as
    each other, across and down.
    """
    columns = (np.arange(size[0]) + 0.5) / float(scale[0]) + float(origin[0])
    rows = (np.arange(size[1]) + 0.5) / float(scale[1]) + float(origin[1])
    drawn = np.empty((size[1], size[0]), np.float32), np.empty((size[1], size[0]), np.bool_)
    _enlarge(np.ascontiguousarray(depth), np.ascontiguousarray(known), rows, columns, np.float32(step), *drawn)
    return drawn


kernel = njit(cache=True, nogil=True, error_model="numpy")


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def _meet(one: np.float32, other: np.float32, step: np.float32) -> bool:
    return max(one, other) <= step * min(one, other)


@kernel
@no_type_check
def _enlarge(
    depth: Depth,
    known: Known,
    rows: Float64[np.ndarray, "new_height"],
    columns: Float64[np.ndarray, "new_width"],
    step: np.float32,
    drawn: Float32[np.ndarray, "new_height new_width"],
    drawn_known: Bool[np.ndarray, "new_height new_width"],
) -> None:
    height, width = depth.shape
    for i in range(len(rows)):
        nearest_row = min(max(int(np.floor(rows[i])), 0), height - 1)
        above = min(max(int(np.floor(rows[i] - 0.5)), 0), height - 1)
        below = min(above + 1, height - 1)
        down = np.float32(min(max(rows[i] - 0.5 - above, 0.0), 1.0))
        for j in range(len(columns)):
            nearest_column = min(max(int(np.floor(columns[j])), 0), width - 1)
            left = min(max(int(np.floor(columns[j] - 0.5)), 0), width - 1)
            right = min(left + 1, width - 1)
            across = np.float32(min(max(columns[j] - 0.5 - left, 0.0), 1.0))
            tl, tr, bl, br = depth[above, left], depth[above, right], depth[below, left], depth[below, right]
            whole = known[above, left] & known[above, right] & known[below, left] & known[below, right]
            drawn_known[i, j] = known[nearest_row, nearest_column]
            if whole and _meet(tl, tr, step) and _meet(bl, br, step) and _meet(tl, bl, step) and _meet(tr, br, step):
                upper = (np.float32(1) - across) / tl + across / tr
                lower = (np.float32(1) - across) / bl + across / br
                drawn[i, j] = np.float32(1) / ((np.float32(1) - down) * upper + down * lower)
            else:
                drawn[i, j] = depth[nearest_row, nearest_column]
