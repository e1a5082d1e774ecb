"""The camera of every frame of a compiled shot."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ex4d.array_types import Bool, Float64
from ex4d.artifacts.scene import Scene

AT_SOURCE = 1e-9
"""Per matrix entry and lens factor: what the compiler's arithmetic may leave of moves that cancel."""


@dataclass(frozen=True)
class CrossFade:
    """The other frame of the source that a frame also shows."""

    time: Fraction
    """A moment of the source, seconds, at which it is on screen."""
    weight: Fraction
    """Its share of the picture, above 0 and below 1."""


@dataclass(frozen=True)
class CameraPath:
    """SE(3) cameras, lenses and source times, one of each a frame."""

    world_from_camera: Float64[np.ndarray, "frames 4 4"]
    """Rigid; translations in multiples of the subject's distance; OpenCV axes of the source camera."""
    lens_factor: Float64[np.ndarray, "frames"]
    """Focal length relative to the source's."""
    source_time: tuple[Fraction, ...]
    """The moment of the source each frame shows, seconds; the frame on screen then is the one to use."""
    frame_rate: Fraction
    """Frames a second."""
    scene: Scene
    """What the path was compiled for."""
    cross_fades: tuple[CrossFade | None, ...] = ()
    """Of each frame what is cross-faded with it, None where nothing is; empty where no frame has any."""

    @property
    def at_source(self) -> Bool[np.ndarray, "frames"]:
        """True for the frames whose camera and lens are the source's own."""
        away = np.abs(self.world_from_camera - np.eye(4)).max(axis=(1, 2))
        still: Bool[np.ndarray, "frames"] = np.maximum(away, np.abs(self.lens_factor - 1.0)) <= AT_SOURCE
        return still

    def __len__(self) -> int:
        return len(self.source_time)

    def translated_in_depth_units(self, subject_distance: float) -> Float64[np.ndarray, "frames 4 4"]:
        """Return the poses with translations in the units of the source's depth."""
        scaled = self.world_from_camera.copy()
        scaled[:, :3, 3] *= subject_distance
        return scaled
