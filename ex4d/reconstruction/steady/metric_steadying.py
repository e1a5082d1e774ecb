"""Frames in metres made steady: by a scale alone, and none of them the measure of all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ex4d.array_types import Float32, UInt8
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.steady.steadying import Steadying

Inverse = Float32[np.ndarray, "height width"]
Frame = UInt8[np.ndarray, "frame_height frame_width 3"]


@dataclass
class MetricSteadying:
    """Aligns each frame's 1/z to those before it, and keeps by how much that changed its metres."""

    lens: Pinhole | None = None
    """Of the clip, for pictures of any size; without one, the default."""
    _steadying: Steadying = field(init=False)

    def __post_init__(self) -> None:
        self._steadying = Steadying(self.lens, metric=True)

    def steadied(self, inverse: Inverse, frame: Frame) -> Inverse:
        """Return a frame of 1/z in the metres of the first frame."""
        return self._steadying.steadied(inverse, frame)

    @property
    def told(self) -> tuple[str, ...]:
        """What the user should know of how it went, in words."""
        return self._steadying.told

    @property
    def factor(self) -> float:
        """What makes steady z that of the clip: it was divided by each frame's scale, and half of those were larger."""
        return float(np.median([each.scale for each in self._steadying.alignments]))
