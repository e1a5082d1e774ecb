"""The source as a shot list states it: its lens, and where its subject is."""

from __future__ import annotations

import math

from ex4d.errors import MissingPart, TrajectoryError
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.lens import NARROWEST, WIDEST
from ex4d.shotlist.model import ImagePoint, LensSpec, Source

ROUNDING = 1e-9
"""Relative slack of the limits, so that exactly 2deg or 150deg are allowed."""


def delivered_lens(source: Source, width: int, height: int) -> Pinhole:
    """Return the lens of a source of this size as delivered, in its own pixels.

    Raises:
        MissingPart: the lens is ``auto`` and neither the file nor a depth model states one.
        TrajectoryError: no lens sees that angle on a source of this size, or its center lies outside the picture.
    """
    if source.lens == "auto":
        raise MissingPart(
            f"{source.video}: lens: auto needs a depth model that estimates it, and none is in this version; "
            "state it, as in lens: 54deg or lens: 35mm"
        )
    center = source.center or (0.5 * width, 0.5 * height)
    lens = Pinhole(width, height, focal_px(source.lens, width), center)
    _require_lens(source, lens)
    return lens


def _require_lens(source: Source, lens: Pinhole) -> None:
    where, angle = f"{source.video} is {lens.width}x{lens.height}", lens.horizontal_angle
    if not NARROWEST * (1 - ROUNDING) <= angle <= WIDEST * (1 + ROUNDING):
        raise TrajectoryError(
            f"{where}, on which a lens of {lens.focal_px:g}px sees {math.degrees(angle):.4g}deg across; "
            f"a lens sees 2deg to 150deg",
            part="source",
        )
    x, y = lens.center_px
    if not (0 <= x <= lens.width and 0 <= y <= lens.height):
        raise TrajectoryError(f"{where}, and the center [{x:g}px, {y:g}px] lies outside it", part="source")


def focal_px(lens: LensSpec, width: int) -> float:
    """Return a stated lens's focal length in pixels of an image ``width`` pixels wide."""
    angle = lens.horizontal_angle
    return lens.value if angle is None else 0.5 * width / math.tan(0.5 * angle)


def lens_in_words(lens: Pinhole) -> str:
    """Say a lens as its horizontal angle and its focal length in pixels."""
    return f"{math.degrees(lens.horizontal_angle):.1f}deg ({lens.focal_px:.0f} px)"


def assumed_pivot(source: Source, lens: Pinhole) -> tuple[float, float, float]:
    """Return the subject's point in units of its depth, as far as no depth is needed to know it."""
    if not isinstance(source.subject, ImagePoint):
        return (0.0, 0.0, 1.0)
    x = (source.subject.x * lens.width - lens.center_px[0]) / lens.focal_px
    y = (source.subject.y * lens.height - lens.center_px[1]) / lens.focal_px
    return (x, y, 1.0)
