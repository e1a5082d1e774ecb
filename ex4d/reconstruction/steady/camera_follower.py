"""Where the camera of a clip is, frame by frame, by corners that are followed from picture to picture.

All is told in the axes of one view, the reference: the first, and a later one when too little of it is still seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Literal, NamedTuple

import numpy as np

from ex4d.array_types import Bool, Float64, Int64
from ex4d.reconstruction.steady.camera_motion import Belief, Motion, Sights, motion_between
from ex4d.reconstruction.steady.frame_view import FrameView
from ex4d.reconstruction.steady.picture_corners import FEW_LEVELS, LEVELS, Picture, Places, cell_of, corners, follow

Rule = Literal["first", "still", "moving", "tracks", "place", "usual"]
"""How a frame was compared: the first with none; by the same pixels, as the camera stands still; by where the camera's
motion puts what was seen before; by corners alone, as if only the camera turned; by the same pixels, as nothing could
be followed; as frames usually are, as all that was known is unlike it."""

UNFOLLOWED: frozenset[Rule] = frozenset({"tracks", "place", "usual"})
"""Those that do not know where the camera went."""
STILL = 0.5
"""Pixels by which a corner of a camera that stands still moves at most."""
STILL_SHARE = 0.5
"""Of the reference's corners that have to stand still if the camera does."""
OFF_MOTION = 2.0
"""Pixels by which a corner may be off where the camera's motion puts it."""
LEAST_TRACKS = 20
"""Corners without which no motion is looked for."""
LEAST_KEPT = 0.5
"""Of the corners that were followed: with fewer, those that are found tell nothing without a motion, as after a cut."""
LEAST_TRUSTED, LONG = 40, 2
"""Of the corners that moved with the camera so often already; with fewer, all are trusted."""
CROWD = 4
"""Corners that one cell may hold; fewer make the camera's motion less certain."""
REFUSED = 2
"""Frames on end after which a corner that moves otherwise is dropped."""
AVERAGED = 30
"""Frames over which a corner's disparity is averaged, at most."""
LEAST_DEVIATION = 0.02
"""Of usual nearness: how well the disparity of infinity can be known from one view's lifetime."""

Values = Float64[np.ndarray, " points"]
Mask = Bool[np.ndarray, " points"]


@dataclass(frozen=True)
class Tracks:
    """Corners that are followed."""

    places: Places
    """Where they are now."""
    rays: Float64[np.ndarray, "points 2"]
    """Where the reference saw them."""
    disparity: Values
    """Steadied, as the reference saw it."""
    agreed: Int64[np.ndarray, " points"]
    """In how many frames they moved with the camera."""
    refused: Int64[np.ndarray, " points"]
    """In how many of the last frames, on end, they did not."""

    @classmethod
    def new(cls, places: Places, sights: Sights) -> Tracks:
        """Begin to follow corners."""
        never = np.zeros(len(places), np.int64)
        return cls(places, *sights, agreed=never, refused=never)

    @property
    def sights(self) -> Sights:
        """As the reference saw them."""
        return Sights(self.rays, self.disparity)

    def where(self, some: Bool[np.ndarray, " points"] | Int64[np.ndarray, " some"]) -> Tracks:
        """Return those of a mask, or of these indices."""
        return Tracks(*(getattr(self, each.name)[some] for each in fields(self)))

    def joined(self, others: Tracks) -> Tracks:
        """Return these and others."""
        pairs = ((getattr(self, each.name), getattr(others, each.name)) for each in fields(self))
        return Tracks(*map(np.concatenate, pairs))


class Step(NamedTuple):
    """How a frame follows from those before it."""

    rule: Rule
    motion: Motion
    """From the reference to this frame."""
    places: Places
    """Of corners that moved with the camera, now."""
    expected: Values
    """Their steadied disparity, now."""
    stray: Places
    """Of corners that moved otherwise."""


@dataclass
class CameraFollower:
    """Follows the camera; what it is given is kept until the next view, and no longer."""

    _belief: Belief
    _motion: Motion
    _before: Picture
    _tracks: Tracks
    _reference: Picture = field(init=False)
    _first: Tracks = field(init=False)
    """The corners of the reference, when it became that."""
    _may_stand: bool = True
    _deviation: float = 0.0
    _along: Mask | None = None

    @classmethod
    def start(cls, view: FrameView, belief: Belief) -> CameraFollower:
        """Begin with a view, whose disparity is the measure."""
        nothing = Tracks.new(np.zeros((0, 2)), Sights(np.zeros((0, 2)), np.zeros(0)))
        made = cls(belief, Motion.none(belief.infinity), view.picture, nothing)
        made._replenish(view, 1.0, 0.0)
        made._mark(view.picture)
        return made

    @property
    def infinity(self) -> float:
        """The steadied disparity of what is infinitely far, as far as the camera's motion has told."""
        return self._belief.infinity

    @property
    def nearness(self) -> float:
        """How far above that disparities usually are."""
        return self._belief.nearness

    def step(self, view: FrameView) -> Step:
        """Find the camera of the next frame."""
        self._along = None
        step = self._standing(view.picture) if self._may_stand else None
        if step is None:
            most = self._advance(view.picture)
            step = self._moving(view) or self._unfollowed(most=most)
        self._before = view.picture
        self._motion = step.motion
        return step

    def _standing(self, picture: Picture) -> Step | None:
        places, found = follow(self._reference, picture, self._first.places, FEW_LEVELS)
        unmoved = found & (np.abs(places - self._first.places).max(axis=1, initial=0.0) < STILL)
        if unmoved.sum() < max(LEAST_TRACKS, STILL_SHARE * len(places)):
            return None
        there = self._first.where(unmoved)
        return Step("still", Motion.none(self.infinity), there.places, there.disparity, places[found & ~unmoved])

    def _advance(self, picture: Picture) -> bool:
        """Follow the corners; return whether most of them are still there."""
        places, found = follow(self._before, picture, self._tracks.places, LEVELS)
        self._tracks = replace(self._tracks, places=places).where(found)
        return bool(found.sum() >= LEAST_KEPT * len(found))

    def _moving(self, view: FrameView) -> Step | None:
        tracks = self._tracks
        if len(tracks.places) < LEAST_TRACKS or not self._belief.nearness > 0:
            return None
        trusted = tracks.agreed >= LONG
        trusted = trusted if trusted.sum() >= LEAST_TRUSTED else np.ones_like(trusted)
        rays = view.rays(tracks.places)
        found = motion_between(tracks.sights, rays, trusted, self._belief, view.pixel, OFF_MOTION)
        if found is None:
            return None
        self._along, self._deviation = found.moved_along, found.deviation
        self._belief = replace(self._belief, infinity=found.motion.infinity)
        along = tracks.where(found.moved_along)
        self._may_stand = bool(np.median(np.abs(view.places(along.rays) - along.places)) < 2 * STILL)
        expected = found.motion.after(along.sights)[0].disparity
        return Step("moving", found.motion, along.places, expected, tracks.places[~found.moved_along])

    def _unfollowed(self, *, most: bool) -> Step:
        tracks = self._tracks
        if len(tracks.places) < LEAST_TRACKS or not most:
            return Step("place", self._motion, np.zeros((0, 2)), np.zeros(0), np.zeros((0, 2)))
        expected = self._motion.after(tracks.sights)[0].disparity
        return Step("tracks", self._motion, tracks.places, expected, np.zeros((0, 2)))

    def learn(self, view: FrameView, scale: float, shift: float, close: float) -> None:
        """Take in a frame that was aligned; ``close`` is by how much disparities agree."""
        if self._along is not None:
            self._average(scale * view.raw(self._tracks.places) + shift, view, close)
            self._judge(self._along)
            self._thin(view.picture)
        self._replenish(view, scale, shift)

    def _average(self, seen: Values, view: FrameView, close: float) -> None:
        tracks = self._tracks
        expected = self._motion.after(tracks.sights)[0].disparity
        told, front = self._motion.before(Sights(view.rays(tracks.places), seen))
        taken = self._along & front & (np.abs(seen - expected) < close)
        share = taken / (np.minimum(tracks.agreed, AVERAGED) + 2)
        self._tracks = replace(tracks, disparity=tracks.disparity + share * (told.disparity - tracks.disparity))

    def _judge(self, along: Mask) -> None:
        tracks = self._tracks
        refused = np.where(along, 0, tracks.refused + 1)
        self._tracks = replace(tracks, agreed=tracks.agreed + along, refused=refused).where(refused < REFUSED)

    def _replenish(self, view: FrameView, scale: float, shift: float) -> None:
        places = corners(view.picture, view.disparity, self._tracks.places)
        seen = Sights(view.rays(places), scale * view.raw(places) + shift)
        told, front = self._motion.before(seen)
        self._tracks = self._tracks.joined(Tracks.new(places, told).where(front))

    def _thin(self, picture: Picture) -> None:
        """Keep few corners a cell, those that moved with the camera longest: they crowd where it goes away from."""
        cells = cell_of(picture, self._tracks.places)
        order = np.lexsort((-self._tracks.agreed, cells))
        rank = np.arange(len(order)) - np.searchsorted(cells[order], cells[order])
        self._tracks = self._tracks.where(np.sort(order[rank < CROWD]))

    def rebase(self, view: FrameView) -> None:
        """Make this view the reference."""
        seen, front = self._motion.after(self._tracks.sights)
        self._tracks = replace(self._tracks, rays=seen.rays, disparity=seen.disparity).where(front)
        least = max(self._deviation, LEAST_DEVIATION * self._belief.nearness)
        self._belief = replace(self._belief, deviation=min(self._belief.deviation, least))
        self._mark(view.picture)

    def restart(self, view: FrameView, scale: float, shift: float, belief: Belief | None) -> None:
        """Make this view the reference, and forget what was known before it; the belief too, where there is another."""
        self._belief = belief or self._belief
        seen = Sights(view.rays(self._tracks.places), scale * view.raw(self._tracks.places) + shift)
        self._tracks, self._motion = Tracks.new(self._tracks.places, seen), Motion.none(self.infinity)
        self._replenish(view, scale, shift)
        self._mark(view.picture)

    def _mark(self, picture: Picture) -> None:
        self._motion = Motion.none(self.infinity)
        self._reference, self._first, self._may_stand = picture, self._tracks, True
