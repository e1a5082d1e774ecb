"""What passes between the steps of the background layer: a frame in cells, and what was found behind its edges.

Disparity is 1 / depth: linear along the image of a plane, so means and comparisons of it are fair near and far.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ex4d.array_types import Bool, Float32


class Cells(NamedTuple):
    """A frame in cells of some pixels a side; disparities are 1 / depth."""

    colour: Float32[np.ndarray, "rows columns 3"]
    """Mean R'G'B'."""
    disparity: Float32[np.ndarray, "rows columns"]
    """Mean."""
    nearest: Float32[np.ndarray, "rows columns"]
    """Greatest disparity of the cell and the first pixels beyond it."""
    farthest: Float32[np.ndarray, "rows columns"]
    """Least disparity of the same pixels."""
    edge: Bool[np.ndarray, "rows columns"]
    """A depth edge runs through the same pixels; so every edge is inside a cell, never between two."""
    known: Bool[np.ndarray, "rows columns"]
    """All depth of the cell was measured."""


class FarSide(NamedTuple):
    """What the sweeps found under the near side of depth edges: sums over the sweeps that reached a cell."""

    weight: Float32[np.ndarray, "rows columns"]
    """Sum of 1 / distance^2, distance in cells from the edge; 0 where nothing is hidden within reach."""
    disparity: Float32[np.ndarray, "rows columns"]
    """Weighted sum."""
    colour_weight: Float32[np.ndarray, "rows columns"]
    """The same as ``weight``, of the sweeps that know the colour of what they carry."""
    colour: Float32[np.ndarray, "rows columns 3"]
    """Weighted sum of R'G'B'."""
    closeness: Float32[np.ndarray, "rows columns"]
    """1 / distance to the closest edge whose colour is known."""
    beyond: Bool[np.ndarray, "rows columns"]
    """Near side still, but farther from the edge than any sweep reaches."""
