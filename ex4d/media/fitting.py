"""How a source frame becomes the picture that a shot works on: colour, depth and lens, cropped, padded or squashed.

Three frames are told apart:

- the *source*, as delivered;
- the *view*, of the output's size: what the camera sees when it has not moved;
- the *grid*, what the mesh is built from: pixels of the same pitch as the view's. It reaches ``margin`` pixels beyond
  the view on each side (negative where the source does not fill it), so that grid pixel (row + margin, column + margin)
  is view pixel (row, column), exactly.

``crop`` takes the largest centred part of the source that has the view's aspect; the focal length scales along.
``pad`` shows all of the source, with bars. ``squash`` scales both sides on their own: horizontally the lens keeps its
angle, and the world is as tall or as flat as the picture. An overscan of 5 % makes the view 1 / 1.05 of that part, so
that the grid, which is up to 5 % wider and taller than the view, has something to show beyond its edges. All are
centred on the middle of the image, not on the principal point. A source that is one odd pixel larger than the output
is cut, not scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from ex4d.array_types import Bool, Float32, Int64, Shaped, UInt8
from ex4d.errors import MediaError
from ex4d.geometry.pinhole import Pinhole

FitRule = Literal["crop", "pad", "squash"]
Size = tuple[int, int]

SAME_SURFACE = 1.05
"""Neighbours whose depths are within this factor are one surface, where nothing better is known. A wider one makes
ramps of steps, which nobody then takes for edges."""


@dataclass(frozen=True)
class Fit:
    """One source size fitted to one output size. Sizes are (width, height), pixels."""

    source: Size
    view: Size
    """The output's size."""
    grid: Size
    """The mesh's size."""
    scale: tuple[Fraction, Fraction]
    """View pixels a source pixel, horizontally and vertically."""
    origin: tuple[Fraction, Fraction]
    """The grid's top left corner in the source, source pixels."""

    @classmethod
    def plan(
        cls, source: Size, output: Size | None = None, *, fit: FitRule = "crop", overscan: float | Fraction = 0.0
    ) -> Fit:
        """Fit frames of size ``source`` to ``output``: by default the source's size, rounded down to even.

        ``overscan`` is a fraction of the view, 0.05 for 5 %.

        Raises:
            MediaError: nothing is left of the source.
        """
        view = output or (max(2, source[0] // 2 * 2), max(2, source[1] // 2 * 2))
        enlarged = 1 + Fraction(overscan).limit_denominator(10_000)
        scale = tuple(side * enlarged for side in _scales(source, view, fit))
        grid = tuple(_grid_side(*sides, enlarged) for sides in zip(source, view, scale, strict=True))
        if min(*source, *view, *grid) < 2:
            raise MediaError(f"a source of {source[0]}x{source[1]} cannot fill an output of {view[0]}x{view[1]}")
        origin = tuple(_origin(*sides) for sides in zip(source, grid, scale, strict=True))
        return cls(source, view, (grid[0], grid[1]), (scale[0], scale[1]), (origin[0], origin[1]))

    @property
    def margin(self) -> tuple[int, int]:
        """Grid pixels beyond the view on the left and right, and above and below; negative for bars."""
        return (self.grid[0] - self.view[0]) // 2, (self.grid[1] - self.view[1]) // 2

    @property
    def bars(self) -> tuple[int, int]:
        """View pixels on the left and right, and above and below, that the unmoved camera sees nothing in."""
        return max(0, -self.margin[0]), max(0, -self.margin[1])

    @property
    def is_unchanged(self) -> bool:
        """True where source, grid and view are the same pixels."""
        return self.source == self.grid == self.view and not self._is_scaled

    def lens(self, source: Pinhole) -> Pinhole:
        """Return the view's lens, from the lens of the source: the one to render and to compile with."""
        grid = self.grid_lens(source)
        center = (grid.center_px[0] - self.margin[0], grid.center_px[1] - self.margin[1])
        return Pinhole(*self.view, grid.focal_px, center)

    def grid_lens(self, source: Pinhole) -> Pinhole:
        """Return the grid's lens, from the lens of the source: the one to lift the mesh's pixels with."""
        (x, y), (x0, y0), (sx, sy) = source.center_px, self.origin, self.scale
        center = ((x - float(x0)) * float(sx), (y - float(y0)) * float(sy))
        return Pinhole(*self.grid, source.focal_px * float(sx), center)

    def colour(self, frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "grid_height grid_width 3"]:
        """Resample a source frame to the grid: cubic, averaging where it shrinks; unscaled pixels stay as they are."""
        if not self._is_scaled:
            return np.ascontiguousarray(self._cut(frame))
        from ex4d.media.resampling import resample

        return resample(frame, self.grid, self.scale, self.origin)

    def depth(
        self,
        depth: Float32[np.ndarray, "height width"],
        known: Bool[np.ndarray, "height width"],
        step: float = SAME_SURFACE,
    ) -> tuple[Float32[np.ndarray, "grid_height grid_width"], Bool[np.ndarray, "grid_height grid_width"]]:
        """Resample depth and what is known of it to the grid: never a mean of near and far.

        Depth may have fewer pixels than the source: evenly, over all of it. Where both sides shrink, to the nearest
        pixel; where one grows, along surfaces, on which neighbours are at most ``step`` times as far as each other.
        """
        size = (depth.shape[1], depth.shape[0])
        if size == self.source and not self._is_scaled:
            return np.ascontiguousarray(self._cut(depth)), np.ascontiguousarray(self._cut(known))
        scale, origin = self.placed(size)
        if max(scale) > 1:
            from ex4d.media.depth_resampling import enlarge

            return enlarge(depth, known, self.grid, scale, origin, step)
        at = np.ix_(*(_nearest(self.grid[axis], scale[axis], origin[axis], size[axis]) for axis in (1, 0)))
        return depth[at], known[at]

    def placed(self, size: Size) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
        """Return scale and origin for a picture of this size that shows all of the source.

        That is: grid pixels a pixel of it, and where the grid begins in its pixels.
        """
        across, down = (Fraction(whole, side) for whole, side in zip(self.source, size, strict=True))
        scale = (self.scale[0] * across, self.scale[1] * down)
        return scale, (self.origin[0] / across, self.origin[1] / down)

    def view_of(
        self, grid: Shaped[np.ndarray, "grid_height grid_width *channels"]
    ) -> Shaped[np.ndarray, "new_height new_width *channels"]:
        """Return the view's part of a grid-sized image: what the unmoved camera sees; bars are zero."""
        (mx, my), (bar_x, bar_y) = self.margin, self.bars
        inner = grid[max(0, my) : self.grid[1] - max(0, my), max(0, mx) : self.grid[0] - max(0, mx)]
        bars = [(bar_y, bar_y), (bar_x, bar_x)] + [(0, 0)] * (grid.ndim - 2)
        return np.pad(inner, bars) if bar_x or bar_y else np.ascontiguousarray(inner)

    def letterbox(self, frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
        """Paint the bars of ``pad`` black on a finished frame, whatever the camera brought into them."""
        bar_x, bar_y = self.bars
        if not (bar_x or bar_y):
            return frame
        boxed = np.zeros_like(frame)
        inside = np.s_[bar_y : self.view[1] - bar_y, bar_x : self.view[0] - bar_x]
        boxed[inside] = frame[inside]
        return boxed

    @property
    def _is_scaled(self) -> bool:
        return any(side != 1 for side in self.scale)

    def _cut(
        self, image: Shaped[np.ndarray, "height width *channels"]
    ) -> Shaped[np.ndarray, "new_height new_width *channels"]:
        x, y = int(self.origin[0]), int(self.origin[1])
        return image[y : y + self.grid[1], x : x + self.grid[0]]


def _nearest(grid: int, scale: Fraction, origin: Fraction, side: int) -> Int64[np.ndarray, " side"]:
    """Return the row or column, of so many, under the centre of each grid row or column."""
    centres = (np.arange(grid) + 0.5) / float(scale) + float(origin)
    nearest: np.ndarray = np.clip(np.floor(centres).astype(np.int64), 0, side - 1)
    return nearest


def _scales(source: Size, view: Size, fit: FitRule) -> tuple[Fraction, Fraction]:
    if all(have - want in {0, 1} for have, want in zip(source, view, strict=True)):
        return Fraction(1), Fraction(1)
    across, down = Fraction(view[0], source[0]), Fraction(view[1], source[1])
    if fit == "squash":
        return across, down
    both = max(across, down) if fit == "crop" else min(across, down)
    return both, both


def _grid_side(source: int, view: int, scale: Fraction, enlarged: Fraction) -> int:
    """Return the grid's side: the enlarged view's, or the source's where that is less; as odd or even as the view."""
    side = int(min(view * enlarged, source * scale))
    return side - (side - view) % 2


def _origin(source: int, grid: int, scale: Fraction) -> Fraction:
    """Return where the centred grid begins; at a whole pixel if pixels are not scaled."""
    origin = Fraction(source, 2) - grid / (2 * scale)
    return Fraction(origin.__floor__()) if scale == 1 else origin
