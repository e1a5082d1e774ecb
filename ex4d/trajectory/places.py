"""What a place in a shot list is in space, and where it stands in the frame."""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import ImagePoint, Place, SpacePoint
from ex4d.trajectory.standing import to_level


def world_point(place: Place, scene: Scene) -> Float64[np.ndarray, "3"]:
    """Return the point in level axes, in subject distances.

    A place in the image lies as deep as the subject: a scene knows no other depth.
    """
    return to_level(source_point(place, scene), scene)


def source_point(place: Place, scene: Scene) -> Float64[np.ndarray, "3"]:
    """Return the same point in the source camera's own axes, in which places are written."""
    if isinstance(place, SpacePoint):
        return np.array([place.right, -place.up, place.inward], dtype=np.float64)
    if isinstance(place, ImagePoint):
        return view_direction((place.x, place.y), scene)
    return np.array(scene.pivot, dtype=np.float64)


def view_direction(frame: tuple[float, float], scene: Scene) -> Float64[np.ndarray, "3"]:
    """Return the direction, with z = 1, that the source's lens shows at a place in the frame (shares of its size)."""
    pixel = np.array([frame[0] * scene.lens.width, frame[1] * scene.lens.height])
    return scene.lens.unproject(pixel, np.array(1.0))


def first_direction(place: Place, scene: Scene, shot: str) -> Float64[np.ndarray, "3"]:
    """Return the direction, with z = 1, in which the source camera sees a place.

    Raises:
        TrajectoryError: The place is not before the camera, so no frame shows it.
    """
    point = source_point(place, scene)
    if point[2] <= 0.0:
        raise TrajectoryError(
            f"shot {shot!r}: the shot's first source frame does not show the place to look at, which lies behind the "
            f"camera; say where it shall stand with 'frame: center'"
        )
    return point / point[2]
