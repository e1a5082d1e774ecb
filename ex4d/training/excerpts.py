"""An excerpt: the frames of a clip that are trained on together."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ex4d.array_types import UInt8
from ex4d.footage import Footage
from ex4d.shotlist.model import Source


@dataclass(frozen=True)
class Excerpt:
    """Which frames of which clip, and how they are cut."""

    name: str
    """Of the clip with the number of its first frame, as ``bear-0012``: unique in a data set, and a file's name."""
    source: Source
    """The clip, with its depth where it has one."""
    frames: tuple[int, ...]
    """Of the clip, rising."""
    size: tuple[int, int]
    """Width and height, pixels; the middle of the clip's picture is cropped to that aspect."""
    prompt: str
    """What it shows, in words for the text encoder."""


@dataclass(frozen=True)
class OpenedExcerpt:
    """An excerpt with its pictures in memory."""

    excerpt: Excerpt
    colour: UInt8[np.ndarray, "frames height width 3"]
    """R'G'B', as the excerpt is cut: what is to be learned."""
    frame_rate: Fraction
    """Of the excerpt, frames a second."""
    footage: Footage | None
    """The clip with its depth, fitted to the excerpt's size; None where there is no depth."""
    times: tuple[Fraction, ...]
    """The moment of the clip at which each frame is on screen."""
