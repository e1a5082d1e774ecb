"""A tracker that needs no weights: dense optical flow, chained from frame to frame.

The flow is Dense Inverse Search (Kroeger et al. 2016), as OpenCV has it, of pictures whose contrast is evened out: so
that fur in the shade counts as fur in the sun does. A point is seen while the flow back leads to where it came from.

Errors add up, and points at the outline of what moves stay behind, since flow is blurred there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.errors import MissingPart
from ex4d.training.masks.tracker import Frames, Points, Tracks

LONGEST = 768
"""Pixels of the longest side of the pictures that flow is measured in; smaller ones are enlarged."""
ENLARGED = 1.5
"""How many times at most: what moves in small pictures is small, and more of its outline is found so."""
LEAST = 16
"""Pixels of the shortest side; smaller pictures have no flow."""
SMOOTHNESS = 80.0
"""Weight of the flow's smoothness; OpenCV's is 20, with which fur slips."""
PATCH, STRIDE = 16, 8
"""Pixels, a side, of what is searched for, and from one to the next; OpenCV's are 8 and 3."""
EVENED, FAINT = 12.0, 6.0
"""Deviation, in pixels, of what contrast is measured in; and the grey levels of contrast that are taken as noise."""
DESCENTS = 12
"""Steps of gradient descent for each patch; OpenCV's 25 take longer and gain little."""
FINEST_BACK = 1
"""How often the pictures are halved that flow back is measured in, which only checks: a quarter of the time."""
CLOSED_PX = 1.0
"""By how much the way of a point to the next frame and back may fail."""
AT_ONCE = 30_000
"""Points that OpenCV samples together; its pictures are at most 32,767 pixels wide."""

Frame = UInt8[np.ndarray, "rows columns 3"]
Picture = UInt8[np.ndarray, "rows columns"]
Field = Float32[np.ndarray, "rows columns 2"]
"""Right and down, pixels of these pictures."""


@dataclass(frozen=True)
class FlowTracker:
    """Follows points by optical flow."""

    longest: int = LONGEST
    """Pixels of the longest side that pictures are brought to."""

    def track(self, frames: Frames, points: Points) -> Tracks:
        """Follow points of the first frame through all frames; see :class:`Tracker`.

        Raises:
            MissingPart: OpenCV is not installed.
        """
        require_opencv()
        import cv2

        height, width = frames.shape[1:3]
        columns, rows = _size(width, height, self.longest)
        scale = np.array([width / columns, height / rows], np.float32)
        way = cv2.INTER_AREA if columns <= width else cv2.INTER_CUBIC
        evened = (_evened(cv2.resize(frame, (columns, rows), interpolation=way)) for frame in frames)
        positions, seen = [points], [_inside(points, width, height)]
        for before, now in pairwise(evened):
            # OpenCV has the centre of the first pixel at 0.
            step, closed = _step(before, now, positions[-1] / scale - np.float32(0.5))
            positions.append(positions[-1] + scale * step)
            seen.append(_inside(positions[-1], width, height) & closed)
        return Tracks(np.stack(positions), np.stack(seen))


def require_opencv() -> None:
    """Check that OpenCV is here.

    Raises:
        MissingPart: it is not.
    """
    try:
        import cv2  # noqa: F401 - only whether it is there
    except ImportError as cause:
        raise MissingPart("following points by optical flow needs OpenCV; run\n  pip install 'ex4d[depth]'") from cause


def _size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return width and height of the pictures that flow is measured in."""
    share = min(ENLARGED, longest / max(width, height))
    return max(min(LEAST, width), round(width * share)), max(min(LEAST, height), round(height * share))


def _inside(points: Points, width: int, height: int) -> Bool[np.ndarray, " points"]:
    return np.all((points >= 0) & (points <= (width, height)), axis=1)


def _step(before: Picture, now: Picture, places: Points) -> tuple[Points, Bool[np.ndarray, " points"]]:
    """Return how far places of a picture move to the next, and where the way back closes."""
    step = _sampled(_flow(before, now), places)
    back = _sampled(_flow(now, before, finest=FINEST_BACK), places + step)
    return step, np.hypot(*(step + back).T) < CLOSED_PX


def _evened(colour: Frame) -> Picture:
    """Return a frame as grey, of even brightness and contrast."""
    import cv2

    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY).astype(np.float32)
    above = grey - cv2.GaussianBlur(grey, (0, 0), EVENED)
    contrast = np.sqrt(cv2.GaussianBlur(above * above, (0, 0), EVENED) + np.float32(FAINT**2))
    return np.clip(128 + 48 * above / contrast, 0, 255).astype(np.uint8)


def _flow(before: Picture, now: Picture, *, finest: int = 0) -> Field:
    """Measure flow down to the pictures halved as often as ``finest`` says."""
    import cv2

    if min(before.shape) < LEAST:
        return np.zeros((*before.shape, 2), np.float32)
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    search.setFinestScale(finest)
    search.setPatchSize(PATCH)
    search.setPatchStride(STRIDE)
    search.setGradientDescentIterations(DESCENTS)
    search.setVariationalRefinementAlpha(SMOOTHNESS)
    return search.calc(before, now, None)


def _sampled(field: Field, places: Points) -> Points:
    """Sample a field bilinearly; outside it is as at the edge."""
    import cv2

    right, down = np.ascontiguousarray(places.T)
    parts = [slice(k, k + AT_ONCE) for k in range(0, len(places), AT_ONCE)]
    way, edge = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    found = [cv2.remap(field, right[None, part], down[None, part], way, borderMode=edge)[0] for part in parts]
    return np.concatenate(found) if found else np.zeros((0, 2), np.float32)
