"""The mesh of one source frame: a grid of vertices, one a pixel, and a back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.artifacts.hiding import Hiding
from ex4d.geometry.pinhole import Pinhole

HidingRule = Literal["face", "vertex"]
PixelOrigin = Literal["center", "corner"]


@dataclass(frozen=True)
class WatertightMesh:
    """A depth-watertight mesh (EX-4D, section 3.1), held as the grid it is.

    Vertex (row, column) lies at depth[row, column] on the ray of its pixel. Each block of 2 x 2 vertices gives two
    triangles, split along the diagonal from top right to bottom left: first (top left, bottom left, top right), then
    (top right, bottom left, bottom right). Two large triangles join the four image corners at the back. Hidden faces
    stay in the z-buffer: they hide what is behind them and show nothing.
    """

    depth: Float32[np.ndarray, "height width"]
    """z of each vertex, > 0, finite, the outermost rows and columns already at the border depth."""
    colour: UInt8[np.ndarray, "height width 3"]
    """R'G'B' of each vertex."""
    hiding: Hiding
    """What shows nothing. Under the ``face`` rule, every face that reaches the border too: its depth is not the
    source's. The back then is hidden as well. It is of this depth, lens, rule and pixel origin: who replaces one of
    them replaces it too."""
    lens: Pinhole
    """The lens that lifts pixels to rays."""
    rule: HidingRule = "face"
    """``face``: a pixel is visible unless its face is hidden (the paper). ``vertex``: colour and alpha of hidden
    vertices are 0, interpolated, and alpha > 125 of 255 is visible (the released code)."""
    pixel_origin: PixelOrigin = "center"
    """``center``: vertex (row, column) is on the ray through (column + 0.5, row + 0.5). ``corner``: through
    (column, row), as the released code has it."""
    far: float = math.inf
    """Units of depth: a pixel whose nearest surface lies beyond it is empty, as is one that has none."""

    @property
    def hidden_face(self) -> Bool[np.ndarray, "2 rows columns"]:
        """Faces that show nothing: [0] the top-left triangle of each block, [1] the bottom-right one."""
        return self.hiding.faces

    @property
    def hidden_vertex(self) -> Bool[np.ndarray, "height width"]:
        """Vertices of hidden faces; their colour and alpha are 0 under the ``vertex`` rule."""
        return self.hiding.vertices
