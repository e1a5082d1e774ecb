"""The compiled loop that takes the grid's vertices to the screen, each once."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Float32, Float64
from ex4d.render.rasterizer import NEAR, SUBPIXELS

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""nogil: strips of rows run on threads; numpy's error model lets the loops be vectorised."""

GUARD_PX = 32768.0
"""Pixels from the frame's corner, beyond which faces are clipped: a position then is exact in float32, the product of
two in float64."""
CHUNK = 64
"""Blocks of a mesh row that share one bounding box and one pass of vector instructions."""


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

    ``bounds`` gets the least and greatest x, the least and greatest y of each chunk's vertices, at most the guard band;
    everything where some are too near or behind, nothing, inside out, where all are.
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
            least = most = abs(inverse_z[row, first])
            for column in range(first, last):
                low_x = min(low_x, screen[0, row, column])
                high_x = max(high_x, screen[0, row, column])
                low_y = min(low_y, screen[1, row, column])
                high_y = max(high_y, screen[1, row, column])
                least = min(least, abs(inverse_z[row, column]))
                most = max(most, abs(inverse_z[row, column]))
            if least == 0:
                low_x = low_y = -GUARD_PX if most > 0 else GUARD_PX
                high_x = high_y = -low_x
            bounds[row, chunk, 0] = low_x
            bounds[row, chunk, 1] = high_x
            bounds[row, chunk, 2] = low_y
            bounds[row, chunk, 3] = high_y
