"""A tracker that needs no weights: dense optical flow, chained from frame to frame.

The flow is Dense Inverse Search (Kroeger et al. 2016), as OpenCV has it, of pictures whose contrast is evened out: so
that fur in the shade counts as fur in the sun does. At the outline of what moves, flow is blurred, and points there
would be left behind. So each point may take the step of one beside it where what it shows then stays more alike. A
point is seen while the flow back leads to where it came from.

Holding points to the first frame, or to every eighth, by a flow between what the chain makes of both was tried: with
patches that correlate by 0.8 or 0.9, and that flow closing within 0.7 px, too. It slips on fur.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.errors import MissingPart
from ex4d.training.masks.tracker import Frames, Points, Tracks

LONGEST = 512
"""Pixels of the longest side of the pictures that flow is measured in."""
LEAST = 16
"""Pixels of the shortest side; smaller pictures have no flow."""
SMOOTHNESS = 80.0
"""Weight of the flow's smoothness; OpenCV's is 20, with which fur slips."""
PATCH, STRIDE = 12, 4
"""Pixels, a side, of what is searched for, and from one to the next; OpenCV's are 8 and 3."""
EVENED, FAINT = 8.0, 6.0
"""Deviation, in pixels, of what contrast is measured in; and the grey levels of contrast that are taken as noise."""
BESIDE = tuple((right * far, down * far) for far in (4, 10) for right, down in ((1, 0), (-1, 0), (0, 1), (0, -1)))
"""Pixels right and down to the points whose step another may take."""
MORE_ALIKE, MOST_UNLIKE, ALIKE = 8.0, 90.0, 1.5
"""Levels, of three channels together, by which another's step has to be better, and what counts as most of them; and
the deviation, in pixels, of what is looked at around a point."""
CLOSED_PX = 1.0
"""By how much the way of a point to the next frame and back may fail."""
AT_ONCE = 30_000
"""Points that OpenCV samples together; its pictures are at most 32,767 pixels wide."""

Picture = UInt8[np.ndarray, "rows columns"]
Colour = UInt8[np.ndarray, "rows columns 3"]
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
        import cv2

        height, width = frames.shape[1:3]
        columns, rows = _size(width, height, self.longest)
        small = (cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_AREA) for frame in frames)
        scale = np.array([width / columns, height / rows], np.float32)
        places = points / scale - np.float32(0.5)
        positions, seen = np.empty((len(frames), *points.shape), np.float32), np.empty((len(frames), len(points)), bool)
        still = _still(rows, columns)
        for index, (there, found) in enumerate(_carried(small)):
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


def _size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return width and height of the small frames."""
    share = min(1.0, longest / max(width, height))
    return max(min(LEAST, width), round(width * share)), max(min(LEAST, height), round(height * share))


def _carried(
    frames: Iterable[Colour],
) -> Iterator[tuple[Field, Bool[np.ndarray, "rows columns"]]]:
    """Yield for each small frame where the pixels of the first are in it, and which of them were found."""
    places: Field | None = None
    for before, now in pairwise(chain([None], frames)):
        assert now is not None
        if before is None or places is None:
            places = _still(*now.shape[:2])
            yield places, np.ones(now.shape[:2], bool)
            continue
        step, found = _step(before, now, places)
        places = places + _unblurred(before, now, places, step)
        yield places, found


def _step(before: Colour, now: Colour, places: Field) -> tuple[Field, Bool[np.ndarray, "rows columns"]]:
    """Return how far places of a frame move to the next, and where the way back closes."""
    old, new = _evened(before), _evened(now)
    step = _sampled(_flow(old, new), places)
    back = _sampled(_flow(new, old), places + step)
    return step, np.hypot(*np.moveaxis(step + back, 2, 0)) < CLOSED_PX


def _unblurred(before: Colour, now: Colour, places: Field, step: Field) -> Field:
    """Return the steps, and for points that another's step keeps more alike, that."""
    shown = _sampled(before, places).astype(np.float32)
    best, least = step, _unlikeness(shown, now, places + step) - MORE_ALIKE
    for beside in BESIDE:
        other = _shifted(step, beside)
        unlike = _unlikeness(shown, now, places + other)
        better = unlike < least
        best, least = np.where(better[..., None], other, best), np.where(better, unlike, least)
    return best


def _unlikeness(
    shown: Float32[np.ndarray, "rows columns 3"], now: Colour, places: Field
) -> Float32[np.ndarray, "rows columns"]:
    import cv2

    unlike = np.abs(_sampled(now, places) - shown).sum(axis=2)
    return cv2.GaussianBlur(np.minimum(unlike, np.float32(MOST_UNLIKE)), (0, 0), ALIKE)


def _shifted(field: Field, by: tuple[int, int]) -> Field:
    """Give each point what the one so far left and above has; at the edges, what the last has."""
    right, down = by
    rows, columns = (
        np.clip(np.arange(size) - far, 0, size - 1) for size, far in zip(field.shape, (down, right), strict=False)
    )
    return field[np.ix_(rows, columns)]


def _evened(colour: Colour) -> Picture:
    """Return a frame as grey, of even brightness and contrast."""
    import cv2

    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY).astype(np.float32)
    above = grey - cv2.GaussianBlur(grey, (0, 0), EVENED)
    contrast = np.sqrt(cv2.GaussianBlur(above * above, (0, 0), EVENED) + np.float32(FAINT**2))
    return np.clip(128 + 48 * above / contrast, 0, 255).astype(np.uint8)


def _flow(before: Picture, now: Picture) -> Field:
    import cv2

    if min(before.shape) < LEAST:
        return np.zeros((*before.shape, 2), np.float32)
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setPatchSize(PATCH)
    search.setPatchStride(STRIDE)
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
