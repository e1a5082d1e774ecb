"""The compiled loops of the depth-watertight mesh: check the depth, find the faces that show nothing."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, Float64

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""nogil: strips of rows run on threads; numpy's error model lets the loops be vectorised."""


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def set_border(
    source: Float32[np.ndarray, "height width"],
    depth: Float32[np.ndarray, "height width"],
    border_depth: np.float32,
    start: int,
    stop: int,
) -> bool:
    """Copy rows start..stop of the source with the outermost pixels at the border depth; False if any is unusable."""
    height, width = source.shape
    usable = True
    for row in range(start, stop):
        for column in range(width):
            value = source[row, column]
            usable &= (value > np.float32(0.0)) & (value < np.float32(np.inf))  # False for NaN, too
            depth[row, column] = value
        depth[row, 0] = depth[row, width - 1] = border_depth
    if start == 0:
        depth[0, :] = border_depth
    if stop == height:
        depth[height - 1, :] = border_depth
    return usable


@kernel
@no_type_check
def _is_sliver(a: float, b: float, c: float, cosine_squared_4: float) -> bool:
    """Say whether the smallest angle, opposite the shortest of three squared sides, is below the threshold.

    By the law of cosines cos = (S - 2 m) / (2 sqrt(abc / m)) for the sum S and the least m of the squared sides:
    squared and multiplied out, there is no root, no division and no acos. The cosine is positive: the smallest angle
    of a triangle is at most 60 degrees.
    """
    least = min(a, b, c)
    adjacent = a + b + c - 2.0 * least
    return adjacent * adjacent * least > cosine_squared_4 * (a * b * c)


@kernel
@no_type_check
def hide_slivers(
    depth: Float32[np.ndarray, "height width"],
    ray_x: Float64[np.ndarray, "width"],
    ray_y: Float64[np.ndarray, "height"],
    cosine_squared_4: float,
    hidden: Bool[np.ndarray, "2 height-1 width-1"],
    start: int,
    stop: int,
) -> None:
    """Hide the faces of block rows start..stop whose smallest angle is too small.

    ``cosine_squared_4`` is 4 cos^2 of the threshold. The five sides of a block serve both of its triangles.
    """
    for row in range(start, stop):
        y0 = ray_y[row]
        y1 = ray_y[row + 1]
        for column in range(depth.shape[1] - 1):
            x0 = ray_x[column]
            x1 = ray_x[column + 1]
            tl = np.float64(depth[row, column])
            tr = np.float64(depth[row, column + 1])
            bl = np.float64(depth[row + 1, column])
            br = np.float64(depth[row + 1, column + 1])
            top = (tl * x0 - tr * x1) ** 2 + ((tl - tr) * y0) ** 2 + (tl - tr) ** 2
            left = ((tl - bl) * x0) ** 2 + (tl * y0 - bl * y1) ** 2 + (tl - bl) ** 2
            diagonal = (tr * x1 - bl * x0) ** 2 + (tr * y0 - bl * y1) ** 2 + (tr - bl) ** 2
            bottom = (bl * x0 - br * x1) ** 2 + ((bl - br) * y1) ** 2 + (bl - br) ** 2
            right = ((tr - br) * x1) ** 2 + (tr * y0 - br * y1) ** 2 + (tr - br) ** 2
            hidden[0, row, column] |= _is_sliver(top, left, diagonal, cosine_squared_4)
            hidden[1, row, column] |= _is_sliver(bottom, right, diagonal, cosine_squared_4)


@kernel
@no_type_check
def _is_steep(a: float, b: float, c: float, ratio_over_x: float, ratio_over_y: float) -> bool:
    """Say whether three depths span more than both other extents times the ratio."""
    extent = max(a, b, c) - min(a, b, c)
    return (extent > ratio_over_x) & (extent > ratio_over_y)


@kernel
@no_type_check
def hide_steep(
    depth: Float32[np.ndarray, "height width"],
    ray_x: Float64[np.ndarray, "width"],
    ray_y: Float64[np.ndarray, "height"],
    ratio: float,
    hidden: Bool[np.ndarray, "2 height-1 width-1"],
    start: int,
    stop: int,
) -> None:
    """Hide the faces of block rows start..stop whose depth extent is above ``ratio`` times that in x and in y."""
    for row in range(start, stop):
        y0 = ray_y[row]
        y1 = ray_y[row + 1]
        for column in range(depth.shape[1] - 1):
            x0 = ray_x[column]
            x1 = ray_x[column + 1]
            tl = np.float64(depth[row, column])
            tr = np.float64(depth[row, column + 1])
            bl = np.float64(depth[row + 1, column])
            br = np.float64(depth[row + 1, column + 1])
            for half in range(2):
                other = br if half else tl
                other_x = other * (x1 if half else x0)
                other_y = other * (y1 if half else y0)
                x_extent = max(other_x, tr * x1, bl * x0) - min(other_x, tr * x1, bl * x0)
                y_extent = max(other_y, tr * y0, bl * y1) - min(other_y, tr * y0, bl * y1)
                hidden[half, row, column] |= _is_steep(other, tr, bl, ratio * x_extent, ratio * y_extent)


@kernel
@no_type_check
def hide_long(
    depth: Float32[np.ndarray, "height width"],
    longest: np.float32,
    ratio: np.float32,
    hidden: Bool[np.ndarray, "2 height-1 width-1"],
    start: int,
    stop: int,
) -> None:
    """Hide the faces of block rows start..stop that span more depth than ``longest``, or than ``ratio`` says."""
    for row in range(start, stop):
        for column in range(depth.shape[1] - 1):
            tr = depth[row, column + 1]
            bl = depth[row + 1, column]
            near = min(tr, bl)
            far = max(tr, bl)
            for half in range(2):
                other = depth[row + half, column + half]
                nearest = min(near, other)
                farthest = max(far, other)
                hidden[half, row, column] |= (farthest - nearest > longest) | (farthest > ratio * nearest)


@kernel
@no_type_check
def spread_to_vertices(
    hidden_face: Bool[np.ndarray, "2 height-1 width-1"],
    hidden_vertex: Bool[np.ndarray, "height width"],
    start: int,
    stop: int,
) -> None:
    """Mark, in vertex rows start..stop, every vertex of a hidden face."""
    height, width = hidden_vertex.shape
    for row in range(start, stop):
        hidden_vertex[row, :] = False
        if row > 0:  # as the bottom left of a block's two faces, and the bottom right of its second
            for column in range(width - 1):
                first, second = hidden_face[0, row - 1, column], hidden_face[1, row - 1, column]
                hidden_vertex[row, column] |= first | second
            for column in range(width - 1):
                hidden_vertex[row, column + 1] |= hidden_face[1, row - 1, column]
        if row < height - 1:  # as the top right of both, and the top left of the first
            for column in range(width - 1):
                hidden_vertex[row, column] |= hidden_face[0, row, column]
            for column in range(width - 1):
                hidden_vertex[row, column + 1] |= hidden_face[0, row, column] | hidden_face[1, row, column]
