"""A folder of Wan2.1-VACE in the Diffusers layout: which classes it names, and whether its files are whole.

Nothing here needs torch, so that a folder can be judged before anything heavy is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ex4d.errors import MissingPart

PIPELINE = "WanVACEPipeline"
CLASSES = {
    "scheduler": ("UniPCMultistepScheduler", "FlowMatchEulerDiscreteScheduler"),
    "tokenizer": ("T5TokenizerFast", "T5Tokenizer"),
    "transformer": ("WanVACETransformer3DModel",),
    "vae": ("AutoencoderKLWan",),
    "text_encoder": ("UMT5EncoderModel",),
}
"""Parts, cheapest first, and the classes that each may be: a folder names classes, but does not choose what runs."""
CONFIGS = {
    "scheduler": "scheduler_config.json",
    "tokenizer": "tokenizer_config.json",
    "transformer": "config.json",
    "vae": "config.json",
    "text_encoder": "config.json",
}
WEIGHED = ("transformer", "vae", "text_encoder")
"""The parts that have weights."""


def read_folder(folder: Path) -> dict[str, str]:
    """Return the class of each part, having looked at every file, though only at the headers of weights.

    Raises:
        MissingPart: files missing, truncated or of another model, all of them.
    """
    index, faults = _json(folder / "model_index.json")
    if not faults:
        faults = [*_class_faults(index), *_part_faults(folder)]
    if faults:
        listing = "\n".join(f"  {fault}" for fault in faults)
        raise MissingPart(f"{folder} is not a whole folder of Wan2.1-VACE in the Diffusers layout:\n{listing}")
    return {part: index[part][1] for part in CLASSES}


def _class_faults(index: dict[str, Any]) -> Iterator[str]:
    if index.get("_class_name") != PIPELINE:
        yield f"model_index.json: is of {index.get('_class_name')}; {PIPELINE} is needed"
    for part, known in CLASSES.items():
        named = index.get(part)
        if not isinstance(named, list) or len(named) != 2 or named[1] not in known:
            yield f"model_index.json: {part} is {named}; {' or '.join(known)} is needed"
    if any(index.get("transformer_2") or ()):
        yield "model_index.json: has a second transformer, as Wan2.2 has; weights of Wan2.1 are needed"


def _part_faults(folder: Path) -> Iterator[str]:
    for part, config in CONFIGS.items():
        yield from (f"{part}/{fault}" for fault in _json(folder / part / config)[1])
    if not any((folder / "tokenizer" / name).is_file() for name in ("tokenizer.json", "spiece.model")):
        yield "tokenizer/tokenizer.json: is missing"
    for part in WEIGHED:
        yield from (f"{part}/{fault}" for fault in _weight_faults(folder / part))


def _weight_faults(part: Path) -> Iterator[str]:
    names = {file.name for file in part.glob("*.safetensors")}
    for index in part.glob("*.safetensors.index.json"):
        fields, faults = _json(index)
        yield from faults
        names |= set(fields.get("weight_map", {}).values())
    if not names:
        yield "*.safetensors: is missing"
    for name in sorted(names):
        yield from (f"{name}: {fault}" for fault in tensor_file_faults(part / name))


def tensor_file_faults(file: Path) -> list[str]:
    """Say what is wrong with a safetensors file as far as its header and its length tell."""
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        return ["is missing"]
    try:
        with safe_open(file, framework="numpy"):
            return []
    except (SafetensorError, OSError) as cause:
        return [f"is truncated or damaged ({cause})"]


def _json(file: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a file and what is wrong with it, one of the two being empty."""
    if not file.is_file():
        return {}, [f"{file.name}: is missing"]
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as cause:
        return {}, [f"{file.name}: is not JSON ({cause})"]
    return (fields, []) if isinstance(fields, dict) else ({}, [f"{file.name}: holds no fields"])
