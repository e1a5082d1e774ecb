"""The depth of a clip in a few figures, counted while its frames go by."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ex4d.array_types import Bool, Float32
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.depth_statistics import StreamStatistics
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh

MOST_MESHES = 9
"""Frames of which the hidden faces are counted."""
_SMALLEST_SIDE = 4
"""Pixels a side that make a face without a corner on the border."""

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class DepthFigures:
    """What a clip's depth is like; depths in metres where ``metric``, else in a unit of its own."""

    metric: bool
    nearest: float
    first_percentile: float
    median: float
    last_percentile: float
    """Below which 99 % lie."""
    farthest: float
    known_share: float
    """Of all pixels, 0 to 1."""
    hidden_share: float | None
    """Of the faces between pixels, those that the mesh hides as they join surfaces that do not meet; over at most
    ``MOST_MESHES`` frames. None of frames too small for a face."""
    unsteadiness: float | None
    """By which share the scale changes from one frame to the next: the middle one of all changes. The camera's own way
    to and from the scene is part of it. None of a single frame."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {"unit": "m" if self.metric else "relative", **{k: v for k, v in asdict(self).items() if k != "metric"}}

    def __str__(self) -> str:
        """Say them in one line."""
        unit = " m" if self.metric else " (a unit of its own)"
        parts = [
            f"depth {self.nearest:.4g} to {self.farthest:.4g}{unit}, median {self.median:.4g}, "
            f"98 % of it {self.first_percentile:.4g} to {self.last_percentile:.4g}",
            f"{self.known_share:.1%} known",
        ]
        if self.hidden_share is not None:
            parts.append(f"{self.hidden_share:.2%} of faces hidden")
        if self.unsteadiness is not None:
            parts.append(f"scale changes {self.unsteadiness:.2%} a frame")
        return "; ".join(parts)


@dataclass
class FigureCounter:
    """Counts the figures of a clip; it holds one frame."""

    frame_count: int
    lens: Pinhole
    """Of the frames, in their pixels."""
    metric: bool
    _counted: StreamStatistics = field(default_factory=StreamStatistics)
    _pixels: int = 0
    _hidden: list[float] = field(default_factory=list)
    _changes: list[float] = field(default_factory=list)
    _seen: int = 0
    _last: tuple[Depth, Known] | None = None

    def add(self, depth: Depth, known: Known) -> None:
        """Count the next frame; what ``depth`` holds where it is not known is not looked at.

        Raises:
            ReconstructionError: nothing of it is known.
        """
        self._counted.add(depth[known])
        self._pixels += depth.size
        if self._last is not None:
            self._changes.extend(_change_of_scale(self._last, (depth, known)))
        if self._seen in sampled(self.frame_count) and min(depth.shape) >= _SMALLEST_SIDE:
            self._hidden.append(hidden_share(depth, known, self.lens))
        self._seen, self._last = self._seen + 1, (depth, known)

    def figures(self) -> DepthFigures:
        """Return the figures of what was counted; to be called when that is every frame."""
        assert self._seen == self.frame_count, f"{self._seen} of {self.frame_count} frames are counted"
        return DepthFigures(
            metric=self.metric,
            nearest=self._counted.smallest,
            first_percentile=self._counted.quantile(0.01),
            median=self._counted.quantile(0.5),
            last_percentile=self._counted.quantile(0.99),
            farthest=self._counted.largest,
            known_share=self._counted.count / self._pixels,
            hidden_share=float(np.mean(self._hidden)) if self._hidden else None,
            unsteadiness=float(np.median(self._changes)) if self._changes else None,
        )


def sampled(frame_count: int) -> frozenset[int]:
    """Return the frames whose mesh is looked at: evenly from the first to the last."""
    return frozenset(np.linspace(0, frame_count - 1, min(frame_count, MOST_MESHES)).round().astype(int).tolist())


def hidden_share(depth: Depth, known: Known, lens: Pinhole) -> float:
    """Return which share of a frame's faces the mesh hides, by its usual tests, leaving out those at the border.

    Raises:
        ReconstructionError: nothing is known.
    """
    nothing = np.broadcast_to(np.uint8(0), (*depth.shape, 3))
    faces = build_mesh(nothing, fill_unknown(depth, known), lens).hiding.faces
    return float(faces[:, 1:-1, 1:-1].mean())


def _change_of_scale(before: tuple[Depth, Known], after: tuple[Depth, Known]) -> list[float]:
    """Return by which share the median ratio of two frames, at the same places, differs from 1; none where none is."""
    both = before[1] & after[1]
    if not both.any():
        return []
    ratio = float(np.median(after[0][both] / before[0][both]))
    return [math.expm1(abs(math.log(ratio)))]
