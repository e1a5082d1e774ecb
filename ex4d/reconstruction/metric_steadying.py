"""Frames in metres made steady: by a scale alone, and none of them the measure of all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, UInt8

Inverse = Float32[np.ndarray, "height width"]
Frame = UInt8[np.ndarray, "frame_height frame_width 3"]


@dataclass
class MetricSteadying:
    """Aligns each frame's 1/z to that of the frame before it, and keeps by how much that changed its metres."""

    _scales: list[float] = field(default_factory=list)
    _before: Inverse | None = None

    def steadied(self, inverse: Inverse, frame: Frame) -> Inverse:
        """Return a frame of 1/z in the metres of the first frame."""
        before = inverse if self._before is None else self._before
        there = (inverse > 0) & (before > 0)
        scale = float(np.median(before[there] / inverse[there])) if there.any() else 1.0
        self._scales.append(scale)
        self._before = (inverse * np.float32(scale)).astype(np.float32)
        return self._before

    @property
    def factor(self) -> float:
        """What makes steady z that of the clip: it was divided by each frame's scale, and half of those were larger."""
        return float(np.median(self._scales))
