"""Adapters learn, each from one kind of masks or from both, and are looked at while they do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ex4d.training.adapter.batches import Batch, stacked
from ex4d.training.adapter.flow_matching import noise_like, shifted
from ex4d.training.adapter.learner import Learner
from ex4d.training.adapter.loop import Done, batch_losses, train_adapter
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import Training
from ex4d.training.draws import seed_of
from tests.bench.adapter_learning.base import trained_transformer
from tests.bench.adapter_learning.lessons import Kinds, Lessons, lessons, of_kind
from tests.bench.adapter_learning.trials import Trials, completed, filmed_trials
from tests.bench.adapter_learning.work import Work

RANK = 16
CHECK_SHARES = (0.0, 0.125, 0.25, 0.5, 1.0)
"""Of an adapter's steps: when it is looked at."""
AVERAGE = 0.98
"""Of the weights, kept each step: the average is what completes."""
CHECK_STEPS = 10
"""Denoising steps of these looks; the result takes more."""


def new_adapter(work: Work, seed: int) -> TrainableAdapter:
    """Return an adapter that changes nothing yet, on a transformer of its own."""
    return TrainableAdapter(trained_transformer(work), rank=RANK, hidden=work.scale.hidden, seed=seed)


def learned_adapter(work: Work, kinds: Kinds, seed: int, watch: Watch) -> TrainableAdapter:
    """Return an adapter after it has learned; its curve is kept beside it."""
    adapter = new_adapter(work, seed)

    def make() -> dict[str, Tensor]:
        examples = of_kind(work, lessons(work, "taught", work.scale.clips), kinds)
        learner = Learner(adapter, settings_of(work, seed))
        curve = _taught(work, learner, examples, watch)
        curve_file(work, kinds, seed).write_text(json.dumps(curve), encoding="utf-8")
        with learner.averaged():
            return adapter.exported()

    tensors = work.kept(f"adapter_{kinds}_{seed}", make)
    for name, value in adapter.learned().items():
        value.data.copy_(tensors[name])
    return adapter


def curve_file(work: Work, kinds: Kinds, seed: int) -> Path:
    """Return where the curve of an adapter is kept."""
    return work.folder / f"curve_{kinds}_{seed}.json"


def settings_of(work: Work, seed: int) -> Training:
    """Return what an adapter is trained with, whatever the masks."""
    scale = work.scale
    return Training(
        steps=scale.steps, batch=scale.batch, at_once=scale.batch, learning_rate=scale.learning_rate,
        warmup=scale.steps // 10, average=AVERAGE, precision="float32", checkpointing=False, seed=seed,
    )  # fmt: skip


def _taught(work: Work, learner: Learner, examples: Lessons, watch: Watch) -> list[dict[str, float]]:
    """Train by the product's own loop; return what was seen on the way."""
    steps = learner.settings.steps
    wanted = {round(share * steps) for share in CHECK_SHARES}
    curve = [watch.seen(work, learner.adapter, 0)]

    def on_step(done: Done) -> None:
        if done.step in wanted:
            with learner.averaged() as adapter:
                curve.append(watch.seen(work, adapter, done.step))

    train_adapter(learner.adapter, examples, learner.settings, learner=learner, on_step=on_step)
    return curve


class Watch:
    """Clips that nothing is learned from, on which adapters are looked at while they learn."""

    def __init__(self, work: Work) -> None:
        scale = work.scale
        held = lessons(work, "held", scale.checks)
        self._batches = [_validation_batch(of_kind(work, held, kinds), work) for kinds in ("rendering", "tracking")]
        self._trials = filmed_trials(work, "check", scale.checks)
        self._noise = self._trials.noise("check", 0)

    @torch.no_grad()
    def seen(self, work: Work, adapter: TrainableAdapter, step: int) -> dict[str, float]:
        """Return losses on both kinds of masks, and dB on the uncovered pixels of second views."""
        rendering, tracking = (float(batch_losses(adapter, batch).mean()) for batch in self._batches)
        frames = completed(work, adapter, self._trials, self._noise, min(CHECK_STEPS, work.scale.sample_steps))
        uncovered = mean_psnr(self._trials, frames, "uncovered")
        work.tell(f"  step {step}: loss {rendering:.4f} rendering, {tracking:.4f} tracking; {uncovered:.2f} dB")
        return {"step": step, "rendering": rendering, "tracking": tracking, "uncovered": uncovered}


def mean_psnr(trials: Trials, frames: Sequence[np.ndarray], region: str) -> float:
    """Return the mean over clips, dB."""
    return float(np.mean([trial.psnr(one, region) for trial, one in zip(trials.trials, frames, strict=True)]))


def _validation_batch(examples: Lessons, work: Work) -> Batch:
    """Return every clip with every mask, at noise levels evenly spread and noise that stay the same."""
    numbers = [(k, draw) for k in range(examples.count) for draw in range(examples.draws)]
    taken = [examples.example(*number) for number in numbers]
    levels = [shifted((k + 0.5) / len(taken)) for k in torch.randperm(len(taken), generator=_draws()).tolist()]
    noises = [noise_like(one.target, seed_of("held", *number)) for one, number in zip(taken, numbers, strict=True)]
    batch = stacked(taken, noises, levels, texts=[one.text for one in taken], numbers=range(len(taken)))
    return batch.to(work.device)


def _draws() -> torch.Generator:
    return torch.Generator().manual_seed(0)
