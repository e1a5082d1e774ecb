"""What a training's results depend on, by which one is known that may go on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from ex4d.errors import MediaError
from ex4d.synthesis.wan.prompt_files import encoder_identity
from ex4d.synthesis.wan.weight_folders import WanFolder
from ex4d.training.adapter.checkpoints import CHECKPOINTS, Matters, newest_checkpoint
from ex4d.training.config.records import TrainingConfig
from ex4d.training.dataset.prepared import Prepared
from ex4d.workspace import content_hash

FREE = frozenset({"steps", "at_once", "checkpointing"})
"""Of the training's settings those that may change from one run to the next: they change no result but by rounding."""
EXCERPTS = "prepared excerpts"
"""What they are called among the settings."""


def what_matters(config: TrainingConfig, prepared: Prepared, folder: WanFolder) -> Matters:
    """Return all that what is learned depends on, by its place in the training file."""
    files = [(one.name, one.notes.key, one.prompt) for one in prepared.trained]
    told = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
    return {**_settings(config, folder), EXCERPTS: f"{len(files)} ({told})"}


def require_going_on(config: TrainingConfig, folder: WanFolder) -> None:
    """Hold a training file against the newest checkpoint in its output, if there is one, before excerpts are prepared.

    Raises:
        TrainingError: it is of another training, whatever its excerpts are, or damaged.
    """
    kept = newest_checkpoint(config.output / CHECKPOINTS)
    if kept is not None:
        kept.must_fit({EXCERPTS: kept.matters.get(EXCERPTS), **_settings(config, folder)})


def _settings(config: TrainingConfig, folder: WanFolder) -> Matters:
    training = config.training.model_dump(mode="json", exclude=set(FREE))
    settings = {"training": training, "model": config.model.model_dump(mode="json") | _weights(config, folder)}
    return {f"{section}.{name}": value for section, values in settings.items() for name, value in values.items()}


def _weights(config: TrainingConfig, folder: WanFolder) -> dict[str, str | None]:
    """Return what tells weights from others: their contents, not where they are, as a project may be moved."""
    adapter = config.model.adapter
    try:
        frozen = encoder_identity(folder.files("transformer"), torch.float32)  # precision is a setting of its own
        return {"weights": _told(frozen), "adapter": None if adapter is None else _told(content_hash(Path(adapter)))}
    except OSError as cause:
        raise MediaError(f"{cause.filename} cannot be read: {cause.strerror or cause}") from cause


def _told(digest: str) -> str:
    return f"content {digest[:16]}"
