"""Scaling of images with exact subpixel windows: separable Catmull-Rom, widened where it shrinks."""

from __future__ import annotations

from fractions import Fraction
from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Float32, Int32, UInt8

Weights = tuple[Int32[np.ndarray, "side taps"], Float32[np.ndarray, "side taps"]]


def resample(
    image: UInt8[np.ndarray, "height width 3"],
    size: tuple[int, int],
    scale: tuple[Fraction, Fraction],
    origin: tuple[Fraction, Fraction],
) -> UInt8[np.ndarray, "new_height new_width 3"]:
    """Draw the window of ``image`` that begins at ``origin`` (x, y), ``scale`` new pixels a pixel, ``size`` (w, h)."""
    columns, across = _weights(image.shape[1], size[0], float(scale[0]), float(origin[0]))
    rows, down = _weights(image.shape[0], size[1], float(scale[1]), float(origin[1]))
    drawn: np.ndarray = _resample(np.ascontiguousarray(image), rows, down, columns, across)
    return drawn


def _weights(source: int, target: int, scale: float, origin: float) -> Weights:
    """Return, for each new pixel, the old ones it is a mean of, and their weights; edges repeat."""
    stretch = max(1.0, 1.0 / scale)
    centres = (np.arange(target) + 0.5) / scale + origin - 0.5
    first = np.ceil(centres - 2.0 * stretch).astype(np.int64)
    at = first[:, None] + np.arange(int(np.ceil(4.0 * stretch)) + 1)
    weights = _catmull_rom(np.abs(at - centres[:, None]) / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(at, 0, source - 1).astype(np.int32), weights.astype(np.float32)


def _catmull_rom(t: np.ndarray) -> np.ndarray:
    """Evaluate the cubic of Catmull and Rom (1974) at distances t >= 0."""
    inner = (1.5 * t - 2.5) * t * t + 1.0
    outer = ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
    return np.where(t < 1.0, inner, np.where(t < 2.0, outer, 0.0))


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _resample(image, rows, down, columns, across):  # noqa: ANN001, ANN202 - compiled
    height, width = rows.shape[0], columns.shape[0]
    line = np.empty((image.shape[1], 3), np.float32)
    out = np.empty((height, width, 3), np.uint8)
    half = np.float32(0.5)
    for i in range(height):
        line[:] = 0
        for tap in range(rows.shape[1]):
            weight = down[i, tap]
            source = image[rows[i, tap]]
            for j in range(line.shape[0]):
                for c in range(3):
                    line[j, c] += weight * source[j, c]
        for j in range(width):
            red = green = blue = half
            for tap in range(columns.shape[1]):
                weight, k = across[j, tap], columns[j, tap]
                red += weight * line[k, 0]
                green += weight * line[k, 1]
                blue += weight * line[k, 2]
            out[i, j, 0] = np.uint8(min(max(red, np.float32(0)), np.float32(255)))
            out[i, j, 1] = np.uint8(min(max(green, np.float32(0)), np.float32(255)))
            out[i, j, 2] = np.uint8(min(max(blue, np.float32(0)), np.float32(255)))
    return out
