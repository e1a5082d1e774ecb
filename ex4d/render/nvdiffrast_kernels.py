"""The GPU's loops around nvdiffrast: take the grid to the screen, settle each pixel's face exactly, shade it.

nvdiffrast snaps vertices to 1/16 pixel, gives a centre that lies on an edge to one fixed face, and tells depths apart
to some 10^-4. Under the ``face`` rule its winner is therefore a proposal: it, the faces round it and the winners of the
eight pixels round are tried by the CPU's arithmetic (1/256 pixel, closed triangles, the same key of 1/z, not hidden,
lowest face), and the greatest key wins.

Faces are numbered block by block, two a block, then the two of the back. Depth, rays and weights are computed in
float64: a card's float32 does not hold a centre that lies on an edge.
"""

from __future__ import annotations

from typing import Any, no_type_check

import triton
import triton.language as tl
from triton import jit

THREADS_PIXELS = 128
"""Pixels or vertices that one program of a kernel works on."""
NEAR_AT, FAR_AT = 12, 13
"""Where the view's table holds the near plane and the end of what is drawn; before them, ``screen_from_grid``."""
CLIP_AT = 14
"""And from here 2 over the width, 2 over the height, and the scale and offset that take z to clip space."""
TABLE_SIZE = 18

_NEAR_AT, _FAR_AT, _CLIP_AT = tl.constexpr(NEAR_AT), tl.constexpr(FAR_AT), tl.constexpr(CLIP_AT)
_SUBPIXELS = tl.constexpr(256.0)  # ex4d.render.rasterizer.SUBPIXELS: kernels read compile-time constants only
_GUARD_PX = tl.constexpr(32768.0)  # as grid_projection.GUARD_PX
_NOT_HIDDEN = tl.constexpr(1 << 31)
_LAST_FACE = tl.constexpr((1 << 31) - 1)
_LEVELS = tl.constexpr(255.0)


def launch(kernel: Any, count: int, *arguments: Any) -> None:
    """Run a kernel over ``count`` pixels or vertices."""
    kernel[(triton.cdiv(count, THREADS_PIXELS),)](*arguments, THREADS_PIXELS)


@jit(do_not_specialize=["height", "width"])
@no_type_check  # triton types a kernel by its arguments
def project_vertices(depth, table, clip, screen, height, width, BLOCK: tl.constexpr):
    """Fill each vertex's clip position (x, y, z, w), and its x, y in snapped pixels and 1/z.

    1/z is 0 where a vertex is too near or behind, negative beyond the guard band: as on the CPU.
    """
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    count = height * width
    mask = index < count
    x, y, z = _homogeneous(index, depth, table, width, mask)
    tl.store(clip + 4 * index, (x * tl.load(table + _CLIP_AT) - z).to(tl.float32), mask)
    tl.store(clip + 4 * index + 1, (y * tl.load(table + _CLIP_AT + 1) - z).to(tl.float32), mask)
    clip_z = z * tl.load(table + _CLIP_AT + 2) + tl.load(table + _CLIP_AT + 3)
    tl.store(clip + 4 * index + 2, clip_z.to(tl.float32), mask)
    tl.store(clip + 4 * index + 3, z.to(tl.float32), mask)
    near = tl.load(table + _NEAR_AT)
    inverse = 1.0 / tl.maximum(z, near)
    snapped_x = tl.floor(x * inverse * _SUBPIXELS + 0.5) / _SUBPIXELS
    snapped_y = tl.floor(y * inverse * _SUBPIXELS + 0.5) / _SUBPIXELS
    inside = (tl.abs(snapped_x) <= _GUARD_PX) & (tl.abs(snapped_y) <= _GUARD_PX)
    inverse = tl.where(z < near, 0.0, tl.where(inside, inverse, -inverse))
    tl.store(screen + index, tl.where(inside, snapped_x, 0.0).to(tl.float32), mask)
    tl.store(screen + count + index, tl.where(inside, snapped_y, 0.0).to(tl.float32), mask)
    tl.store(screen + 2 * count + index, inverse.to(tl.float32), mask)


@jit(do_not_specialize=["width", "count"])
@no_type_check
def merge_layers(found, block_rows, winners, width, count, LAYERS: tl.constexpr, BLOCK: tl.constexpr):
    """Keep the nearest of nvdiffrast's faces in several layers, and name it by its place in the grid.

    ``winners`` gets our face number from 1, or 0, then nvdiffrast's own z/w and number.
    """
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = pixel < count
    best_z = tl.full([BLOCK], 2.0, tl.float32)
    best = tl.zeros([BLOCK], tl.float32)
    for layer in range(LAYERS):
        place = found + 4 * (layer * count + pixel)
        z = tl.load(place + 2, mask, other=2.0)
        face = tl.load(place + 3, mask, other=0.0)
        nearer = (face > 0) & (z < best_z)
        best_z = tl.where(nearer, z, best_z)
        best = tl.where(nearer, face, best)
    drawn = mask & (best > 0)
    face = best.to(tl.int32) - 1
    per_row = 2 * (width - 1)
    row = tl.load(block_rows + face // per_row, drawn, other=0)
    tl.store(winners + 4 * pixel, tl.where(drawn, (row * per_row + face % per_row + 1).to(tl.float32), 0.0), mask)
    tl.store(winners + 4 * pixel + 2, best_z, mask)
    tl.store(winners + 4 * pixel + 3, best, mask)


@jit(do_not_specialize=["height", "width", "rows", "columns"])
@no_type_check
def shade_by_face(
    winners, depth, colour, hidden_face, table, screen, frame, height, width, rows, columns, BLOCK: tl.constexpr
):
    """Settle each pixel's face and shade it, if it is not hidden; ``frame`` gets depth, colour, visibility."""
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = pixel < rows * columns
    row, column = pixel // columns, pixel % columns
    px, py = column + 0.5, row + 0.5
    own = _winner(winners, row, column, columns, mask)
    key = _settled_key(
        own, winners, row, column, px, py, hidden_face, depth, table, screen, height, width, rows, columns, mask
    )
    drawn = mask & (key > 0)
    shown = drawn & ((key & _NOT_HIDDEN) != 0)
    face = ((key & _LAST_FACE) ^ _LAST_FACE).to(tl.int32)
    z = tl.div_rn(1.0, tl.where(drawn, _nearness(key), 1.0))
    drawn = drawn & (z <= tl.load(table + _FAR_AT))
    shown = shown & drawn
    v0, v1, v2 = _corners(face, height, width)
    a, b, c, _, _ = _weights(v0, v1, v2, px, py, depth, table, screen, height, width, shown)
    tl.store(frame + pixel, tl.where(drawn, z, float("inf")), mask)
    bytes_ = frame.to(tl.pointer_type(tl.uint8), bitcast=True) + 4 * rows * columns
    for channel in tl.static_range(3):
        level = _blend(a, b, c, v0, v1, v2, colour, channel, shown) + 0.5
        tl.store(bytes_ + 3 * pixel + channel, tl.where(shown, level, 0.0).to(tl.uint8), mask)
    tl.store(bytes_ + 3 * rows * columns + pixel, shown.to(tl.uint8), mask)


@jit(do_not_specialize=["height", "width", "rows", "columns"])
@no_type_check
def shade_by_vertex(
    winners, depth, colour, hidden_vertex, table, screen, frame, rgba, height, width, rows, columns, BLOCK: tl.constexpr
):
    """Interpolate RGBA, 0 to 255 and 0 at hidden vertices, over nvdiffrast's own winners; ``frame`` gets the depth."""
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = pixel < rows * columns
    row, column = pixel // columns, pixel % columns
    own = _winner(winners, row, column, columns, mask)
    drawn = own >= 0
    v0, v1, v2 = _corners(own, height, width)
    a, b, c, nearness, _ = _weights(v0, v1, v2, column + 0.5, row + 0.5, depth, table, screen, height, width, drawn)
    z = tl.div_rn(1.0, tl.where(drawn, nearness, 1.0))
    drawn = drawn & (z <= tl.load(table + _FAR_AT))
    tl.store(frame + pixel, tl.where(drawn, z, float("inf")), mask)
    a = tl.where(tl.load(hidden_vertex + v0, drawn, other=1) != 0, 0.0, a)
    b = tl.where(tl.load(hidden_vertex + v1, drawn, other=1) != 0, 0.0, b)
    c = tl.where(tl.load(hidden_vertex + v2, drawn, other=1) != 0, 0.0, c)
    for channel in tl.static_range(3):
        level = _blend(a, b, c, v0, v1, v2, colour, channel, drawn)
        tl.store(rgba + 4 * pixel + channel, tl.where(drawn, level, 0.0).to(tl.float32), mask)
    tl.store(rgba + 4 * pixel + 3, tl.where(drawn, (a + b + c) * _LEVELS, 0.0).to(tl.float32), mask)


@jit(do_not_specialize=["count"])
@no_type_check
def truncate(rgba, frame, threshold, count, BLOCK: tl.constexpr):
    """Show the pixels whose alpha is above the threshold and that have a depth, their levels truncated."""
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = pixel < count
    z = tl.load(frame + pixel, mask, other=float("inf"))
    shown = (tl.load(rgba + 4 * pixel + 3, mask, other=0.0) > threshold) & (z < float("inf"))
    bytes_ = frame.to(tl.pointer_type(tl.uint8), bitcast=True) + 4 * count
    for channel in tl.static_range(3):
        level = tl.load(rgba + 4 * pixel + channel, mask, other=0.0)
        level = tl.minimum(tl.maximum(level, 0.0), _LEVELS)
        tl.store(bytes_ + 3 * pixel + channel, tl.where(shown, level, 0.0).to(tl.uint8), mask)
    tl.store(bytes_ + 3 * count + pixel, shown.to(tl.uint8), mask)


@jit
@no_type_check
def _winner(winners, row, column, columns, mask):
    """Return nvdiffrast's face of a pixel, -1 where there is none."""
    return tl.load(winners + 4 * (row * columns + column), mask, other=0.0).to(tl.int32) - 1


@jit
@no_type_check
def _corners(face, height, width):
    """Return the vertices of a face as indices of the flattened grid."""
    block, half = face >> 1, face & 1
    top_left = block // (width - 1) * width + block % (width - 1)
    back = face - 2 * (height - 1) * (width - 1)
    last = height * width - 1
    v0 = tl.where(back < 0, top_left + half, tl.where(back == 0, width - 1, last))
    v1 = tl.where(back < 0, top_left + width, 0)
    v2 = tl.where(back < 0, top_left + 1 + half * width, tl.where(back == 0, last, last - width + 1))
    return v0, v1, v2


@jit
@no_type_check
def _homogeneous(index, depth, table, width, mask):
    """Return a vertex in homogeneous pixels, unsnapped."""
    d = tl.load(depth + index, mask, other=1.0).to(tl.float64)
    row, column = (index // width).to(tl.float64), (index % width).to(tl.float64)
    x = d * (tl.load(table) * column + (tl.load(table + 1) * row + tl.load(table + 2))) + tl.load(table + 3)
    y = d * (tl.load(table + 4) * column + (tl.load(table + 5) * row + tl.load(table + 6))) + tl.load(table + 7)
    z = d * (tl.load(table + 8) * column + (tl.load(table + 9) * row + tl.load(table + 10))) + tl.load(table + 11)
    return x, y, z


@jit
@no_type_check
def _snapped(index, px, py, screen, count, mask):
    """Return a vertex's x, y from the pixel's centre, and its 1/z."""
    x = tl.load(screen + index, mask, other=0.0).to(tl.float64) - px
    y = tl.load(screen + count + index, mask, other=0.0).to(tl.float64) - py
    return x, y, tl.load(screen + 2 * count + index, mask, other=0.0).to(tl.float64)


@jit
@no_type_check
def _weights(v0, v1, v2, px, py, depth, table, screen, height, width, mask):
    """Weigh a face's vertices at a pixel's centre, perspective-correct; also return 1/z and whether it lies inside.

    A face that is clipped has no screen positions to go by: it is weighed by planes through the eye, unsnapped. A
    centre outside, where nvdiffrast's coarser grid put it inside, gets what is nearest to it.
    """
    count = height * width
    x0, y0, i0 = _snapped(v0, px, py, screen, count, mask)
    x1, y1, i1 = _snapped(v1, px, py, screen, count, mask)
    x2, y2, i2 = _snapped(v2, px, py, screen, count, mask)
    whole = tl.minimum(i0, tl.minimum(i1, i2)) > 0
    clipped = mask & (whole == 0)
    z0 = tl.full(x0.shape, 1.0, tl.float64)
    z1, z2 = z0, z0
    if tl.max(clipped.to(tl.int32)) > 0:  # seldom, and dear
        p0, q0, z0 = _homogeneous(v0, depth, table, width, clipped)
        p1, q1, z1 = _homogeneous(v1, depth, table, width, clipped)
        p2, q2, z2 = _homogeneous(v2, depth, table, width, clipped)
        x0, y0 = tl.where(whole, x0, p0 - px * z0), tl.where(whole, y0, q0 - py * z0)
        x1, y1 = tl.where(whole, x1, p1 - px * z1), tl.where(whole, y1, q1 - py * z1)
        x2, y2 = tl.where(whole, x2, p2 - px * z2), tl.where(whole, y2, q2 - py * z2)
    a, b, c = x1 * y2 - y1 * x2, x2 * y0 - y2 * x0, x0 * y1 - y0 * x1
    sign = tl.where(a + b + c > 0, 1.0, -1.0)
    inside = (tl.minimum(a, tl.minimum(b, c)) >= 0) | (tl.maximum(a, tl.maximum(b, c)) <= 0)
    inside = inside & (a + b + c != 0)
    a, b, c = tl.maximum(a * sign, 0.0), tl.maximum(b * sign, 0.0), tl.maximum(c * sign, 0.0)
    a = tl.where(a + b + c > 0, a, 1.0)
    flat = a + b + c
    a, b, c = tl.where(whole, a * i0, a), tl.where(whole, b * i1, b), tl.where(whole, c * i2, c)
    total = a + b + c
    near = tl.load(table + _NEAR_AT)
    clipped_z = tl.maximum((a * z0 + b * z1 + c * z2) / total, near)
    nearness = tl.where(whole, total / flat, 1.0 / clipped_z).to(tl.float32)
    return a / total, b / total, c / total, nearness, inside


@jit
@no_type_check
def _blend(a, b, c, v0, v1, v2, colour, channel, mask):
    """Return a channel's level of a pixel."""
    first = tl.load(colour + 3 * v0 + channel, mask, other=0).to(tl.float64)
    second = tl.load(colour + 3 * v1 + channel, mask, other=0).to(tl.float64)
    third = tl.load(colour + 3 * v2 + channel, mask, other=0).to(tl.float64)
    return a * first + b * second + c * third


@jit
@no_type_check
def _key(nearness, shown, face):
    """Return what faces compete by: float bits of 1/z, not hidden, the lowest face."""
    bits = nearness.to(tl.int32, bitcast=True).to(tl.int64) << 32
    return bits | (shown.to(tl.int64) << 31) | (face ^ _LAST_FACE).to(tl.int64)


@jit
@no_type_check
def _nearness(key):
    """Return the 1/z of a key."""
    return (key >> 32).to(tl.int32).to(tl.float32, bitcast=True)


@jit
@no_type_check
def _block_key(row, column, px, py, hidden_face, screen, height, width, mask):
    """Return the greater key of a block's two faces, 0 where neither, unclipped, covers the centre.

    The five sides of a block serve both faces; products of coordinates that are multiples of 1/256 are exact.
    """
    count, blocks = height * width, (height - 1) * (width - 1)
    mask = mask & (row >= 0) & (row < height - 1) & (column >= 0) & (column < width - 1)
    block, top_left = row * (width - 1) + column, row * width + column
    x0, y0, i0 = _snapped(top_left, px, py, screen, count, mask)
    x1, y1, i1 = _snapped(top_left + 1, px, py, screen, count, mask)
    x2, y2, i2 = _snapped(top_left + width, px, py, screen, count, mask)
    x3, y3, i3 = _snapped(top_left + width + 1, px, py, screen, count, mask)
    left, diagonal, upper = x0 * y2 - y0 * x2, x2 * y1 - y2 * x1, x1 * y0 - y1 * x0
    lower, right = x2 * y3 - y2 * x3, x3 * y1 - y3 * x1
    first, second = left + diagonal + upper, lower + right - diagonal
    least, most = tl.minimum(left, tl.minimum(diagonal, upper)), tl.maximum(left, tl.maximum(diagonal, upper))
    in_first = mask & ((least >= 0) | (most <= 0)) & (first != 0) & (tl.minimum(i0, tl.minimum(i1, i2)) > 0)
    least, most = tl.minimum(lower, tl.minimum(right, -diagonal)), tl.maximum(lower, tl.maximum(right, -diagonal))
    in_second = mask & ((least >= 0) | (most <= 0)) & (second != 0) & (tl.minimum(i1, tl.minimum(i2, i3)) > 0)
    shown_first = tl.load(hidden_face + block, in_first, other=1) == 0
    shown_second = tl.load(hidden_face + blocks + block, in_second, other=1) == 0
    near_first = (diagonal * i0 + upper * i2 + left * i1) / tl.where(in_first, first, 1.0)
    near_second = (lower * i1 + right * i2 - diagonal * i3) / tl.where(in_second, second, 1.0)
    key_first = _key(near_first.to(tl.float32), shown_first, 2 * block)
    key_second = _key(near_second.to(tl.float32), shown_second, 2 * block + 1)
    return tl.maximum(tl.where(in_first, key_first, 0), tl.where(in_second, key_second, 0))


@jit
@no_type_check
def _settled_key(
    own, winners, row, column, px, py, hidden_face, depth, table, screen, height, width, rows, columns, mask
):
    """Return the greatest key among nvdiffrast's winner, the blocks round it, and the winners of the pixels round.

    Where none of them covers the centre, nvdiffrast's word stands.
    """
    blocks = (height - 1) * (width - 1)
    drawn = mask & (own >= 0)
    v0, v1, v2 = _corners(own, height, width)
    _, _, _, nearness, inside = _weights(v0, v1, v2, px, py, depth, table, screen, height, width, drawn)
    hidden = tl.load(hidden_face + (own & 1) * blocks + (own >> 1), drawn & (own < 2 * blocks), other=1)
    fallback = tl.where(drawn, _key(nearness, hidden == 0, own), 0)
    best = tl.where(inside, fallback, 0)
    seed = tl.where(own < 2 * blocks, own, -1)
    beside_back = own >= 2 * blocks
    for place in range(9):  # at the mesh's rim a centre may have no winner, or the back, where those beside it have one
        face = _winner_beside(winners, row, column, place, rows, columns, mask)
        seed = tl.where((seed < 0) & (face < 2 * blocks), face, seed)
        beside_back = beside_back | (face >= 2 * blocks)
    in_grid = mask & (seed >= 0)
    if tl.max(beside_back.to(tl.int32)) > 0:
        for half in range(2):
            face = tl.zeros_like(own) + 2 * blocks + half
            v0, v1, v2 = _corners(face, height, width)
            _, _, _, nearness, inside = _weights(v0, v1, v2, px, py, depth, table, screen, height, width, beside_back)
            key = _key(nearness, inside & (half < 0), face)  # the source never saw it
            best = tl.where(beside_back & inside, tl.maximum(best, key), best)
    seed_row, seed_column = (seed >> 1) // (width - 1), (seed >> 1) % (width - 1)
    for place in range(9):
        near_row, near_column = seed_row + place // 3 - 1, seed_column + place % 3 - 1
        key = _block_key(near_row, near_column, px, py, hidden_face, screen, height, width, in_grid)
        best = tl.maximum(best, key)
    for place in range(9):
        face = _winner_beside(winners, row, column, place, rows, columns, mask)
        near_row, near_column = (face >> 1) // (width - 1), (face >> 1) % (width - 1)
        tried = in_grid & (tl.abs(near_row - seed_row) <= 1) & (tl.abs(near_column - seed_column) <= 1)
        other = mask & (face >= 0) & (face < 2 * blocks) & (tried == 0)
        if tl.max(other.to(tl.int32)) > 0:
            key = _block_key(near_row, near_column, px, py, hidden_face, screen, height, width, other)
            best = tl.maximum(best, key)
    return tl.where(best > 0, best, fallback)


@jit
@no_type_check
def _winner_beside(winners, row, column, place, rows, columns, mask):
    """Return nvdiffrast's face at one of the nine pixels round one, -1 where there is none."""
    row, column = row + place // 3 - 1, column + place % 3 - 1
    inner = mask & (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return _winner(winners, row, column, columns, inner)
