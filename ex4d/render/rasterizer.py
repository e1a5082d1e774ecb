"""The interface of renderers: a mesh and a camera in, one guide frame out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, UInt8
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole

ALPHA_THRESHOLD = 125
"""Of 255. Under the ``vertex`` rule a pixel is visible above it (the released code's)."""
NEAR = 1e-3
"""Units of depth (the released code's). Faces are clipped where they come nearer to the camera's plane."""
SUBPIXELS = 256.0
"""Vertices snap to 1/256 pixel: finer than any visible edge, coarser than the rounding of a projection, so that a
vertex that belongs on a pixel's centre lies on it."""
TRUNCATION_GUARD = 1e-6
"""Of a level of 255: keeps a whole number, computed a rounding error too low, from losing a level to truncation."""


@dataclass(frozen=True)
class RenderedFrame:
    """What one camera sees of one mesh."""

    colour: UInt8[np.ndarray, "height width 3"]
    """R'G'B'; zero where not visible."""
    visible: Bool[np.ndarray, "height width"]
    """True where the source was seen."""
    depth: Float32[np.ndarray, "height width"]
    """z of the nearest surface in camera axes, hidden faces included; inf where there is no surface."""


@runtime_checkable
class Rasterizer(Protocol):
    """Draws a mesh as a camera sees it."""

    def render(
        self, mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
    ) -> RenderedFrame:
        """Render the mesh from a rigid camera, its translation in the mesh's units of depth; sizes come from ``lens``.

        Of the faces nearest to a pixel's centre, their edges included, one that is not hidden wins; then the first.
        """
        ...
