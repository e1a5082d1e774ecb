"""Sheets of masks to look at: the clip in the first row, then a row for each mask, holes in one flat colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ex4d.array_types import Int64, UInt8
from ex4d.training.masks.drawn import Visible

Pictures = UInt8[np.ndarray, "frames height width 3"]
HOLE = np.array([196, 32, 120], np.uint8)
"""R'G'B' of what is hidden: a colour that few pictures have."""
COLUMNS = 7
TILE_WIDTH = 224
"""Pixels; larger pictures are thinned to it."""
GAP = 4
"""White pixels between pictures."""


def mask_sheet(colour: Pictures, masks: Sequence[Visible]) -> UInt8[np.ndarray, "rows_of_pixels columns_of_pixels 3"]:
    """Return the sheet of an excerpt and its masks, frames spread evenly from the first to the last."""
    frames = _spread(len(colour))
    thin = -(-colour.shape[2] // TILE_WIDTH)
    pictures = colour[frames, ::thin, ::thin]
    rows = [pictures, *(with_holes(pictures, mask[frames, ::thin, ::thin]) for mask in masks)]
    return _framed(np.concatenate([_row(row) for row in rows]))


def with_holes(pictures: Pictures, visible: Visible) -> Pictures:
    """Return pictures whose hidden pixels are :data:`HOLE`."""
    return np.where(visible[..., None], pictures, HOLE)


def _spread(count: int) -> Int64[np.ndarray, "columns"]:
    return np.unique(np.linspace(0, count - 1, COLUMNS).round().astype(np.int64))


def _row(pictures: Pictures) -> UInt8[np.ndarray, "_ _ 3"]:
    """Return pictures side by side, a gap below and on the right of each."""
    padded = np.pad(pictures, ((0, 0), (0, GAP), (0, GAP), (0, 0)), constant_values=255)
    return np.concatenate(list(padded), axis=1)


def _framed(sheet: UInt8[np.ndarray, "_ _ 3"]) -> UInt8[np.ndarray, "_ _ 3"]:
    return np.pad(sheet, ((GAP, 0), (GAP, 0), (0, 0)), constant_values=255)
