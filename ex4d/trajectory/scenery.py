"""The source as a shot list states it: its lens, and where its subject is."""

from __future__ import annotations

import math

from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.model import ImagePoint, LensSpec, Source


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
