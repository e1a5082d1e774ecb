"""A shot's Scene as far as the shot file alone tells it, and the lens as words."""

from __future__ import annotations

import math
from fractions import Fraction

from ex4d.artifacts.scene import Scene
from ex4d.errors import MissingPart
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.model import DEFAULT_LENS, Clip, ImagePoint, LensSpec, Output, Shot, Source

ASSUMED_SIZE = (512, 512)
"""Pixels, width and height, of a source that was not opened: EX-4D's."""
ASSUMED_RATE = Fraction(24)
"""Frames a second of a source that was not opened."""


def delivered_lens(source: Source, width: int, height: int) -> Pinhole:
    """Return the lens of a source of this size as delivered, in its own pixels.

    Raises:
        MissingPart: the lens is ``auto`` and neither the file nor a depth model states one.
    """
    if source.lens == "auto":
        raise MissingPart(
            f"{source.video}: lens: auto needs a depth model that estimates it, and none is in this version; "
            "state it, as in lens: 54deg or lens: 35mm"
        )
    center = source.center or (0.5 * width, 0.5 * height)
    return Pinhole(width, height, focal_px(source.lens, width), center)


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


def assumed_scene(shot: Shot, output: Output) -> Scene:
    """Return the Scene that a shot file describes before any media is opened; what it leaves open is assumed."""
    width, height = output.size or ASSUMED_SIZE
    rate = output.fps or shot.source.fps or ASSUMED_RATE
    source_rate = shot.source.fps or rate
    assumed = _assumptions(shot, output)
    lens = _stated_lens(shot.source, width, height)
    pivot = assumed_pivot(shot.source, lens)
    return Scene(lens, pivot, rate, source_rate, _least_duration(shot.clip, source_rate), assumed=assumed)


def _stated_lens(source: Source, width: int, height: int) -> Pinhole:
    """Take the stated lens for one of the output's own pixels; ``auto`` and pixels of an unknown size are assumed."""
    lens = DEFAULT_LENS if source.lens == "auto" else source.lens
    return Pinhole(width, height, focal_px(lens, width), (0.5 * width, 0.5 * height))


def _least_duration(clip: Clip | None, source_rate: Fraction) -> Fraction:
    """Return the shortest source that holds the clip, and a second more where it runs to the end."""
    if clip is None:
        return Fraction(10)
    ends = [clip.start if clip.end is None else clip.end, clip.start]
    seconds = [end.value / source_rate if end.unit == "f" else Fraction(end.value) for end in ends]
    return max(seconds) + (1 if clip.end is None else 0)


def _assumptions(shot: Shot, output: Output) -> tuple[str, ...]:
    assumed = []
    if output.size is None:
        assumed.append(f"output size {ASSUMED_SIZE[0]}x{ASSUMED_SIZE[1]}")
    if output.fps is None and shot.source.fps is None:
        assumed.append(f"{ASSUMED_RATE} frames a second")
    if not shot.source.lens_stated or shot.source.lens == "auto":
        assumed.append("lens 54deg")
    if shot.clip is None or shot.clip.end is None:
        assumed.append("how long the source is")
    assumed.append("that the source is long enough")
    return tuple(assumed)
