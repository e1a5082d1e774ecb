"""The interface of depth models: a video in, its depth out."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.media.probe import MediaInfo


@runtime_checkable
class DepthEstimator(Protocol):
    """Estimates the depth of every frame of a video."""

    def estimate(self, clip: MediaInfo, folder: Path) -> DepthVideo:
        """Estimate depth, write it to ``folder``, and return its handle; one frame of depth a frame of ``clip``."""
        ...
