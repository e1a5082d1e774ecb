"""The interface of what completes a guide: a guide in, the finished frames out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ex4d.array_types import UInt8
from ex4d.artifacts.guide_video import GuideVideo


@dataclass(frozen=True)
class SynthesisRequest:
    """What a shot asks of an engine beyond its guide."""

    prompt: str = ""
    """What the scene shows, for engines that read; others do without."""
    seed: int = 0
    """Of every random draw, for engines that draw."""
    erode: int | None = None
    """Pixels that visibility is eroded by, for engines that learned so; None draws 2 to 8 a frame by the seed."""
    title: str = ""
    """What the shot is called, for what an engine says and shows while it works."""


@runtime_checkable
class Synthesizer(Protocol):
    """Completes what the cameras of a guide uncover."""

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Yield one R'G'B' frame of the guide's size for each of its frames; equal requests yield equal frames."""
        ...
