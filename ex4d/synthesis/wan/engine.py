"""EX-4D: Wan2.1-I2V-14B with the adapter that reads a guide's colours and visibility.

Window by window: the guide becomes latents, noise is led to latents that agree with it, those become frames.
Source: tau-yihouxiang/EX-4D, generate.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ex4d.array_types import Bool, UInt8
from ex4d.artifacts.guide_video import GuideVideo
from ex4d.errors import SynthesisError
from ex4d.kernels import cache_folder
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.vram import host_shortage
from ex4d.synthesis.wan import conditioning as guide_of
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.conditioning import Conditioning, latents_to_frames
from ex4d.synthesis.wan.denoising import Latents, Step, denoise, guided
from ex4d.synthesis.wan.determinism import deterministic
from ex4d.synthesis.wan.limits import require_supported
from ex4d.synthesis.wan.models import Bench, Models, open_models
from ex4d.synthesis.wan.previews import write_preview
from ex4d.synthesis.wan.prompts import EmbeddedPrompts, embedded
from ex4d.synthesis.wan.schedule import DISTILLED_STEPS, initial_noise, noise_levels
from ex4d.synthesis.wan.transformer import Hearing, at_work, velocities
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from ex4d.synthesis.windowed import complete as complete_in_windows

Frames = UInt8[np.ndarray, "frames height width 3"]
Visible = Bool[np.ndarray, "frames height width"]
LARGEST_SEED = 1 << 63
"""That torch's generators take, and one more."""


class Ex4dEngine:
    """Completes guides with EX-4D's adapter on Wan; a :class:`Synthesizer`."""

    def __init__(
        self,
        wan_folder: Path,
        adapter_file: Path,
        settings: DiffusionSettings,
        *,
        devices: tuple[str, ...],
        distilled_lora: Path | None = None,
        progress: Progress = SILENT,
    ) -> None:
        """Plan the work; weights are read when the first guide comes.

        Args:
            wan_folder: Wan2.1-I2V-14B-480P, as published or in its Diffusers edition.
            adapter_file: EX-4D's ex4d.ckpt.
            settings: how to work.
            devices: names of the cards, as ``cuda:0``; two take a branch of guidance each, four share those, too.
                ``cpu`` is for tiny models.
            distilled_lora: the step-distillation LoRA, where ``settings.distilled`` asks for it.
            progress: is told of each step.

        Raises:
            SynthesisError: the cards cannot do it; says what would fit.
            MissingPart: there are no weights of Wan in the folder.
        """
        self._folder = find_wan_folder(wan_folder)
        self._adapters = [adapter_file]
        if distilled_lora is not None and settings.distilled:
            self._adapters.append(distilled_lora)
        self._settings = replace(settings, devices=len(devices))
        require_supported(self._settings)
        self._bench = Bench.of(devices, self._settings)
        self._progress = progress
        if self._bench.plan is not None:
            progress.say(f"EX-4D on {', '.join(devices)}: {self._bench.plan.in_words()}")
            if shortage := host_shortage(self._bench.plan, len(devices)):
                progress.say(shortage)

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Yield the completed frames, window by window.

        Raises:
            SynthesisError: latents that are not finite; names the step. Or the card has too little memory after all.
            MissingPart: weights are missing or damaged.
        """
        with _memory_told(), deterministic(self._settings.deterministic):
            prompts = self._prompts(request)
        completer = partial(self.complete, prompts=prompts, seed=request.seed, title=request.title)
        yield from complete_in_windows(guide, completer, self._settings, seed=request.seed, erode=request.erode)

    def complete(
        self,
        colour: Frames,
        visible: Visible,
        window_index: int,
        *,
        prompts: EmbeddedPrompts,
        seed: int,
        title: str = "",
    ) -> Frames:
        """Return one window's frames; a window's noise is drawn by the seed and the window's index together."""
        name = f"{title} window {window_index + 1}".strip()
        with _memory_told(), deterministic(self._settings.deterministic):
            return self._complete(colour, visible, name, prompts, noise_seed(seed, window_index))

    def _complete(self, colour: Frames, visible: Visible, name: str, prompts: EmbeddedPrompts, seed: int) -> Frames:
        models = self._models
        conditioning = self._condition(models, colour, visible, prompts)
        draws = torch.Generator("cpu").manual_seed(seed)
        frames, height, width = visible.shape
        noise = initial_noise(draws, frames, width, height).to(models.bench.main)
        latents = self._denoised(models, conditioning, noise, draws, name)
        with models.encoders():
            return latents_to_frames(models.vae, latents)

    def _condition(self, models: Models, colour: Frames, visible: Visible, prompts: EmbeddedPrompts) -> Conditioning:
        with models.encoders():
            frame = guide_of.first_frame(guide_of.colour_video(colour, visible))
            return Conditioning(
                text=prompts.prompt,
                negative_text=prompts.negative,
                image=guide_of.image_features(models.image_encoder, frame),
                image_condition=guide_of.image_condition(models.vae, frame, len(colour)),
                camera_latent=guide_of.camera_latent(models.vae, models.camera_encoder, colour, visible),
            )

    def _denoised(
        self, models: Models, conditioning: Conditioning, noise: Latents, draws: torch.Generator, name: str
    ) -> Latents:
        settings = self._settings
        levels = noise_levels(DISTILLED_STEPS if settings.distilled else settings.steps)
        self._progress.begin(f"denoising {name}", len(levels) - 1)

        def on_step(step: Step) -> None:
            if settings.preview_folder is not None and step.comes_every(settings.preview_every):
                write_preview(models.vae, step, settings.preview_folder, name)
            self._progress.advance()

        with at_work(models.replicas):
            velocity = self._velocity(self._teams(models, conditioning))
            return denoise(velocity, noise, levels, renoise=draws if settings.distilled else None, on_step=on_step)

    def _teams(self, models: Models, conditioning: Conditioning) -> list[list[Hearing]]:
        """Seat the branches of guidance on the cards."""
        texts: list[Tensor] = [conditioning.text]
        if self._settings.guided:
            texts.append(conditioning.negative_text)
        plan = self._bench.plan
        keep = plan is None or plan.keep_memories
        # A team for each branch where there are cards enough, its cards sharing the tokens; else one for both.
        teams = [[text] for text in texts] if len(models.replicas) > 1 else [texts]
        lanes = len(models.replicas) // len(teams)
        return [
            [
                models.replicas[team * lanes + lane].hear(
                    conditioning, heard, cache=self._settings.cache, keep_memories=keep, lane=(lane, lanes)
                )
                for lane in range(lanes)
            ]
            for team, heard in enumerate(teams)
        ]

    def _velocity(self, teams: list[list[Hearing]]) -> Callable[[Latents, float], Latents]:
        def velocity(latents: Latents, timestep: float) -> Latents:
            found = velocities(teams, latents, timestep)
            return found[0] if len(found) == 1 else guided(found[0], found[1], self._settings.guidance)

        return velocity

    def _prompts(self, request: SynthesisRequest) -> EmbeddedPrompts:
        return embedded(
            self._folder,
            request.prompt,
            self._settings,
            self._bench,
            cache=cache_folder() / "prompts",
            progress=self._progress,
        )

    @cached_property
    def _models(self) -> Models:
        adapters = [read_adapter(file) for file in self._adapters]
        return open_models(self._folder, adapters, self._bench, self._progress)


def noise_seed(seed: int, window: int) -> int:
    """Return the seed of a window's noise: the shot's own for the first, as in EX-4D; no two windows' are related."""
    if window == 0 and seed < LARGEST_SEED:
        return seed
    return int(np.random.SeedSequence([seed, window]).generate_state(1, np.uint64)[0] % LARGEST_SEED)


@contextmanager
def _memory_told() -> Iterator[None]:
    """Turn torch's word that the card is full into ours."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as cause:
        raise SynthesisError(
            f"the card's memory ran out ({str(cause).splitlines()[0]}); state less with --vram, so that more is "
            "streamed, or choose a smaller size"
        ) from cause
