"""Where a shot's subject is: the fixed point of the world that moves are measured by."""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Bool, Float32
from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.model import Center, ImagePoint, Nearest, SubjectDepth

WINDOW = 0.05
"""Side of the square in which the subject's depth is measured, a fraction of the image's height."""
NEAREST_PERCENTILE = 1.0
"""Of all known depths: the nearest of all may be a speck of noise."""

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]
SubjectRule = Center | Nearest | ImagePoint | SubjectDepth


def measure_subject(
    depth: Depth, known: Known, lens: Pinhole, subject: SubjectRule
) -> tuple[tuple[float, float, float], float]:
    """Return the subject's point in camera axes, in units of its own z-depth (so z is 1), and that z-depth.

    ``center`` and a place in the image: the median of the known depths in a square of 5 % of the image's height round
    it. ``nearest``: the 1st percentile of all known depths, at the median position of the pixels that are so near.
    A stated depth is taken as it is, in the middle of the image.

    Raises:
        ReconstructionError: no depth is known there.
    """
    if isinstance(subject, Nearest):
        place, distance = _nearest(depth, known)
    elif isinstance(subject, SubjectDepth):
        place, distance = (0.5 * lens.width, 0.5 * lens.height), float(subject.depth)
    else:
        x, y = (0.5, 0.5) if isinstance(subject, Center) else (subject.x, subject.y)
        place = (float(x) * lens.width, float(y) * lens.height)
        distance = _median_round(depth, known, place)
    right, down, _ = lens.unproject(np.array(place), np.array(1.0))
    return (float(right), float(down), 1.0), distance


def _nearest(depth: Depth, known: Known) -> tuple[tuple[float, float], float]:
    if not known.any():
        raise _nothing_known("anywhere in the shot's first frame")
    distance = np.percentile(depth[known], NEAREST_PERCENTILE, method="lower")
    rows, columns = np.nonzero(known & (depth <= distance))
    return (float(np.median(columns)) + 0.5, float(np.median(rows)) + 0.5), float(distance)


def _median_round(depth: Depth, known: Known, place: tuple[float, float]) -> float:
    """Return the median known depth in the square round a place (x, y in pixels), at least a pixel wide."""
    height, width = depth.shape
    half = max(0.5 * WINDOW * height, 0.5)
    rows, columns = _pixels(place[1], half, height), _pixels(place[0], half, width)
    seen = depth[rows, columns][known[rows, columns]]
    if not seen.size:
        x, y = place[0] / width, place[1] / height
        raise _nothing_known(f"round the subject, at [{x:.0%}, {y:.0%}] of the shot's first frame")
    return float(np.median(seen))


def _pixels(middle: float, half: float, side: int) -> slice:
    """Return the pixels whose centres lie within ``half`` of ``middle``; at the edge, the last one."""
    first = min(max(int(np.ceil(middle - half - 0.5)), 0), side - 1)
    return slice(first, max(first + 1, int(np.floor(middle + half - 0.5)) + 1))


def _nothing_known(where: str) -> ReconstructionError:
    return ReconstructionError(
        f"no depth is known {where}; state it, as in 'subject: {{depth: 2.7}}', or name another place, "
        "as in 'subject: [50%, 60%]'"
    )
