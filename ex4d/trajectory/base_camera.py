"""The base camera, on which all other moves are built: the source view, a path of formulas, a spline, or a file's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import pan_rotation, roll_rotation, tilt_rotation
from ex4d.shotlist.base_moves import MoveRecord
from ex4d.shotlist.model import CameraFile, Formula, Path, Spline
from ex4d.trajectory.aim import level_aim
from ex4d.trajectory.cue import Cue, blaming
from ex4d.trajectory.filed_camera import filed_camera, on_top
from ex4d.trajectory.head import Head, source_view
from ex4d.trajectory.key_spline import KeySpline
from ex4d.trajectory.places import first_direction, world_point
from ex4d.trajectory.standing import to_level, turned_source
from ex4d.trajectory.timing import Clock

Curve = Float64[np.ndarray, "frames"]


def base_camera(cues: Sequence[Cue], frames: Float64[np.ndarray, "frames"], scene: Scene, clock: Clock) -> Head:
    """Return the base camera at some moments, in frames; before and after its window it rests at its ends.

    Args:
        cues: the moves that state it: at most one, and at most one file on top of that.
        frames: moments of the shot.
        scene: what is filmed.
        clock: of the shot.
    """
    head = source_view(len(frames), scene)
    for cue in sorted(cues, key=lambda cue: _is_on_top(cue.move)):
        with blaming(cue.item):
            stated = _stated(cue, frames, scene, clock)
        head = on_top(head, stated) if _is_on_top(cue.move) else stated
    return head


def _is_on_top(move: MoveRecord) -> bool:
    return isinstance(move, CameraFile) and move.mode == "append"


def _stated(cue: Cue, frames: Float64[np.ndarray, "frames"], scene: Scene, clock: Clock) -> Head:
    progress = cue.progress(frames)
    if isinstance(cue.move, Spline):
        return KeySpline.of(cue.move, cue.span, scene, clock).at(progress)
    if isinstance(cue.move, CameraFile):
        return filed_camera(cue.move, progress, scene, clock.shot)
    assert isinstance(cue.move, Path)
    return path_camera(cue.move, progress, scene, clock.shot)


def path_camera(move: Path, progress: Float64[np.ndarray, "frames"], scene: Scene, shot: str) -> Head:
    """Evaluate a path of formulas at ``s = progress``.

    A ``look_at`` aims the head first; pan, tilt and roll are added to it as an operator would.

    Raises:
        TrajectoryError: A formula is not finite, or the lens is not above zero, at some s.
    """
    right, up, inward = (_curve(move, name, progress, shot) for name in ("right", "up", "in"))
    pan, tilt, roll = (_curve(move, name, progress, shot) for name in ("pan", "tilt", "roll"))
    lens = _curve(move, "lens", progress, shot, absent=1.0)
    if np.any(lens <= 0.0):
        at = progress[lens <= 0.0][0]
        raise TrajectoryError(f"shot {shot!r}: the path's lens is not above zero at s = {at:.6g}; change the formula")
    position = to_level(np.stack([right, -up, inward], axis=1), scene)
    if move.look_at is None:
        return Head(turned_source(pan, tilt, roll, scene), position, lens, np.ones(len(lens), dtype=bool))
    seen = first_direction(move.look_at, scene, shot)
    aim = level_aim(world_point(move.look_at, scene) - position, seen, lens, np.zeros_like(lens))
    rotation = pan_rotation(pan) @ aim.rotation() @ tilt_rotation(tilt) @ roll_rotation(roll)
    return Head(rotation, position, lens, aim.possible)


def _curve(
    move: Path, name: str, progress: Float64[np.ndarray, "frames"], shot: str, absent: float = 0.0
) -> Float64[np.ndarray, "frames"]:
    """Evaluate one formula, where it is stated."""
    formula: Formula | None = move.formulas.get(name)
    if formula is None:
        return np.full(len(progress), absent)
    try:
        return formula.evaluate({"s": progress, **move.parameters})
    except TrajectoryError as error:
        raise TrajectoryError(f"shot {shot!r}: the path's {name}: {error}; change the formula") from error
