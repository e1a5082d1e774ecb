"""Lenses: the zooms of a shot in the logarithm of focal length, and the angles that are allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import NARROWEST, WIDEST
from ex4d.shotlist.model import LensSpec, Source, Zoom
from ex4d.trajectory.cue import Cue, blaming

ROUNDING = 1e-9
"""Relative slack of the limits, so that a zoom to exactly 2deg or 150deg is allowed."""


def source_focal(source: Source, scene: Scene) -> float:
    """Return the source's focal length in widths of its frame, as delivered where that is stated."""
    angle = source.lens.horizontal_angle if isinstance(source.lens, LensSpec) else None
    if angle is not None:
        return 0.5 / math.tan(0.5 * angle)
    return scene.delivered_focal or scene.lens.focal_px / scene.lens.width


def lens_factor(spec: LensSpec, source: Source, scene: Scene, shot: str) -> float:
    """Return the focal length of a stated lens relative to the source's.

    Both are compared on the source's frame as delivered, so that a zoom from the source's own lens begins at 1 however
    the frame is cropped.

    Raises:
        TrajectoryError: The lens is in pixels and the source's is not.
    """
    if spec.horizontal_angle is not None:
        return 0.5 / math.tan(0.5 * spec.horizontal_angle) / source_focal(source, scene)
    if not isinstance(source.lens, LensSpec) or source.lens.kind != "px":
        raise TrajectoryError(
            f"shot {shot!r}: a zoom in px needs the source's lens in px too; write the zoom in mm or deg, or "
            f"source.lens as {spec.value:g}px"
        )
    return spec.value / source.lens.value


def zoom_log(
    cue: Cue, frames: Float64[np.ndarray, "frames"], source: Source, scene: Scene, shot: str
) -> Float64[np.ndarray, "frames"]:
    """Return the logarithm of a zoom's lens factor; an absolute zoom holds its ends outside its window."""
    move, progress = cue.move, cue.progress(frames)
    assert isinstance(move, Zoom)
    if move.end is None:
        return progress * math.log(move.factor or 1.0)
    with blaming(cue.item):
        start = 0.0 if move.start is None else math.log(lens_factor(move.start, source, scene, shot))
        return start + progress * (math.log(lens_factor(move.end, source, scene, shot)) - start)


def require_alone(zooms: Iterable[Cue], base_lens: Float64[np.ndarray, "frames"], shot: str) -> None:
    """Refuse a zoom from one lens to another on a base camera whose file has lenses of its own.

    Raises:
        TrajectoryError: About the zoom; what else moves the lens is refused where the shot list is read.
    """
    for cue in zooms:
        if isinstance(cue.move, Zoom) and cue.move.absolute and np.any(base_lens != 1.0):
            raise TrajectoryError(
                f"shot {shot!r}: a zoom from one lens to another must be the shot's only lens move, and its camera "
                "file changes the lens too; write the zoom as a factor, as in zoom: 2x",
                part=cue.item,
            )


def require_lens(
    factor: Float64[np.ndarray, "frames"], frames: Float64[np.ndarray, "frames"], focal: float, shot: str
) -> None:
    """Refuse angles of view outside 2..150 degrees.

    Raises:
        TrajectoryError: Naming the first such frame and its angle.
    """
    angle = 2.0 * np.arctan(0.5 / (focal * factor))
    outside = np.flatnonzero((angle < NARROWEST * (1 - ROUNDING)) | (angle > WIDEST * (1 + ROUNDING)))
    if outside.size:
        worst = outside[np.argmin(frames[outside])]
        remedy = "the source's own lens is at fault" if factor[worst] == 1.0 else "let the lens change less"
        raise TrajectoryError(
            f"shot {shot!r}, frame {math.ceil(frames[worst])}: its lens sees {math.degrees(angle[worst]):.4g}deg "
            f"across; a lens sees 2deg to 150deg; {remedy}"
        )
