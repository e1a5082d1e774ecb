"""Aiming a head that has no roll."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ex4d.array_types import Bool, Float64, Integer
from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import head_rotation, wrapped

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
    facing: Float64[np.ndarray, "frames"],
) -> Aim:
    """Find the level head that shows a target at a place in frame.

    ``offset`` leads from the camera to the target; ``direction`` (z = 1) is where the source's lens shows that place,
    and ``lens`` the focal length relative to it. The tilt follows from the vertical component, then the pan from the
    azimuth.

    A head that looks almost straight down shows what is beyond the point below it, too: there two upright heads show
    the target, and the one is found that turns less from ``facing``, the pan of the head before it is aimed.
    """
    seen = np.stack([direction[0] / lens, direction[1] / lens, np.ones_like(lens)], axis=1)
    hither = aim_along(offset, seen)
    beyond = _shows_beyond(offset, seen)
    if not beyond.any():
        return hither
    yonder = aim_along(offset, seen, beyond)
    nearer = np.abs(wrapped(yonder.pan - facing)) < np.abs(wrapped(hither.pan - facing))
    return aim_along(offset, seen, beyond & nearer)


def aim_along(
    offset: Float64[np.ndarray, "frames 3"],
    seen: Float64[np.ndarray, "frames 3"],
    beyond: Bool[np.ndarray, "frames"] | None = None,
) -> Aim:
    """Find the level head that sees a target in a direction of its own axes, whose z is above 0; of any length.

    ``beyond`` tells where the target lies behind the head's vertical, and not ahead of it; None for nowhere.
    """
    vertical, reach, possible = _steepness(offset, seen)
    ahead = np.sqrt(np.maximum(reach * reach - vertical * vertical, 0.0))
    if beyond is not None:
        ahead = np.where(beyond, -ahead, ahead)
    tilt = np.arctan2(seen[:, 1], seen[:, 2]) - np.arctan2(vertical, ahead)
    pan = np.arctan2(offset[:, 0], offset[:, 2]) - np.arctan2(seen[:, 0], ahead)
    return Aim(pan, wrapped(tilt), possible)


def _steepness(
    offset: Float64[np.ndarray, "frames 3"], seen: Float64[np.ndarray, "frames 3"]
) -> tuple[Float64[np.ndarray, "frames"], Float64[np.ndarray, "frames"], Bool[np.ndarray, "frames"]]:
    """Return how far down the target is on a ray as long as ``seen``, how far a tilt can bring it, and if that does."""
    distance = np.linalg.norm(offset, axis=1)
    vertical = offset[:, 1] * np.linalg.norm(seen, axis=1) / np.where(distance > 0.0, distance, 1.0)
    reach = np.hypot(seen[:, 1], seen[:, 2])
    return vertical, reach, (distance > 0.0) & (np.abs(vertical) <= reach * (1.0 + STEEP_TOLERANCE))


def _shows_beyond(
    offset: Float64[np.ndarray, "frames 3"], seen: Float64[np.ndarray, "frames 3"]
) -> Bool[np.ndarray, "frames"]:
    """Tell where an upright head sees a target that lies behind its vertical: its tilt's cosine is above 0."""
    vertical, reach, possible = _steepness(offset, seen)
    behind = np.sqrt(np.maximum(reach * reach - vertical * vertical, 0.0))
    return possible & (seen[:, 1] * vertical > seen[:, 2] * behind)


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
