"""The compiled loop that turns the nearest face of each pixel into colour, visibility and depth."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, Float64, UInt8, UInt64
from ex4d.render.rasterizer import ALPHA_THRESHOLD, TRUNCATION_GUARD

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""nogil: bands of rows run on threads; numpy's error model turns 1/0 into inf."""

NOT_HIDDEN = np.uint64(1 << 31)
LAST_FACE = np.uint64((1 << 31) - 1)

Grid = Float32[np.ndarray, "height width"]
Transform = Float64[np.ndarray, "3 4"]
Point = tuple[float, float, float]


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def _corners(face: int, height: int, width: int) -> tuple[int, int, int]:
    """Return the vertices of a face as indices of the flattened grid."""
    if face >= 2 * height * width:
        far = height * width - 1
        return (width - 1, 0, far) if face == 2 * height * width else (far, 0, far - width + 1)
    top_left = face >> 1
    second = face & 1  # no branch: which half it is cannot be predicted
    return top_left + second, top_left + width, top_left + 1 + second * width


@kernel
@no_type_check
def _cross(p: Point, q: Point) -> Point:
    return p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]


@kernel
@no_type_check
def _vertex(depth: Grid, m: Transform, index: int, x: float, y: float) -> Point:
    """Return a vertex in homogeneous pixels from the pixel centre (x, y), unsnapped."""
    row, column = divmod(index, depth.shape[1])
    d = np.float64(depth[row, column])
    z = d * (m[2, 0] * column + m[2, 1] * row + m[2, 2]) + m[2, 3]
    return (
        d * (m[0, 0] * column + m[0, 1] * row + m[0, 2]) + m[0, 3] - x * z,
        d * (m[1, 0] * column + m[1, 1] * row + m[1, 2]) + m[1, 3] - y * z,
        z,
    )


@kernel
@no_type_check
def _clipped_weights(depth: Grid, m: Transform, corners: tuple[int, int, int], x: float, y: float) -> Point:
    """Weigh the vertices of a clipped face by planes through the eye: it has no screen positions to go by."""
    p0 = _vertex(depth, m, corners[0], x, y)
    p1 = _vertex(depth, m, corners[1], x, y)
    p2 = _vertex(depth, m, corners[2], x, y)
    a, b, c = _cross(p1, p2)[2], _cross(p2, p0)[2], _cross(p0, p1)[2]
    sign = 1.0 if a + b + c > 0 else -1.0
    return max(a * sign, 0.0), max(b * sign, 0.0), max(c * sign, 0.0)  # snapping may leave the face by a hair


@kernel
@no_type_check
def shade_band(
    source: UInt8[np.ndarray, "vertices 3"],
    hidden_vertex: Bool[np.ndarray, "vertices"],
    by_vertex: bool,
    far: np.float32,
    depth: Float32[np.ndarray, "height width"],
    screen_from_grid: Float64[np.ndarray, "3 4"],
    screen: Float32[np.ndarray, "2 vertices"],
    inverse_z: Float32[np.ndarray, "vertices"],
    keys: UInt64[np.ndarray, "rows padded_columns"],
    colour: UInt8[np.ndarray, "rows columns 3"],
    visible: Bool[np.ndarray, "rows columns"],
    z: Float32[np.ndarray, "rows columns"],
    top: int,
    bottom: int,
) -> None:
    """Give every pixel in rows top..bottom the colour, visibility and depth of its nearest face, if within ``far``.

    Weights are perspective-correct; at a vertex one is 1 and the others are 0.
    """
    height, width = depth.shape
    columns = visible.shape[1]
    colour[top:bottom] = 0
    for y in range(top, bottom):
        py = y + 0.5
        for x in range(columns):
            nearest = np.float32(1.0) / np.uint32(keys[y, x] >> np.uint64(32)).view(np.float32)
            z[y, x] = np.float32(np.inf) if nearest > far else nearest
        for x in range(columns):
            key = keys[y, x]
            visible[y, x] = False
            if z[y, x] == np.float32(np.inf) or not (by_vertex or key & NOT_HIDDEN):
                continue
            px = x + 0.5
            corners = _corners(np.int64(LAST_FACE - (key & LAST_FACE)), height, width)
            v0, v1, v2 = corners
            i0, i1, i2 = inverse_z[v0], inverse_z[v1], inverse_z[v2]
            if i0 > 0 and i1 > 0 and i2 > 0:
                x0, y0 = screen[0, v0] - px, screen[1, v0] - py
                x1, y1 = screen[0, v1] - px, screen[1, v1] - py
                x2, y2 = screen[0, v2] - px, screen[1, v2] - py
                a = abs(x1 * y2 - y1 * x2) * i0
                b = abs(x2 * y0 - y2 * x0) * i1
                c = abs(x0 * y1 - y0 * x1) * i2
            else:
                a, b, c = _clipped_weights(depth, screen_from_grid, corners, px, py)
            total = a + b + c
            if not total > 0:
                a = total = 1.0
            a, b, c = a / total, b / total, c / total
            rounding = 0.5
            if by_vertex:  # the released code interpolates RGBA with hidden vertices at 0, and truncates
                a = 0.0 if hidden_vertex[v0] else a
                b = 0.0 if hidden_vertex[v1] else b
                c = 0.0 if hidden_vertex[v2] else c
                rounding = TRUNCATION_GUARD
                if (a + b + c) * 255.0 <= ALPHA_THRESHOLD:
                    continue
            visible[y, x] = True
            for channel in range(3):
                level = a * source[v0, channel] + b * source[v1, channel] + c * source[v2, channel]
                colour[y, x, channel] = np.uint8(level + rounding)
