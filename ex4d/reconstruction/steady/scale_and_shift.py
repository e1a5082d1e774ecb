"""Scale and shift that take one set of disparities to another, point by point, whatever some of the points do."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ex4d.array_types import Bool, Float64

KEPT_SHARE = 0.7
"""Of the points that are compared: the others may have moved."""
STEPS = 30
"""Of refinement, at most: which points are kept settles after 2 to 25."""
LEAST_SPREAD = 1e-12
"""Of disparities below which a frame has no relief to measure a scale by."""
AGREEING = 2.5
"""Standard deviations by which points may differ that agree."""
GATE_STEPS = 6
"""Of refinement by the points that agree."""
WIDEST, NARROWEST = 0.01, 1e-4
"""Of the spread of disparity: the standard deviation is taken to be no less, at first and at last."""
UNLIKE = 0.3
"""Of the spread of disparity, by which the middle point of a frame of the same scene is off at most: two unrelated
scenes made alike in scale and shift differ by 0.95, neighbouring frames of a model with errors of 4 % by 0.1."""
MEDIAN_TO_DEVIATION = 1.4826
"""Standard deviations of normal noise in its median absolute value."""
LEAST_AGREEING = 200
"""Points that must agree, to be asked alone."""

Points = Float64[np.ndarray, " points"]


class Compared(NamedTuple):
    """A frame's numbers beside what they should be."""

    raw: Points
    expected: Points

    def where(self, mask: Bool[np.ndarray, " points"]) -> Compared:
        """Return those of a mask."""
        return Compared(self.raw[mask], self.expected[mask])

    def off(self, scale: float, shift: float) -> Points:
        """Return by how much each is off."""
        return np.abs(scale * self.raw + shift - self.expected)


class Fit(NamedTuple):
    """What numbers are multiplied by, and what is added then."""

    scale: float
    shift: float
    deviation: float
    """Standard deviation of the points that agree."""


def aligning(disparity: Points, reference: Points, *, metric: bool = False) -> tuple[float, float]:
    """Return scale and shift that take ``disparity`` to ``reference``, point by point, whatever moved in between.

    Trimmed least squares by concentration steps (Rousseeuw and Van Driessen 2006): from medians and median absolute
    deviations, the share of points that agree best is fitted again and again. The fit is the reduced major axis, the
    quotient of the spreads: ordinary least squares shrinks the scale by the noise of ``disparity``, and from frame to
    frame that would add up. Without relief in either, the scale is 1. ``metric`` allows no shift.
    """
    if len(disparity) < 2:
        return 1.0, 0.0
    kept = max(2, math.ceil(KEPT_SHARE * len(disparity)))
    if metric:
        found = _quotient(float(np.median(reference)), float(np.median(disparity))), 0.0
    else:
        scale = _quotient(_deviation(reference), _deviation(disparity))
        found = scale, float(np.median(reference) - scale * np.median(disparity))
    for _ in range(STEPS):
        off = np.abs(found[0] * disparity + found[1] - reference)
        best = np.argpartition(off, kept - 1)[:kept]
        before, found = found, _fitted(disparity[best], reference[best], metric=metric)
        if found == before:
            break
    return found


def spanning(points: Compared) -> Fit:
    """Return a rough fit by pairs of points half of all apart in disparity: a wall that fills the picture tells none.

    The scale is the weighted median of the pairs' scales, each weighted by how far apart it is.
    """
    order, half = np.argsort(points.expected, kind="stable"), len(points.expected) // 2
    expected, raw = (values[order[-half:]] - values[order[:half]] for values in (points.expected, points.raw))
    scale = _quotient(1.0, _weighted_median(raw / np.maximum(expected, LEAST_SPREAD), expected))
    shift = float(np.median(points.expected - scale * points.raw))
    return Fit(scale, shift, MEDIAN_TO_DEVIATION * float(np.median(points.off(scale, shift))))


def _weighted_median(values: Points, weights: Points) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(sums, sums[-1] / 2)]])


def trimmed(points: Compared, *, metric: bool) -> Fit:
    """Return the fit of the points that agree best, whatever the others do."""
    scale, shift = aligning(points.raw, points.expected, metric=metric)
    return Fit(scale, shift, MEDIAN_TO_DEVIATION * float(np.median(points.off(scale, shift))))


def agreeing(fit: Fit, points: Compared, *, metric: bool) -> Fit:
    """Return the fit of all the points that agree with a rough one, then with one another."""
    spread = float(points.expected.std())
    scale, shift, deviation = fit.scale, fit.shift, max(fit.deviation, WIDEST * spread)
    for _ in range(GATE_STEPS):
        off = points.off(scale, shift)
        near = off <= AGREEING * deviation
        if near.sum() < LEAST_AGREEING:
            break
        scale, shift = _fitted(*points.where(near), metric=metric)
        deviation = max(MEDIAN_TO_DEVIATION * float(np.median(off[near])), NARROWEST * spread)
    return Fit(scale, shift, deviation)


def unlike(fit: Fit, points: Compared, even: float) -> bool:
    """Return whether a frame that was fitted to what is known shows something else; what differs by less is even."""
    if not len(points.raw):
        return True
    off = float(np.median(points.off(fit.scale, fit.shift)))
    return off > max(even, UNLIKE * float(max(points.expected.std(), fit.scale * points.raw.std())))


def _fitted(disparity: Points, reference: Points, *, metric: bool) -> tuple[float, float]:
    if metric:
        return _quotient(float(np.linalg.norm(reference)), float(np.linalg.norm(disparity))), 0.0
    scale = _quotient(float(reference.std()), float(disparity.std()))
    return scale, float(reference.mean() - scale * disparity.mean())


def _deviation(values: Points) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _quotient(reference: float, ours: float) -> float:
    return reference / ours if min(reference, ours) > LEAST_SPREAD else 1.0
