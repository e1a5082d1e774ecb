"""The pinhole camera: one focal length in pixels, a principal point, an image size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Float64
from ex4d.errors import UserError

NARROWEST, WIDEST = math.radians(2.0), math.radians(150.0)
"""The horizontal angles of view that are allowed."""


@dataclass(frozen=True)
class Pinhole:
    """A lens with square pixels and no distortion, for images of one size.

    Raises:
        UserError: no pixels, a focal length that is not finite and above 0, or a principal point that is not finite.
    """

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    focal_px: float
    """Focal length in pixels, the same along both axes."""
    center_px: tuple[float, float]
    """Principal point (x, y); the centre of the first pixel is (0.5, 0.5)."""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise UserError(f"a lens for {self.width}x{self.height} pixels: there is no such image")
        if not 0.0 < self.focal_px < math.inf:
            raise UserError(
                f"a lens of {self.focal_px:g} px: write a focal length above 0, or an angle below 180 degrees"
            )
        if not all(map(math.isfinite, self.center_px)):
            raise UserError(f"a lens with its principal point at {self.center_px}: write two numbers")

    @classmethod
    def from_horizontal_angle(cls, width: int, height: int, angle: float) -> Pinhole:
        """Build a centred lens from its horizontal angle of view in radians.

        Raises:
            UserError: the angle is not between 0 and pi.
        """
        if not 0.0 < angle < math.pi:
            raise UserError(f"a lens of {math.degrees(angle):g} degrees: write an angle between 0 and 180")
        return cls(width, height, 0.5 * width / math.tan(0.5 * angle), (0.5 * width, 0.5 * height))

    @property
    def horizontal_angle(self) -> float:
        """Horizontal angle of view, radians, of a centred lens of this focal length."""
        return 2.0 * math.atan(0.5 * self.width / self.focal_px)

    def zoomed(self, factor: float) -> Pinhole:
        """Return the same lens with its focal length times ``factor``."""
        return Pinhole(self.width, self.height, self.focal_px * factor, self.center_px)

    def project(self, points: Float64[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch 2"]:
        """Project points in camera axes to pixels; points at z <= 0 give what the formula gives."""
        return points[..., :2] / points[..., 2:] * self.focal_px + np.asarray(self.center_px)

    def unproject(
        self, pixels: Float64[np.ndarray, "*batch 2"], depth: Float64[np.ndarray, "*batch"]
    ) -> Float64[np.ndarray, "*batch 3"]:
        """Lift pixels to camera axes at a z-depth."""
        lateral = (pixels - np.asarray(self.center_px)) / self.focal_px * depth[..., None]
        return np.concatenate([lateral, depth[..., None]], axis=-1)
