"""A frame's mesh as other programs take it: a list of vertices and a list of triangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Bool, Float32, Int32, UInt8
from ex4d.geometry.pinhole import Pinhole


@dataclass(frozen=True)
class Surface:
    """An indexed triangle mesh, coloured by vertex."""

    vertices: Float32[np.ndarray, "vertices 3"]
    """In the source's camera axes (x right, y down, z forward), in the depth's unit."""
    faces: Int32[np.ndarray, "faces 3"]
    """Indices of vertices."""
    colour: UInt8[np.ndarray, "vertices 3"]
    """R'G'B' of each vertex."""
    hidden: Bool[np.ndarray, " faces"]
    """Faces that the source never showed: they join surfaces that do not meet, reach the border, or close the back."""
    lens: Pinhole
    """Of the camera that looks at it from the origin, along z: the mesh's own."""
