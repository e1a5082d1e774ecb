"""The frozen encoders of Wan: what they make of an excerpt and its guides, once for all steps of training.

Each function is inference's own, so that a guide is the same numbers to the adapter when it learns and when it works.
The text encoder comes first and is gone before the VAE is loaded: both together would ask for twice the card.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ex4d.array_types import Float32, UInt8
from ex4d.errors import MissingPart, SynthesisError
from ex4d.progress import Progress
from ex4d.synthesis.wan import conditioning as guide_of
from ex4d.synthesis.wan.loading import load_image_encoder, load_vae
from ex4d.synthesis.wan.prompt_files import PromptCache, encoder_identity
from ex4d.synthesis.wan.text import open_text_encoder, open_tokenizer, prompt_features, prompt_tokens, tokenizer_files
from ex4d.synthesis.wan.weight_folders import WanFolder
from ex4d.training.dataset.excerpt_file import ExcerptTensors
from ex4d.training.masks.drawn import Visible
from ex4d.workspace import key_of

Latents = Float32[torch.Tensor, "channels latent_frames latent_height latent_width"]
ROOM = 1.3
"""How much of the card the text encoder takes, in times its files; where there is less, its layers come by turns."""


@dataclass(frozen=True)
class Bench:
    """Where encoders work, and in what type."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def here(cls, device: str | None = None) -> Bench:
        """Return the bench on a device, as ``cuda:1``; where none is named, on the first card, else on the CPU.

        As in inference: bfloat16 on a card, float32 on the CPU.

        Raises:
            MissingPart: a card is asked for that torch cannot use.
        """
        there = torch.device(device or ("cuda:0" if torch.cuda.is_available() else "cpu"))
        if there.type == "cuda" and not (torch.cuda.is_available() and (there.index or 0) < torch.cuda.device_count()):
            raise MissingPart(f"no CUDA device {there} that torch can use is here; ask for cpu, or for none")
        return cls(there, torch.float32 if there.type == "cpu" else torch.bfloat16)

    @property
    def in_words(self) -> str:
        """Say it for the user."""
        return f"{self.device} in {str(self.dtype).removeprefix('torch.')}"


class FrozenEncoders:
    """VAE and image encoder, loaded when they are first asked for."""

    def __init__(self, folder: WanFolder, bench: Bench, progress: Progress) -> None:
        self._folder, self._bench, self._progress = folder, bench, progress

    def encoded(self, colour: UInt8[np.ndarray, "frames height width 3"], visible: Sequence[Visible]) -> ExcerptTensors:
        """Return what the encoders make of an excerpt and of the guides that masks leave of it, on the host.

        The first frame is whole in every guide, so it conditions all of them alike.

        Raises:
            MissingPart: weights are missing or damaged.
            SynthesisError: the card has too little memory.
        """
        whole = np.ones(colour.shape[:3], bool)
        target = guide_of.colour_video(colour, whole)
        frame = guide_of.first_frame(target)
        with _memory_told("an excerpt was encoded; make excerpts.size smaller, or take fewer frames"):
            return ExcerptTensors(
                target=self._latents(target),
                first_frame=guide_of.image_condition(self._vae, frame, len(colour))[
                    0, guide_of.FIRST_FRAME_CHANNELS :
                ].cpu(),
                image=guide_of.image_features(self._image_encoder, frame)[0].cpu(),
                guides=[self._latents(guide_of.colour_video(colour, seen)) for seen in visible],
                masks=[self._latents(guide_of.mask_video(seen)) for seen in visible],
            )

    def _latents(self, video: guide_of.Video) -> Latents:
        return guide_of.encode(self._vae, video)[0].cpu()

    @cached_property
    def _vae(self) -> Any:
        return load_vae(self._folder, self._bench.dtype, self._bench.device, progress=self._progress)

    @cached_property
    def _image_encoder(self) -> Any:
        return load_image_encoder(self._folder, self._bench.dtype, self._bench.device, progress=self._progress)


def identity_of(folder: WanFolder, bench: Bench) -> str:
    """Return what tells VAE and image encoder from others, and what they compute in.

    Raises:
        MissingPart: their files are not whole.
    """
    files = _whole(folder, "vae") + _whole(folder, "image_encoder")
    settings = [folder.settings("vae"), folder.settings("image_encoder")]
    return key_of([encoder_identity(files, bench.dtype), settings])


def prompt_cache(folder: WanFolder, bench: Bench, place: Path) -> PromptCache:
    """Return where embedded prompts of these weights are kept.

    Raises:
        MissingPart: the text encoder's files are not whole.
    """
    read_by = (*_whole(folder, "text_encoder"), *tokenizer_files(folder.tokenizer))
    return PromptCache(place, encoder_identity(read_by, bench.dtype))


def embed(prompts: Iterable[str], folder: WanFolder, bench: Bench, cache: PromptCache, progress: Progress) -> None:
    """Have the cache hold cleaned prompts, one after the other; the text encoder is loaded only if one is lacking.

    Raises:
        MissingPart: the text encoder cannot be loaded.
        SynthesisError: the card has too little memory.
        OutputError: there is no room for them.
    """
    lacking = [prompt for prompt in dict.fromkeys(prompts) if cache.read(prompt) is None]
    if not lacking:
        return
    with _memory_told("prompts were embedded"):
        try:
            _embed(lacking, folder, bench, cache, progress)
        finally:
            gc.collect()  # what streams layers refers to itself
            if bench.device.type == "cuda":
                torch.cuda.empty_cache()


def _embed(prompts: Sequence[str], folder: WanFolder, bench: Bench, cache: PromptCache, progress: Progress) -> None:
    tokenizer = open_tokenizer(folder.tokenizer)
    stream = _is_tight(folder, bench.device)
    encoder = open_text_encoder(folder, bench.dtype, bench.device, stream=stream, progress=progress)
    progress.begin("embedding prompts", len(prompts))
    for prompt in prompts:
        cache.write(prompt, prompt_features(encoder, *prompt_tokens(tokenizer, prompt, progress=progress)))
        progress.advance()


def _is_tight(folder: WanFolder, device: torch.device) -> bool:
    """Tell whether a card has too little free memory for the text encoder."""
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return bool(free < ROOM * sum(file.stat().st_size for file in folder.files("text_encoder")))


def _whole(folder: WanFolder, part: Any) -> tuple[Path, ...]:
    if missing := folder.missing(part):
        raise MissingPart(
            f"{', '.join(map(str, missing))} missing, which excerpts are prepared with; run\n"
            "  ex4d models pull wan2.1-i2v-14b-480p"
        )
    return folder.files(part)


@contextmanager
def _memory_told(doing: str) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as cause:
        raise SynthesisError(f"the card ran out of memory while {doing}, or take a card with more") from cause
