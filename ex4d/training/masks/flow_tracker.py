"""A tracker that needs no weights: dense optical flow, chained from frame to frame and held to the first frame.

The flow is Dense Inverse Search (Kroeger et al. 2016), as OpenCV has it. Chained alone it drifts. So each frame is also
brought back to the first by the chain, and compared with it: what is left between the two is a flow, too, which starts
near its end. Of chain and comparison each point takes the one whose way there and back closes better. What neither
closes is carried along by its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.errors import MissingPart
from ex4d.media.pull_push import pull_push
from ex4d.training.masks.tracker import Frames, Points, Tracks

LONGEST = 512
"""Pixels of the longest side of the pictures that flow is measured in."""
LEAST = 16
"""Pixels of the shortest side; smaller pictures have no flow."""
SMOOTHNESS = 40.0
"""Weight of the flow's smoothness; OpenCV's is 20, with which fur slips."""
CLOSED_PX = 1.0
"""By how much the ways of a point there and back, added up since it was last held to the first frame, may fail."""
AT_ONCE = 30_000
"""Points that OpenCV samples together; its pictures are at most 32,767 pixels wide."""

Picture = UInt8[np.ndarray, "rows columns"]
Field = Float32[np.ndarray, "rows columns 2"]
"""Right and down, pixels of the small pictures; of places the centre of the first pixel is 0, as OpenCV has it."""


@dataclass(frozen=True)
class FlowTracker:
    """Follows points by optical flow."""

    longest: int = LONGEST
    """Pixels of the longest side that pictures are shrunk to."""

    def track(self, frames: Frames, points: Points) -> Tracks:
        """Follow points of the first frame through all frames; see :class:`Tracker`.

        Raises:
            MissingPart: OpenCV is not installed.
        """
        require_opencv()
        pictures = [_picture(frame, self.longest) for frame in frames]
        height, width = frames.shape[1:3]
        rows, columns = pictures[0].shape
        scale = np.array([width / columns, height / rows], np.float32)
        places = points / scale - np.float32(0.5)
        positions, seen = np.empty((len(frames), *points.shape), np.float32), np.empty((len(frames), len(points)), bool)
        still = _still(rows, columns)
        for index, (there, found) in enumerate(_carried(pictures)):
            positions[index] = points + scale * _sampled(there - still, places)
            inside = ((positions[index] >= 0) & (positions[index] <= (width, height))).all(axis=1)
            seen[index] = inside & (_sampled(found.astype(np.float32), places) > 0.5)
        return Tracks(positions, seen)


def require_opencv() -> None:
    """Check that OpenCV is here.

    Raises:
        MissingPart: it is not.
    """
    try:
        import cv2  # noqa: F401 - only whether it is there
    except ImportError as cause:
        raise MissingPart("following points by optical flow needs OpenCV; run\n  pip install 'ex4d[depth]'") from cause


def _picture(frame: UInt8[np.ndarray, "height width 3"], longest: int) -> Picture:
    import cv2

    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    share = min(1.0, longest / max(grey.shape))
    height, width = (max(min(LEAST, side), round(side * share)) for side in grey.shape)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)


def _carried(pictures: list[Picture]) -> Iterator[tuple[Field, Bool[np.ndarray, "rows columns"]]]:
    """Yield for each picture where the pixels of the first are in it, and which of them were found."""
    still = _still(*pictures[0].shape)
    places, error = still, np.zeros(pictures[0].shape, np.float32)
    yield places, error < CLOSED_PX
    for before, now in pairwise(pictures):
        chained, failed = _stepped(before, now, places)
        failed += error
        held, held_error = _held(pictures[0], now, chained, still)
        better = held_error < failed
        chained[better], failed[better] = held[better], held_error[better]
        found = (failed < CLOSED_PX) & _inside(chained)
        places = _with_neighbours(chained, places, found)
        error = np.where(found, failed, np.maximum(failed, np.float32(CLOSED_PX)))
        yield places, found


def _stepped(before: Picture, now: Picture, places: Field) -> tuple[Field, Float32[np.ndarray, "rows columns"]]:
    """Return where places of a picture are in the next, and by how much the way back fails."""
    step = _sampled(_flow(before, now), places)
    back = _sampled(_flow(now, before), places + step)
    return places + step, _length(step + back)


def _held(
    first: Picture, now: Picture, places: Field, still: Field
) -> tuple[Field, Float32[np.ndarray, "rows columns"]]:
    """Return places corrected by comparing the picture with the first, and by how much the way back fails."""
    returned = _sampled(now, places)
    left = _flow(first, returned)
    back = _sampled(_flow(returned, first), still + left)
    return _sampled(places, still + left), _length(left + back)


def _with_neighbours(now: Field, before: Field, found: Bool[np.ndarray, "rows columns"]) -> Field:
    """Let those that were not found move as those beside them in the first picture."""
    moved = pull_push(now - before, found.astype(np.float32))
    return np.where(found[..., None], now, before + moved)


def _flow(before: Picture, now: Picture) -> Field:
    import cv2

    if min(before.shape) < LEAST:
        return np.zeros((*before.shape, 2), np.float32)
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setVariationalRefinementAlpha(SMOOTHNESS)
    return search.calc(before, now, None)


def _sampled(field: np.ndarray, places: Float32[np.ndarray, "*grid 2"]) -> Any:
    """Sample pictures or fields bilinearly; outside is as at the edge."""
    import cv2

    if places.ndim == 3:
        right, down = (np.ascontiguousarray(places[..., axis]) for axis in (0, 1))
        return cv2.remap(field, right, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    parts = [_sampled(field, places[None, k : k + AT_ONCE])[0] for k in range(0, len(places), AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros((0, *field.shape[2:]), field.dtype)


def _still(rows: int, columns: int) -> Field:
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=2).astype(np.float32)


def _inside(places: Field) -> Bool[np.ndarray, "rows columns"]:
    rows, columns = places.shape[:2]
    return np.all((places >= -0.5) & (places <= (columns - 0.5, rows - 0.5)), axis=2)


def _length(field: Field) -> Float32[np.ndarray, "rows columns"]:
    return np.hypot(field[..., 0], field[..., 1])
