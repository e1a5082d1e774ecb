"""A compiled path in numbers that a user can judge, and where each is largest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.camera_path import CameraPath
from ex4d.geometry.se3 import apply, log_rotation, turn_between

JOLT = 0.1
"""Change of speed within one frame that shows, radians or subject distances a second: a tenth of a usual picture's
width each second, from one frame to the next."""
JOLT_FACTOR = 3.0
"""How many times the median of the changes round it, of ``JOLT_STEPS`` in all, such a change is. A move that eases, or
that turns back, changes its speed in each of them alike, however fast it is; one that stops dead does not."""
JOLT_STEPS = 5

Steps = Float64[np.ndarray, "steps"]


@dataclass(frozen=True)
class Jolt:
    """A sudden change of speed."""

    frame: int
    """At which the speed is another than before."""
    turn_deg: float
    """Degrees a second."""
    travel: float
    """Subject distances a second."""
    zoom: float
    """Share by which the lens changes each second."""


@dataclass(frozen=True)
class PathFigures:
    """A path in numbers a user can judge; of steps the frame is the one that they lead to."""

    furthest_deg: float
    """Largest angle between the camera's view and the source's, degrees."""
    furthest_deg_at: int
    furthest_from_source: float
    """Largest distance from the source camera, subject distances."""
    turn_per_frame_deg: float
    """Largest turn between two frames, degrees."""
    turn_per_frame_at: int
    move_per_frame: float
    """Largest step between two frames, subject distances."""
    move_per_frame_at: int
    widest_deg: float
    """Widest horizontal angle of view, degrees."""
    widest_at: int
    starts_at_source: bool
    """Whether the first frame's camera and lens are the source's."""


def figures_of(path: CameraPath) -> PathFigures:
    """Measure a path."""
    turned, away, turns, steps = off_axis_deg(path), distances(path), turns_deg(path), travels(path)
    return PathFigures(
        furthest_deg=float(turned.max()),
        furthest_deg_at=int(turned.argmax()),
        furthest_from_source=float(away.max()),
        turn_per_frame_deg=float(turns.max(initial=0.0)),
        turn_per_frame_at=_largest_step(turns),
        move_per_frame=float(steps.max(initial=0.0)),
        move_per_frame_at=_largest_step(steps),
        widest_deg=math.degrees(path.scene.lens.zoomed(float(path.lens_factor.min())).horizontal_angle),
        widest_at=int(path.lens_factor.argmin()),
        starts_at_source=bool(path.at_source[0]),
    )


def off_axis_deg(path: CameraPath) -> Float64[np.ndarray, "frames"]:
    """Return the angle between each frame's view and the source's, degrees."""
    axis = path.world_from_camera[:, :3, 2]
    return np.degrees(np.arctan2(np.hypot(axis[:, 0], axis[:, 1]), axis[:, 2]))


def distances(path: CameraPath) -> Float64[np.ndarray, "frames"]:
    """Return how far each frame's camera is from the source's, subject distances."""
    return np.linalg.norm(path.world_from_camera[:, :3, 3], axis=1)


def turns_deg(path: CameraPath) -> Steps:
    """Return the turn between each two frames, degrees."""
    rotation = path.world_from_camera[:, :3, :3]
    return np.degrees(turn_between(rotation[1:], rotation[:-1]))


def travels(path: CameraPath) -> Steps:
    """Return the distance between each two frames, subject distances."""
    return np.linalg.norm(np.diff(path.world_from_camera[:, :3, 3], axis=0), axis=1)


def largest_jolt(path: CameraPath) -> Jolt | None:
    """Return the largest sudden change of speed within a path, None where there is none.

    Speeds are in the camera's own axes, so that an even orbit is even. A shot may begin and end at speed: cuts hide it.
    """
    speeds = _speeds(path)
    change = np.linalg.norm(np.diff(speeds, axis=0), axis=1)
    around = np.pad(change, JOLT_STEPS // 2, mode="reflect") if len(change) > JOLT_STEPS // 2 else np.zeros(0)
    if not around.size:
        return None
    usual = np.median(np.lib.stride_tricks.sliding_window_view(around, JOLT_STEPS), axis=1)
    sudden = (change > JOLT) & (change > JOLT_FACTOR * usual)
    if not sudden.any():
        return None
    step = int(np.argmax(np.where(sudden, change, 0.0)))
    turn, travel, zoom = np.split(speeds[step + 1] - speeds[step], [3, 6])
    return Jolt(step + 1, math.degrees(float(np.linalg.norm(turn))), float(np.linalg.norm(travel)), float(abs(zoom[0])))


def _speeds(path: CameraPath) -> Float64[np.ndarray, "steps 7"]:
    """Return turn, travel and the change of the logarithm of the lens between each two frames, a second."""
    rotation, position = path.world_from_camera[:, :3, :3], path.world_from_camera[:, :3, 3]
    to_camera = np.swapaxes(rotation[:-1], -1, -2)
    turn = log_rotation(to_camera @ rotation[1:])
    travel = apply(to_camera, np.diff(position, axis=0))
    zoom = np.diff(np.log(path.lens_factor))[:, None]
    speeds: Float64[np.ndarray, "steps 7"] = np.concatenate([turn, travel, zoom], axis=1) * float(path.frame_rate)
    return speeds


def _largest_step(steps: Steps) -> int:
    return int(steps.argmax()) + 1 if steps.size else 0
