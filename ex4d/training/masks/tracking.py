"""Tracking masks: a region of the first frame stays hidden wherever it goes.

A grid of points over the whole first frame is followed. In each frame its cells are drawn where their corners are, and
each pixel that one covers looks up whether the place of the first frame that it shows is of the region. So there are
no pinholes, what leaves the picture leaves, and what comes back is hidden again. Three things are decided:

- A cell with a side that is drawn out lies across an edge between two motions. It is torn:
  each quarter of it goes along with its own corner, and pixels between go with the majority about them.
- Where points of the region are not seen, it is hidden all the same: nothing that was hidden is shown later.
- Except where another surface of the first frame is seen at that pixel: it has come in front, and is shown.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit
from scipy import ndimage

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.training.masks.drawn import Visible
from ex4d.training.masks.tracker import Frames, Tracker

kernel = njit(cache=True, nogil=True, error_model="numpy")

SPACING = 4
"""Pixels between the points that are followed; about, as they are evenly spread over the picture."""
TORN = 2.5
"""How many times as long as the median side of all cells a torn one's is."""
MOST_SEEN = 2
"""Of the three corners of half a cell; with as many it counts as seen."""
REGION_SEEN, REGION_UNSEEN, OTHER_SEEN, WHOLE = 1, 2, 4, 8
"""What covers a pixel, as bits; WHOLE is a cell that is not torn."""
MAJORITY = 7
"""Pixels, a side, of the square whose majority says of a pixel that no whole cell covers whether it is hidden."""

Region = Bool[np.ndarray, "height width"]


def tracking_mask(frames: Frames, region: Region, tracker: Tracker, *, spacing: int = SPACING) -> Visible:
    """Return what is visible when a region of the first frame is hidden, and stays so while it moves.

    Args:
        frames: R'G'B' of one take.
        region: True where the first frame is hidden.
        tracker: Follows the points.
        spacing: Pixels between the points, about.

    Raises:
        MissingPart: what the tracker needs is not here.
    """
    height, width = region.shape
    grid = _grid(width, height, spacing)
    rows, columns = grid.shape[:2]
    tracks = tracker.track(frames, grid.reshape(-1, 2))
    visible = np.empty((len(frames), height, width), bool)
    visible[0] = ~region
    for index in range(1, len(frames)):
        corners = tracks.positions[index].reshape(rows, columns, 2)
        seen = tracks.seen[index].reshape(rows, columns)
        visible[index] = ~carried(region, grid, corners, seen)
    return visible


def carried(
    region: Region,
    grid: Float32[np.ndarray, "rows columns 2"],
    corners: Float32[np.ndarray, "rows columns 2"],
    seen: Bool[np.ndarray, "rows columns"],
) -> Region:
    """Return where a region of the first frame is in another, whose ``corners`` were the first one's ``grid``."""
    cover = np.zeros(region.shape, np.uint8)
    _draw_cells(region, grid, corners, seen, TORN * _usual_sides(corners), cover)
    unseen = (cover & REGION_UNSEEN > 0) & (cover & OTHER_SEEN == 0)
    hidden = unseen | (cover & REGION_SEEN > 0)
    usual = ndimage.uniform_filter(hidden.astype(np.float32), MAJORITY) > 0.5
    return np.where(cover & WHOLE > 0, hidden, usual)


def _grid(width: int, height: int, spacing: int) -> Float32[np.ndarray, "rows columns 2"]:
    """Spread points evenly over the picture, from edge to edge."""
    across, down = (np.linspace(0, size, max(1, round(size / spacing)) + 1) for size in (width, height))
    return np.stack(np.meshgrid(across, down), axis=2).astype(np.float32)


def _usual_sides(corners: Float32[np.ndarray, "rows columns 2"]) -> Float32[np.ndarray, "2"]:
    """Median length of the sides that were level, and of those that were upright; pixels."""
    sides = (np.linalg.norm(np.diff(corners, axis=axis), axis=2) for axis in (1, 0))
    return np.array([np.median(lengths) for lengths in sides], np.float32)


@kernel
@no_type_check
def _draw_cells(
    region: Region,
    grid: Float32[np.ndarray, "rows columns 2"],
    corners: Float32[np.ndarray, "rows columns 2"],
    seen: Bool[np.ndarray, "rows columns"],
    longest: Float32[np.ndarray, "2"],
    cover: UInt8[np.ndarray, "height width"],
) -> None:
    """Draw both halves of each cell, or the quarters of a torn one."""
    halves = np.array([[[0, 0], [0, 1], [1, 0]], [[1, 1], [1, 0], [0, 1]]])
    for i in range(grid.shape[0] - 1):
        for j in range(grid.shape[1] - 1):
            torn = False
            for square, level, upright in halves:
                a = corners[i + square[0], j + square[1]]
                b = corners[i + level[0], j + level[1]]
                c = corners[i + upright[0], j + upright[1]]
                torn |= np.hypot(b[0] - a[0], b[1] - a[1]) > longest[0]
                torn |= np.hypot(c[0] - a[0], c[1] - a[1]) > longest[1]
            if torn:
                for y in range(2):
                    for x in range(2):
                        start = grid[i + y, j + x]
                        side = 0.5 * (grid[i + 1 - y, j + 1 - x] - start)
                        _draw_quarter(region, start, side, corners[i + y, j + x], seen[i + y, j + x], cover)
                continue
            for square, level, upright in halves:
                count = int(seen[i + square[0], j + square[1]])
                count += seen[i + level[0], j + level[1]] + seen[i + upright[0], j + upright[1]]
                start = grid[i + square[0], j + square[1]]
                step = grid[i + upright[0], j + level[1]] - start
                a = corners[i + square[0], j + square[1]]
                b = corners[i + level[0], j + level[1]]
                c = corners[i + upright[0], j + upright[1]]
                _draw_half(region, start, step, a, b, c, count >= MOST_SEEN, cover)


@kernel
@no_type_check
def _shown(region: Region, right: float, down: float, seen: bool) -> int:
    """Return what covers a pixel that shows this place of the first frame; beyond it, its nearest pixel."""
    height, width = region.shape
    row = min(max(int(np.floor(down)), 0), height - 1)
    column = min(max(int(np.floor(right)), 0), width - 1)
    if region[row, column]:
        return REGION_SEEN if seen else REGION_UNSEEN
    return OTHER_SEEN if seen else 0


@kernel
@no_type_check
def _draw_quarter(
    region: Region,
    start: Float32[np.ndarray, "2"],
    side: Float32[np.ndarray, "2"],
    corner: Float32[np.ndarray, "2"],
    seen: bool,
    cover: UInt8[np.ndarray, "height width"],
) -> None:
    """Mark the pixels of a quarter of a cell that goes along with its corner; ``side`` right and down of it."""
    height, width = cover.shape
    left, right = min(corner[0], corner[0] + side[0]), max(corner[0], corner[0] + side[0])
    top, bottom = min(corner[1], corner[1] + side[1]), max(corner[1], corner[1] + side[1])
    for y in range(max(0, int(np.ceil(top - 0.5))), min(height - 1, int(np.floor(bottom - 0.5))) + 1):
        for x in range(max(0, int(np.ceil(left - 0.5))), min(width - 1, int(np.floor(right - 0.5))) + 1):
            shown = _shown(region, start[0] + x + 0.5 - corner[0], start[1] + y + 0.5 - corner[1], seen)
            cover[y, x] |= shown


@kernel
@no_type_check
def _draw_half(
    region: Region,
    start: Float32[np.ndarray, "2"],
    step: Float32[np.ndarray, "2"],
    a: Float32[np.ndarray, "2"],
    b: Float32[np.ndarray, "2"],
    c: Float32[np.ndarray, "2"],
    seen: bool,
    cover: UInt8[np.ndarray, "height width"],
) -> None:
    """Mark the pixels whose centre is in the triangle a b c, that was half a cell: ``step`` right and down of start."""
    height, width = cover.shape
    area = float(b[0] - a[0]) * (c[1] - a[1]) - float(b[1] - a[1]) * (c[0] - a[0])
    if area <= 0:  # folded over: its back
        return
    top, bottom = min(a[1], b[1], c[1]), max(a[1], b[1], c[1])
    left, right = min(a[0], b[0], c[0]), max(a[0], b[0], c[0])
    for y in range(max(0, int(np.ceil(top - 0.5))), min(height - 1, int(np.floor(bottom - 0.5))) + 1):
        for x in range(max(0, int(np.ceil(left - 0.5))), min(width - 1, int(np.floor(right - 0.5))) + 1):
            px, py = x + 0.5 - a[0], y + 0.5 - a[1]
            across = (px * (c[1] - a[1]) - py * (c[0] - a[0])) / area
            down = (py * (b[0] - a[0]) - px * (b[1] - a[1])) / area
            if across >= -1e-6 and down >= -1e-6 and across + down <= 1 + 1e-6:
                shown = _shown(region, start[0] + across * step[0], start[1] + down * step[1], seen)
                cover[y, x] |= WHOLE | shown
