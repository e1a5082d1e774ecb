"""Embedded prompts on the disk: a cache by content, and files that a user may bring."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ex4d.array_types import Float
from ex4d.errors import OutputError, UserError
from ex4d.media.atomic import replacing

Features = Float[Tensor, "_words text_features"]
WORDS = 512
"""Tokens that the transformer reads of a prompt, padding included."""
_SAMPLES, _SAMPLE_BYTES = 256, 4096


@dataclass(frozen=True)
class PromptCache:
    """Features of prompts, kept by what made them."""

    folder: Path
    encoder: str
    """What tells one text encoder from another: its weights, and the type that it computed in."""

    def read(self, prompt: str) -> Features | None:
        """Return a cleaned prompt's features; None where there are none, or only a damaged file."""
        try:
            with safe_open(self._file(prompt), framework="pt") as opened:
                if opened.metadata() != self._words(prompt):
                    return None
                return _checked(opened.get_tensor("features").clone())
        except (OSError, SafetensorError, ValueError):
            return None

    def write(self, prompt: str, features: Features) -> None:
        """Keep a cleaned prompt's features.

        Raises:
            OutputError: the folder cannot be written.
        """
        _save(self._file(prompt), {"features": features}, self._words(prompt))

    def _words(self, prompt: str) -> dict[str, str]:
        """Return a file's metadata: one entry, as safetensors writes several in an order of chance."""
        return {"made_from": json.dumps({"encoder": self.encoder, "prompt": prompt})}

    def _file(self, prompt: str) -> Path:
        key = hashlib.sha256(f"{self.encoder}\0{prompt}".encode()).hexdigest()
        return self.folder / f"{key}.safetensors"


def encoder_identity(files: Sequence[Path], dtype: torch.dtype) -> str:
    """Return what tells a text encoder from another by its weights' and its tokenizer's files, for `PromptCache`.

    Weights of ten gigabytes are not read for it: their sizes, and 256 samples of 4 KiB spread over each file, are what
    two different encoders cannot share but on purpose.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256(str(dtype).encode())
    for path in files:
        size = path.stat().st_size
        digest.update(size.to_bytes(8, "little"))
        with path.open("rb") as file:
            for sample in range(_SAMPLES):
                file.seek(max(0, size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def write_prompt_embeds(file: Path, prompt: Features, negative: Features) -> None:
    """Write embedded prompts as :func:`read_prompt_embeds` reads them.

    Raises:
        OutputError: the place cannot be written.
    """
    _save(file, {"prompt": prompt, "negative": negative})


def read_prompt_embeds(file: Path, *, text_features: int) -> tuple[Features, Features]:
    """Return the embedded prompt and negative prompt of a safetensors file, for a model of so many features.

    Raises:
        UserError: it cannot be read, lacks one of them, or they are of another model.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            prompt, negative = (_checked(opened.get_tensor(name).clone()) for name in ("prompt", "negative"))
    except (OSError, SafetensorError, ValueError) as cause:
        raise UserError(
            f"{file} cannot be used as embedded prompts: {cause}; it must be a safetensors file with two tensors, "
            f"'prompt' and 'negative', each of at most {WORDS} rows of {text_features}"
        ) from cause
    for name, features in (("prompt", prompt), ("negative", negative)):
        if features.shape[1] != text_features:
            raise UserError(f"{file}: {name!r} has rows of {features.shape[1]}, the model reads {text_features}")
    return prompt, negative


def _save(file: Path, features: Mapping[str, Features], words: dict[str, str] | None = None) -> None:
    try:
        with replacing(file) as partial:
            save_file({name: one.contiguous() for name, one in features.items()}, partial, words)
    except SafetensorError as cause:  # what the library makes of a full disk
        raise OutputError(f"{file} cannot be written: {cause}") from cause


def _checked(tensor: Tensor) -> Features:
    """Return a tensor if it can be a prompt's features; a leading axis of length 1 goes."""
    features = tensor[0] if tensor.ndim == 3 and len(tensor) == 1 else tensor
    if features.ndim != 2 or not 1 <= len(features) <= WORDS or not features.dtype.is_floating_point:
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} and type {tensor.dtype} is no prompt's")
    if not bool(torch.isfinite(features).all()):
        raise ValueError("it has numbers that are not finite")
    return features
