"""diffusers' VACE pipeline from a folder of this machine: no network, no pickle, no code of others, no tensor lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import WanVACEPipeline

from ex4d.errors import MissingPart
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.vace.folder import WEIGHED, read_folder

REFUSALS = (OSError, ValueError, RuntimeError, KeyError, IndexError, TypeError, AttributeError)
"""What the libraries raise at files that they cannot use."""


def load_pipeline(folder: Path, dtype: torch.dtype, *, shift: float, progress: Progress = SILENT) -> WanVACEPipeline:
    """Load every part to the host.

    Args:
        folder: in the Diffusers layout, with model_index.json.
        dtype: of transformer and text encoder; the VAE is always float32, as diffusers advises for it.
        shift: how far the steps lean towards noise; see :func:`~ex4d.synthesis.vace.limits.flow_shift`.
        progress: is told of each part.

    Raises:
        MissingPart: files missing, truncated or of another model, or tensors missing, left over or of another shape;
            all of one kind at once.
    """
    classes = read_folder(folder)
    _quieten()
    progress.begin(f"load {folder.name}", len(classes))
    parts: dict[str, Any] = {}
    faults: list[str] = []
    for part, name in classes.items():
        parts[part], found = _part(folder / part, name, torch.float32 if part == "vae" else dtype)
        faults += found
        progress.advance()
    if faults:
        raise MissingPart("\n".join([f"{folder} cannot be loaded:", *(f"  {fault}" for fault in faults)]))
    parts["scheduler"] = _shifted(parts["scheduler"], shift)
    pipeline = WanVACEPipeline(**parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _quieten() -> None:
    """Keep the libraries' own progress bars from the terminal; work reports to ``Progress``."""
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.disable_progress_bar()


def _part(folder: Path, name: str, dtype: torch.dtype) -> tuple[Any, list[str]]:
    """Return a part of the pipeline and what is wrong with it."""
    kind = getattr(diffusers, name, None) or getattr(transformers, name)
    try:
        if folder.name not in WEIGHED:
            return kind.from_pretrained(folder, local_files_only=True), []
        network, report = kind.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=dtype, output_loading_info=True
        )
    except REFUSALS as cause:
        return None, [f"{folder.name}: {cause}"]
    words = {"missing_keys": "missing", "unexpected_keys": "of no use", "mismatched_keys": "of another shape"}
    return network.eval().requires_grad_(False), [
        f"{folder.name}: {_counted(sorted(map(str, report[kind])))} {word}"
        for kind, word in words.items()
        if report[kind]
    ]


def _counted(keys: Sequence[str]) -> str:
    return f"{keys[0]} is" if len(keys) == 1 else f"{len(keys)} tensors, among them {keys[0]}, are"


def _shifted(scheduler: Any, shift: float) -> Any:
    key = "flow_shift" if "flow_shift" in scheduler.config else "shift"
    return type(scheduler).from_config(scheduler.config, **{key: shift})
