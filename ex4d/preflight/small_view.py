"""A small view of a shot: what a camera sees of the source's mesh, and why it does not see the rest.

The mesh is the guide's own, of at most so many pixels a side. The picture is a little wider than the shot's, by its
overscan, so that it shows what a smaller overscan would show and a larger one would cut off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from ex4d.array_types import Bool, Float64, UInt8
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.backdrop import frame_mesh
from ex4d.footage import Footage, SourceDepth
from ex4d.geometry.pinhole import Pinhole
from ex4d.guide import GuideRecipe
from ex4d.media.fitting import Fit
from ex4d.render.rasterizer import Rasterizer, RenderedFrame
from ex4d.setups import Setup

LONGEST_PICTURE = 256
"""Pixels of the longer side that is rendered: shares are then within a point of the full size's; tests measure it."""
LONGEST_GRID = 640
"""Pixels of the mesh's longer side. The mesh hides a cell along every edge of depth: the larger the cells, the more."""
RIM = 0.02
"""Of a cell of the mesh: what rounding may move a point that lies on the outermost pixels of the frame."""

Pose = Float64[np.ndarray, "4 4"]
"""world_from_camera in units of depth."""


@dataclass(frozen=True)
class Sight:
    """What one camera sees; shares are of the shot's picture, 0 to 1."""

    uncovered: float
    """What the source never showed."""
    beyond: float
    """Of it, what lies beyond the frame of the source, as the shot has cropped it; the rest is hidden by something."""
    overscan: float
    """The least overscan, a fraction, that shows nothing of what lies beyond; infinite where none can."""

    @property
    def behind(self) -> float:
        """What is uncovered because something hid it from the source."""
        return self.uncovered - self.beyond


SOURCE_SIGHT = Sight(0.0, 0.0, 0.0)
"""Of the source's own camera."""


@dataclass(frozen=True)
class SmallView:
    """Looks at the frames of a shot; sizes are at most ``LONGEST_PICTURE`` and ``LONGEST_GRID``."""

    footage: Footage
    """The shot's, on a grid that is as small."""
    lens: Pinhole
    """Of the whole picture, margin included."""
    margin: tuple[int, int]
    """Pixels on the left and right, and above and below, that the shot's overscan cuts off."""
    overscan: float
    """The shot's, a fraction."""
    recipe: GuideRecipe
    rasterizer: Rasterizer

    @classmethod
    def of(
        cls,
        setup: Setup,
        overscan: float,
        recipe: GuideRecipe,
        rasterizer: Rasterizer,
        *,
        picture: int = LONGEST_PICTURE,
        grid: int = LONGEST_GRID,
    ) -> SmallView:
        """Return the view of a shot, its longer sides at most ``picture`` and ``grid`` pixels."""
        footage = _shrunk(setup.footage, min(Fraction(1), Fraction(grid, max(setup.footage.fit.grid))))
        scale = min(1.0, picture / max(setup.size))
        size = tuple(max(1, round(side * scale)) for side in setup.size)
        margin = (math.ceil(0.5 * overscan * size[0]), math.ceil(0.5 * overscan * size[1]))
        lens = _seen_through(setup.path.scene.lens, scale, (size[0], size[1]), margin)
        return cls(footage, lens, margin, overscan, recipe, rasterizer)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the shot's picture, pixels."""
        return self.lens.width - 2 * self.margin[0], self.lens.height - 2 * self.margin[1]

    def mesh_of(self, source: SourceDepth) -> WatertightMesh:
        """Build the mesh of a frame of the source, without colour."""
        profile = self.recipe.profile_of(self.footage)
        return frame_mesh(self._no_colour, source.depth, self.footage, profile, source.known)

    @cached_property
    def _no_colour(self) -> UInt8[np.ndarray, "height width 3"]:
        return np.zeros((*reversed(self.footage.fit.grid), 3), np.uint8)

    def look(self, mesh: WatertightMesh, pose: Pose, lens_factor: float) -> Sight:
        """Return what a camera sees of a mesh."""
        lens = self.lens.zoomed(lens_factor)
        seen = self.rasterizer.render(mesh, pose, lens)
        beyond = beyond_frame(seen, mesh, pose, lens)
        inside = np.s_[self.margin[1] : lens.height - self.margin[1], self.margin[0] : lens.width - self.margin[0]]
        return Sight(float(1 - seen.visible[inside].mean()), float(beyond[inside].mean()), self._overscan_for(beyond))

    def _overscan_for(self, beyond: Bool[np.ndarray, "height width"]) -> float:
        """Return the overscan whose picture ends before the first pixel that lies beyond, none where there is none.

        A larger overscan shows the middle of the same picture, larger.
        """
        rows, columns = np.nonzero(beyond)
        if not rows.size:
            return 0.0
        (height, width), (wide, high) = beyond.shape, self.size
        across = (np.abs(columns + 0.5 - 0.5 * width) - 0.5) / (0.5 * wide)
        down = (np.abs(rows + 0.5 - 0.5 * height) - 0.5) / (0.5 * high)
        nearest = float(np.maximum(across, down).min())
        return max(0.0, (1.0 + self.overscan) / nearest - 1.0) if nearest > 0 else math.inf


def beyond_frame(
    seen: RenderedFrame, mesh: WatertightMesh, pose: Pose, lens: Pinhole
) -> Bool[np.ndarray, "height width"]:
    """Return which pixels are uncovered because they lie beyond the source's frame.

    There the camera looks at the mesh's skirt, which joins the frame's outermost pixels to the border, or at nothing.
    What it does not see for another reason is hidden behind something.
    """
    beyond = np.zeros(seen.visible.shape, np.bool_)
    rows, columns = np.nonzero(~seen.visible)
    depth = seen.depth[rows, columns].astype(np.float64)
    met = np.isfinite(depth)
    points = lens.unproject(np.stack([columns, rows], axis=1) + 0.5, np.where(met, depth, 1.0))
    world = points @ pose[:3, :3].T + pose[:3, 3]
    before = world[:, 2] > 0
    vertex = mesh.lens.project(np.where(before[:, None], world, 1.0)) - (0.5 if mesh.pixel_origin == "center" else 0.0)
    height, width = mesh.depth.shape
    inside = (vertex > 1 - RIM).all(axis=1) & (vertex < np.array([width - 2, height - 2]) + RIM).all(axis=1)
    beyond[rows, columns] = ~(met & before & inside)
    return beyond


def _shrunk(footage: Footage, scale: Fraction) -> Footage:
    """Return the footage on a grid so many times as large, of the same part of the source."""
    if scale == 1:
        return footage
    fit = footage.fit
    grid = (max(2, round(fit.grid[0] * scale)), max(2, round(fit.grid[1] * scale)))
    view = (max(2, round(fit.view[0] * scale)), max(2, round(fit.view[1] * scale)))
    small = Fit(fit.source, view, grid, (fit.scale[0] * scale, fit.scale[1] * scale), fit.origin)
    return replace(footage, fit=small, grid_lens=small.grid_lens(footage.source_lens.lens))


def _seen_through(lens: Pinhole, scale: float, size: tuple[int, int], margin: tuple[int, int]) -> Pinhole:
    """Return a lens scaled to another size, its middle in the middle, with a margin all round."""
    sides = zip(lens.center_px, (lens.width, lens.height), size, margin, strict=True)
    x, y = (0.5 * small + (center - 0.5 * side) * scale + rim for center, side, small, rim in sides)
    return Pinhole(size[0] + 2 * margin[0], size[1] + 2 * margin[1], lens.focal_px * scale, (x, y))
