"""The camera through a user's keys: in space, in turn, in lens, and in time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.geometry import splines
from ex4d.geometry.se3 import head_angles, head_rotation, slerp, turn_between
from ex4d.shotlist.model import Place, Rotation, Spline, SplineKey
from ex4d.trajectory.aim import level_aim
from ex4d.trajectory.head import Head
from ex4d.trajectory.places import first_direction, world_point
from ex4d.trajectory.standing import to_level, turned_source
from ex4d.trajectory.timing import Clock, Span, frame_of

LEVEL = 1e-12
"""Height of a unit right vector above the horizon that counts as level."""
NO_TRAVEL = 1e-12
"""Curve parameter below which the camera stands still between two keys."""
SAMPLES_A_SEGMENT, MAX_SAMPLES = 2048, 400_000
"""How finely arc length is measured: speed is then even to far better than the 0.5 % asked for."""

Turn = Place | Rotation


@dataclass(frozen=True)
class KeySpline:
    """A spline whose keys are on the move's progress, 0..1; each channel has the keys that state it."""

    scene: Scene
    shot: str
    smooth: bool
    even: bool
    """Whether progress is arc length; else key times are ``times``."""
    reach: tuple[float, float]
    """Progress at the first and the last key."""
    place_times: Float64[np.ndarray, "places"]
    places: Float64[np.ndarray, "places 3"]
    lens_times: Float64[np.ndarray, "lenses"]
    log_lenses: Float64[np.ndarray, "lenses"]
    turn_times: Float64[np.ndarray, "turns"]
    turns: tuple[Turn, ...]

    @classmethod
    def of(cls, move: Spline, span: Span, scene: Scene, clock: Clock) -> KeySpline:
        """Sort the keys by channel.

        What the first key leaves out is the source view's; what the last leaves out stays as it was.
        """
        even = move.pace == "constant"
        stated = key_times(move, span, clock)
        times = np.arange(float(len(move.keys))) if even else np.array(stated)
        placed = [index for index, key in enumerate(move.keys) if key.position is not None or index == 0]
        lensed = [index for index, key in enumerate(move.keys) if key.lens is not None or index == 0]
        turned = [index for index, key in enumerate(move.keys) if _turn_of(key) is not None or index == 0]
        turns = [_turn_of(move.keys[index]) or Rotation() for index in turned]
        if turned[-1] != len(times) - 1:
            turned, turns = [*turned, len(times) - 1], [*turns, turns[-1]]
        return cls(
            scene, clock.shot, move.interpolation == "smooth", even, (stated[0], stated[-1]),
            times[placed], to_level(np.array([_axes(move.keys[index].position) for index in placed]), scene),
            times[lensed], np.log([move.keys[index].lens or 1.0 for index in lensed]),
            times[turned], tuple(turns),
        )  # fmt: skip

    def at(self, progress: Float64[np.ndarray, "frames"]) -> Head:
        """Return the camera at some progress of the move."""
        return self._camera(self._even_times(progress) if self.even else progress)

    def _camera(self, times: Float64[np.ndarray, "frames"]) -> Head:
        """Return the camera at some moments, on the scale of the keys' times."""
        position, lens = self._position(times), np.exp(self._log_lens(times))
        rotation = np.empty((len(times), 3, 3))
        framed = np.ones(len(times), dtype=bool)
        segment = splines.segment_of(self.turn_times, times)
        fraction = self._fraction(times, segment)
        for index in np.flatnonzero(np.bincount(segment)):
            here = segment == index
            if self.turns[index] == self.turns[index + 1] and not isinstance(self.turns[index], Rotation):
                rotation[here], framed[here] = self._aimed(self.turns[index], position[here], lens[here])
            else:
                rotation[here] = self._slerped(int(index), fraction[here])
        return Head(rotation, position, lens, framed)

    def _travel(self, times: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        """Return how far along the curve's parameter the camera is: the time that place and turn share.

        Where no key moves the camera, the parameter is the angle it has turned.
        """
        knots, when = splines.centripetal_knots(self.places), self.place_times
        if knots[-1] <= NO_TRAVEL:
            ends = np.stack([self._key_rotation(index) for index in range(len(self.turns))])
            knots, when = np.concatenate([[0.0], np.cumsum(turn_between(ends[1:], ends[:-1]))]), self.turn_times
        if not self.smooth:
            return np.interp(times, when, knots)
        return splines.monotone_cubic(when, knots, times)

    def _position(self, times: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames 3"]:
        if not self.smooth:
            return splines.piecewise_linear(self.place_times, self.places, times)
        knots = splines.centripetal_knots(self.places)
        if knots[-1] <= NO_TRAVEL:
            return np.repeat(self.places[:1], len(times), axis=0)
        # A camera that rests has two keys at one place: one point of the curve, at which travel stands still.
        moved = np.concatenate([[True], np.diff(knots) > 0.0])
        return splines.catmull_rom(knots[moved], self.places[moved], self._travel(times))

    def _log_lens(self, times: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        if not self.smooth:
            return np.interp(times, self.lens_times, self.log_lenses)
        return splines.monotone_cubic(self.lens_times, self.log_lenses, times)

    def _fraction(self, times: Float64[np.ndarray, "frames"], segment: np.ndarray) -> Float64[np.ndarray, "frames"]:
        """Return how far each moment is between its two turns; while the camera rests, smoothly in time."""
        travel, knots = self._travel(times), self._travel(self.turn_times)
        width = np.diff(knots)[segment]
        moving = width > NO_TRAVEL
        by_travel = (travel - knots[segment]) / np.where(moving, width, 1.0)
        by_time = (times - self.turn_times[segment]) / np.diff(self.turn_times)[segment]
        by_time = np.clip(by_time, 0.0, 1.0)
        rested = by_time * by_time * (3.0 - 2.0 * by_time) if self.smooth else by_time
        return np.clip(np.where(moving, by_travel, rested), 0.0, 1.0)

    def _key_rotation(self, index: int) -> Float64[np.ndarray, "3 3"]:
        """Return the orientation at a key that states one."""
        turn = self.turns[index]
        if isinstance(turn, Rotation):
            return turned_source(np.array(turn.pan), np.array(turn.tilt), np.array(turn.roll), self.scene)
        when = self.turn_times[index : index + 1]
        return self._aimed(turn, self._position(when), np.exp(self._log_lens(when)))[0][0]

    def _aimed(
        self, target: Turn, position: Float64[np.ndarray, "frames 3"], lens: Float64[np.ndarray, "frames"]
    ) -> tuple[Float64[np.ndarray, "frames 3 3"], np.ndarray]:
        assert not isinstance(target, Rotation)
        offset = world_point(target, self.scene) - position
        aim = level_aim(offset, first_direction(target, self.scene, self.shot), lens, np.zeros_like(lens))
        return aim.rotation(), aim.possible

    def _slerped(self, index: int, fraction: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames 3 3"]:
        """Turn from one key to the next; between two level keys the horizon stays level."""
        first, second = self._key_rotation(index), self._key_rotation(index + 1)
        turned = slerp(first, second, fraction)
        if not (_level(first) and _level(second)):
            return turned
        pan, tilt, _ = np.moveaxis(head_angles(turned), -1, 0)
        return head_rotation(pan, tilt, np.zeros_like(pan))

    def _even_times(self, progress: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        """Return the key times that an even speed reaches at some progress; a radian counts as a subject distance."""
        last = self.turn_times[-1]  # the last key always states a turn
        samples = min(MAX_SAMPLES, SAMPLES_A_SEGMENT * int(last))
        grid = np.linspace(0.0, last, samples + 1)
        head = self._camera(grid)
        moved = np.linalg.norm(np.diff(head.position, axis=0), axis=1)
        turned = turn_between(head.rotation[1:], head.rotation[:-1])
        length = np.concatenate([[0.0], np.cumsum(np.hypot(moved, turned))])
        first, final = self.reach
        share = np.clip((progress - first) / (final - first), 0.0, 1.0)
        return np.interp(share * length[-1], length, grid) if length[-1] > 0.0 else share * last


def key_times(move: Spline, span: Span, clock: Clock) -> list[float]:
    """Return the stated key times as progress of the move's window.

    Raises:
        TrajectoryError: A key does not come after the one before it.
    """
    length = span.end - span.start
    stated = [frame_of(key.at, span, clock) for key in move.keys if key.at is not None]
    times = [float((frame - span.start) / length) for frame in stated] if length else []
    if any(later <= earlier for earlier, later in pairwise(times)) or len(times) < 2:
        raise TrajectoryError(
            f"shot {clock.shot!r}: the spline's keys do not come one after another; they lie at frames "
            f"{', '.join(f'{float(frame):g}' for frame in stated)}"
        )
    return times


def _turn_of(key: SplineKey) -> Turn | None:
    return key.rotation if key.look_at is None else key.look_at


def _axes(position: tuple[float, float, float] | None) -> tuple[float, float, float]:
    """Turn (right, up, in) into the axes of the source camera."""
    right, up, inward = position or (0.0, 0.0, 0.0)
    return right, -up, inward


def _level(rotation: Float64[np.ndarray, "3 3"]) -> bool:
    return bool(abs(rotation[1, 0]) <= LEVEL and rotation[1, 1] >= 0.0)
