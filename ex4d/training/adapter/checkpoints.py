"""Checkpoints: what was learned as EX-4D's file, and all that the next step depends on.

CHECKPOINTS/step-000250/ex4d.ckpt           what completes guides: float32, by EX-4D's names; the running average where
                                            one is taken
CHECKPOINTS/step-000250/state.safetensors   weights, their moments and average, float32
CHECKPOINTS/step-000250/state.json          the step, and the settings that it depends on

ex4d.ckpt is a file of torch.save, as the authors' code reads it: a flat table of tensors, read with ``weights_only``.
It holds float32 rather than the authors' bfloat16, so that training may go on from it; every reader rounds it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ex4d.array_types import Float32
from ex4d.errors import OutputError, TrainingError
from ex4d.media.atomic import replacing, replacing_folder
from ex4d.training.adapter.learner import Learner

CHECKPOINTS = "checkpoints"
"""Their folder, in the output."""
ADAPTER, STATE, NOTES = "ex4d.ckpt", "state.safetensors", "state.json"
VERSION = 1
LARGEST_NOTES = 1 << 20
"""Bytes."""
_NAME = re.compile(r"step-(\d{6,12})")
Matters = Mapping[str, str | int | float | None]
"""What a training's results depend on, in the words of the training file."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on the disk, and what its notes say."""

    folder: Path
    step: int
    matters: Matters

    @property
    def adapter(self) -> Path:
        """EX-4D's file."""
        return self.folder / ADAPTER

    def must_fit(self, matters: Matters) -> None:
        """Hold the training that is to go on against the one that it goes on from.

        Raises:
            TrainingError: they would not be one training; what differs, and what to do.
        """
        differing = [name for name in {**self.matters, **matters} if self.matters.get(name) != matters.get(name)]
        if differing:
            listed = "".join(
                f"\n  {name} was {_shown(self.matters.get(name))} and is {_shown(matters.get(name))}"
                for name in differing
            )
            raise TrainingError(
                f"{self.folder} was trained otherwise, so that this training cannot go on from it:{listed}\n"
                "put it back, or begin anew with another output; what was learned is kept by\n"
                f"  model: {{adapter: {self.adapter}}}"
            )

    def restore(self, learner: Learner) -> None:
        """Put a learner to where the checkpoint was written.

        Raises:
            TrainingError: its state is damaged, or of another adapter.
        """
        wanted = {name: ("F32", tuple(value.shape)) for name, value in learner.tensors().items()}
        file = self.folder / STATE
        try:
            with safe_open(file, framework="pt") as opened:
                slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
                found = {name: (one.get_dtype(), tuple(one.get_shape())) for name, one in slices.items()}
                if found != wanted:
                    raise ValueError(f"its tensors are not those of this adapter ({len(found)}, not {len(wanted)})")
                learner.restore({name: opened.get_tensor(name) for name in wanted}, self.step)
        except (OSError, SafetensorError, ValueError) as cause:
            raise _damaged(file, cause) from cause


def newest_checkpoint(checkpoints: Path) -> Checkpoint | None:
    """Return the checkpoint of the most steps; None where there is none.

    Raises:
        TrainingError: it is damaged.
    """
    found = _steps(checkpoints)
    return _read(found[-1]) if found else None


def write_checkpoint(checkpoints: Path, learner: Learner, matters: Matters, *, keep: int) -> Checkpoint:
    """Write a checkpoint, whole or not at all; of older ones only the newest stay, ``keep`` in all.

    Raises:
        OutputError: the place cannot be written.
    """
    folder = checkpoints / f"step-{learner.step:06d}"
    state = {name: value.detach().cpu().contiguous() for name, value in learner.tensors().items()}
    notes = {"version": VERSION, "step": learner.step, "matters": dict(matters)}
    with _full_disk_told(folder), replacing_folder(folder) as partial:
        write_adapter(partial / ADAPTER, learner)
        save_file(state, partial / STATE)
        (partial / NOTES).write_text(json.dumps(notes, indent=2) + "\n", encoding="utf-8")
    for old in _steps(checkpoints)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return Checkpoint(folder, learner.step, matters)


def write_adapter(file: Path, learner: Learner) -> None:
    """Write what was learned as EX-4D's file, whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    with learner.averaged() as adapter:
        tensors: dict[str, Float32[Tensor, "*shape"]] = adapter.exported()
    # Through a stream: torch writes the name of a file into it, and the temporary one's is never the same.
    with _full_disk_told(file), replacing(file) as partial, partial.open("wb") as stream:
        torch.save(tensors, stream)


@contextmanager
def _full_disk_told(place: Path) -> Iterator[None]:
    """Turn what the libraries make of a full disk into an error that names the place."""
    try:
        yield
    except (RuntimeError, SafetensorError) as cause:
        raise OutputError(f"{place} cannot be written: {str(cause).partition(chr(10))[0]}") from cause


def _steps(checkpoints: Path) -> list[Path]:
    """Return all checkpoints' folders, the newest last."""
    if not checkpoints.is_dir():
        return []
    found = [(int(named[1]), path) for path in checkpoints.iterdir() if (named := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def _read(folder: Path) -> Checkpoint:
    file = folder / NOTES
    try:
        if file.stat().st_size > LARGEST_NOTES:
            raise ValueError("it is too large")
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            raise ValueError(f"it is of version {found['version']} of the format, and this ex4d reads {VERSION}")
        step = int(folder.name.removeprefix("step-"))
        if found["step"] != step:
            raise ValueError("its step is not that of its folder")
        return Checkpoint(folder, step, dict(found["matters"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as cause:
        raise _damaged(file, cause) from cause


def _damaged(file: Path, cause: Any) -> TrainingError:
    return TrainingError(
        f"{file} cannot be read ({cause}); delete {file.parent}, and training goes on from the checkpoint before it"
    )


def _shown(value: str | int | float | None) -> str:
    return "not stated" if value is None else str(value)
