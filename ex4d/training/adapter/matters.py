"""What a training's results depend on, by which one is known that may go on."""

from __future__ import annotations

import hashlib

from ex4d.training.adapter.checkpoints import CHECKPOINTS, Matters, newest_checkpoint
from ex4d.training.config.records import TrainingConfig
from ex4d.training.dataset.prepared import Prepared

FREE = frozenset({"steps", "at_once", "checkpointing"})
"""Of the training's settings those that may change from one run to the next: they change no result but by rounding."""
EXCERPTS = "prepared excerpts"
"""What they are called among the settings."""


def what_matters(config: TrainingConfig, prepared: Prepared) -> Matters:
    """Return all that what is learned depends on, by its place in the training file."""
    files = [(one.name, one.notes.key, one.prompt) for one in prepared.trained]
    told = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
    return {**_settings(config), EXCERPTS: f"{len(files)} ({told})"}


def require_going_on(config: TrainingConfig) -> None:
    """Hold a training file against the newest checkpoint in its output, if there is one, before excerpts are prepared.

    Raises:
        TrainingError: it is of another training, whatever its excerpts are, or damaged.
    """
    kept = newest_checkpoint(config.output / CHECKPOINTS)
    if kept is not None:
        kept.must_fit({EXCERPTS: kept.matters.get(EXCERPTS), **_settings(config)})


def _settings(config: TrainingConfig) -> Matters:
    training = {
        f"training.{name}": value for name, value in config.training.model_dump(mode="json").items() if name not in FREE
    }
    return training | {f"model.{name}": value for name, value in config.model.model_dump(mode="json").items()}
