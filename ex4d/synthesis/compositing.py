"""Compiled kernel of the mesh engine: the guide laid over its background in one pass."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, UInt8


@njit(cache=True, nogil=True)
@no_type_check
def lay_over(
    colour: UInt8[np.ndarray, "height width 3"],
    visible: Bool[np.ndarray, "height width"],
    background: UInt8[np.ndarray, "height width 3"],
) -> tuple[UInt8[np.ndarray, "height width 3"], Bool[np.ndarray, "height width"]]:
    """Return colour where visible, else background; and True where the background, being black, was not hit either."""
    height, width = visible.shape
    completed = np.empty((height, width, 3), np.uint8)
    missing = np.zeros((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            layer = colour if visible[y, x] else background
            red, green, blue = layer[y, x, 0], layer[y, x, 1], layer[y, x, 2]
            completed[y, x, 0], completed[y, x, 1], completed[y, x, 2] = red, green, blue
            missing[y, x] = not visible[y, x] and red | green | blue == 0
    return completed, missing
