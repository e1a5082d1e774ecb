"""The compiled loops that find the nearest face of every pixel: project the grid, scan-convert its faces.

Screen positions snap to 1/256 pixel, so that every product below is exact in the format it is computed in: coverage has
no cracks and does not depend on the order of the faces. Each pixel keeps the greatest key: float bits of 1/z, then
"not hidden", then the lower face index.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, UInt64
from numba import njit

from ex4d.render.rasterizer import NEAR, SUBPIXELS

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""nogil: bands of rows run on threads; numpy's error model lets the loops be vectorised."""

GUARD_PX = 32768.0
"""Pixels from the frame's corner, beyond which faces are clipped: a position then is exact in float32, the product of
two in float64."""
CHUNK = 64
"""Blocks of a mesh row that share one bounding box and one pass of vector instructions."""
LANES = 8
"""Pixels of a face's row that are tested side by side; rows of keys are this much longer, so that no test is cut."""
ROUNDING_PX = 2.0**-35
"""An intersection of a pixel row with an edge is a multiple of 1 / (256 * 2 * GUARD_PX * 256) pixels, or 2^-32, and is
computed with an error below 2^-37."""
NOT_HIDDEN = np.uint64(1 << 31)
LAST_FACE = np.uint64((1 << 31) - 1)
ZERO, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def project_rows(
    depth: Float32[np.ndarray, "height width"],
    screen_from_grid: Float64[np.ndarray, "3 4"],
    screen: Float32[np.ndarray, "2 height width"],
    inverse_z: Float32[np.ndarray, "height width"],
    bounds: Float32[np.ndarray, "height chunks 4"],
    start: int,
    stop: int,
) -> None:
    """Project vertex rows start..stop; 1/z is 0 where a vertex is too near or behind, negative beyond the guard band.

    ``bounds`` gets the least and greatest x, the least and greatest y of each chunk's vertices, or everything where a
    face may have to be clipped.
    """
    width = depth.shape[1]
    m = screen_from_grid
    for row in range(start, stop):
        base_x = m[0, 1] * row + m[0, 2]
        base_y = m[1, 1] * row + m[1, 2]
        base_z = m[2, 1] * row + m[2, 2]
        for column in range(width):
            d = np.float64(depth[row, column])
            z = d * (m[2, 0] * column + base_z) + m[2, 3]
            inverse = 1.0 / max(z, NEAR)
            x = np.floor((d * (m[0, 0] * column + base_x) + m[0, 3]) * inverse * SUBPIXELS + 0.5) / SUBPIXELS
            y = np.floor((d * (m[1, 0] * column + base_y) + m[1, 3]) * inverse * SUBPIXELS + 0.5) / SUBPIXELS
            clamped_x = min(max(x, -GUARD_PX), GUARD_PX)
            clamped_y = min(max(y, -GUARD_PX), GUARD_PX)
            outside = (x != clamped_x) | (y != clamped_y)
            screen[0, row, column] = clamped_x
            screen[1, row, column] = clamped_y
            inverse_z[row, column] = 0.0 if z < NEAR else (-inverse if outside else inverse)
        for chunk in range(bounds.shape[1]):
            first = chunk * CHUNK
            last = min(first + CHUNK + 1, width)
            low_x = high_x = screen[0, row, first]
            low_y = high_y = screen[1, row, first]
            nearest = inverse_z[row, first]
            for column in range(first, last):
                low_x = min(low_x, screen[0, row, column])
                high_x = max(high_x, screen[0, row, column])
                low_y = min(low_y, screen[1, row, column])
                high_y = max(high_y, screen[1, row, column])
                nearest = min(nearest, inverse_z[row, column])
            whole = nearest > 0
            bounds[row, chunk, 0] = low_x if whole else -GUARD_PX
            bounds[row, chunk, 1] = high_x if whole else GUARD_PX
            bounds[row, chunk, 2] = low_y if whole else -GUARD_PX
            bounds[row, chunk, 3] = high_y if whole else GUARD_PX


@kernel
@no_type_check
def _key(inverse_z: float, low: np.uint64) -> np.uint64:
    return (np.uint64(np.float32(inverse_z).view(np.uint32)) << np.uint64(32)) | low


@kernel
@no_type_check
def _draw_triangle(keys, top, bottom, x0, y0, i0, x1, y1, i1, x2, y2, i2, low):
    """Enter one face, all of its vertices in front, in the keys of pixel rows top..bottom.

    Closed: pixel centres on an edge count. Each row's span is where all three edge functions, exact in float64, are at
    least 0. 1/z errs far below float32's rounding, so that faces that share a vertex agree on it there, to the bit.
    """
    area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)
    if area == 0:
        return
    if area < 0:
        area = -area
        x1, y1, i1, x2, y2, i2 = x2, y2, i2, x1, y1, i1
    first_x = max(np.ceil(min(x0, x1, x2) - 0.5), 0.0)
    last_x = min(np.floor(max(x0, x1, x2) - 0.5), keys.shape[1] - LANES - 1.0)
    first_y = max(np.int64(np.ceil(min(y0, y1, y2) - 0.5)), top)
    last_y = min(np.int64(np.floor(max(y0, y1, y2) - 0.5)), bottom - 1)
    if first_x > last_x or first_y > last_y:
        return
    scale = 1.0 / area
    di1 = (i1 - i0) * scale
    di2 = (i2 - i0) * scale
    px = first_x + 0.5
    py = first_y + 0.5
    row0 = (x2 - x1) * (py - y1) - (y2 - y1) * (px - x1)
    row1 = (x0 - x2) * (py - y2) - (y0 - y2) * (px - x2)
    row2 = (x1 - x0) * (py - y0) - (y1 - y0) * (px - x0)
    step0, step1, step2 = y1 - y2, y2 - y0, y0 - y1  # a pixel to the right
    down0, down1, down2 = x2 - x1, x0 - x2, x1 - x0  # a pixel down
    width = last_x - first_x
    base = np.int64(first_x)
    slope = step1 * di1 + step2 * di2
    back0 = 1.0 / step0 if step0 != 0 else 0.0
    back1 = 1.0 / step1 if step1 != 0 else 0.0
    back2 = 1.0 / step2 if step2 != 0 else 0.0
    for y in range(first_y, last_y + 1):
        low_k, high_k = 0.0, width
        if step0 > 0:
            low_k = max(low_k, -row0 * back0)
        elif step0 < 0:
            high_k = min(high_k, -row0 * back0)
        elif row0 < 0:
            high_k = -1.0
        if step1 > 0:
            low_k = max(low_k, -row1 * back1)
        elif step1 < 0:
            high_k = min(high_k, -row1 * back1)
        elif row1 < 0:
            high_k = -1.0
        if step2 > 0:
            low_k = max(low_k, -row2 * back2)
        elif step2 < 0:
            high_k = min(high_k, -row2 * back2)
        elif row2 < 0:
            high_k = -1.0
        low_k = np.ceil(low_k - ROUNDING_PX)
        high_k = np.floor(high_k + ROUNDING_PX)
        if low_k <= high_k:
            value = i0 + ((row1 + low_k * step1) * di1 + (row2 + low_k * step2) * di2)
            span = keys[y, base + np.int64(low_k) : base + np.int64(high_k) + 1]
            for k in range(len(span)):
                key = _key(value + k * slope, low)
                span[k] = max(span[k], key)
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
def _signed_distance(point, plane):
    """Say how far inside a homogeneous point is: of the near plane (0), of a side of the guard band (1 to 4)."""
    if plane == 0:
        return point[2] - NEAR
    side = point[(plane - 1) // 2]
    return GUARD_PX * point[2] + (side if plane % 2 else -side)


@kernel
@no_type_check
def _snap(position):
    """Return a screen coordinate on its subpixel, within the guard band."""
    return min(max(np.floor(position * SUBPIXELS + 0.5) / SUBPIXELS, -GUARD_PX), GUARD_PX)


@kernel
@no_type_check
def _draw_clipped(keys, top, bottom, corners, polygon, spare, low):
    """Clip a face to the near plane and the guard band, then draw what is left as a fan.

    A cut is computed from the inside to the outside vertex, so that both faces of an edge cut it at the same point.
    """
    for i in range(3):
        polygon[i, 0], polygon[i, 1], polygon[i, 2] = corners[i]
    count = 3
    for plane in range(5):
        kept = 0
        for i in range(count):
            here, there = polygon[i], polygon[(i + 1) % count]
            a, b = _signed_distance(here, plane), _signed_distance(there, plane)
            if a >= 0:
                spare[kept] = here
                kept += 1
            if (a >= 0) != (b >= 0):
                inner, outer = (here, there) if a >= 0 else (there, here)
                share = (a if a >= 0 else b) / abs(a - b)
                spare[kept] = inner + (outer - inner) * share
                if plane == 0:
                    spare[kept, 2] = NEAR  # not a rounding error nearer
                kept += 1
        polygon, spare = spare, polygon
        count = kept
    for i in range(count):
        inverse = 1.0 / polygon[i, 2]
        polygon[i, 0] = _snap(polygon[i, 0] * inverse)
        polygon[i, 1] = _snap(polygon[i, 1] * inverse)
        polygon[i, 2] = np.float32(inverse)
    a = polygon[0]
    for i in range(2, count):
        b, c = polygon[i - 1], polygon[i]
        _draw_triangle(keys, top, bottom, a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2], low)


@kernel
@no_type_check
def _draw_face(keys, top, bottom, depth, m, screen, inverse_z, polygon, spare, corners, low):
    """Draw a face given as three (row, column), clipping it where a vertex asks for it."""
    (r0, c0), (r1, c1), (r2, c2) = corners
    i0, i1, i2 = inverse_z[r0, c0], inverse_z[r1, c1], inverse_z[r2, c2]
    if min(i0, i1, i2) > 0:
        _draw_triangle(
            keys, top, bottom,
            np.float64(screen[0, r0, c0]), np.float64(screen[1, r0, c0]), np.float64(i0),
            np.float64(screen[0, r1, c1]), np.float64(screen[1, r1, c1]), np.float64(i1),
            np.float64(screen[0, r2, c2]), np.float64(screen[1, r2, c2]), np.float64(i2),
            low,
        )  # fmt: skip
    elif i0 != 0 or i1 != 0 or i2 != 0:
        points = (_homogeneous(depth, m, r0, c0), _homogeneous(depth, m, r1, c1), _homogeneous(depth, m, r2, c2))
        _draw_clipped(keys, top, bottom, points, polygon, spare, low)


@kernel
@no_type_check
def _measure_blocks(x, y, inverse_z, x_below, y_below, inverse_z_below, top, bottom, columns, first, extent):
    """Find the first pixel of each block and how many more it spans each way; extent -1 is none, -2 asks for clipping.

    Returns how many blocks span at most 2 x 2 pixels, how many of these two columns, how many two rows, and how many
    blocks are larger or to be clipped.
    """
    small_blocks = wide_blocks = tall_blocks = other_blocks = 0
    for k in range(len(x) - 1):
        low_x = min(min(x[k], x[k + 1]), min(x_below[k], x_below[k + 1]))
        high_x = max(max(x[k], x[k + 1]), max(x_below[k], x_below[k + 1]))
        low_y = min(min(y[k], y[k + 1]), min(y_below[k], y_below[k + 1]))
        high_y = max(max(y[k], y[k + 1]), max(y_below[k], y_below[k + 1]))
        farthest = min(min(inverse_z[k], inverse_z[k + 1]), min(inverse_z_below[k], inverse_z_below[k + 1]))
        first_x = max(np.ceil(low_x - HALF), ZERO)
        first_y = max(np.ceil(low_y - HALF), top)
        extent_x = min(np.floor(high_x - HALF), columns - ONE) - first_x
        extent_y = min(np.floor(high_y - HALF), bottom - ONE) - first_y
        whole = farthest > ZERO
        empty = min(extent_x, extent_y) < ZERO
        extent_x = -ONE if empty else extent_x
        small = whole & (not empty) & (max(extent_x, extent_y) <= ONE)
        small_blocks += small
        wide_blocks += small & (extent_x == ONE)
        tall_blocks += small & (extent_y == ONE)
        other_blocks += (not small) & (not (whole & empty))
        first[0, k] = first_x
        first[1, k] = first_y
        extent[0, k] = extent_x if whole else -ONE - ONE
        extent[1, k] = extent_y
    return small_blocks, wide_blocks, tall_blocks, other_blocks


@kernel
@no_type_check
def _block_keys(
    x, y, inverse_z, x_below, y_below, inverse_z_below, hidden_a, hidden_b, face, right, down, first, extent, block_keys
):
    """Compute the key that each block of a chunk gives to one pixel of its at most 2 x 2, or 0."""
    for k in range(len(x) - 1):
        px, py = first[0, k] + (right + HALF), first[1, k] + (down + HALF)
        x0, x1, x2, x3 = x[k] - px, x[k + 1] - px, x_below[k] - px, x_below[k + 1] - px
        y0, y1, y2, y3 = y[k] - py, y[k + 1] - py, y_below[k] - py, y_below[k + 1] - py
        left = x0 * y2 - y0 * x2
        diagonal = x2 * y1 - y2 * x1
        upper = x1 * y0 - y1 * x0
        lower = x2 * y3 - y2 * x3
        righter = x3 * y1 - y3 * x1
        area_a = left + diagonal + upper
        area_b = lower + righter - diagonal
        spans = (right <= extent[0, k]) & (down <= extent[1, k])
        least_a, most_a = min(min(left, upper), diagonal), max(max(left, upper), diagonal)
        least_b, most_b = min(min(lower, righter), -diagonal), max(max(lower, righter), -diagonal)
        in_a = ((least_a >= ZERO) | (most_a <= ZERO)) & spans & (area_a != ZERO)
        in_b = ((least_b >= ZERO) | (most_b <= ZERO)) & spans & (area_b != ZERO)
        i0, i1 = np.float64(inverse_z[k]), np.float64(inverse_z[k + 1])
        i2, i3 = np.float64(inverse_z_below[k]), np.float64(inverse_z_below[k + 1])
        z_a = i0 + (np.float64(upper) * (i2 - i0) + np.float64(left) * (i1 - i0)) / np.float64(area_a)
        z_b = i1 + (np.float64(righter) * (i2 - i1) - np.float64(diagonal) * (i3 - i1)) / np.float64(area_b)
        low_a = (LAST_FACE - face - np.uint64(2 * k)) | (NOT_HIDDEN * np.uint64(not hidden_a[k]))
        low_b = (LAST_FACE - face - np.uint64(2 * k + 1)) | (NOT_HIDDEN * np.uint64(not hidden_b[k]))
        key_a = _key(z_a, low_a) if in_a else np.uint64(0)
        key_b = _key(z_b, low_b) if in_b else np.uint64(0)
        block_keys[k] = max(key_a, key_b)


@kernel
@no_type_check
def _draw_block(keys, x, y, inverse_z, x_below, y_below, inverse_z_below, k, low_a, low_b, first_x, first_y, last_y):
    """Enter both faces of a block of at most LANES pixels a row, all of its vertices in front.

    As ``_block_keys``, along a row of pixels instead of a row of blocks.
    """
    i0, i1 = np.float64(inverse_z[k]), np.float64(inverse_z[k + 1])
    i2, i3 = np.float64(inverse_z_below[k]), np.float64(inverse_z_below[k + 1])
    left_x, left_y = first_x + 0.5, first_y + 0.5
    x0, x1, x2, x3 = x[k] - left_x, x[k + 1] - left_x, x_below[k] - left_x, x_below[k + 1] - left_x
    y0, y1, y2, y3 = y[k] - left_y, y[k + 1] - left_y, y_below[k] - left_y, y_below[k + 1] - left_y
    left, left_step, left_down = x0 * y2 - y0 * x2, y0 - y2, x2 - x0
    diagonal, diagonal_step, diagonal_down = x2 * y1 - y2 * x1, y2 - y1, x1 - x2
    upper, upper_step, upper_down = x1 * y0 - y1 * x0, y1 - y0, x0 - x1
    lower, lower_step, lower_down = x2 * y3 - y2 * x3, y2 - y3, x3 - x2
    right, right_step, right_down = x3 * y1 - y3 * x1, y3 - y1, x1 - x3
    area_a = left + diagonal + upper
    area_b = lower + right - diagonal
    scale_a = 1.0 / area_a
    scale_b = 1.0 / area_b
    a2, a1 = (i2 - i0) * scale_a, (i1 - i0) * scale_a
    b2, b3 = (i2 - i1) * scale_b, (i1 - i3) * scale_b
    base = np.int64(first_x)
    for row in range(np.int64(first_y), np.int64(last_y) + 1):
        span = keys[row, base : base + LANES]
        for lane in range(LANES):
            l, d, u = left + lane * left_step, diagonal + lane * diagonal_step, upper + lane * upper_step
            w, r = lower + lane * lower_step, right + lane * right_step
            in_a = ((min(min(l, d), u) >= 0.0) | (max(max(l, d), u) <= 0.0)) & (area_a != 0.0)
            in_b = ((min(min(w, r), -d) >= 0.0) | (max(max(w, r), -d) <= 0.0)) & (area_b != 0.0)
            key_a = _key(i0 + (u * a2 + l * a1), low_a) if in_a else np.uint64(0)
            key_b = _key(i1 + (r * b2 + d * b3), low_b) if in_b else np.uint64(0)
            span[lane] = max(span[lane], max(key_a, key_b))
        left += left_down
        diagonal += diagonal_down
        upper += upper_down
        lower += lower_down
        right += right_down


@kernel
@no_type_check
def draw_band(
    depth: Float32[np.ndarray, "height width"],
    hidden_face: Bool[np.ndarray, "2 height-1 width-1"],
    back_hidden: bool,
    screen_from_grid: Float64[np.ndarray, "3 4"],
    screen: Float32[np.ndarray, "2 height width"],
    inverse_z: Float32[np.ndarray, "height width"],
    bounds: Float32[np.ndarray, "height chunks 4"],
    keys: UInt64[np.ndarray, "rows padded_columns"],
    top: int,
    bottom: int,
) -> None:
    """Find the nearest face of every pixel in rows top..bottom; key 0 where there is none."""
    height, width = depth.shape
    columns = keys.shape[1] - LANES
    m = screen_from_grid
    keys[top:bottom] = np.uint64(0)
    polygon, spare = np.empty((8, 3)), np.empty((8, 3))
    first, extent = np.empty((2, CHUNK), np.float32), np.empty((2, CHUNK), np.float32)
    block_keys = np.empty(CHUNK, np.uint64)
    for row in range(height - 1):
        for chunk in range(bounds.shape[1]):
            if max(bounds[row, chunk, 1], bounds[row + 1, chunk, 1]) < 0.5:
                continue
            if min(bounds[row, chunk, 0], bounds[row + 1, chunk, 0]) > columns - 0.5:
                continue
            if max(bounds[row, chunk, 3], bounds[row + 1, chunk, 3]) < top + 0.5:
                continue
            if min(bounds[row, chunk, 2], bounds[row + 1, chunk, 2]) > bottom - 0.5:
                continue
            start = chunk * CHUNK
            stop = min(start + CHUNK, width - 1)
            x, x_below = screen[0, row, start : stop + 1], screen[0, row + 1, start : stop + 1]
            y, y_below = screen[1, row, start : stop + 1], screen[1, row + 1, start : stop + 1]
            i, i_below = inverse_z[row, start : stop + 1], inverse_z[row + 1, start : stop + 1]
            hidden_a, hidden_b = hidden_face[0, row, start:stop], hidden_face[1, row, start:stop]
            small, wide, tall, other = _measure_blocks(
                x, y, i, x_below, y_below, i_below,
                np.float32(top), np.float32(bottom), np.float32(columns), first, extent,
            )  # fmt: skip
            for down in range((small > 0) + (tall > 0)):
                for right in range(1 + (wide > 0)):
                    _block_keys(
                        x, y, i, x_below, y_below, i_below, hidden_a, hidden_b, np.uint64(2 * (row * width + start)),
                        np.float32(right), np.float32(down), first, extent, block_keys,
                    )  # fmt: skip
                    for k in range(stop - start):
                        if block_keys[k]:
                            py, px = np.int64(first[1, k]) + down, np.int64(first[0, k]) + right
                            keys[py, px] = max(keys[py, px], block_keys[k])
            if other == 0:
                continue
            for k in range(stop - start):
                if extent[0, k] == -1 or (0 <= extent[0, k] <= 1 and extent[1, k] <= 1):
                    continue
                c = start + k
                low = LAST_FACE - np.uint64(2 * (row * width + c))
                low_a = low if hidden_face[0, row, c] else low | NOT_HIDDEN
                low_b = low - np.uint64(1) if hidden_face[1, row, c] else (low - np.uint64(1)) | NOT_HIDDEN
                if 0 <= extent[0, k] < LANES:
                    _draw_block(
                        keys, x, y, i, x_below, y_below, i_below, k, low_a, low_b,
                        np.float64(first[0, k]), np.float64(first[1, k]), first[1, k] + extent[1, k],
                    )  # fmt: skip
                    continue
                a = ((row, c), (row + 1, c), (row, c + 1))
                b = ((row, c + 1), (row + 1, c), (row + 1, c + 1))
                _draw_face(keys, top, bottom, depth, m, screen, inverse_z, polygon, spare, a, low_a)
                _draw_face(keys, top, bottom, depth, m, screen, inverse_z, polygon, spare, b, low_b)
    low = LAST_FACE - np.uint64(2 * height * width)
    if not back_hidden:
        low |= NOT_HIDDEN
    a = ((0, width - 1), (0, 0), (height - 1, width - 1))
    b = ((height - 1, width - 1), (0, 0), (height - 1, 0))
    _draw_face(keys, top, bottom, depth, m, screen, inverse_z, polygon, spare, a, low)
    _draw_face(keys, top, bottom, depth, m, screen, inverse_z, polygon, spare, b, low - np.uint64(1))
