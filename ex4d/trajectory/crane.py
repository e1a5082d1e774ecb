"""The crane's head: it keeps the subject where it is in frame while the arm lifts it."""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Bool, Float64
from ex4d.geometry.se3 import apply, head_angles, head_rotation, roll_rotation, tilt_rotation
from ex4d.trajectory.aim import aim_along


def kept_in_frame(
    rotation: Float64[np.ndarray, "frames 3 3"],
    position: Float64[np.ndarray, "frames 3"],
    lifted: Float64[np.ndarray, "frames 3"],
    target: Float64[np.ndarray, "3"],
) -> tuple[Float64[np.ndarray, "frames 3 3"], Bool[np.ndarray, "frames"]]:
    """Return heads that see a target, after the lift, in the direction in which they saw it before.

    The head's roll stays as it is. Where nothing is lifted nothing is turned.

    Args:
        rotation: of the heads, in level axes.
        position: before the lift, subject distances.
        lifted: after the lift.
        target: in level axes, subject distances.

    Returns:
        Orientations, and whether such a framing exists; a target behind the camera, or one that would stand too
        steeply above or below it, has none.
    """
    _, tilt, roll = np.moveaxis(head_angles(rotation), -1, 0)
    seen = apply(roll_rotation(roll) @ np.swapaxes(rotation, -1, -2), target - position)
    beyond = apply(tilt_rotation(tilt), seen)[:, 2] < 0.0
    aim = aim_along(target - lifted, seen, beyond)
    moved = np.any(lifted != position, axis=1)
    aimed = head_rotation(aim.pan, aim.tilt, roll)
    return np.where(moved[:, None, None], aimed, rotation), ~moved | (aim.possible & (seen[:, 2] > 0.0))
