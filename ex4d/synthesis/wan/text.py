"""Prompts as the transformer reads them: cleaned, cut into tokens, embedded by UMT5, padded with zeros.

Source: tau-yihouxiang/EX-4D, generate.py and diffsynth/prompters/wan_prompter.py.
"""

from __future__ import annotations

import gc
import html
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ftfy
import torch
from diffusers.hooks import apply_group_offloading
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - what the field calls it
from transformers import AutoTokenizer

from ex4d.array_types import Float, Int64
from ex4d.errors import MissingPart, OutputError, SynthesisError
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.wan.loading import load_text_encoder
from ex4d.synthesis.wan.prompt_files import WORDS, PromptCache
from ex4d.synthesis.wan.weight_folders import WanFolder

PROMPT = "4K ultra HD, surround motion, realistic tone, panoramic shot, wide-angle view, cinematic quality"
"""EX-4D's own."""
NEGATIVE_PROMPT = (
    "Bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, overall "
    "gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, poorly drawn hands, "
    "poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, still picture, messy background, three "
    "legs, many people in the background, walking backwards"
)
"""EX-4D's own."""
Features = Float[Tensor, "_words text_features"]


def cleaned(prompt: str) -> str:
    """Return a prompt as the tokenizer is given it: broken characters mended, entities read, white space single."""
    text = html.unescape(html.unescape(ftfy.fix_text(prompt)))
    return re.sub(r"\s+", " ", text.strip()).strip()


def prompt_tokens(
    tokenizer: Any, prompt: str, *, progress: Progress = SILENT
) -> tuple[Int64[Tensor, "1 words"], Int64[Tensor, "1 words"]]:
    """Return a cleaned prompt's tokens, padded, and which of them are true (1); what is beyond 512 is said and cut."""
    found = tokenizer(prompt, padding="max_length", truncation=True, max_length=WORDS, return_tensors="pt")
    if bool(found.attention_mask.all()) and len(tokenizer(prompt).input_ids) > WORDS:
        progress.say(f"the prompt is longer than {WORDS} tokens; the model does not read its end")
    return found.input_ids, found.attention_mask


def prompt_features(text_encoder: Any, ids: Int64[Tensor, "1 words"], mask: Int64[Tensor, "1 words"]) -> Features:
    """Return the features of a prompt's true tokens, in the encoder's type, on the host."""
    device = text_encoder.device
    with torch.no_grad():
        seen = text_encoder(input_ids=ids.to(device), attention_mask=mask.to(device)).last_hidden_state
    return seen[0, : int(mask.sum())].cpu()


def padded(features: Features) -> Float[Tensor, "1 all_words text_features"]:
    """Return features with zeros after them, as many rows as the transformer reads."""
    return F.pad(features, (0, 0, 0, WORDS - len(features)))[None]


def open_tokenizer(folder: Path) -> Any:
    """Open UMT5's tokenizer.

    Raises:
        MissingPart: it is missing or cannot be read.
    """
    if not folder.is_dir():
        raise MissingPart(
            f"{folder} is missing, the tokenizer of the text encoder; run ex4d models pull wan2.1-i2v-14b-480p, or "
            "bring embedded prompts (--prompt-embeds)"
        )
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as cause:  # the library lets through what its parsers raise, of whatever kind
        raise MissingPart(f"{folder} cannot be read as a tokenizer: {cause}; download it again") from cause


def tokenizer_files(folder: Path) -> tuple[Path, ...]:
    """Return what a tokenizer is read from, for :func:`~ex4d.synthesis.wan.prompt_files.encoder_identity`."""
    return tuple(sorted(file for file in folder.glob("[!.]*") if file.is_file()))


def embed_prompts(
    prompts: Sequence[str],
    folder: WanFolder,
    *,
    cache: PromptCache,
    dtype: torch.dtype,
    device: torch.device,
    stream: bool = False,
    progress: Progress = SILENT,
) -> tuple[Features, ...]:
    """Return the features of prompts, from the cache where it has them; else the text encoder is loaded for them.

    With ``stream`` the encoder stays in host memory and each of its layers is on ``device`` for its turn only. Nothing
    of it is left in memory afterwards, nor after an error. A cache that cannot be written is said and done without.

    Raises:
        MissingPart: the text encoder is needed and cannot be loaded.
        SynthesisError: the card has too little memory for it.
    """
    wanted = [cleaned(prompt) for prompt in prompts]
    found = {prompt: features for prompt in wanted if (features := cache.read(prompt)) is not None}
    if lacking := [prompt for prompt in dict.fromkeys(wanted) if prompt not in found]:
        with _nothing_left(device), _memory_told():
            made = _embedded(lacking, folder, dtype, device, stream, progress)
        _keep(made, cache, progress)
        found |= made
    return tuple(found[prompt] for prompt in wanted)


def _embedded(
    prompts: Sequence[str],
    folder: WanFolder,
    dtype: torch.dtype,
    device: torch.device,
    stream: bool,
    progress: Progress,
) -> dict[str, Features]:
    tokenizer = open_tokenizer(folder.tokenizer)
    encoder = open_text_encoder(folder, dtype, device, stream=stream, progress=progress)
    made = {}
    for prompt in prompts:  # no comprehension: an error would keep the encoder by its closure, which cannot be cleared
        made[prompt] = prompt_features(encoder, *prompt_tokens(tokenizer, prompt, progress=progress))
    return made


def _keep(made: Mapping[str, Features], cache: PromptCache, progress: Progress) -> None:
    try:
        for prompt, features in made.items():
            cache.write(prompt, features)
    except OutputError as fault:
        progress.say(f"embedded prompts are not kept for the next run: {fault}")


@contextmanager
def _nothing_left(device: torch.device) -> Iterator[None]:
    """Free what the block loaded: its hooks refer to each other, and an error to all that its frames knew."""
    try:
        yield
    except Exception as error:
        fault: BaseException | None = error
        while fault is not None:
            traceback.clear_frames(fault.__traceback__)
            fault = fault.__cause__ or fault.__context__
        raise
    finally:
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()


@contextmanager
def _memory_told() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as cause:
        raise SynthesisError(
            "the card ran out of memory while the prompt was embedded: state less than it has with --vram, and the "
            "text encoder's layers come to it by turns"
        ) from cause


def open_text_encoder(
    folder: WanFolder, dtype: torch.dtype, device: torch.device, *, stream: bool, progress: Progress = SILENT
) -> Any:
    """Load the text encoder; with ``stream`` its layers come to the device by turns.

    Raises:
        MissingPart: weights are missing or damaged.
    """
    if not stream:
        return load_text_encoder(folder, dtype, device, progress=progress)
    host = torch.device("cpu")
    encoder = load_text_encoder(folder, dtype, host, progress=progress)
    apply_group_offloading(encoder, onload_device=device, offload_device=host, offload_type="leaf_level")
    return encoder
