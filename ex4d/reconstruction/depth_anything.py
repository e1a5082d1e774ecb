"""Depth Anything V2 (Yang et al. 2024, arXiv:2406.09414) by the transformers library, made steady from frame to frame.

The model gives relative disparity, each frame with a scale and a shift of its own. Aligned to one another, the frames
become depth as any disparity file does: see :mod:`ex4d.reconstruction.depth_file`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, UInt8

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import MissingPart
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import read_frames
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_spool import spooling
from ex4d.reconstruction.steadying import Steadying

Device = Literal["cpu", "cuda"]
Disparity = Float32[np.ndarray, "height width"]


@dataclass(frozen=True)
class DepthAnything:
    """A depth estimator of single frames, made steady over time."""

    weights: Path
    """A folder with config.json, preprocessor_config.json and model.safetensors."""
    device: Device | None = None
    """None takes the GPU where there is one, and the CPU where there is none; the result says which it was."""

    def estimate(self, clip: MediaInfo, folder: Path, *, progress: Progress = SILENT) -> DepthVideo:
        """Estimate the depth of a clip; see :class:`~ex4d.reconstruction.depth_estimator.DepthEstimator`.

        Frames stream through a spool, as the disparities of the whole clip have to be known before one becomes depth.
        """
        model = _load(self.weights, self.device or _device_here())
        made = f"depth by {self.weights.name} on the {'GPU' if model.device == 'cuda' else 'CPU'}"
        progress.say(made)
        with spooling(clip, clip.size, "disparity", folder) as spool:
            for disparity in _steady(model, clip):
                spool.write(disparity)
                progress.advance()
            return spool.depth((made,))


def _steady(model: _Model, clip: MediaInfo) -> Iterator[Disparity]:
    steadying = Steadying()
    for frame in read_frames(clip, range(clip.frame_count)):
        disparity = model.disparity(frame)
        yield steadying.steadied(disparity)


@dataclass(frozen=True)
class _Model:
    """The network with what prepares its pictures."""

    network: Any
    processor: Any
    device: Device

    def disparity(self, frame: UInt8[np.ndarray, "height width 3"]) -> Disparity:
        """Return relative disparity at the frame's own size."""
        import torch

        with torch.inference_mode():
            pixels = self.processor(images=frame, return_tensors="pt")["pixel_values"]
            seen = self.network(pixel_values=pixels.to(self.device))
            (sized,) = self.processor.post_process_depth_estimation(seen, target_sizes=[frame.shape[:2]])
            return sized["predicted_depth"].float().cpu().numpy()


def _device_here() -> Device:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _load(folder: Path, device: Device) -> _Model:
    """Load a checkpoint of this machine: no network, no pickle, and no tensor left to chance.

    Raises:
        MissingPart: it cannot be loaded, or is not of this model.
    """
    import torch
    from transformers import DepthAnythingForDepthEstimation, DPTImageProcessorPil
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        network, report = DepthAnythingForDepthEstimation.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
        processor = DPTImageProcessorPil.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as cause:
        raise MissingPart(f"{folder} cannot be loaded as Depth Anything weights: {cause}") from cause
    if lacking := [*report["missing_keys"], *report["mismatched_keys"]]:
        raise MissingPart(f"{folder}: {len(lacking)} tensors of Depth Anything are not there, among them {lacking[0]}")
    return _Model(network.to(device).eval(), processor, device)
