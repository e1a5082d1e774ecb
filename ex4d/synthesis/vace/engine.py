"""The engine of VACE: each window of a guide goes once through diffusers' pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import WanVACEPipeline

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.artifacts.guide_video import GuideVideo
from ex4d.errors import MissingPart, SynthesisError
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.vace.adapters import add_loras
from ex4d.synthesis.vace.limits import flow_shift, require_supported
from ex4d.synthesis.vace.loading import load_pipeline
from ex4d.synthesis.vace.pixels import prepare, to_frames
from ex4d.synthesis.vace.placement import place
from ex4d.synthesis.wan.determinism import deterministic
from ex4d.synthesis.wan.text import NEGATIVE_PROMPT
from ex4d.synthesis.windowed import complete
from ex4d.synthesis.windows import Completer


class VaceEngine:
    """Completes guides with Wan2.1-VACE; see :class:`~ex4d.synthesis.synthesizer.Synthesizer`.

    It works at ``settings.size``, and knows 832x480 and 81 frames; what it was not taught, it does badly rather than
    refuse. It works in bfloat16 on a card and in float32 on the CPU, its VAE always in float32.
    """

    def __init__(
        self,
        folder: Path,
        settings: DiffusionSettings,
        *,
        device: str,
        loras: Sequence[Path] = (),
        progress: Progress = SILENT,
    ) -> None:
        """Load the weights.

        Args:
            folder: Wan2.1-VACE in the Diffusers layout.
            settings: how to work; ``vram_gb`` means something on a card only.
            device: where to work, as torch names it; there is no other if that is not there.
            loras: safetensors files for its transformer, each at full strength.
            progress: is told of the loading, and of each step of each window; what it raises ends the work.

        Raises:
            MissingPart: weights missing, damaged or of another model, or no such card.
            SynthesisError: settings that mean nothing to VACE, or LoRAs of another model.
        """
        require_supported(settings)
        self._device = _present(device)
        dtype = torch.float32 if self._device.type == "cpu" else torch.bfloat16
        self._pipeline = load_pipeline(folder, dtype, shift=flow_shift(settings.size), progress=progress)
        add_loras(self._pipeline, loras)
        place(self._pipeline, self._device, settings, progress)
        self._settings = settings
        self._progress = progress

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Yield the completed frames; without a wish, visibility is not eroded, as VACE did not learn so.

        Raises:
            SynthesisError: numbers that are not finite, naming the step, or a card that is too small.
        """
        completer = self.completer(request)
        yield from complete(guide, completer, self._settings, seed=request.seed, erode=request.erode or 0)

    def completer(self, request: SynthesisRequest) -> Completer:
        """Return what completes one window; each starts from the seed's own noise, so that like guides look alike."""
        return WindowCompleter(self._pipeline, self._settings, request, self._progress)


@dataclass(frozen=True)
class WindowCompleter:
    """Completes the windows of one shot."""

    pipeline: WanVACEPipeline
    settings: DiffusionSettings
    request: SynthesisRequest
    progress: Progress

    def __call__(
        self,
        colour: UInt8[np.ndarray, "frames height width 3"],
        visible: Bool[np.ndarray, "frames height width"],
        window_index: int,
    ) -> UInt8[np.ndarray, "frames height width 3"]:
        """Complete one window of 4k + 1 frames at the working size.

        Raises:
            SynthesisError: numbers that are not finite, naming the step, or a card that is too small.
        """
        self.progress.begin(f"window {window_index + 1}: VACE", self.settings.steps)
        try:
            with deterministic(self.settings.deterministic):
                return to_frames(self._decoded(colour, visible, window_index))
        except torch.OutOfMemoryError as cause:
            frames, height, width = visible.shape
            raise SynthesisError(
                f"the graphics card is too small for {frames} frames of {width}x{height}; "
                "say what it holds (vram), or choose a smaller size or window"
            ) from cause
        finally:
            self.pipeline.maybe_free_model_hooks()  # which a pipeline that was interrupted has not done

    def _decoded(
        self,
        colour: UInt8[np.ndarray, "frames height width 3"],
        visible: Bool[np.ndarray, "frames height width"],
        window_index: int,
    ) -> Float32[np.ndarray, "frames height width 3"]:
        video, mask = prepare(colour, visible)
        frames, height, width = visible.shape
        negative = self.settings.negative_prompt
        return self.pipeline(
            prompt=self.request.prompt,
            negative_prompt=NEGATIVE_PROMPT if negative is None else negative,
            video=video,
            mask=mask,
            height=height,
            width=width,
            num_frames=frames,
            num_inference_steps=self.settings.steps,
            guidance_scale=self.settings.guidance,
            generator=torch.Generator("cpu").manual_seed(self.request.seed),
            callback_on_step_end=self._listener(window_index),
            output_type="np",
        ).frames[0]

    def _listener(self, window_index: int) -> Callable[..., dict[str, torch.Tensor]]:
        def after_step(_: Any, step: int, __: Any, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            if not torch.isfinite(tensors["latents"]).all():
                raise SynthesisError(
                    f"window {window_index + 1}, step {step + 1} of {self.settings.steps}: the latents are not finite "
                    "numbers any more; check the weights (ex4d models check), or leave out the LoRAs"
                )
            self.progress.advance()
            return tensors

        return after_step


def _present(name: str) -> torch.device:
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise MissingPart(
            f"no graphics card {name} here that torch could use: see what nvidia-smi says, install a torch built for "
            "CUDA, or name another device"
        )
    return device
