"""Between a guide's size and the size that a model works at; equal sizes pass through untouched.

On the way in pixels become those that EX-4D hands its model: both sides scaled on their own, bilinear from the four
nearest pixels, centres at half pixels, without averaging where it shrinks, in the fixed-point arithmetic of OpenCV's
``INTER_LINEAR`` (modules/imgproc/src/resize.cpp), bit for bit. On the way back nobody's numbers are to be met: there
it is cubic, and averages where it shrinks.
"""

from __future__ import annotations

from fractions import Fraction
from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Int32, UInt8
from ex4d.media.resampling import resample

Size = tuple[int, int]
"""Width and height, pixels."""

ONE = 2048
"""Weight of a pixel that is alone; OpenCV keeps 11 bits of each weight."""
SEEN_FROM = 128
"""Least value of a resized mask, 0 to 255, that counts as visible; more than half."""

Neighbours = tuple[Int32[np.ndarray, "side 2"], Int32[np.ndarray, "side 2"]]


def to_working_size(
    colour: UInt8[np.ndarray, "height width 3"], size: Size
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """Resize a frame for the model."""
    return colour if colour.shape[1::-1] == size else _bilinear(colour, size)


def visible_at_working_size(
    visible: Bool[np.ndarray, "height width"], size: Size
) -> Bool[np.ndarray, "new_height new_width"]:
    """Resize a mask for the model: visible is what is so by more than half.

    EX-4D takes the half after it eroded the mask. That is the same: a least value is above a half where all are.
    """
    if visible.shape[::-1] == size:
        return visible
    gray = visible.astype(np.uint8)[..., None] * np.uint8(255)
    return _bilinear(gray, size)[..., 0] >= SEEN_FROM


def from_working_size(
    colour: UInt8[np.ndarray, "height width 3"], size: Size
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """Resize a finished frame to the guide's size."""
    height, width = colour.shape[:2]
    if (width, height) == size:
        return colour
    return resample(colour, size, (Fraction(size[0], width), Fraction(size[1], height)), (Fraction(0), Fraction(0)))


def _bilinear(
    image: UInt8[np.ndarray, "height width channels"], size: Size
) -> UInt8[np.ndarray, "new_height new_width channels"]:
    columns, across = _neighbours(image.shape[1], size[0])
    rows, down = _neighbours(image.shape[0], size[1])
    drawn: np.ndarray = _mix(np.ascontiguousarray(image), rows, down, columns, across)
    return drawn


def _neighbours(source: int, target: int) -> Neighbours:
    """Return the two old pixels that each new one lies between, and their weights; edges repeat."""
    # In double precision up to the place, in single from there on: OpenCV's weights to the last bit.
    places = ((np.arange(target) + 0.5) * (1.0 / (target / source)) - 0.5).astype(np.float32)
    first = np.floor(places)
    share = places - first
    weights = np.rint(np.stack((np.float32(1) - share, share), axis=1) * np.float32(ONE))
    at = first.astype(np.int32)[:, None] + np.array((0, 1), np.int32)
    return np.clip(at, 0, source - 1), weights.astype(np.int32)


@njit(cache=True, nogil=True)
@no_type_check
def _mix(image, rows, down, columns, across):  # noqa: ANN001, ANN202 - compiled
    height, width, channels = rows.shape[0], columns.shape[0], image.shape[2]
    out = np.empty((height, width, channels), np.uint8)
    for i in range(height):
        upper, lower = image[rows[i, 0]], image[rows[i, 1]]
        for j in range(width):
            left, right = columns[j, 0], columns[j, 1]
            for c in range(channels):
                above = upper[left, c] * across[j, 0] + upper[right, c] * across[j, 1]
                below = lower[left, c] * across[j, 0] + lower[right, c] * across[j, 1]
                # 8 + 11 bits of a row, less 4, times 11 of its weight, less 16: two bits are left to round by.
                mixed = ((above >> 4) * down[i, 0] >> 16) + ((below >> 4) * down[i, 1] >> 16)
                out[i, j, c] = mixed + 2 >> 2
    return out
