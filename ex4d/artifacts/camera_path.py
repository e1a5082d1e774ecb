"""The camera of every frame of a compiled shot."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float64

from ex4d.artifacts.scene import Scene


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

    def __len__(self) -> int:
        return len(self.source_time)

    def translated_in_depth_units(self, subject_distance: float) -> Float64[np.ndarray, "frames 4 4"]:
        """Return the poses with translations in the units of the source's depth."""
        scaled = self.world_from_camera.copy()
        scaled[:, :3, 3] *= subject_distance
        return scaled
