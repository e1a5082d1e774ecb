"""The GPU's loops that find which faces of a mesh show nothing, by the CPU's tests (``reconstruction.face_hiding``).

Every test is run for every block of two faces; one that is not asked for has a threshold that nothing fails. Sides are
computed in float64, as on the CPU: a slope at the limit is decided alike, but for rounding that products fused with
sums leave out.
"""

from __future__ import annotations

from typing import no_type_check

import triton.language as tl
from triton import jit


@jit(do_not_specialize=["height", "width"])
@no_type_check  # triton types a kernel by its arguments
def hide_faces(depth, limits, known, faces, height, width, HAS_KNOWN: tl.constexpr, BLOCK: tl.constexpr):
    """Fill ``faces``, uint8 (2, height - 1, width - 1).

    ``limits``, float64: the focal length, x and y of the first vertex from the principal point, pixels; then 4 cos^2 of
    the smallest angle, steepness, longest extent in depth, ratio of depths; and 1 where faces at the border are hidden.
    """
    block = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    columns = width - 1
    blocks = (height - 1) * columns
    mask = block < blocks
    row, column = block // columns, block % columns
    place = row * width + column
    tl_, tr = _depth(depth, place, mask), _depth(depth, place + 1, mask)
    bl, br = _depth(depth, place + width, mask), _depth(depth, place + width + 1, mask)
    focal = tl.load(limits)
    x0 = (column.to(tl.float64) + tl.load(limits + 1)) / focal
    y0 = (row.to(tl.float64) + tl.load(limits + 2)) / focal
    x1 = (column.to(tl.float64) + 1.0 + tl.load(limits + 1)) / focal
    y1 = (row.to(tl.float64) + 1.0 + tl.load(limits + 2)) / focal
    diagonal = _square(tr * x1 - bl * x0) + _square(tr * y0 - bl * y1) + _square(tr - bl)
    top = _square(tl_ * x0 - tr * x1) + _square((tl_ - tr) * y0) + _square(tl_ - tr)
    left = _square((tl_ - bl) * x0) + _square(tl_ * y0 - bl * y1) + _square(tl_ - bl)
    bottom = _square(bl * x0 - br * x1) + _square((bl - br) * y1) + _square(bl - br)
    right = _square((tr - br) * x1) + _square(tr * y0 - br * y1) + _square(tr - br)
    first = _is_sliver(top, left, diagonal, limits) | _is_odd(tl_, x0, y0, tr, bl, x0, x1, y0, y1, limits)
    second = _is_sliver(bottom, right, diagonal, limits) | _is_odd(br, x1, y1, tr, bl, x0, x1, y0, y1, limits)
    at_border = (row == 0) | (row == height - 2) | (column == 0) | (column == width - 2)
    at_border = at_border & (tl.load(limits + 7) > 0)
    if HAS_KNOWN:
        across = (tl.load(known + place + 1, mask, other=1) != 0) & (tl.load(known + place + width, mask, other=1) != 0)
        first = first | ((across & (tl.load(known + place, mask, other=1) != 0)) == 0)
        second = second | ((across & (tl.load(known + place + width + 1, mask, other=1) != 0)) == 0)
    tl.store(faces + block, (first | at_border).to(tl.uint8), mask)
    tl.store(faces + blocks + block, (second | at_border).to(tl.uint8), mask)


@jit(do_not_specialize=["height", "width"])
@no_type_check
def hide_vertices(faces, vertices, height, width, BLOCK: tl.constexpr):
    """Fill ``vertices``, uint8 (height, width): those of hidden faces."""
    vertex = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = vertex < height * width
    row, column = vertex // width, vertex % width
    # Of the block to its bottom right a vertex is the top left: of the first face alone. And so on round it.
    hidden = _face(faces, 0, row, column, height, width, mask)
    hidden = hidden | _either(faces, row, column - 1, height, width, mask)
    hidden = hidden | _either(faces, row - 1, column, height, width, mask)
    hidden = hidden | _face(faces, 1, row - 1, column - 1, height, width, mask)
    tl.store(vertices + vertex, hidden.to(tl.uint8), mask)


@jit
@no_type_check
def _depth(depth, place, mask):
    return tl.load(depth + place, mask, other=1.0).to(tl.float64)


@jit
@no_type_check
def _square(value):
    return value * value


@jit
@no_type_check
def _is_sliver(a, b, c, limits):
    """Say whether the smallest angle, opposite the shortest of three squared sides, is below the limit."""
    least = tl.minimum(tl.minimum(a, b), c)
    adjacent = a + b + c - 2.0 * least
    return adjacent * adjacent * least > tl.load(limits + 3) * (a * b * c)


@jit
@no_type_check
def _is_odd(other, other_x, other_y, tr, bl, x0, x1, y0, y1, limits):
    """Say whether a face is too steep, spans too much depth, or joins depths too far apart."""
    nearest = tl.minimum(tl.minimum(tr, bl), other)
    farthest = tl.maximum(tl.maximum(tr, bl), other)
    extent = farthest - nearest
    x, y = other * other_x, other * other_y
    x_extent = tl.maximum(tl.maximum(x, tr * x1), bl * x0) - tl.minimum(tl.minimum(x, tr * x1), bl * x0)
    y_extent = tl.maximum(tl.maximum(y, tr * y0), bl * y1) - tl.minimum(tl.minimum(y, tr * y0), bl * y1)
    steepness = tl.load(limits + 4)
    steep = (extent > steepness * x_extent) & (extent > steepness * y_extent)
    # In float32, as on the CPU.
    long = extent.to(tl.float32) > tl.load(limits + 5).to(tl.float32)
    apart = farthest.to(tl.float32) > (tl.load(limits + 6).to(tl.float32) * nearest.to(tl.float32))
    return steep | long | apart


@jit
@no_type_check
def _face(faces, half, row, column, height, width, mask):
    """Say whether a face is there and hidden."""
    there = mask & (row >= 0) & (row < height - 1) & (column >= 0) & (column < width - 1)
    return tl.load(faces + (half * (height - 1) + row) * (width - 1) + column, there, other=0) != 0


@jit
@no_type_check
def _either(faces, row, column, height, width, mask):
    first = _face(faces, 0, row, column, height, width, mask)
    return first | _face(faces, 1, row, column, height, width, mask)
