"""Frames in metres made steady: by a scale alone, and none of them the measure of all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, UInt8

from ex4d.reconstruction.steadying import Steadying

Inverse = Float32[np.ndarray, "height width"]
Frame = UInt8[np.ndarray, "frame_height frame_width 3"]


@dataclass
class MetricSteadying:
    """Aligns each frame's 1/z to those before it, and keeps by how much that changed its metres."""

    _steadying: Steadying = field(default_factory=lambda: Steadying(metric=True))

    def steadied(self, inverse: Inverse, frame: Frame) -> Inverse:
        """Return a frame of 1/z in the metres of the first frame."""
        return self._steadying.steadied(inverse, frame)

    @property
    def factor(self) -> float:
        """What makes steady z that of the clip: it was divided by each frame's scale, and half of those were larger."""
        return float(np.median([each.scale for each in self._steadying.alignments]))
