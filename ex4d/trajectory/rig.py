"""How moves combine: a head on a base on a track on a turntable.

At every moment, whatever the order of writing: the base camera; dollies and trucks along tracks laid when their windows
open; orbits about their pivots; pedestals and cranes; look-ats; pans, tilts and rolls; then lenses. Handheld comes
last and is the compiler's, as it is a function of seconds and moves nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.geometry.se3 import apply, head_angles
from ex4d.shotlist.base_moves import MoveRecord
from ex4d.shotlist.camera import BASES
from ex4d.shotlist.model import (
    CameraItem,
    Crane,
    Dolly,
    DollyZoom,
    LookAt,
    Orbit,
    Pan,
    Pedestal,
    Roll,
    Source,
    Subject,
    Tilt,
    Truck,
    Zoom,
)
from ex4d.trajectory.aim import level_aim
from ex4d.trajectory.base_camera import base_camera
from ex4d.trajectory.crane import kept_in_frame
from ex4d.trajectory.cue import Cue, amount, blaming, cues_of
from ex4d.trajectory.dolly_zoom import Pushed, kept_size
from ex4d.trajectory.head import Head
from ex4d.trajectory.moves import blend_aims, level_right, turn_head
from ex4d.trajectory.places import first_direction, view_direction, world_point
from ex4d.trajectory.timing import Clock
from ex4d.trajectory.turntable import turned_table
from ex4d.trajectory.zooming import require_alone, require_lens, source_focal, zoom_log

Frames = Float64[np.ndarray, "frames"]
UPWARDS = np.array([0.0, -1.0, 0.0])
"""In level axes."""
AIM_ROUNDS, AIM_SETTLED = 60, 1e-14
"""A look-at beside the middle of the frame and a dolly-zoom ask for each other's result: rounds until both agree."""


@dataclass(frozen=True)
class Track:
    """A dolly, truck or dolly-zoom with the direction it was given when its window opened."""

    cue: Cue
    direction: Float64[np.ndarray, "3"]

    def offset(self, frames: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames 3"]:
        """Return how far it has carried the camera."""
        return amount(self.cue, "distance", frames)[:, None] * self.direction


@dataclass(frozen=True)
class Rig:
    """A shot's moves, sorted, with tracks laid."""

    clock: Clock
    source: Source
    scene: Scene
    cues: tuple[Cue, ...]
    tracks: tuple[Track, ...] = ()

    @classmethod
    def of(cls, items: tuple[CameraItem, ...], source: Source, scene: Scene, clock: Clock) -> Rig:
        """Set up the moves of a shot.

        Tracks are laid in the order in which their windows open; one that opens at the same moment as another has
        carried the camera nowhere yet.
        """
        rig = cls(clock, source, scene, tuple(sorted(cues_of(items, clock), key=lambda cue: cue.rank)))
        tracks: list[Track] = []
        heads: dict[Fraction, Float64[np.ndarray, "3 3"]] = {}
        for cue in rig.of_kind(Dolly, Truck, DollyZoom):
            if cue.span.start not in heads:
                heads[cue.span.start] = rig._head_on_track(cue.span.start, tuple(tracks))
            tracks.append(Track(cue, _direction(cue.move, heads[cue.span.start])))
        return replace(rig, tracks=tuple(tracks))

    def of_kind(self, *kinds: type[MoveRecord]) -> tuple[Cue, ...]:
        """Return the moves of some kinds, in their own order and not that of writing."""
        return tuple(cue for cue in self.cues if isinstance(cue.move, kinds))

    def _head_on_track(self, start: Fraction, earlier: tuple[Track, ...]) -> Float64[np.ndarray, "3 3"]:
        """Return the head's orientation when a window opens, before any orbit."""
        unturned = tuple(other for other in self.cues if not isinstance(other.move, Orbit))
        # Only look-ats and cranes make the head's turn depend on where it stands.
        laid = earlier if self.of_kind(LookAt, Crane) else ()
        return replace(self, cues=unturned, tracks=laid).head(np.array([float(start)])).rotation[0]

    def head(self, frames: Float64[np.ndarray, "frames"]) -> Head:
        """Return the camera at some moments of the shot, in frames, before handheld.

        Raises:
            TrajectoryError: Some moment has no such camera: its frame is named.
        """
        zooming = [track.cue.span for track in self.tracks if isinstance(track.cue.move, DollyZoom)]
        marks = [float(mark) for span in zooming for mark in (span.start, span.end)]
        every = np.concatenate([frames, marks])
        head = self._turned(every, self._placed(every))
        count = len(frames)
        return Head(head.rotation[:count], head.position[:count], head.lens[:count], head.framed[:count])

    def _placed(self, frames: Float64[np.ndarray, "frames"]) -> _Placed:
        """Stand the camera, without what dolly-zooms and cranes do: base, tracks, turntable, pedestals."""
        cues = self.of_kind(*BASES)
        base = base_camera(cues, frames, self.scene, self.clock)
        offsets = [track.offset(frames) for track in self.tracks if not isinstance(track.cue.move, DollyZoom)]
        position = base.position + sum(offsets, np.zeros((len(frames), 3)))
        rotation, position, carried = turned_table(
            self.of_kind(Orbit), frames, base.rotation, position, self.scene, self.clock.shot
        )
        position[:, 1] -= self._total(Pedestal, "distance", frames)
        pushed = [
            Pushed(track.cue.item, track.cue.span, apply(carried, track.offset(frames)))
            for track in self.tracks
            if isinstance(track.cue.move, DollyZoom) and track.cue.move.distance != 0.0
        ]
        require_alone(self.of_kind(Zoom), base.lens, self.clock.shot)
        lens = base.lens * np.exp(self._zoom(frames))
        lensed = self.of_kind(Zoom) + (cues if np.any(base.lens != 1.0) else ())
        if lensed:
            with blaming(*(cue.item for cue in lensed)):
                require_lens(lens, frames, source_focal(self.source, self.scene), self.clock.shot)
        return _Placed(Head(rotation, position, lens, base.framed), pushed)

    def _craned(self, frames: Float64[np.ndarray, "frames"], head: Head) -> Head:
        """Lift all cranes together, and keep the subject in frame."""
        if not self.of_kind(Crane):
            return head
        lifted = head.position + self._total(Crane, "distance", frames)[:, None] * UPWARDS
        kept, framed = kept_in_frame(head.rotation, head.position, lifted, world_point(Subject(), self.scene))
        return replace(head, rotation=kept, position=lifted, framed=head.framed & framed)

    def _turned(self, frames: Float64[np.ndarray, "frames"], placed: _Placed) -> Head:
        """Lift, aim and turn the head, then again with each dolly-zoom: the lens of each follows from the one before.

        They come in the order in which they end, so that each sees what the ones that have ended left.
        """
        turns, stood = self._turns(frames), placed.head
        head = self._aimed(frames, self._craned(frames, stood), turns)
        for push in sorted(placed.pushed, key=lambda push: push.span.end):
            stood = replace(stood, position=stood.position + push.offset, lens=head.lens)
            with blaming(push.item):
                head = self._fitted(frames, stood, push, head, turns)
        return head

    def _fitted(
        self, frames: Float64[np.ndarray, "frames"], stood: Head, push: Pushed, before: Head, turns: _Turns | None
    ) -> Head:
        """Fit the lens of a dolly-zoom to what the head then sees, as against what it saw before."""
        craned = self._craned(frames, stood)
        head = self._aimed(frames, craned, turns)
        for _ in range(AIM_ROUNDS):
            kept = kept_size(push.span, self._depth(head), self._depth(before), frames, self.clock.shot)
            lens = stood.lens * kept
            settled = np.abs(lens - head.lens).max() <= AIM_SETTLED
            head = replace(head, lens=lens)
            if settled or not self.of_kind(LookAt):
                break
            head = self._aimed(frames, replace(craned, lens=lens), turns)
        return head

    def _depth(self, head: Head) -> Frames:
        """Return the subject's depth along the view axis."""
        return np.sum((world_point(Subject(), self.scene) - head.position) * head.rotation[:, :, 2], axis=1)

    def _turns(self, frames: Float64[np.ndarray, "frames"]) -> _Turns | None:
        """Add up pans, tilts and rolls."""
        if not self.of_kind(Pan, Tilt, Roll):
            return None
        return self._total(Pan, "angle", frames), self._total(Tilt, "angle", frames), self._total(Roll, "angle", frames)

    def _aimed(self, frames: Float64[np.ndarray, "frames"], head: Head, turns: _Turns | None) -> Head:
        """Apply look-ats, then pans, tilts and rolls."""
        rotation, framed, aims = head.rotation, head.framed, []
        angles = head_angles(rotation) if self.of_kind(LookAt) else np.zeros((len(frames), 3))
        for cue in self.of_kind(LookAt):
            assert isinstance(cue.move, LookAt)
            weight = cue.move.weight * self._look_progress(cue, frames)
            with blaming(cue.item):
                wanted = self._wanted(cue.move)
            offset = world_point(cue.move.target, self.scene) - head.position
            aim = level_aim(offset, wanted, head.lens, angles[:, 0])
            framed = framed & (aim.possible | (weight == 0.0))
            aims.append((weight, np.stack([aim.pan, aim.tilt], axis=1)))
        if aims:
            rotation = blend_aims(rotation, angles, aims)
        if turns is not None:
            rotation = turn_head(rotation, *turns)
        return replace(head, rotation=rotation, framed=framed)

    def _look_progress(self, cue: Cue, frames: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        """Return how far a look-at has turned the head: all the way at all times if its window is the whole shot."""
        whole = cue.span.start <= 0 and cue.span.end >= self.clock.last
        return np.ones(len(frames)) if whole else cue.progress(frames)

    def _wanted(self, move: LookAt) -> Float64[np.ndarray, "3"]:
        """Return the direction, by the source's lens, in which a look-at shows its target."""
        if move.frame is None:
            return first_direction(move.target, self.scene, self.clock.shot)
        return view_direction(move.frame, self.scene)

    def _total(self, kind: type[MoveRecord], name: str, frames: Float64[np.ndarray, "frames"]) -> Frames:
        return sum((amount(cue, name, frames) for cue in self.of_kind(kind)), np.zeros(len(frames)))

    def _zoom(self, frames: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        logs = (zoom_log(cue, frames, self.source, self.scene, self.clock.shot) for cue in self.of_kind(Zoom))
        return sum(logs, np.zeros(len(frames)))


_Turns = tuple[Frames, Frames, Frames]
"""Pan, tilt, roll."""


@dataclass(frozen=True)
class _Placed:
    """A camera that stands but is not lifted or aimed yet, and what dolly-zooms do to its place."""

    head: Head
    pushed: list[Pushed]


def _direction(move: MoveRecord, rotation: Float64[np.ndarray, "3 3"]) -> Float64[np.ndarray, "3"]:
    """Return the view axis of a head, or for a truck its horizontal right."""
    return level_right(rotation) if isinstance(move, Truck) else rotation[:, 2].copy()
