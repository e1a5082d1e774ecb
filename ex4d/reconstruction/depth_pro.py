"""Depth Pro (Bochkovskii et al. 2024, arXiv:2410.02073) by the transformers library: metres, and the lens.

For each frame the network gives canonical inverse depth C, 1/z as a lens would have it whose focal length is the
picture's width, and in a head of its own the horizontal angle of view. 1/z in metres is C times width / focal length.

That angle is a new guess in each frame, and would have the whole world breathe. A clip has one lens here: the median
of its frames' angles. Frames are then steadied by a scale alone, as a shift of 1/z is no change of unit, and what the
first frame's scale was is set right by the median of all scales. Both are known only at the end: z is multiplied then.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.array_types import Float32, UInt8
from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import MissingPart, ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import read_frames
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_estimator import Device
from ex4d.reconstruction.depth_spool import DepthSpool, spooling
from ex4d.reconstruction.steady import MetricSteadying
from ex4d.reconstruction.torch_device import device_here, opened_quietly

Inverse = Float32[np.ndarray, "height width"]
Frame = UInt8[np.ndarray, "frame_height frame_width 3"]

LEAST_INVERSE = 1e-4
"""Of canonical inverse depth; what is less counts as this. The released code so ends the world at 10 km."""


@dataclass(frozen=True)
class DepthPro:
    """A depth estimator of single frames in metres, with one lens for the clip, made steady over time."""

    weights: Path
    """A folder with config.json, preprocessor_config.json and model.safetensors."""
    device: Device | None = None
    """None takes the GPU where there is one, and the CPU where there is none; the result says which it was."""

    def estimate(self, clip: MediaInfo, folder: Path, *, progress: Progress = SILENT) -> DepthVideo:
        """Estimate the depth of a clip; see :class:`~ex4d.reconstruction.depth_estimator.DepthEstimator`."""
        model = _load(self.weights, device_here(self.device))
        how = "in float16 on the GPU" if model.device == "cuda" else "in float32 on the CPU"
        made = f"depth by {self.weights.name} {how}"
        progress.say(made)
        with spooling(clip, model.size_for(clip), "m" if model.knows_lens else "relative", folder) as spool:
            steadying, angles = _write(spool, model, progress)
            if not model.knows_lens:
                return spool.depth((made, NO_LENS, *steadying.told), factor=steadying.factor)
            lens = _lens_of(clip, angles)
            return spool.depth((made, *steadying.told), lens, steadying.factor * lens.focal_px / lens.width)


NO_LENS = (
    "these weights have no head for the lens: their depth is metres times width / focal length of the true lens, "
    "and so in a unit of its own"
)


def _write(spool: DepthSpool, model: _Model, progress: Progress) -> tuple[MetricSteadying, list[float]]:
    """Write 1/C of every frame in the scale of the first; return how that was done, and each frame's angle."""
    steadying, angles = MetricSteadying(spool.clip.stated_lens), []
    for frame in read_frames(spool.clip, range(spool.clip.frame_count)):
        inverse, angle = model.inverse_and_angle(frame, spool.size)
        spool.write(1 / np.maximum(steadying.steadied(inverse, frame), np.float32(LEAST_INVERSE)))
        angles.append(angle)
        progress.advance()
    return steadying, angles


def _lens_of(clip: MediaInfo, angles: list[float]) -> Pinhole:
    """Return the clip's lens, from each frame's horizontal angle of view in degrees."""
    angle = float(np.median(angles))
    if not 0.0 < angle < 180.0:
        raise ReconstructionError(f"{clip.path}: the depth model sees it under {angle:g} degrees; no lens does")
    return Pinhole.from_horizontal_angle(*clip.size, math.radians(angle))


@dataclass(frozen=True)
class _Model:
    """The network, and how it wants its pictures."""

    network: Any
    side: int
    """Pixels of the square that every picture is resized to."""
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    device: Device

    @property
    def knows_lens(self) -> bool:
        """Tell whether the checkpoint has the head for the angle of view."""
        return bool(self.network.use_fov_model)

    def size_for(self, clip: MediaInfo) -> tuple[int, int]:
        """Return as many pixels as the square has, in the shape of the clip; never more than that has."""
        scale = min(1.0, self.side / math.sqrt(clip.width * clip.height))
        return max(1, round(scale * clip.width)), max(1, round(scale * clip.height))

    def inverse_and_angle(self, frame: Frame, size: tuple[int, int]) -> tuple[Inverse, float]:
        """Return canonical inverse depth of this size (width, height), and the angle of view in degrees.

        The angle is that of the picture's width; it is 0 where the checkpoint has no head for it.
        """
        import torch

        with torch.inference_mode():
            seen = self.network(pixel_values=self._prepared(frame))
            inverse = seen.predicted_depth.float()[:, None]
            sized = torch.nn.functional.interpolate(inverse, size=size[::-1], mode="bilinear", align_corners=False)
            angle = float(seen.field_of_view.float().item()) if self.knows_lens else 0.0
            return sized[0, 0].cpu().numpy(), angle

    def _prepared(self, frame: Frame) -> Any:
        """Return a frame as the network takes it: normalised, then resized to the square without smoothing."""
        import torch

        pixels = torch.from_numpy(frame).to(self.device).permute(2, 0, 1)[None].float() / 255
        mean, deviation = (torch.tensor(each, device=self.device).view(3, 1, 1) for each in (self.mean, self.deviation))
        size = (self.side, self.side)
        sized = torch.nn.functional.interpolate((pixels - mean) / deviation, size=size, mode="bilinear")
        return sized.to(self.network.dtype)


def _load(folder: Path, device: Device) -> _Model:
    """Load a checkpoint of this machine: no network, no pickle, and no tensor left to chance.

    On the GPU in half precision, as Apple's own program runs it and its weights are stored.

    Raises:
        MissingPart: it cannot be loaded, or is not of this model.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import DepthProForDepthEstimation

    precision = torch.float16 if device == "cuda" else torch.float32
    try:
        preparing = json.loads((folder / "preprocessor_config.json").read_bytes())
        side, mean, deviation = preparing["size"]["height"], preparing["image_mean"], preparing["image_std"]
        with opened_quietly():
            network, report = DepthProForDepthEstimation.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=precision, output_loading_info=True
            )
        model = _Model(network.eval(), int(side), tuple(map(float, mean)), tuple(map(float, deviation)), device)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as cause:
        raise MissingPart(f"{folder} cannot be loaded as Depth Pro weights: {cause}") from cause
    if lacking := [*report["missing_keys"], *report["mismatched_keys"]]:
        raise MissingPart(f"{folder}: {len(lacking)} tensors of Depth Pro are not there, among them {lacking[0]}")
    network.to(device)
    return model
