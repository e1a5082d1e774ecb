"""Depth Anything V2 (Yang et al. 2024, arXiv:2406.09414) by the transformers library, made steady from frame to frame.

The plain checkpoints give relative disparity, each frame with a scale and a shift of its own; aligned to one another,
frames become depth by EX-4D's normalisation. The metric ones give metres: their frames are aligned by a scale alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.array_types import Float32, UInt8
from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import MissingPart
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import read_frames
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.ahead import ahead, in_batches
from ex4d.reconstruction.depth_estimator import Device
from ex4d.reconstruction.depth_spool import spooling
from ex4d.reconstruction.steady import MetricSteadying, Steadying
from ex4d.reconstruction.torch_device import device_here, opened_quietly

Size = tuple[int, int]
"""Width and height, pixels."""
Disparity = Float32[np.ndarray, "frames rows columns"]
Picture = UInt8[np.ndarray, "height width 3"]
Pictures = UInt8[np.ndarray, "frames height width 3"]
Frame = UInt8[np.ndarray, "frame_height frame_width 3"]

TOGETHER = 4
"""Frames that the network sees at a time on a GPU: 16 gain another tenth, of four times the memory."""
NEAREST_M = 1e-3
"""Metres; what is nearer counts as this, so that 1/z is a number."""


@dataclass(frozen=True)
class DepthAnything:
    """A depth estimator of single frames, made steady over time."""

    weights: Path
    """A folder with config.json, preprocessor_config.json and model.safetensors, of any size, relative or metric."""
    device: Device | None = None
    """None takes the GPU where there is one, and the CPU where there is none; the result says which it was."""
    longest: int | None = None
    """Pixels of the longer side of what the network sees, about; None is as it was trained: 518 of the shorter."""

    def estimate(self, clip: MediaInfo, folder: Path, *, progress: Progress = SILENT) -> DepthVideo:
        """Estimate the depth of a clip; see :class:`~ex4d.reconstruction.depth_estimator.DepthEstimator`.

        Frames stream through a spool, as the disparities of the whole clip have to be known before one becomes depth.
        """
        model = _load(self.weights, device_here(self.device))
        how = "in float16 on the GPU" if model.device == "cuda" else "in float32 on the CPU"
        made = f"depth by {self.weights.name} {how}"
        progress.say(made)
        seen = model.size_for(clip.size, self.longest)
        given = (min(seen[0], clip.width), min(seen[1], clip.height))
        with spooling(clip, given, "m" if model.metric else "disparity", folder) as spool:
            lens = clip.stated_lens  # a wrong guess of it costs steadiness
            steadying = MetricSteadying(lens) if model.metric else Steadying(lens)
            for batch in in_batches(ahead(_resized(clip, seen), 2 * TOGETHER), model.together):
                found = model.disparities(np.stack([picture for _, picture in batch]), given)
                for (frame, _), disparity in zip(batch, found, strict=True):
                    steady = steadying.steadied(disparity, frame)
                    spool.write(1 / steady if model.metric else steady)
                    progress.advance()
            factor = steadying.factor if isinstance(steadying, MetricSteadying) else 1.0
            return spool.depth((made, *steadying.told), factor=factor)


def _resized(clip: MediaInfo, size: Size) -> Iterator[tuple[Frame, Picture]]:
    for frame in read_frames(clip, range(clip.frame_count)):
        yield frame, resized(frame, size)


def resized(frame: Frame, size: Size) -> Picture:
    """Return a frame as the network is to see it: resized, cubic, as 8-bit numbers yet."""
    from PIL import Image

    return np.array(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class _Model:
    """The network, and how it wants its pictures."""

    network: Any
    side: int
    """Pixels of the shorter side that it was trained with."""
    multiple: int
    """Of pixels, that both sides have to be."""
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    device: Device

    @property
    def metric(self) -> bool:
        """Tell whether it gives metres."""
        return bool(self.network.config.depth_estimation_type == "metric")

    def size_for(self, size: Size, longest: int | None) -> Size:
        """Return the size in which the network sees a picture of this size, in about the same shape.

        That of the transformers library, where ``longest`` does not say otherwise: either side becomes that which the
        network was trained with, whichever changes the picture less.
        """
        if longest is None:
            scale = min((self.side / side for side in reversed(size)), key=lambda scale: abs(1 - scale))
        else:
            scale = longest // self.multiple * self.multiple / max(size)
        width, height = (max(1, round(scale * side / self.multiple)) * self.multiple for side in size)
        return width, height

    @property
    def together(self) -> int:
        """How many frames it sees at a time."""
        return TOGETHER if self.device == "cuda" else 1

    def disparities(self, pictures: Pictures, given: Size) -> Disparity:
        """Return relative disparity, or 1 / metres, of pictures in the network's size, in the size ``given``."""
        import torch

        with torch.inference_mode():
            found = self.network(pixel_values=self.prepared(pictures)).predicted_depth[:, None].float()
            if given != (pictures.shape[2], pictures.shape[1]):
                found = torch.nn.functional.interpolate(found, size=given[::-1], mode="bilinear", align_corners=False)
            values = found[:, 0].cpu().numpy()
            return 1 / np.maximum(values, np.float32(NEAREST_M)) if self.metric else values

    def prepared(self, pictures: Pictures) -> Any:
        """Return pictures as the network takes them, normalised."""
        import torch

        pixels = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float() / 255
        mean, deviation = (torch.tensor(each, device=self.device).view(3, 1, 1) for each in (self.mean, self.deviation))
        return ((pixels - mean) / deviation).to(self.network.dtype)


def _load(folder: Path, device: Device) -> _Model:
    """Load a checkpoint of this machine: no network, no pickle, and no tensor left to chance.

    On the CPU in single precision, as it is stored and as its authors' program runs it. On the GPU in half: with
    ``TOGETHER`` frames at a time that takes an eighth of the time, and disparity differs by 5e-4 of its largest.

    Raises:
        MissingPart: it cannot be loaded, or is not of this model.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import DepthAnythingForDepthEstimation

    precision = torch.float16 if device == "cuda" else torch.float32
    try:
        preparing = json.loads((folder / "preprocessor_config.json").read_bytes())
        side, multiple = int(preparing["size"]["height"]), int(preparing["ensure_multiple_of"])
        mean, deviation = (tuple(map(float, preparing[name])) for name in ("image_mean", "image_std"))
        with opened_quietly():
            network, report = DepthAnythingForDepthEstimation.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=precision, output_loading_info=True
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as cause:
        raise MissingPart(f"{folder} cannot be loaded as Depth Anything weights: {cause}") from cause
    if lacking := [*report["missing_keys"], *report["mismatched_keys"]]:
        raise MissingPart(f"{folder}: {len(lacking)} tensors of Depth Anything are not there, among them {lacking[0]}")
    network.to(device).eval()
    return _Model(network, side, multiple, mean, deviation, device)
