"""Corners in pictures, and where they are in the next one: what OpenCV does, on small grey pictures.

Places are pixels of these; the centre of the first is (0.5, 0.5).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, Int64, UInt8

WIDTH = 320
"""Pixels of the grey pictures, at most. Twice as many made redkitchen's depth no better, in thrice the time."""
CELLS = 20
"""In which the width is divided; each holds one corner, so that what has few is not outvoted by what has many."""
LEAST_CELL = 8
"""Pixels."""
WINDOW = 15
"""Pixels, a side, of what is compared around a corner; 11 lose half of them in redkitchen's blurred frames."""
LEVELS, FEW_LEVELS = 4, 1
"""Halvings of the picture: to find a corner anywhere, and to find it where it is said to be."""
ROUND_TRIP = 0.7
"""Pixels by which a corner that is followed there and back may be off."""
BORDER = 4
"""Pixels at the edges of a picture in which none is followed."""
STEP = 0.1
"""Of the spread of a frame's disparities: where neighbours differ by more, a corner belongs to either."""
NEAR_STEP = 160
"""How many times wider a picture is than the distance to a step at which no corner is followed."""
STEP_SIZE = 320
"""Pixels across in which steps of disparity are looked for, at most."""
WEAKEST, WEAKEST_SHARE = 1e-5, 0.02
"""Smaller eigenvalue of the least corner, and as a share of the usual one."""

Picture = UInt8[np.ndarray, "height width"]
Places = Float64[np.ndarray, "points 2"]
Disparity = Float32[np.ndarray, "rows columns"]


def grey(frame: UInt8[np.ndarray, "frame_height frame_width 3"]) -> Picture:
    """Return a frame as the grey picture that corners are followed in."""
    import cv2

    picture = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    height, width = picture.shape
    if width <= WIDTH:
        return picture
    return cv2.resize(picture, (WIDTH, max(1, round(height * WIDTH / width))), interpolation=cv2.INTER_AREA)


def corners(picture: Picture, disparity: Disparity, taken: Float64[np.ndarray, "taken 2"]) -> Places:
    """Return the best corner (Shi and Tomasi 1994) of each cell that holds no place yet, off all steps of disparity."""
    import cv2

    strength = np.zeros(picture.shape, np.float32)
    inside = (slice(BORDER, -BORDER),) * 2
    strength[inside] = cv2.cornerMinEigenVal(picture, 5)[inside]
    strength[_at_steps(disparity, picture.shape)] = 0
    side = _side(picture)
    cells = _cells(strength, side)
    if not cells.size:
        return np.zeros((0, 2))
    best = cells.argmax(axis=2)
    height = np.take_along_axis(cells, best[..., None], 2)[..., 0]
    good = height > max(WEAKEST, WEAKEST_SHARE * float(np.median(height)))
    good.reshape(-1)[cell_of(picture, taken)] = False
    row, column = np.nonzero(good)
    within = best[row, column]
    return np.stack([column * side + within % side, row * side + within // side], axis=1) + 0.5


def cell_of(picture: Picture, places: Places) -> Int64[np.ndarray, " points"]:
    """Return which cell each place is in, row by row; what belongs to none counts as of the nearest."""
    side = _side(picture)
    rows, columns = (size // side for size in picture.shape)
    column, row = np.minimum(places.astype(np.int64) // side, (columns - 1, rows - 1)).T
    return row * columns + column


def follow(
    before: Picture, now: Picture, places: Places, levels: int = LEVELS
) -> tuple[Places, Bool[np.ndarray, " points"]]:
    """Return where places of a picture are in another (Lucas and Kanade; Bouguet 2000), and which of them were found.

    A place is found when the way back from where it went leads to where it was.
    """
    import cv2

    if not len(places):
        return places, np.zeros(0, bool)
    start = (places - 0.5).astype(np.float32)[:, None]
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, now, start, start.copy(), **_search(levels))
    back, returned, _ = cv2.calcOpticalFlowPyrLK(
        now, before, there, start.copy(), flags=cv2.OPTFLOW_USE_INITIAL_FLOW, **_search(FEW_LEVELS)
    )
    known = (found[:, 0] > 0) & (returned[:, 0] > 0) & (np.abs(back - start)[:, 0].max(axis=1) < ROUND_TRIP)
    moved = there[:, 0].astype(np.float64) + 0.5
    height, width = now.shape
    within = (moved > BORDER).all(axis=1) & (moved < np.array([width, height]) - BORDER).all(axis=1)
    return moved, known & within


def _side(picture: Picture) -> int:
    return max(LEAST_CELL, picture.shape[1] // CELLS)


def _search(levels: int) -> dict[str, Any]:
    import cv2

    ends = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.02)
    return {"winSize": (WINDOW, WINDOW), "maxLevel": levels, "criteria": ends}


def _cells(values: Float32[np.ndarray, "height width"], side: int) -> Float32[np.ndarray, "rows columns pixels"]:
    """Cut an array into square cells; what is left at the right and below belongs to none."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    whole = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return whole.swapaxes(1, 2).reshape(rows, columns, side * side)


def _at_steps(disparity: Disparity, shape: tuple[int, ...]) -> Bool[np.ndarray, "height width"]:
    """Return which pixels of the picture are near a step of disparity."""
    import cv2

    few = max(1, disparity.shape[1] // STEP_SIZE)
    small = np.ascontiguousarray(disparity[::few, ::few])
    side = 2 * max(1, round(small.shape[1] / (2 * NEAR_STEP))) + 1
    square = np.ones((side, side), np.uint8)
    low, high = np.percentile(small[::4, ::4], (5, 95))
    steps = cv2.dilate(small, square) - cv2.erode(small, square) > STEP * (high - low)
    return cv2.resize(steps.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
