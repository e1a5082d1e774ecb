"""Curves through a user's keys: every key is met, and nothing overshoots in time.

Cubic splines with global continuity of acceleration overshoot wildly on unevenly spaced keys; these do not.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64, Int64


def centripetal_knots(points: Float64[np.ndarray, "keys axes"]) -> Float64[np.ndarray, "keys"]:
    """Return the parameter of each point: the running sum of square roots of chords.

    With these a Catmull-Rom curve has no cusps or loops within a segment (Yuksel, Schaefer, Keyser 2011).
    """
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(np.sqrt(chords))])


def catmull_rom(
    knots: Float64[np.ndarray, "keys"],
    points: Float64[np.ndarray, "keys axes"],
    parameter: Float64[np.ndarray, "frames"],
) -> Float64[np.ndarray, "frames axes"]:
    """Evaluate the Catmull-Rom curve through points at strictly increasing knots.

    The ends leave along their first and last chord. The parameter is clamped to the knots.
    """
    if len(knots) == 1:
        return np.repeat(points, len(parameter), axis=0)
    return _hermite(knots, points, _catmull_rom_tangents(knots, points), parameter)


def _catmull_rom_tangents(
    knots: Float64[np.ndarray, "keys"], points: Float64[np.ndarray, "keys axes"]
) -> Float64[np.ndarray, "keys axes"]:
    """Return the derivative by the parameter at each knot (Barry and Goldman 1988)."""
    widths = np.diff(knots)[:, None]
    slopes = np.diff(points, axis=0) / widths
    across = (points[2:] - points[:-2]) / (widths[:-1] + widths[1:])
    return np.concatenate([slopes[:1], slopes[:-1] - across + slopes[1:], slopes[-1:]])


def monotone_cubic(
    knots: Float64[np.ndarray, "keys"], values: Float64[np.ndarray, "keys"], parameter: Float64[np.ndarray, "frames"]
) -> Float64[np.ndarray, "frames"]:
    """Interpolate values at strictly increasing knots so that between two keys it never leaves their range.

    Fritsch and Butland's choice of slopes (1984), clamped to the knots.
    """
    if len(knots) == 1:
        return np.full(len(parameter), values[0])
    slopes = _monotone_slopes(np.diff(knots), np.diff(values) / np.diff(knots))
    return _hermite(knots, values[:, None], slopes[:, None], parameter)[:, 0]


def _monotone_slopes(
    widths: Float64[np.ndarray, "segments"], secants: Float64[np.ndarray, "segments"]
) -> Float64[np.ndarray, "keys"]:
    """Return a slope at each knot: weighted harmonic means inside, three-point estimates at the ends."""
    if len(secants) == 1:
        return np.repeat(secants, 2)
    before, after = secants[:-1], secants[1:]
    first, second = 2.0 * widths[1:] + widths[:-1], widths[1:] + 2.0 * widths[:-1]
    rising_or_falling = before * after > 0.0
    weighed = np.where(rising_or_falling, first * after + second * before, 1.0)
    inner = np.where(rising_or_falling, (first + second) * before * after / weighed, 0.0)
    start = _end_slope(widths[0], widths[1], secants[0], secants[1])
    end = _end_slope(widths[-1], widths[-2], secants[-1], secants[-2])
    return np.concatenate([[start], inner, [end]])


def _end_slope(width: float, next_width: float, secant: float, next_secant: float) -> float:
    """Return the slope of the parabola through three points, limited so that the end segment stays monotone."""
    slope = ((2.0 * width + next_width) * secant - width * next_secant) / (width + next_width)
    if slope * secant <= 0.0:
        return 0.0
    limited = secant * next_secant <= 0.0 and abs(slope) > 3.0 * abs(secant)
    return float(3.0 * secant if limited else slope)


def piecewise_linear(
    knots: Float64[np.ndarray, "keys"],
    points: Float64[np.ndarray, "keys axes"],
    parameter: Float64[np.ndarray, "frames"],
) -> Float64[np.ndarray, "frames axes"]:
    """Join points by straight lines, clamped to the knots."""
    return np.stack([np.interp(parameter, knots, axis) for axis in points.T], axis=1)


def segment_of(
    knots: Float64[np.ndarray, "keys"], parameter: Float64[np.ndarray, "frames"]
) -> Int64[np.ndarray, "frames"]:
    """Return the segment each parameter lies in, 0..keys-2; a knot belongs to the segment it opens."""
    found = np.searchsorted(knots, parameter, side="right") - 1
    return np.clip(found, 0, max(len(knots) - 2, 0)).astype(np.int64)


def _hermite(
    knots: Float64[np.ndarray, "keys"],
    values: Float64[np.ndarray, "keys axes"],
    slopes: Float64[np.ndarray, "keys axes"],
    parameter: Float64[np.ndarray, "frames"],
) -> Float64[np.ndarray, "frames axes"]:
    """Evaluate the cubic with given values and slopes at the knots."""
    segment = segment_of(knots, parameter)
    width = np.diff(knots)[segment][:, None]
    t = np.clip((parameter - knots[segment])[:, None] / width, 0.0, 1.0)
    start, end = values[segment], values[segment + 1]
    bend = slopes[segment] * width * (1.0 - t) - slopes[segment + 1] * width * t
    blend = t * t * (3.0 - 2.0 * t)
    # From the nearer key, so that both keys are met exactly and a rest between equal keys is one.
    straight = np.where(blend < 0.5, start + (end - start) * blend, end - (end - start) * (1.0 - blend))
    return straight + t * (1.0 - t) * bend
