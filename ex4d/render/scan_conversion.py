"""The compiled loops that find the nearest face of every pixel.

Screen positions lie on a grid of 1/256 pixel, so that every product below is exact in the format it is computed in:
coverage has no cracks and does not depend on the order of the faces. Each pixel keeps the greatest key: the float bits
of 1/z, then "not hidden", then the lower face index.

Faces are numbered 2 v and 2 v + 1 for the block whose top left vertex is v, then the two of the back. One module holds
all of it, as numba's cache follows the changes of a kernel's own file only.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float32, Float64, Int64, UInt64
from ex4d.render.grid_projection import CHUNK, GUARD_PX
from ex4d.render.rasterizer import NEAR, SUBPIXELS

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""nogil: bands of rows run on threads; numpy's error model lets the loops be vectorised."""

LANES = 8
"""Pixels of a block's row that are tested side by side; rows of keys are this much longer, so that no test is cut."""
FEW_BLOCKS = 8
"""Blocks of a chunk that span two columns, or two rows, and are cheaper one by one than in another vector pass."""
ROUNDING_PX = 2.0**-35
"""A pixel row meets an edge at a multiple of 2^-33 pixels (a subpixel over the tallest edge), computed with an error
below 2^-37."""
LARGEST_POLYGON = 8
"""Vertices of a triangle cut by the near plane and the four sides of the guard band."""
NOT_HIDDEN = np.uint64(1 << 31)
LAST_FACE = np.uint64((1 << 31) - 1)
ZERO, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)

Keys = UInt64[np.ndarray, "rows padded_columns"]
Row = Float32[np.ndarray, "vertices"]
HiddenRow = Bool[np.ndarray, "blocks"]
Pairs = Float32[np.ndarray, "2 blocks"]
Grid = Float32[np.ndarray, "height width"]
Transform = Float64[np.ndarray, "3 4"]
Polygon = Float64[np.ndarray, "corners 3"]


@kernel
@no_type_check
def _key(inverse_z: float, low: np.uint64) -> np.uint64:
    return (np.uint64(np.float32(inverse_z).view(np.uint32)) << np.uint64(32)) | low


@kernel
@no_type_check
def _draw_triangle(
    keys: Keys,
    top: int,
    bottom: int,
    x0: float,
    y0: float,
    i0: float,
    x1: float,
    y1: float,
    i1: float,
    x2: float,
    y2: float,
    i2: float,
    low: np.uint64,
) -> None:
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
def _measure_blocks(
    x: Row,
    y: Row,
    inverse_z: Row,
    x_below: Row,
    y_below: Row,
    inverse_z_below: Row,
    top: np.float32,
    bottom: np.float32,
    columns: np.float32,
    first: Pairs,
    extent: Pairs,
) -> tuple[int, int, int, int]:
    """Find the first pixel of each block and how many more it spans each way; extent -1 is none, -2 asks for clipping.

    Returns how many blocks span at most 2 x 2 pixels, how many of these two columns, how many two rows, and how many
    blocks are larger or to be clipped.
    """
    small_blocks = wide_blocks = tall_blocks = other_blocks = 0
    for k in range(len(x) - 1):
        low_x = min(x[k], x[k + 1], x_below[k], x_below[k + 1])
        high_x = max(x[k], x[k + 1], x_below[k], x_below[k + 1])
        low_y = min(y[k], y[k + 1], y_below[k], y_below[k + 1])
        high_y = max(y[k], y[k + 1], y_below[k], y_below[k + 1])
        i0, i1, i2, i3 = inverse_z[k], inverse_z[k + 1], inverse_z_below[k], inverse_z_below[k + 1]
        whole = min(i0, i1, i2, i3) > ZERO
        in_front = min(abs(i0), abs(i1), abs(i2), abs(i3)) > ZERO
        behind = max(abs(i0), abs(i1), abs(i2), abs(i3)) == ZERO
        first_x = max(np.ceil(low_x - HALF), ZERO)
        first_y = max(np.ceil(low_y - HALF), top)
        extent_x = min(np.floor(high_x - HALF), columns - ONE) - first_x
        extent_y = min(np.floor(high_y - HALF), bottom - ONE) - first_y
        gone = behind | (in_front & (min(extent_x, extent_y) < ZERO))
        small = whole & (not gone) & (max(extent_x, extent_y) <= ONE)
        small_blocks += small
        wide_blocks += small & (extent_x == ONE)
        tall_blocks += small & (extent_y == ONE)
        other_blocks += (not small) & (not gone)
        first[0, k] = first_x
        first[1, k] = first_y
        extent[0, k] = -ONE if gone else (extent_x if whole else -ONE - ONE)
        extent[1, k] = extent_y
    return small_blocks, wide_blocks, tall_blocks, other_blocks


@kernel
@no_type_check
def _block_keys(
    x: Row,
    y: Row,
    inverse_z: Row,
    x_below: Row,
    y_below: Row,
    inverse_z_below: Row,
    hidden_a: HiddenRow,
    hidden_b: HiddenRow,
    face: np.uint64,
    right: np.float32,
    down: np.float32,
    first: Pairs,
    extent: Pairs,
    block_keys: UInt64[np.ndarray, "blocks"],
) -> None:
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
        least_a, most_a = min(left, upper, diagonal), max(left, upper, diagonal)
        least_b, most_b = min(lower, righter, -diagonal), max(lower, righter, -diagonal)
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
def _draw_block(
    keys: Keys,
    x: Row,
    y: Row,
    inverse_z: Row,
    x_below: Row,
    y_below: Row,
    inverse_z_below: Row,
    k: int,
    low_a: np.uint64,
    low_b: np.uint64,
    first_x: float,
    first_y: float,
    last_y: float,
) -> None:
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
            e, d, u = left + lane * left_step, diagonal + lane * diagonal_step, upper + lane * upper_step
            w, r = lower + lane * lower_step, right + lane * right_step
            in_a = ((min(e, d, u) >= 0.0) | (max(e, d, u) <= 0.0)) & (area_a != 0.0)
            in_b = ((min(w, r, -d) >= 0.0) | (max(w, r, -d) <= 0.0)) & (area_b != 0.0)
            key_a = _key(i0 + (u * a2 + e * a1), low_a) if in_a else np.uint64(0)
            key_b = _key(i1 + (r * b2 + d * b3), low_b) if in_b else np.uint64(0)
            span[lane] = max(span[lane], key_a, key_b)
        left += left_down
        diagonal += diagonal_down
        upper += upper_down
        lower += lower_down
        right += right_down


@kernel
@no_type_check
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
def _fill_homogeneous(point: Float64[np.ndarray, "3"], depth: Grid, m: Transform, index: int) -> None:
    """Put a vertex in homogeneous pixels, unsnapped."""
    row, column = divmod(index, depth.shape[1])
    d = np.float64(depth[row, column])
    for axis in range(3):
        point[axis] = d * (m[axis, 0] * column + m[axis, 1] * row + m[axis, 2]) + m[axis, 3]


@kernel
@no_type_check
def _signed_distance(point: Float64[np.ndarray, "3"], plane: int) -> float:
    """Say how far inside a homogeneous point is: of the near plane (0), of a side of the guard band (1 to 4)."""
    if plane == 0:
        return point[2] - NEAR
    side = point[(plane - 1) // 2]
    return GUARD_PX * point[2] + (side if plane % 2 else -side)


@kernel
@no_type_check
def _all_beyond(polygon: Polygon, axis: int, line: float, side: float) -> bool:
    """Say whether a homogeneous triangle lies beyond a line of pixels, also if parts of it lie behind the camera.

    The line and the eye span a plane: what is in front lies on one side of it as the vertices do.
    """
    a = polygon[0, axis] - line * polygon[0, 2]
    b = polygon[1, axis] - line * polygon[1, 2]
    c = polygon[2, axis] - line * polygon[2, 2]
    return min(a * side, b * side, c * side) > 0


@kernel
@no_type_check
def _snap(position: float) -> float:
    """Return a screen coordinate on its subpixel, within the guard band."""
    return min(max(np.floor(position * SUBPIXELS + 0.5) / SUBPIXELS, -GUARD_PX), GUARD_PX)


@kernel
@no_type_check
def _clip(polygon: Polygon, spare: Polygon) -> tuple[Polygon, int]:
    """Clip a homogeneous triangle to the near plane and the guard band; return what is left and its vertex count.

    They become x, y in pixels and 1/z. A cut is computed from the inside to the outside vertex, so that both faces of
    an edge cut it at the same point.
    """
    count = 3
    for plane in range(5):
        kept = 0
        for i in range(count):
            j = (i + 1) % count
            a, b = _signed_distance(polygon[i], plane), _signed_distance(polygon[j], plane)
            if a >= 0:
                for axis in range(3):
                    spare[kept, axis] = polygon[i, axis]
                kept += 1
            if (a >= 0) != (b >= 0):
                inner, outer, share = (i, j, a) if a >= 0 else (j, i, b)
                share /= abs(a - b)
                for axis in range(3):
                    spare[kept, axis] = polygon[inner, axis] + (polygon[outer, axis] - polygon[inner, axis]) * share
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
    return polygon, count


@kernel
@no_type_check
def _draw_face(
    keys: Keys,
    top: int,
    bottom: int,
    depth: Grid,
    m: Transform,
    screen: Float32[np.ndarray, "2 height width"],
    inverse_z: Grid,
    polygon: Polygon,
    spare: Polygon,
    corners: tuple[int, int, int],
    low: np.uint64,
) -> None:
    """Draw any face, clipped where a vertex asks for it."""
    nearest, farthest = np.float32(-np.inf), np.float32(np.inf)
    for i in range(3):
        row, column = divmod(corners[i], depth.shape[1])
        polygon[i, 0] = screen[0, row, column]
        polygon[i, 1] = screen[1, row, column]
        polygon[i, 2] = inverse_z[row, column]
        nearest, farthest = max(nearest, inverse_z[row, column]), min(farthest, inverse_z[row, column])
    count = 3
    if farthest <= 0:
        if farthest == 0 and nearest == 0:
            return  # all of it is behind
        for i in range(3):
            _fill_homogeneous(polygon[i], depth, m, corners[i])
        right = keys.shape[1] - LANES
        if (
            _all_beyond(polygon, 1, top - 1.0, -1.0)  # a pixel more than any snapping
            or _all_beyond(polygon, 1, bottom + 1.0, 1.0)
            or _all_beyond(polygon, 0, -1.0, -1.0)
            or _all_beyond(polygon, 0, right + 1.0, 1.0)
        ):
            return
        polygon, count = _clip(polygon, spare)
    a = polygon[0]
    for i in range(2, count):
        b, c = polygon[i - 1], polygon[i]
        _draw_triangle(keys, top, bottom, a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2], low)


@kernel
@no_type_check
def _draw_chunk(
    keys: Keys,
    top: int,
    bottom: int,
    hidden_a: HiddenRow,
    hidden_b: HiddenRow,
    x: Row,
    y: Row,
    i: Row,
    x_below: Row,
    y_below: Row,
    i_below: Row,
    face: int,
    first: Pairs,
    extent: Pairs,
    block_keys: UInt64[np.ndarray, "blocks"],
    pending: Int64[np.ndarray, "faces"],
) -> int:
    """Draw a chunk's blocks; return how many faces, in ``pending``, are too wide or cross a clipping plane."""
    small, wide, tall, other = _measure_blocks(
        x, y, i, x_below, y_below, i_below,
        np.float32(top), np.float32(bottom), np.float32(keys.shape[1] - LANES), first, extent,
    )  # fmt: skip
    passes_x, passes_y = 1 + (wide > FEW_BLOCKS), 1 + (tall > FEW_BLOCKS)
    for down in range(passes_y if small else 0):
        for right in range(passes_x):
            _block_keys(
                x, y, i, x_below, y_below, i_below, hidden_a, hidden_b, np.uint64(face),
                np.float32(right), np.float32(down), first, extent, block_keys,
            )  # fmt: skip
            for k in range(len(hidden_a)):
                if block_keys[k]:
                    py, px = np.int64(first[1, k]) + down, np.int64(first[0, k]) + right
                    keys[py, px] = max(keys[py, px], block_keys[k])
    if passes_x == 1:
        other += wide
    if passes_y == 1:
        other += tall
    count = 0
    for k in range(len(hidden_a) if other else 0):
        if extent[0, k] == -1 or (0 <= extent[0, k] < passes_x and extent[1, k] < passes_y):
            continue
        if 0 <= extent[0, k] < LANES:
            low = LAST_FACE - np.uint64(face + 2 * k)
            _draw_block(
                keys, x, y, i, x_below, y_below, i_below, k,
                low | (NOT_HIDDEN * np.uint64(not hidden_a[k])),
                (low - np.uint64(1)) | (NOT_HIDDEN * np.uint64(not hidden_b[k])),
                np.float64(first[0, k]), np.float64(first[1, k]), first[1, k] + extent[1, k],
            )  # fmt: skip
            continue
        pending[count] = face + 2 * k
        pending[count + 1] = face + 2 * k + 1
        count += 2
    return count


@kernel
@no_type_check
def _misses(
    bounds: Float32[np.ndarray, "height chunks 4"], row: int, chunk: int, right: float, top: float, bottom: float
) -> bool:
    """Say whether no block of a chunk holds a pixel centre of columns 0.5..right and rows top..bottom."""
    above_behind = bounds[row, chunk, 0] > bounds[row, chunk, 1]
    below_behind = bounds[row + 1, chunk, 0] > bounds[row + 1, chunk, 1]
    if above_behind != below_behind:  # faces between the two cross the near plane: they may lie anywhere
        return False
    return (
        max(bounds[row, chunk, 1], bounds[row + 1, chunk, 1]) < 0.5
        or min(bounds[row, chunk, 0], bounds[row + 1, chunk, 0]) > right
        or max(bounds[row, chunk, 3], bounds[row + 1, chunk, 3]) < top
        or min(bounds[row, chunk, 2], bounds[row + 1, chunk, 2]) > bottom
    )


@kernel
@no_type_check  # numba types a kernel by its arguments; a checker between the two would stop it
def draw_band(
    depth: Grid,
    hidden_face: Bool[np.ndarray, "2 height-1 width-1"],
    back_hidden: bool,
    screen_from_grid: Transform,
    screen: Float32[np.ndarray, "2 height width"],
    inverse_z: Grid,
    bounds: Float32[np.ndarray, "height chunks 4"],
    keys: Keys,
    top: int,
    bottom: int,
) -> None:
    """Find the nearest face of every pixel in rows top..bottom; key 0 where there is none."""
    height, width = depth.shape
    right = keys.shape[1] - LANES - 0.5
    for row in range(top, bottom):
        for column in range(keys.shape[1]):
            keys[row, column] = 0
    polygon, spare = np.empty((LARGEST_POLYGON, 3)), np.empty((LARGEST_POLYGON, 3))
    first, extent = np.empty((2, CHUNK), np.float32), np.empty((2, CHUNK), np.float32)
    block_keys, pending = np.empty(CHUNK, np.uint64), np.empty(2 * CHUNK, np.int64)
    for row in range(height):
        for chunk in range(bounds.shape[1]):
            if row < height - 1:
                if _misses(bounds, row, chunk, right, top + 0.5, bottom - 0.5):
                    continue
                start = chunk * CHUNK
                stop = min(start + CHUNK, width - 1)
                count = _draw_chunk(
                    keys, top, bottom, hidden_face[0, row, start:stop], hidden_face[1, row, start:stop],
                    screen[0, row, start : stop + 1], screen[1, row, start : stop + 1],
                    inverse_z[row, start : stop + 1],
                    screen[0, row + 1, start : stop + 1], screen[1, row + 1, start : stop + 1],
                    inverse_z[row + 1, start : stop + 1],
                    2 * (row * width + start), first, extent, block_keys, pending,
                )  # fmt: skip
            elif chunk == 0:  # after the last row of blocks, the back
                pending[0], pending[1], count = 2 * height * width, 2 * height * width + 1, 2
            else:
                break
            for j in range(count):
                face = pending[j]
                hidden = back_hidden if row == height - 1 else hidden_face[face & 1, row, (face >> 1) - row * width]
                low = (LAST_FACE - np.uint64(face)) | (NOT_HIDDEN * np.uint64(not hidden))
                corners = _corners(face, height, width)
                _draw_face(keys, top, bottom, depth, screen_from_grid, screen, inverse_z, polygon, spare, corners, low)
