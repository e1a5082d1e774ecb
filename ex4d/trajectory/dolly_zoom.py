"""The lens that keeps the subject's size while the camera dollies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Float64
from ex4d.errors import TrajectoryError
from ex4d.trajectory.timing import Span

NEAREST = 0.05
"""Share of its first distance within which the subject may not come."""


@dataclass(frozen=True)
class Pushed:
    """How far one dolly-zoom carries the camera, as the turntable leaves it, and its window."""

    item: int
    """Which item of the camera it is, for errors."""
    span: Span
    offset: Float64[np.ndarray, "frames 3"]


def kept_size(
    span: Span,
    depth: Float64[np.ndarray, "frames"],
    before: Float64[np.ndarray, "frames"],
    frames: Float64[np.ndarray, "frames"],
    shot: str,
) -> Float64[np.ndarray, "frames"]:
    """Return the lens factor z/z0 of a dolly-zoom.

    ``depth`` is the subject's along the view axis of the camera, and z0 the ``before``: what it would be, wherever the
    head then looked, without the dolly-zoom. So a dolly-zoom changes no size whatever else moves, and one of no size
    changes nothing. After its window it leaves the lens where it then was. ``frames`` must contain both ends of it.

    Raises:
        TrajectoryError: The subject comes nearer than NEAREST of its first distance.
    """
    first = before[frames == float(span.start)][0]
    active = (frames >= float(span.start)) & (frames <= float(span.end))
    _require_distance(active & (np.minimum(depth, before) < NEAREST * max(first, 0.0)), depth, first, frames, shot)
    ratio = depth / np.where(active, before, 1.0)
    last = float(ratio[frames == float(span.end)][0])
    return np.where(frames < float(span.start), 1.0, np.where(active, ratio, last))


def _require_distance(
    too_near: np.ndarray,
    depth: Float64[np.ndarray, "frames"],
    first: float,
    frames: Float64[np.ndarray, "frames"],
    shot: str,
) -> None:
    bad = np.flatnonzero(too_near)
    if first <= 0.0:
        raise TrajectoryError(f"shot {shot!r}: a dolly-zoom opens with the subject behind the camera; turn to it first")
    if bad.size:
        worst = bad[np.argmin(frames[bad])]
        raise TrajectoryError(
            f"shot {shot!r}, frame {math.ceil(frames[worst])}: the dolly-zoom brings the subject to "
            f"{100 * depth[worst] / first:.3g}% of its first distance; it may come to 5%: dolly less"
        )
