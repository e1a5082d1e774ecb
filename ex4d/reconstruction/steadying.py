"""Depth of single frames made one: models that look at one frame at a time choose scale and shift anew for each.

Each frame's disparity is compared with what is known of the scene from the frames before it. Where the camera stands
still, that is the same pixels. Where it moves, corners are followed from picture to picture; from where they went, and
their disparity, the camera's motion is found, and what is known is moved with it: a camera that goes forward makes all
disparities grow, which is no scale of the model. What moves by itself is left out: corners that the camera's motion
does not explain, what is near them, and pixels that disagree with the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from ex4d.geometry.pinhole import Pinhole
from ex4d.progress import counted
from ex4d.reconstruction.camera_follower import UNFOLLOWED, CameraFollower, Rule, Step
from ex4d.reconstruction.camera_motion import Belief
from ex4d.reconstruction.frame_view import FrameView
from ex4d.reconstruction.known_points import ZONES, KnownPoints, Visible, standing_zones

KEPT_SHARE = 0.7
"""Of the points that are compared: the others may have moved."""
STEPS = 30
"""Of refinement, at most: which points are kept settles after 2 to 25."""
LEAST_SPREAD = 1e-12
"""Of disparities below which a frame has no relief to measure a scale by."""
LEAST_CORNERS = 12
"""That moved with the camera, by which a frame is aligned roughly before all its pixels are asked."""
LEAST_RELIEF = 0.2
"""Of the scene's range of disparities that these corners' have to span for that."""
AGREEING = 2.5
"""Standard deviations by which points may differ that agree."""
GATE_STEPS = 6
"""Of refinement by the points that agree."""
WIDEST, NARROWEST = 0.01, 1e-4
"""Of the spread of disparity: the standard deviation is taken to be no less, at first and at last."""
LEAST_AGREEING, LEAST_STANDING = 200, 0.1
"""Points that must agree, and the share that must not be where things move, to be asked alone."""
CLOSE = 3.0
"""Standard deviations within which what was seen speaks for what was known."""
MEDIAN_TO_DEVIATION = 1.4826
"""Standard deviations of normal noise in its median absolute value."""

Disparity = Float32[np.ndarray, "rows columns"]
Points = Float64[np.ndarray, " points"]
Zones = Bool[np.ndarray, " zones"]


@dataclass(frozen=True)
class Alignment:
    """What a frame's disparity was multiplied by, then what was added to it, and how both were found."""

    scale: float
    shift: float
    rule: Rule


class _Compared(NamedTuple):
    """A frame's numbers beside what they should be."""

    raw: Points
    expected: Points

    def where(self, mask: Bool[np.ndarray, " points"]) -> _Compared:
        return _Compared(self.raw[mask], self.expected[mask])

    def off(self, scale: float, shift: float) -> Points:
        return np.abs(scale * self.raw + shift - self.expected)


class _Fit(NamedTuple):
    scale: float
    shift: float
    deviation: float
    """Standard deviation of the points that agree."""


@dataclass
class Steadying:
    """Aligns each frame's disparity to what is known from those before it; the first is the measure of all.

    Needs the ``depth`` extra's OpenCV. What is remembered does not grow with the clip but for ``alignments``.
    """

    lens: Pinhole | None = None
    """Of the clip, for pictures of any size; without one, the default. A wrong one costs little."""
    metric: bool = False
    """Whether disparity is 1 / depth in one unit of length, so that only scales are to be found and no shifts."""
    alignments: list[Alignment] = field(default_factory=list)
    """Of the frames so far."""
    _follower: CameraFollower | None = None
    _known: KnownPoints | None = None

    def steadied(self, disparity: Disparity, frame: UInt8[np.ndarray, "height width 3"]) -> Disparity:
        """Return a frame's disparity in the scale and shift of the frames before it.

        Args:
            disparity: what the model gave; greater is nearer, finite, and over the whole picture.
            frame: the colours it was made from; they may have more pixels.
        """
        view = FrameView.of(frame, disparity, self.lens)
        alignment = self._begun(view) if self._follower is None else self._aligned(view, self._follower)
        self.alignments.append(alignment)
        return (alignment.scale * disparity.astype(np.float64) + alignment.shift).astype(np.float32)

    @property
    def unfollowed(self) -> int:
        """How many frames were compared without knowing where the camera went."""
        return sum(each.rule in UNFOLLOWED for each in self.alignments)

    @property
    def told(self) -> tuple[str, ...]:
        """What the user should know of how it went, in words; nothing where all frames could be followed."""
        if not self.unfollowed:
            return ()
        share = f"in {self.unfollowed} of {counted(len(self.alignments), 'frame')}"
        return (f"{share} the camera could not be followed: there, depth may change its scale",)

    @property
    def infinity(self) -> float | None:
        """The steadied disparity of what is infinitely far, as told by the camera's motion; None before any frame."""
        return None if self._follower is None else self._follower.infinity

    def _begun(self, view: FrameView) -> Alignment:
        self._known = KnownPoints.of(view, 1.0, 0.0)
        belief = Belief.at_first(self._known.sights.disparity, metric=self.metric)
        self._follower = CameraFollower.start(view, belief)
        return Alignment(1.0, 0.0, "first")

    def _aligned(self, view: FrameView, follower: CameraFollower) -> Alignment:
        assert self._known is not None
        step = follower.step(view)
        visible = self._known.visible(view, step.motion)
        dense = _Compared(view.raw(visible.places), visible.disparity)
        zones = standing_zones(view, step.places, step.stray)
        fit = self._fit(view, step, visible, dense, zones)
        self._known = self._learnt(view, follower, step, visible, dense, fit, zones)
        return Alignment(fit.scale, fit.shift, step.rule)

    def _fit(self, view: FrameView, step: Step, visible: Visible, dense: _Compared, zones: Zones) -> _Fit:
        corners = _Compared(view.raw(step.places), step.expected)
        if step.rule == "tracks" or not len(dense.raw):
            return _trimmed(corners, metric=self.metric)
        standing = zones[view.cells(visible.places, ZONES)]
        dense = dense if standing.mean() < LEAST_STANDING else dense.where(standing)
        if len(step.places) < LEAST_CORNERS or np.ptp(step.expected) < LEAST_RELIEF * np.ptp(dense.expected):
            return _trimmed(dense, metric=self.metric)
        return _agreeing(
            _trimmed(corners, metric=True) if self.metric else _spanning(corners), dense, metric=self.metric
        )

    def _learnt(
        self,
        view: FrameView,
        follower: CameraFollower,
        step: Step,
        visible: Visible,
        dense: _Compared,
        fit: _Fit,
        zones: Zones,
    ) -> KnownPoints:
        assert self._known is not None
        if step.rule in UNFOLLOWED:
            follower.restart(view, fit.scale, fit.shift)
            return KnownPoints.of(view, fit.scale, fit.shift)
        seen, close = fit.scale * dense.raw + fit.shift, CLOSE * fit.deviation
        known = self._known.voted(view, step.motion, visible, seen, np.abs(seen - dense.expected) <= close)
        if step.rule == "still":
            return known
        follower.learn(view, fit.scale, fit.shift, close)
        if known.suffice(view, visible):
            return known
        follower.rebase(view)
        fresh = KnownPoints.of(view, fit.scale, fit.shift)
        return known.rebased(view, visible, fresh, zones[view.cells(view.grid(), ZONES)])


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
        agreeing = np.argpartition(off, kept - 1)[:kept]
        before, found = found, _fitted(disparity[agreeing], reference[agreeing], metric=metric)
        if found == before:
            break
    return found


def _spanning(points: _Compared) -> _Fit:
    """Return a rough fit by pairs of points half of all apart in disparity: a wall that fills the picture tells none.

    The scale is the weighted median of the pairs' scales, each weighted by how far apart it is.
    """
    order, half = np.argsort(points.expected, kind="stable"), len(points.expected) // 2
    expected, raw = (values[order[-half:]] - values[order[:half]] for values in (points.expected, points.raw))
    scale = _quotient(1.0, _weighted_median(raw / np.maximum(expected, LEAST_SPREAD), expected))
    shift = float(np.median(points.expected - scale * points.raw))
    return _Fit(scale, shift, MEDIAN_TO_DEVIATION * float(np.median(points.off(scale, shift))))


def _weighted_median(values: Points, weights: Points) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(sums, sums[-1] / 2)]])


def _trimmed(points: _Compared, *, metric: bool) -> _Fit:
    scale, shift = aligning(points.raw, points.expected, metric=metric)
    return _Fit(scale, shift, MEDIAN_TO_DEVIATION * float(np.median(points.off(scale, shift))))


def _agreeing(fit: _Fit, points: _Compared, *, metric: bool) -> _Fit:
    """Return the fit of all the points that agree with a rough one, then with one another."""
    spread = float(points.expected.std())
    scale, shift, deviation = fit.scale, fit.shift, max(fit.deviation, WIDEST * spread)
    for _ in range(GATE_STEPS):
        off = points.off(scale, shift)
        agreeing = off <= AGREEING * deviation
        if agreeing.sum() < LEAST_AGREEING:
            break
        scale, shift = _fitted(*points.where(agreeing), metric=metric)
        deviation = max(MEDIAN_TO_DEVIATION * float(np.median(off[agreeing])), NARROWEST * spread)
    return _Fit(scale, shift, deviation)


def _fitted(disparity: Points, reference: Points, *, metric: bool) -> tuple[float, float]:
    if metric:
        return _quotient(float(np.linalg.norm(reference)), float(np.linalg.norm(disparity))), 0.0
    scale = _quotient(float(reference.std()), float(disparity.std()))
    return scale, float(reference.mean() - scale * disparity.mean())


def _deviation(values: Points) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _quotient(reference: float, ours: float) -> float:
    return reference / ours if min(reference, ours) > LEAST_SPREAD else 1.0
