"""The interface of depth models: a video in, its depth out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from ex4d.progress import SILENT, Progress

if TYPE_CHECKING:  # the command line knows devices, and begins sooner without what reads media
    from ex4d.artifacts.depth_video import DepthVideo
    from ex4d.media.probe import MediaInfo

Device = Literal["cpu", "cuda"]
"""What a model works on."""


@runtime_checkable
class DepthEstimator(Protocol):
    """Estimates the depth of every frame of a video."""

    def estimate(self, clip: MediaInfo, folder: Path, *, progress: Progress = SILENT) -> DepthVideo:
        """Estimate depth, write it to ``folder``, and return its handle; one frame of depth a frame of ``clip``.

        ``folder`` is there whole or not at all. ``progress`` is told of each finished frame.

        Raises:
            MediaError: the clip cannot be read.
            MissingPart: the model's weights cannot be used.
            ReconstructionError: the model finds no depth in the clip.
        """
        ...
