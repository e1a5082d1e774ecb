"""The cameras of a file as a shot's base camera, or on top of it."""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError, UserError
from ex4d.geometry.se3 import apply, inverse, slerp
from ex4d.geometry.splines import segment_of
from ex4d.shotlist.model import CameraFile
from ex4d.trajectory.exchange.file_cameras import FileCameras, file_cameras
from ex4d.trajectory.head import Head
from ex4d.trajectory.standing import level_from_source, to_level


def filed_camera(move: CameraFile, progress: Float64[np.ndarray, "frames"], scene: Scene, shot: str) -> Head:
    """Return a file's cameras as they stand, in the source camera's axes, at some progress of the move.

    Raises:
        TrajectoryError: The file cannot be read, or does not say what its unit is.
    """
    cameras, unit = _opened(move, shot)
    rotation, position, lens = _between(cameras, progress)
    level = rotation if move.mode == "append" else level_from_source(scene) @ rotation
    placed = position * unit if move.mode == "append" else to_level(position * unit, scene)
    return Head(level, placed, lens, np.ones(len(lens), dtype=bool))


def on_top(base: Head, added: Head) -> Head:
    """Return a base camera that also moves as a file's cameras do relative to their first."""
    position = base.position + apply(base.rotation, added.position)
    return Head(base.rotation @ added.rotation, position, base.lens * added.lens, base.framed)


def _opened(move: CameraFile, shot: str) -> tuple[FileCameras, float]:
    try:
        cameras = file_cameras(move.file)
    except UserError as error:
        raise TrajectoryError(f"shot {shot!r}: {error}") from error
    unit = cameras.unit if move.scale is None else move.scale
    if unit is None:
        raise TrajectoryError(
            f"shot {shot!r}: {move.file.name} does not say how long its unit is; write scale, one of its units in "
            "subject distances, as in file: {file: " + move.file.name + ", scale: 40%}"
        )
    return (_from_first(cameras) if move.mode == "append" else cameras), unit


def _from_first(cameras: FileCameras) -> FileCameras:
    poses = inverse(cameras.world_from_camera[0]) @ cameras.world_from_camera
    return FileCameras(poses, cameras.progress, cameras.lens_factor / cameras.lens_factor[0])


def _between(
    cameras: FileCameras, progress: Float64[np.ndarray, "frames"]
) -> tuple[Float64[np.ndarray, "frames 3 3"], Float64[np.ndarray, "frames 3"], Float64[np.ndarray, "frames"]]:
    """Interpolate: places evenly, turns the shorter way round, lenses evenly in the logarithm."""
    poses, when = cameras.world_from_camera, cameras.progress
    if len(poses) == 1:
        still = np.repeat(poses, len(progress), axis=0)
        return still[:, :3, :3], still[:, :3, 3], np.repeat(cameras.lens_factor, len(progress))
    index = segment_of(when, progress)
    share = np.clip((progress - when[index]) / (when[index + 1] - when[index]), 0.0, 1.0)
    first, second = poses[index], poses[index + 1]
    position = first[:, :3, 3] * (1.0 - share)[:, None] + second[:, :3, 3] * share[:, None]
    lens = np.exp(np.interp(progress, when, np.log(cameras.lens_factor)))
    return slerp(first[:, :3, :3], second[:, :3, :3], share), position, lens
