"""The lens that keeps the subject's size while the camera dollies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from ex4d.errors import TrajectoryError
from ex4d.trajectory.timing import Span

NEAREST = 0.05
"""Share of its first distance within which the subject may not come."""


@dataclass(frozen=True)
class Pushed:
    """How far one dolly-zoom has carried the camera, as the turntable left it, and its window."""

    span: Span
    offset: Float64[np.ndarray, "frames 3"]


def kept_size(
    pushed: list[Pushed],
    depth: Float64[np.ndarray, "frames"],
    view_axis: Float64[np.ndarray, "frames 3"],
    frames: Float64[np.ndarray, "frames"],
    shot: str,
) -> Float64[np.ndarray, "frames"]:
    """Return the lens factor z/z0 of all dolly-zooms together.

    ``depth`` is the subject's along the view axis where the camera stands, and z0 what it would be there without the
    dolly-zoom: so a dolly-zoom changes no size whatever else moves, and one of no size changes nothing. After its
    window it leaves the lens where it then was. ``frames`` must contain both ends of every window. Several are taken
    apart in the order in which they end, so that each sees what the ones that have ended left.

    Raises:
        TrajectoryError: The subject comes nearer than NEAREST of its first distance.
    """
    factor = np.ones_like(depth)
    for push in sorted(pushed, key=lambda push: push.span.end, reverse=True):
        before = depth + np.sum(push.offset * view_axis, axis=1)
        first = before[frames == float(push.span.start)][0]
        active = (frames >= float(push.span.start)) & (frames <= float(push.span.end))
        _require_distance(active & (np.minimum(depth, before) < NEAREST * max(first, 0.0)), depth, first, frames, shot)
        ratio = depth / np.where(active, before, 1.0)
        factor = factor * np.where(
            frames < float(push.span.start), 1.0, np.where(active, ratio, _last(ratio, push, frames))
        )
        depth = before
    return factor


def _last(ratio: Float64[np.ndarray, "frames"], push: Pushed, frames: Float64[np.ndarray, "frames"]) -> float:
    """Return the ratio at the end of the window."""
    return float(ratio[frames == float(push.span.end)][0])


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
