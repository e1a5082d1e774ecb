"""Aiming a head that has no roll."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Integer

from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import head_rotation

STEEP_TOLERANCE = 1e-12
"""Relative rounding that is forgiven where a target is exactly as steep as can still be framed."""


class Aim(NamedTuple):
    """How a level head must stand; where ``possible`` is False, no level framing exists."""

    pan: Float64[np.ndarray, "frames"]
    tilt: Float64[np.ndarray, "frames"]
    possible: Bool[np.ndarray, "frames"]

    def rotation(self) -> Float64[np.ndarray, "frames 3 3"]:
        """Return the orientation, its right axis exactly horizontal."""
        return head_rotation(self.pan, self.tilt, np.zeros_like(self.pan))


def level_aim(
    offset: Float64[np.ndarray, "frames 3"],
    direction: Float64[np.ndarray, "3"],
    lens: Float64[np.ndarray, "frames"],
) -> Aim:
    """Find the level head that shows a target at a place in frame.

    ``offset`` leads from the camera to the target; ``direction`` (z = 1) is where the source's lens shows that place,
    and ``lens`` the focal length relative to it. The tilt follows from the vertical component, then the pan from the
    azimuth.
    """
    return aim_along(offset, np.stack([direction[0] / lens, direction[1] / lens, np.ones_like(lens)], axis=1))


def aim_along(offset: Float64[np.ndarray, "frames 3"], seen: Float64[np.ndarray, "frames 3"]) -> Aim:
    """Find the level head that sees a target in a direction of its own axes, whose z is above 0; of any length."""
    distance = np.linalg.norm(offset, axis=1)
    vertical = offset[:, 1] * np.linalg.norm(seen, axis=1) / np.where(distance > 0.0, distance, 1.0)
    reach = np.hypot(seen[:, 1], seen[:, 2])
    possible = (distance > 0.0) & (np.abs(vertical) <= reach * (1.0 + STEEP_TOLERANCE))
    ahead = np.sqrt(np.maximum(reach * reach - vertical * vertical, 0.0))
    tilt = np.arctan2(seen[:, 1], seen[:, 2]) - np.arctan2(vertical, ahead)
    pan = np.arctan2(offset[:, 0], offset[:, 2]) - np.arctan2(seen[:, 0], ahead)
    return Aim(pan, tilt, possible)


def require_framing(possible: Bool[np.ndarray, "frames"], frames: Float64[np.ndarray, "frames"], shot: str) -> None:
    """Refuse a shot in which a frame cannot be framed level.

    Raises:
        TrajectoryError: Naming the first such frame.
    """
    failing: Integer[np.ndarray, "failing"] = np.flatnonzero(~possible)
    if failing.size:
        frame = int(np.ceil(frames[failing].min()))
        raise TrajectoryError(
            f"shot {shot!r}, frame {frame}: the place to look at is so steep above or below the camera, or so close to "
            f"it, that no level framing exists; lower the move, or look at another place"
        )
