"""What follows points through a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8

Frames = UInt8[np.ndarray, "frames height width 3"]
Points = Float32[np.ndarray, "points 2"]


@dataclass(frozen=True)
class Tracks:
    """Where points of the first frame are in every frame."""

    positions: Float32[np.ndarray, "frames points 2"]
    """Right and down, pixels, the centre of the first at (0.5, 0.5); those of the first frame are what was asked for.
    A point that is not seen has a place all the same: where what it belongs to takes it, outside the picture too."""
    seen: Bool[np.ndarray, "frames points"]
    """Where the point was found; False where it is hidden, has left the picture or was lost."""


@runtime_checkable
class Tracker(Protocol):
    """One way to follow points; an interface of one method."""

    def track(self, frames: Frames, points: Points) -> Tracks:
        """Follow points of the first frame through all frames.

        Args:
            frames: R'G'B' of one take; at least one.
            points: right and down, pixels of the first frame, pixel centres at +0.5.

        Raises:
            MissingPart: what the tracker needs is not here.
        """
        ...
