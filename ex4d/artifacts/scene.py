"""What compiling a shot needs to know of the media."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ex4d.geometry.pinhole import Pinhole


@dataclass(frozen=True)
class Scene:
    """The source as one shot sees it, after fitting to the output's size.

    Lengths are multiples of the subject's distance, which is a z-depth: ``pivot[2]`` is 1.
    """

    lens: Pinhole
    """The source's lens, in pixels of the fitted frame; the output has the same size."""
    pivot: tuple[float, float, float]
    """The subject's point in the source camera's axes, in units of its own z-depth."""
    frame_rate: Fraction
    """Of the output, frames a second."""
    source_rate: Fraction
    """Of the source, frames a second; what ``48f`` counts."""
    source_duration: Fraction
    """Seconds, from the start of the first frame to the end of the last."""
    delivered_focal: float | None = None
    """Focal length of the source as delivered, before fitting, in widths of its frame; None is that of ``lens``."""
    subject_distance: float | None = None
    """The subject's z-depth in the units of the source's depth; None where no depth was read."""
    assumed: tuple[str, ...] = ()
    """What was not read from the media but assumed, in words for the user."""
    source_times: tuple[Fraction, ...] | None = None
    """When each frame of the source begins, seconds, where its rate varies; None where frame k begins at k / rate."""
    source_tilt: float = 0.0
    """Radians by which the source's camera looked down."""
    source_roll: float = 0.0
    """Radians by which it was rolled, clockwise."""
