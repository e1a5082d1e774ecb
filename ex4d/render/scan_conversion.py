"""The compiled loops of the CPU rasterizer: project the grid, scan-convert its faces, shade the winners.

Screen positions are integers, SUBPIXEL to the pixel, so that coverage is exact arithmetic: no cracks, no dependence on
order. Each pixel keeps the greatest key: float bits of 1/z, then "not hidden", then the lower face index.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, UInt8, UInt64
from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""nogil: bands of rows run on threads; numpy's error model lets the loops be vectorised."""

SUBPIXEL_BITS = 8
"""Vertices snap to 1/256 pixel: finer than any visible edge, coarser than the rounding of a projection."""
SUBPIXEL = 1 << SUBPIXEL_BITS
HALF = SUBPIXEL // 2
GUARD_PX = 65536.0
"""Pixels from the frame's corner, beyond which faces are clipped: edge products then fit float64 and int64 exactly."""
NEAR = 1e-3
"""Units of depth (the released code's). Faces are clipped where they come nearer to the camera's plane."""
CHUNK = 64
"""Blocks of a mesh row that share one bounding box."""
SMALL_SPAN = 6
"""Pixels. Up to this width a row of a face is tested pixel by pixel, beyond it the span is computed."""
NOT_HIDDEN = np.uint64(1 << 31)
LAST_FACE = np.uint64((1 << 31) - 1)


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def project_rows(
    depth: Float32[np.ndarray, "height width"],
    pixel_to_screen: Float64[np.ndarray, "3 4"],
    screen: Int32[np.ndarray, "2 height width"],
    inverse_z: Float32[np.ndarray, "height width"],
    bounds: Int32[np.ndarray, "height chunks 4"],
    start: int,
    stop: int,
) -> None:
    """Project vertex rows start..stop; 1/z is 0 where a vertex is too near or behind, negative beyond the guard band.

    ``pixel_to_screen`` takes (column, row, 1) times depth, and 1, to homogeneous pixels. ``bounds`` gets the least and
    greatest x, the least and greatest y of each chunk's vertices, or everything where a face may have to be clipped.
    """
    width = depth.shape[1]
    m = pixel_to_screen
    limit = GUARD_PX * SUBPIXEL
    for row in range(start, stop):
        base_x = m[0, 1] * row + m[0, 2]
        base_y = m[1, 1] * row + m[1, 2]
        base_z = m[2, 1] * row + m[2, 2]
        for column in range(width):
            d = np.float64(depth[row, column])
            z = d * (m[2, 0] * column + base_z) + m[2, 3]
            inverse = 1.0 / max(z, NEAR)
            x = np.floor((d * (m[0, 0] * column + base_x) + m[0, 3]) * inverse * SUBPIXEL + 0.5)
            y = np.floor((d * (m[1, 0] * column + base_y) + m[1, 3]) * inverse * SUBPIXEL + 0.5)
            clamped_x = min(max(x, -limit), limit)
            clamped_y = min(max(y, -limit), limit)
            outside = (x != clamped_x) | (y != clamped_y)
            screen[0, row, column] = np.int32(clamped_x)
            screen[1, row, column] = np.int32(clamped_y)
            inverse_z[row, column] = np.float32(0.0 if z < NEAR else (-inverse if outside else inverse))
        for chunk in range(bounds.shape[1]):
            first = chunk * CHUNK
            last = min(first + CHUNK + 1, width)
            low_x = high_x = screen[0, row, first]
            low_y = high_y = screen[1, row, first]
            whole = True
            for column in range(first, last):
                low_x = min(low_x, screen[0, row, column])
                high_x = max(high_x, screen[0, row, column])
                low_y = min(low_y, screen[1, row, column])
                high_y = max(high_y, screen[1, row, column])
                whole &= inverse_z[row, column] > 0
            huge = np.int32(limit)
            bounds[row, chunk, 0] = low_x if whole else -huge
            bounds[row, chunk, 1] = high_x if whole else huge
            bounds[row, chunk, 2] = low_y if whole else -huge
            bounds[row, chunk, 3] = high_y if whole else huge


@kernel
@no_type_check
def _first_pixel(position: int) -> int:
    """Return the first pixel whose centre is at or after a position."""
    return (position + HALF - 1) >> SUBPIXEL_BITS


@kernel
@no_type_check
def _last_pixel(position: int) -> int:
    """Return the last pixel whose centre is at or before a position."""
    return (position - HALF) >> SUBPIXEL_BITS


@kernel
@no_type_check
def _key(inverse_z: float, low: np.uint64) -> np.uint64:
    return (np.uint64(np.float32(inverse_z).view(np.uint32)) << np.uint64(32)) | low


@kernel
@no_type_check
def _draw_triangle(
    keys, top, bottom, x0, y0, i0, x1, y1, i1, x2, y2, i2, low
):  # fmt: skip
    """Enter one face, all of its vertices in front, in the keys of pixel rows top..bottom.

    Closed: pixel centres on an edge count. 1/z at a centre comes from exact edge functions with an error far below
    float32's rounding, so that faces that share a vertex or an edge there agree on it, to the bit.
    """
    area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)
    if area == 0:
        return
    if area < 0:
        area = -area
        x1, y1, i1, x2, y2, i2 = x2, y2, i2, x1, y1, i1
    first_x = max(_first_pixel(min(x0, min(x1, x2))), 0)
    last_x = min(_last_pixel(max(x0, max(x1, x2))), keys.shape[1] - 1)
    first_y = max(_first_pixel(min(y0, min(y1, y2))), top)
    last_y = min(_last_pixel(max(y0, max(y1, y2))), bottom - 1)
    if first_x > last_x or first_y > last_y:
        return
    scale = 1.0 / np.float64(area)
    di1 = (i1 - i0) * scale
    di2 = (i2 - i0) * scale
    px = first_x * SUBPIXEL + HALF
    py = first_y * SUBPIXEL + HALF
    row0 = (x2 - x1) * (py - y1) - (y2 - y1) * (px - x1)
    row1 = (x0 - x2) * (py - y2) - (y0 - y2) * (px - x2)
    row2 = area - row0 - row1
    step0 = -(y2 - y1) * SUBPIXEL
    step1 = -(y0 - y2) * SUBPIXEL
    step2 = -step0 - step1
    down0 = (x2 - x1) * SUBPIXEL
    down1 = (x0 - x2) * SUBPIXEL
    down2 = -down0 - down1
    if last_x - first_x < SMALL_SPAN:
        for y in range(first_y, last_y + 1):
            w0, w1, w2 = row0, row1, row2
            for x in range(first_x, last_x + 1):
                if (w0 | w1 | w2) >= 0:
                    key = _key(i0 + (w1 * di1 + w2 * di2), low)
                    if key > keys[y, x]:
                        keys[y, x] = key
                w0 += step0
                w1 += step1
                w2 += step2
            row0 += down0
            row1 += down1
            row2 += down2
        return
    slope = step1 * di1 + step2 * di2
    for y in range(first_y, last_y + 1):
        first, last = 0, last_x - first_x
        for w, step in ((row0, step0), (row1, step1), (row2, step2)):
            if w < 0:
                if step > 0:
                    first = max(first, (step - 1 - w) // step)
                else:
                    last = -1
            elif step < 0:
                last = min(last, w // -step)
        if first <= last:
            start = i0 + ((row1 + first * step1) * di1 + (row2 + first * step2) * di2)
            offset = first_x + first
            for k in range(last - first + 1):
                key = _key(start + k * slope, low)
                keys[y, offset + k] = max(keys[y, offset + k], key)
        row0 += down0
        row1 += down1
        row2 += down2


@kernel
@no_type_check
def _homogeneous(depth, m, row, column):
    """Return a vertex in homogeneous pixels, unsnapped."""
    d = np.float64(depth[row, column])
    return (
        d * (m[0, 0] * column + m[0, 1] * row + m[0, 2]) + m[0, 3],
        d * (m[1, 0] * column + m[1, 1] * row + m[1, 2]) + m[1, 3],
        d * (m[2, 0] * column + m[2, 1] * row + m[2, 2]) + m[2, 3],
    )


@kernel
@no_type_check
def _inside(point, plane):
    """Signed distance of a homogeneous point to the near plane (0) or to a side of the guard band (1 to 4)."""
    if plane == 0:
        return point[2] - NEAR
    if plane == 1:
        return point[0] + GUARD_PX * point[2]
    if plane == 2:
        return GUARD_PX * point[2] - point[0]
    if plane == 3:
        return point[1] + GUARD_PX * point[2]
    return GUARD_PX * point[2] - point[1]


@kernel
@no_type_check
def _snap(point):
    limit = GUARD_PX * SUBPIXEL
    x = np.floor(point[0] / point[2] * SUBPIXEL + 0.5)
    y = np.floor(point[1] / point[2] * SUBPIXEL + 0.5)
    return (
        np.int64(min(max(x, -limit), limit)),
        np.int64(min(max(y, -limit), limit)),
        np.float64(np.float32(1.0 / point[2])),
    )


@kernel
@no_type_check
def _draw_clipped(keys, top, bottom, corners, polygon, spare, low):
    """Clip a face to the near plane and the guard band, then draw what is left as a fan.

    A cut is computed from the inside to the outside vertex, so that both faces of an edge cut it at the same point.
    """
    for i in range(3):
        for axis in range(3):
            polygon[i, axis] = corners[i][axis]
    count = 3
    for plane in range(5):
        kept = 0
        for i in range(count):
            here, there = polygon[i], polygon[(i + 1) % count]
            a, b = _inside(here, plane), _inside(there, plane)
            if a >= 0:
                spare[kept] = here
                kept += 1
            if (a >= 0) != (b >= 0):
                if a >= 0:
                    spare[kept] = here + (there - here) * (a / (a - b))
                else:
                    spare[kept] = there + (here - there) * (b / (b - a))
                if plane == 0:
                    spare[kept, 2] = NEAR  # not a rounding error nearer
                kept += 1
        polygon, spare = spare, polygon
        count = kept
    for i in range(2, count):
        x0, y0, i0 = _snap(polygon[0])
        x1, y1, i1 = _snap(polygon[i - 1])
        x2, y2, i2 = _snap(polygon[i])
        _draw_triangle(keys, top, bottom, x0, y0, i0, x1, y1, i1, x2, y2, i2, low)


@kernel
@no_type_check
def _draw_face(keys, top, bottom, depth, m, screen, inverse_z, polygon, spare, corners, low):
    """Draw a face given as three (row, column), clipping it where a vertex asks for it."""
    (r0, c0), (r1, c1), (r2, c2) = corners
    i0, i1, i2 = inverse_z[r0, c0], inverse_z[r1, c1], inverse_z[r2, c2]
    if i0 > 0 and i1 > 0 and i2 > 0:
        _draw_triangle(
            keys, top, bottom,
            np.int64(screen[0, r0, c0]), np.int64(screen[1, r0, c0]), np.float64(i0),
            np.int64(screen[0, r1, c1]), np.int64(screen[1, r1, c1]), np.float64(i1),
            np.int64(screen[0, r2, c2]), np.int64(screen[1, r2, c2]), np.float64(i2),
            low,
        )  # fmt: skip
    elif i0 != 0 or i1 != 0 or i2 != 0:
        points = (_homogeneous(depth, m, r0, c0), _homogeneous(depth, m, r1, c1), _homogeneous(depth, m, r2, c2))
        _draw_clipped(keys, top, bottom, points, polygon, spare, low)


@kernel
@no_type_check
def draw_band(
    depth: Float32[np.ndarray, "height width"],
    hidden_face: Bool[np.ndarray, "2 height-1 width-1"],
    back_hidden: bool,
    pixel_to_screen: Float64[np.ndarray, "3 4"],
    screen: Int32[np.ndarray, "2 height width"],
    inverse_z: Float32[np.ndarray, "height width"],
    bounds: Int32[np.ndarray, "height chunks 4"],
    keys: UInt64[np.ndarray, "rows columns"],
    top: int,
    bottom: int,
) -> None:
    """Find the nearest face of every pixel in rows top..bottom; key 0 where there is none."""
    height, width = depth.shape
    keys[top:bottom] = np.uint64(0)
    polygon, spare = np.empty((8, 3)), np.empty((8, 3))
    left, right = HALF, (keys.shape[1] - 1) * SUBPIXEL + HALF
    upper, lower = top * SUBPIXEL + HALF, (bottom - 1) * SUBPIXEL + HALF
    for row in range(height - 1):
        for chunk in range(bounds.shape[1]):
            this, below = bounds[row, chunk], bounds[row + 1, chunk]
            if max(this[1], below[1]) < left or min(this[0], below[0]) > right:
                continue
            if max(this[3], below[3]) < upper or min(this[2], below[2]) > lower:
                continue
            for column in range(chunk * CHUNK, min((chunk + 1) * CHUNK, width - 1)):
                x0, x1 = screen[0, row, column], screen[0, row, column + 1]
                x2, x3 = screen[0, row + 1, column], screen[0, row + 1, column + 1]
                y0, y1 = screen[1, row, column], screen[1, row, column + 1]
                y2, y3 = screen[1, row + 1, column], screen[1, row + 1, column + 1]
                i0, i1 = inverse_z[row, column], inverse_z[row, column + 1]
                i2, i3 = inverse_z[row + 1, column], inverse_z[row + 1, column + 1]
                face = np.uint64(2 * (row * width + column))
                low0 = LAST_FACE - face
                low1 = low0 - np.uint64(1)
                if not hidden_face[0, row, column]:
                    low0 |= NOT_HIDDEN
                if not hidden_face[1, row, column]:
                    low1 |= NOT_HIDDEN
                if i0 > 0 and i1 > 0 and i2 > 0 and i3 > 0:
                    first_x = max(_first_pixel(min(min(x0, x1), min(x2, x3))), 0)
                    last_x = min(_last_pixel(max(max(x0, x1), max(x2, x3))), keys.shape[1] - 1)
                    first_y = max(_first_pixel(min(min(y0, y1), min(y2, y3))), top)
                    last_y = min(_last_pixel(max(max(y0, y1), max(y2, y3))), bottom - 1)
                    if first_x > last_x or first_y > last_y:
                        continue
                    _draw_triangle(
                        keys, top, bottom,
                        np.int64(x0), np.int64(y0), np.float64(i0),
                        np.int64(x2), np.int64(y2), np.float64(i2),
                        np.int64(x1), np.int64(y1), np.float64(i1),
                        low0,
                    )  # fmt: skip
                    _draw_triangle(
                        keys, top, bottom,
                        np.int64(x1), np.int64(y1), np.float64(i1),
                        np.int64(x2), np.int64(y2), np.float64(i2),
                        np.int64(x3), np.int64(y3), np.float64(i3),
                        low1,
                    )  # fmt: skip
                    continue
                first = ((row, column), (row + 1, column), (row, column + 1))
                second = ((row, column + 1), (row + 1, column), (row + 1, column + 1))
                _draw_face(keys, top, bottom, depth, pixel_to_screen, screen, inverse_z, polygon, spare, first, low0)
                _draw_face(keys, top, bottom, depth, pixel_to_screen, screen, inverse_z, polygon, spare, second, low1)
    low = LAST_FACE - np.uint64(2 * height * width)
    if not back_hidden:
        low |= NOT_HIDDEN
    first = ((0, width - 1), (0, 0), (height - 1, width - 1))
    second = ((height - 1, width - 1), (0, 0), (height - 1, 0))
    _draw_face(keys, top, bottom, depth, pixel_to_screen, screen, inverse_z, polygon, spare, first, low)
    _draw_face(keys, top, bottom, depth, pixel_to_screen, screen, inverse_z, polygon, spare, second, low - np.uint64(1))


@kernel
@no_type_check
def _weights(x, y, rows, columns, depth, m, screen, inverse_z):
    """Perspective-correct weights of a face's vertices at a pixel centre: they sum to 1, one is 1 at a vertex."""
    r0, r1, r2 = rows
    c0, c1, c2 = columns
    i0, i1, i2 = inverse_z[r0, c0], inverse_z[r1, c1], inverse_z[r2, c2]
    if i0 > 0 and i1 > 0 and i2 > 0:
        px, py = x * SUBPIXEL + HALF, y * SUBPIXEL + HALF
        x0, y0 = np.int64(screen[0, r0, c0]) - px, np.int64(screen[1, r0, c0]) - py
        x1, y1 = np.int64(screen[0, r1, c1]) - px, np.int64(screen[1, r1, c1]) - py
        x2, y2 = np.int64(screen[0, r2, c2]) - px, np.int64(screen[1, r2, c2]) - py
        a = abs((x1 * y2 - y1 * x2) * np.float64(i0))
        b = abs((x2 * y0 - y2 * x0) * np.float64(i1))
        c = abs((x0 * y1 - y0 * x1) * np.float64(i2))
    else:  # by planes through the eye: clipped faces have no screen positions
        p0, p1, p2 = (
            _homogeneous(depth, m, r0, c0),
            _homogeneous(depth, m, r1, c1),
            _homogeneous(depth, m, r2, c2),
        )
        u, v = x + 0.5, y + 0.5
        a = u * (p1[1] * p2[2] - p1[2] * p2[1]) + v * (p1[2] * p2[0] - p1[0] * p2[2]) + p1[0] * p2[1] - p1[1] * p2[0]
        b = u * (p2[1] * p0[2] - p2[2] * p0[1]) + v * (p2[2] * p0[0] - p2[0] * p0[2]) + p2[0] * p0[1] - p2[1] * p0[0]
        c = u * (p0[1] * p1[2] - p0[2] * p1[1]) + v * (p0[2] * p1[0] - p0[0] * p1[2]) + p0[0] * p1[1] - p0[1] * p1[0]
        if a + b + c < 0:
            a, b, c = -a, -b, -c
        a, b, c = max(a, 0.0), max(b, 0.0), max(c, 0.0)  # rounding and snapping may leave the face by a hair
    total = a + b + c
    if not total > 0:
        return 1.0, 0.0, 0.0
    return a / total, b / total, c / total


@kernel
@no_type_check
def shade_band(
    source: UInt8[np.ndarray, "height width 3"],
    hidden_vertex: Bool[np.ndarray, "height width"],
    by_vertex: bool,
    alpha_threshold: int,
    depth: Float32[np.ndarray, "height width"],
    pixel_to_screen: Float64[np.ndarray, "3 4"],
    screen: Int32[np.ndarray, "2 height width"],
    inverse_z: Float32[np.ndarray, "height width"],
    keys: UInt64[np.ndarray, "rows columns"],
    colour: UInt8[np.ndarray, "rows columns 3"],
    visible: Bool[np.ndarray, "rows columns"],
    z: Float32[np.ndarray, "rows columns"],
    top: int,
    bottom: int,
) -> None:
    """Give every pixel in rows top..bottom the colour, visibility and depth of its nearest face."""
    height, width = depth.shape
    back = 2 * height * width
    for y in range(top, bottom):
        for x in range(keys.shape[1]):
            key = keys[y, x]
            z[y, x] = np.float32(1.0) / np.uint32(key >> np.uint64(32)).view(np.float32)
            visible[y, x] = False
            colour[y, x, 0] = colour[y, x, 1] = colour[y, x, 2] = 0
            if key == 0 or (not by_vertex and not key & NOT_HIDDEN):
                continue
            face = np.int64(LAST_FACE - (key & LAST_FACE))
            if face >= back:
                rows = (0, 0, height - 1) if face == back else (height - 1, 0, height - 1)
                columns = (width - 1, 0, width - 1) if face == back else (width - 1, 0, 0)
            else:
                row, column = divmod(face >> 1, width)
                rows = (row, row + 1, row) if not face & 1 else (row, row + 1, row + 1)
                columns = (column, column, column + 1) if not face & 1 else (column + 1, column, column + 1)
            a, b, c = _weights(x, y, rows, columns, depth, pixel_to_screen, screen, inverse_z)
            rounding = 0.5
            if by_vertex:  # the released code interpolates RGBA with hidden vertices at 0 and truncates
                a *= not hidden_vertex[rows[0], columns[0]]
                b *= not hidden_vertex[rows[1], columns[1]]
                c *= not hidden_vertex[rows[2], columns[2]]
                rounding = 1e-6  # not a rounding error below a whole level
                if np.int64((a + b + c) * 255.0 + rounding) <= alpha_threshold:
                    continue
            visible[y, x] = True
            for channel in range(3):
                level = (
                    a * source[rows[0], columns[0], channel]
                    + b * source[rows[1], columns[1], channel]
                    + c * source[rows[2], columns[2], channel]
                )
                colour[y, x, channel] = np.uint8(level + rounding)
