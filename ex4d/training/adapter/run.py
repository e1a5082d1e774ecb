"""A whole training on files: prepared excerpts in, checkpoints, log and sample sheets out.

OUTPUT/checkpoints/step-000250/   see :mod:`ex4d.training.adapter.checkpoints`
OUTPUT/ex4d.ckpt                  that of the newest checkpoint
OUTPUT/log.jsonl                  see :mod:`ex4d.training.adapter.log`
OUTPUT/samples/step-000250.png    held-out excerpts: guide, completed, what was to be found
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from ex4d.errors import MediaError, OutputError, SynthesisError, TrainingError
from ex4d.media.atomic import replacing
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.wan.loading import load_vae
from ex4d.synthesis.wan.weight_folders import WanFolder
from ex4d.training.adapter.batches import Lessons
from ex4d.training.adapter.checkpoints import (
    ADAPTER,
    CHECKPOINTS,
    newest_checkpoint,
    write_adapter,
    write_checkpoint,
)
from ex4d.training.adapter.examples import PreparedExamples
from ex4d.training.adapter.learner import Learner
from ex4d.training.adapter.log import Entry, Log
from ex4d.training.adapter.loop import Done, prove, train_adapter
from ex4d.training.adapter.matters import what_matters
from ex4d.training.adapter.opening import open_adapter
from ex4d.training.adapter.order import Share
from ex4d.training.adapter.processes import processes_on
from ex4d.training.adapter.samples import cost_in_words, sample_sheet, validation_loss, write_sheet
from ex4d.training.config.records import TrainingConfig
from ex4d.training.dataset.prepared import Prepared

GB = 1e9


def train(
    config: TrainingConfig, prepared: Prepared, folder: WanFolder, *, device: str, progress: Progress = SILENT
) -> Path:
    """Train as the file says, going on from the newest checkpoint in its output; return EX-4D's file.

    Under ``torchrun`` or ``accelerate launch`` every process calls this; the first alone writes and speaks.

    Args:
        config: the training file.
        prepared: all of its excerpts.
        folder: the frozen model's weights.
        device: ``cuda``, ``cuda:1`` or ``cpu``; of several processes each has a card of its own.
        progress: is told of each step.

    Raises:
        TrainingError: there is no such device, the batch cannot be shared, the newest checkpoint is of another training
            or damaged, memory ran out, or a loss or gradient is not finite; says what is kept.
        MissingPart: weights are missing or damaged.
        MediaError: a prepared excerpt is damaged.
        SynthesisError: samples are not finite.
        OutputError: the output cannot be written.
    """
    if not prepared.trained:
        raise TrainingError(f"{prepared.folder} has no excerpt to train on: add clips, or hold out fewer")
    crew = processes_on(torch.device(device))
    if crew.device.type != torch.device(device).type:
        raise TrainingError(f"there is no {device} here that torch can use; --device cpu is for tiny models")
    listener = progress if crew.is_main_process else SILENT
    if _is_finished(config, prepared, folder, crew, listener):
        return config.output / ADAPTER
    try:
        run = _Run(config, prepared, folder, crew, listener)
    except torch.OutOfMemoryError as cause:
        raise TrainingError(
            f"the card's memory ran out while weights were loaded ({_first_line(cause)}): each card holds all of the "
            "transformer; take one with more"
        ) from cause
    with _told(run):
        run.go()
    return run.result


def _is_finished(
    config: TrainingConfig, prepared: Prepared, folder: WanFolder, crew: Accelerator, progress: Progress
) -> bool:
    """Tell whether all steps are done; then have the adapter at its place, and load nothing."""
    kept = newest_checkpoint(config.output / CHECKPOINTS)
    if kept is None or kept.step < config.training.steps:
        return False
    kept.must_fit(what_matters(config, prepared, folder))
    if crew.is_main_process:
        with replacing(config.output / ADAPTER) as partial:  # a run that was killed may not have come to it
            shutil.copyfile(kept.adapter, partial)
    progress.say(f"all {config.training.steps} steps are done; raise training.steps to go on")
    return True


class _Run:
    """One run of a training, in one of its processes."""

    def __init__(
        self, config: TrainingConfig, prepared: Prepared, folder: WanFolder, crew: Accelerator, progress: Progress
    ) -> None:
        self.config, self.crew, self.progress = config, crew, progress
        Share.of(config.training, crew.process_index, crew.num_processes)  # told before weights are loaded
        self.held_out = PreparedExamples.of(prepared.held_out)
        self.lessons = Lessons(
            PreparedExamples.of(prepared.trained), config.training, negative_text=prepared.negative_text()
        )
        self.output = Path(config.output)
        self.result = self.output / ADAPTER
        self.checkpoints = self.output / CHECKPOINTS
        self.matters = what_matters(config, prepared, folder)
        self.kept = newest_checkpoint(self.checkpoints)
        if self.kept is not None:
            self.kept.must_fit(self.matters)
        self.learner = Learner(open_adapter(config, folder, crew.device, progress), config.training)
        if self.kept is not None:
            self.kept.restore(self.learner)
        self.vae: Any = None
        if config.keep.sample_every and config.keep.samples and self.held_out.count:
            self.vae = load_vae(folder, self.learner.adapter.kind, crew.device, progress=progress)
        self.log: Log | None = None

    def go(self) -> None:
        """Train to the end."""
        steps, done = self.config.training.steps, self.learner.step
        if self.crew.is_main_process:
            self.log = Log.going_on(self.output / "log.jsonl", after=done or -1)  # step 0 is noted anew
        if done:
            self.progress.say(f"going on after step {done}, from {self.checkpoints}")
        elif self.config.keep.validate_every:
            self._note({"step": 0, **self._validated()})
        if words := cost_in_words(self.config.keep, self.held_out.count):
            self.progress.say(words)
        self.progress.begin("training", max(0, steps - done))
        train_adapter(
            self.learner.adapter,
            self.lessons.examples,
            self.config.training,
            learner=self.learner,
            negative_text=self.lessons.negative_text,
            on_step=self._stepped,
        )

    def _stepped(self, done: Done) -> None:
        keep, last = self.config.keep, done.step >= self.config.training.steps
        entry: Entry = {"step": done.step, "loss": done.loss, "gradient_norm": done.gradient_norm}
        entry |= {"learning_rate": done.learning_rate, "seconds": done.seconds, **_peak(self.crew.device)}
        if _comes(keep.validate_every, done.step) or (keep.validate_every and last):
            entry |= self._validated()
        self._note(entry)
        if _comes(keep.checkpoint_every, done.step) or last:
            self._save()
        if self.vae is not None and _comes(keep.sample_every, done.step):
            self._show(done.step)
        self.progress.advance()

    def _note(self, entry: Entry) -> None:
        if self.log is not None and len(entry) > 1:
            self.log.add(entry)

    def _validated(self) -> Entry:
        if not self.held_out.count:
            return {}
        with self.learner.averaged() as adapter:
            loss = validation_loss(adapter, self.held_out)
        if not math.isfinite(loss):
            raise TrainingError(
                f"step {self.learner.step}: the loss of held-out excerpts is no finite number any more; lower "
                "training.learning_rate, or look at these excerpts"
            )
        return {"validation": loss}

    def _save(self) -> None:
        prove(self.learner, self.lessons)
        if self.crew.is_main_process:
            write_checkpoint(self.checkpoints, self.learner, self.matters, keep=self.config.keep.keep)
            write_adapter(self.result, self.learner)
        self.crew.wait_for_everyone()
        self.kept = newest_checkpoint(self.checkpoints)

    def _show(self, step: int) -> None:
        with self.learner.averaged() as adapter:
            sheet = sample_sheet(
                adapter,
                self.vae,
                self.held_out,
                count=self.config.keep.samples,
                steps=self.config.keep.sample_steps,
                negative_text=self.lessons.negative_text,
            )
        if self.crew.is_main_process:
            write_sheet(self.output / "samples" / f"step-{step:06d}.png", sheet)


@contextmanager
def _told(run: _Run) -> Iterator[None]:
    """Say what is kept when a training stops."""
    try:
        yield
    except (TrainingError, SynthesisError, MediaError, OutputError) as fault:
        raise type(fault)(f"{fault}\n{_kept(run)}") from fault
    except torch.OutOfMemoryError as cause:
        raise TrainingError(
            f"the card's memory ran out ({_first_line(cause)}); set training.checkpointing: true, lower "
            f"at_once, or prepare smaller or shorter excerpts\n{_kept(run)}"
        ) from cause


def _kept(run: _Run) -> str:
    if run.kept is None:
        return "no checkpoint was written yet"
    return (
        f"the last good checkpoint, of step {run.kept.step}, is kept in {run.kept.folder}; to go on from it in "
        f"another way, begin another output with\n  model: {{adapter: {run.kept.adapter}}}"
    )


def _first_line(cause: torch.OutOfMemoryError) -> str:
    return str(cause).partition("\n")[0]


def _comes(every: int, step: int) -> bool:
    return every > 0 and step % every == 0


def _peak(device: torch.device) -> Entry:
    if device.type != "cuda":
        return {}
    return {"peak_gb": torch.cuda.max_memory_allocated(device) / GB}
