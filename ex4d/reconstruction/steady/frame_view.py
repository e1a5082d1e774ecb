"""One frame as steadying sees it: its grey picture, the model's disparity, and the lens between places and rays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Float32, Float64, Int64, UInt8
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.steady.picture_corners import Picture, Places, grey
from ex4d.shotlist.lens import DEFAULT_LENS

GRID_POINTS = 10_000
"""How many pixels of a frame are compared; more tell no more."""

Disparity = Float32[np.ndarray, "rows columns"]
Values = Float64[np.ndarray, " points"]


@dataclass(frozen=True)
class FrameView:
    """A frame; places are pixels of its picture, of which disparity has more or fewer, over the same view."""

    picture: Picture
    disparity: Disparity
    """As the model gave it."""
    lens: Pinhole
    """Of the picture."""

    @classmethod
    def of(cls, frame: UInt8[np.ndarray, "height width 3"], disparity: Disparity, lens: Pinhole | None) -> FrameView:
        """Look at a frame through the clip's lens, or through the default one where that is not known."""
        picture = grey(frame)
        return cls(picture, disparity, _lens_of(picture, lens))

    @property
    def pixel(self) -> float:
        """A pixel of the picture as a length of rays."""
        return 1.0 / self.lens.focal_px

    def rays(self, places: Places) -> Float64[np.ndarray, "points 2"]:
        """Return x / z and y / z of what is seen at places."""
        return (places - self.lens.center_px) / self.lens.focal_px

    def places(self, rays: Float64[np.ndarray, "points 2"]) -> Places:
        """Return where rays meet the picture."""
        return rays * self.lens.focal_px + self.lens.center_px

    def raw(self, places: Places) -> Values:
        """Return the disparity at places, which lie in the picture."""
        row, column = np.divmod(self.cells(places, self.disparity.shape), self.disparity.shape[1])
        return self.disparity[row, column].astype(np.float64)

    def cells(self, places: Places, shape: tuple[int, ...]) -> Int64[np.ndarray, " points"]:
        """Return which cell of a grid of this many rows and columns over the picture each place is in, row by row."""
        rows, columns = shape
        column = np.clip((places[:, 0] * (columns / self.lens.width)).astype(np.int64), 0, columns - 1)
        row = np.clip((places[:, 1] * (rows / self.lens.height)).astype(np.int64), 0, rows - 1)
        return row * columns + column

    @property
    def grid_shape(self) -> tuple[int, int]:
        """Rows and columns of ``grid``."""
        step = self._step
        return tuple(len(range(step // 2, size, step)) for size in self.disparity.shape)  # type: ignore[return-value]

    @property
    def _step(self) -> int:
        return max(1, math.isqrt(self.disparity.size // GRID_POINTS))

    def grid(self) -> Places:
        """Return the places of pixels of disparity, evenly spread, row by row."""
        step, (rows, columns) = self._step, self.disparity.shape
        y = (np.arange(step // 2, rows, step) + 0.5) * (self.lens.height / rows)
        x = (np.arange(step // 2, columns, step) + 0.5) * (self.lens.width / columns)
        return np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1).reshape(-1, 2)


def _lens_of(picture: Picture, lens: Pinhole | None) -> Pinhole:
    height, width = picture.shape
    if lens is None:
        return Pinhole.from_horizontal_angle(width, height, DEFAULT_LENS.value)
    x, y = lens.center_px
    center = (x * width / lens.width, y * height / lens.height)
    return Pinhole(width, height, lens.focal_px * width / lens.width, center)
