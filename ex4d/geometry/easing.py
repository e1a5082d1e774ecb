"""Progress in, eased progress out: 0 to 0, 1 to 1, and never back.

Every function takes and returns progress within 0..1.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64

Progress = Float64[np.ndarray, "*batch"]

BISECTIONS = 60
"""Halvings of 0..1 after which two neighbouring floats are left."""


def linear(progress: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Move evenly."""
    return progress


def smooth(progress: Float64[np.ndarray, "*batch"]) -> Float64[np.ndarray, "*batch"]:
    """Move by 10t³ - 15t⁴ + 6t⁵: no jump in speed or acceleration at either end.

    The second half is the first one turned round, so that rounding cannot carry it past 1 or back.
    """
    nearer = np.minimum(progress, 1.0 - progress)
    value = nearer**3 * (10.0 - nearer * (15.0 - 6.0 * nearer))
    return np.where(progress <= 0.5, value, 1.0 - value)


def ease_in(progress: Float64[np.ndarray, "*batch"], power: float = 2.0) -> Float64[np.ndarray, "*batch"]:
    """Start slowly: t^power, power >= 1."""
    return progress**power


def ease_out(progress: Float64[np.ndarray, "*batch"], power: float = 2.0) -> Float64[np.ndarray, "*batch"]:
    """End slowly: 1 - (1 - t)^power, power >= 1."""
    return 1.0 - (1.0 - progress) ** power


def ease_in_out(progress: Float64[np.ndarray, "*batch"], power: float = 2.0) -> Float64[np.ndarray, "*batch"]:
    """Start and end slowly: half of ``ease_in``, half of ``ease_out``."""
    first = 0.5 * ease_in(np.minimum(2.0 * progress, 1.0), power)
    second = 0.5 + 0.5 * ease_out(np.maximum(2.0 * progress - 1.0, 0.0), power)
    return np.where(progress <= 0.5, first, second)


def bezier(
    progress: Float64[np.ndarray, "*batch"], points: tuple[float, float, float, float]
) -> Float64[np.ndarray, "*batch"]:
    """Follow CSS's ``cubic-bezier(x1, y1, x2, y2)``, all four within 0..1.

    x(t) rises for any x1, x2 in 0..1, though with slope 0 at places, where Newton's method fails: it is bisected.
    """
    x1, y1, x2, y2 = points
    low, high = np.zeros_like(progress), np.ones_like(progress)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        below = _bernstein(middle, x1, x2) < progress
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    value = np.clip(_bernstein(0.5 * (low + high), y1, y2), 0.0, 1.0)
    return np.where(progress <= 0.0, 0.0, np.where(progress >= 1.0, 1.0, value))


def _bernstein(t: Float64[np.ndarray, "*batch"], first: float, second: float) -> Float64[np.ndarray, "*batch"]:
    """Evaluate the cubic Bézier polynomial with ends 0 and 1."""
    rest = 1.0 - t
    return t * (3.0 * rest * (rest * first + t * second) + t * t)
