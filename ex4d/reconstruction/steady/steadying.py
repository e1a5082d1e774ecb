"""Depth of single frames made one: models that look at one frame at a time choose scale and shift anew for each.

Each frame's disparity is compared with what is known of the scene from the frames before it. Where the camera stands
still, that is the same pixels. Where it moves, corners are followed from picture to picture; from where they went, and
their disparity, the camera's motion is found, and what is known is moved with it: a camera that goes forward makes all
disparities grow, which is no scale of the model. What moves by itself is left out: corners that the camera's motion
does not explain, what is near them, and pixels that disagree with the rest.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, UInt8
from ex4d.geometry.pinhole import Pinhole
from ex4d.progress import counted
from ex4d.reconstruction.steady.camera_follower import UNFOLLOWED, CameraFollower, Rule, Step
from ex4d.reconstruction.steady.camera_motion import Belief
from ex4d.reconstruction.steady.frame_view import FrameView
from ex4d.reconstruction.steady.known_points import ZONES, KnownPoints, Visible, standing_zones
from ex4d.reconstruction.steady.scale_and_shift import Compared, Fit, agreeing, spanning, trimmed, unlike

LEAST_CORNERS = 12
"""That moved with the camera, by which a frame is aligned roughly before all its pixels are asked."""
LEAST_RELIEF = 0.2
"""Of the scene's range of disparities that these corners' have to span for that."""
LEAST_STANDING = 0.1
"""Share of the points that must not be where things move, to be asked alone."""
SKY = 0.02
"""Of the nearest point's 1 / depth: what is farther tells no scale, and may be most of the picture."""
CLOSE = 3.0
"""Standard deviations within which what was seen speaks for what was known."""
EVEN = 0.05
"""Of the usual nearness, by which it may be off whatever the spread: a wall has none."""
PATIENCE = 3
"""Frames on end that are unlike all that is known, after which they are what is known."""

Disparity = Float32[np.ndarray, "rows columns"]
Points = Float64[np.ndarray, " points"]
Zones = Bool[np.ndarray, " zones"]


@dataclass(frozen=True)
class Alignment:
    """What a frame's disparity was multiplied by, then what was added to it, and how both were found."""

    scale: float
    shift: float
    rule: Rule


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
    _unlike: int = 0
    """Frames on end that were unlike all that is known."""

    def steadied(self, disparity: Disparity, frame: UInt8[np.ndarray, "height width 3"]) -> Disparity:
        """Return a frame's disparity in the scale and shift of the frames before it.

        Args:
            disparity: what the model gave; greater is nearer, finite, and over the whole picture.
            frame: the colours it was made from; they may have more pixels.

        What is not finite is returned as it is, for its reader to refuse.
        """
        if not np.isfinite(disparity).all():
            return disparity
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
        self._follower = CameraFollower.start(view, self._belief())
        return Alignment(1.0, 0.0, "first")

    def _aligned(self, view: FrameView, follower: CameraFollower) -> Alignment:
        assert self._known is not None
        before = copy(follower)
        step = follower.step(view)
        visible = self._known.visible(view, step.motion)
        dense = Compared(view.raw(visible.places), visible.disparity)
        zones = standing_zones(view, step.places, step.stray)
        compared = self._compared(view, step, visible, dense, zones)
        fit = self._fit(view, step, compared)
        if unlike(fit, compared, EVEN * follower.nearness):
            return self._passed_over(view, before)
        self._unlike = 0
        self._known = self._learnt(view, follower, step, visible, dense, fit, zones)
        return Alignment(fit.scale, fit.shift, step.rule)

    def _compared(self, view: FrameView, step: Step, visible: Visible, dense: Compared, zones: Zones) -> Compared:
        if step.rule == "tracks" or not len(dense.raw):
            return self._telling(Compared(view.raw(step.places), step.expected))
        standing = zones[view.cells(visible.places, ZONES)]
        dense = dense if standing.mean() < LEAST_STANDING else dense.where(standing)
        return self._telling(dense)

    def _telling(self, points: Compared) -> Compared:
        """Return those near enough to tell a scale that has no shift beside it."""
        near = points.expected > SKY * points.expected.max(initial=0.0)
        return points.where(near) if self.metric and near.sum() >= LEAST_CORNERS else points

    def _fit(self, view: FrameView, step: Step, compared: Compared) -> Fit:
        few = len(step.places) < LEAST_CORNERS or np.ptp(step.expected) < LEAST_RELIEF * np.ptp(compared.expected)
        if few or step.rule == "tracks":
            return trimmed(compared, metric=self.metric)
        corners = self._telling(Compared(view.raw(step.places), step.expected))
        rough = trimmed(corners, metric=True) if self.metric else spanning(corners)
        return agreeing(rough, compared, metric=self.metric)

    def _passed_over(self, view: FrameView, before: CameraFollower) -> Alignment:
        """Align a frame as the others were mostly, and forget it: it may be a flash. After some on end, begin anew.

        All that is left where nothing known is seen, as after a cut. To make such a frame's disparities spread as
        widely as those before would let each cut multiply what the last one did.
        """
        scale, shift = (
            float(np.median([getattr(each, name) for each in self.alignments])) for name in ("scale", "shift")
        )
        self._follower, self._unlike = before, self._unlike + 1
        if self._unlike == PATIENCE:
            self._known, self._unlike = KnownPoints.of(view, scale, shift), 0
            before.restart(view, scale, shift, self._belief())
        return Alignment(scale, shift, "usual")

    def _belief(self) -> Belief:
        assert self._known is not None
        return Belief.at_first(self._known.sights.disparity, metric=self.metric)

    def _learnt(
        self,
        view: FrameView,
        follower: CameraFollower,
        step: Step,
        visible: Visible,
        dense: Compared,
        fit: Fit,
        zones: Zones,
    ) -> KnownPoints:
        assert self._known is not None
        if step.rule in UNFOLLOWED:
            self._known = KnownPoints.of(view, fit.scale, fit.shift)
            follower.restart(view, fit.scale, fit.shift, None if follower.nearness > 0 else self._belief())
            return self._known
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
