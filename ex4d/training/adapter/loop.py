"""The training loop: examples in, a better adapter out; on one device or, under accelerate, on several.

Started by ``torchrun`` or ``accelerate launch`` each process takes its share of every step's examples, and gradients
are averaged over all of them, so that the same is learned as by one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ex4d.array_types import Float32
from ex4d.errors import TrainingError
from ex4d.training.adapter.batches import Batch, Lessons
from ex4d.training.adapter.examples import Examples
from ex4d.training.adapter.flow_matching import losses, noisy, timesteps_of
from ex4d.training.adapter.learner import Learner
from ex4d.training.adapter.order import Share
from ex4d.training.adapter.processes import processes_on
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import Training


@dataclass(frozen=True)
class Done:
    """A step that was taken."""

    step: int
    """From 1."""
    loss: float
    """Mean over the examples of all processes."""
    gradient_norm: float
    """Before it was cut."""
    learning_rate: float
    seconds: float


def train_adapter(
    adapter: TrainableAdapter,
    examples: Examples,
    settings: Training,
    *,
    learner: Learner | None = None,
    negative_text: Float32[Tensor, "words text_features"] | None = None,
    on_step: Callable[[Done], None] = lambda done: None,
) -> Learner:
    """Train an adapter until ``settings.steps`` are done.

    Args:
        adapter: where it is; what it computes in and whether it checkpoints are its own.
        examples: are read ahead by threads.
        settings: of these, ``precision``, ``checkpointing`` and ``at_once`` change no result but by rounding.
        learner: of this adapter, to go on from; a new one where there is none.
        negative_text: what ``settings.without_prompt`` puts in the place of prompts.
        on_step: is told of each step, in every process; what it raises ends the training.

    Raises:
        TrainingError: a loss or gradient that is not finite: names step and excerpts, and the weights are those of
            the step before; or a batch that the processes cannot share.
    """
    pupil = Learner(adapter, settings) if learner is None else learner
    school = _School(pupil, Lessons(examples, settings, negative_text))
    for batches in school.steps():
        on_step(school.taught(batches))
    return pupil


class _School:
    """A learner among the processes that train it."""

    def __init__(self, learner: Learner, lessons: Lessons) -> None:
        self._learner, self._lessons = learner, lessons
        self._crew = processes_on(learner.adapter.device)
        self._share = Share.of(learner.settings, self._crew.process_index, self._crew.num_processes)
        self._model = self._crew.prepare_model(learner.adapter)

    def steps(self) -> Iterator[Iterator[Batch]]:
        """Yield where the next step's batches come from, until all steps are done."""
        batches = self._lessons.batches(self._share, self._learner.step)
        try:
            while self._learner.step < self._learner.settings.steps:
                yield batches
        finally:
            batches.close()

    def taught(self, batches: Iterator[Batch]) -> Done:
        """Take one step."""
        begun = time.perf_counter()
        numbers, found = self._passes(batches)
        every = self._crew.gather(found)
        settings = self._learner.settings
        norm = torch.nn.utils.clip_grad_norm_(self._learner.learned.values(), settings.largest_gradient)
        loss, gradient = float(every.mean()), float(norm)
        if not (math.isfinite(loss) and math.isfinite(gradient)):
            raise _not_finite(self._learner, self._lessons, self._crew.gather(numbers), every)
        rate = self._learner.learn()
        return Done(self._learner.step, loss, gradient, rate, time.perf_counter() - begun)

    def _passes(self, batches: Iterator[Batch]) -> tuple[Tensor, Tensor]:
        """Gather a step's gradients; return its examples' numbers and losses."""
        numbers, found = [], []
        for turn in range(self._share.turns):
            batch = next(batches).to(self._learner.adapter.device)
            last = turn + 1 == self._share.turns
            with nullcontext() if last else self._crew.no_sync(self._model):
                each = batch_losses(self._model, batch)
                (each.mean() / self._share.turns).backward()
            numbers.append(batch.numbers)
            found.append(each.detach())
        return torch.cat(numbers), torch.cat(found)


def prove(learner: Learner, lessons: Lessons) -> None:
    """Take the next step's first examples through the adapter, which shows whether it is worth keeping.

    A step may leave weights that are finite and give losses that are not.

    Raises:
        TrainingError: as :func:`train_adapter` would, a step later.
    """
    crew = processes_on(learner.adapter.device)
    numbers = next(Share.of(learner.settings, crew.process_index, crew.num_processes).numbers(learner.step))
    batch = lessons.batch(numbers).to(learner.adapter.device)
    with torch.no_grad():
        found = crew.gather(batch_losses(learner.adapter, batch))
    if not bool(torch.isfinite(found).all()):
        raise _not_finite(learner, lessons, crew.gather(batch.numbers), found)


def _not_finite(learner: Learner, lessons: Lessons, numbers: Tensor, found: Tensor) -> TrainingError:
    """Say what happened, and what may be at fault."""
    bad = [number for number, loss in zip(numbers.tolist(), found.tolist(), strict=True) if not math.isfinite(loss)]
    what, by = ("loss", bad) if bad else ("gradient", numbers.tolist())
    names = ", ".join(dict.fromkeys(map(lessons.named, sorted(by))))
    return TrainingError(
        f"step {learner.step + 1}: the {what} is no finite number any more, with {names}; lower "
        f"training.learning_rate ({learner.settings.learning_rate:g}) or raise warmup, or look at these excerpts"
    )


def batch_losses(model: Any, batch: Batch) -> Float32[Tensor, " batch"]:
    """Return each example's loss."""
    latents = noisy(batch.target, batch.noise, batch.levels)
    return losses(model(latents, timesteps_of(batch.levels), **batch.told), batch.target, batch.noise)
