"""A step of training at the true size on random weights: seconds and memory. Run on a machine with CUDA.

    python -m tests.bench.bench_training            49 frames of 512x512 on Wan2.1-I2V-14B's sizes: some three minutes
    python -m tests.bench.bench_training --tiny     the same code at a tiny size, on the CPU
    python -m tests.bench.bench_training --count    what EX-4D's file holds at the true size; needs no card

Random weights tell true speed and memory. A step is timed in its parts, with the card waited for between them: the
way there (with the camera encoder and the loss), the way back (with what checkpointing computes again), and the
optimiser (with the cut of the gradients). Reading examples is not in it: threads do that meanwhile.
"""

from __future__ import annotations

import gc
import math
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ex4d.synthesis.wan.loading import IN_FLOAT32
from ex4d.synthesis.wan.schedule import latent_shape
from ex4d.training.adapter.batches import Batch, stacked
from ex4d.training.adapter.checkpoints import write_checkpoint
from ex4d.training.adapter.flow_matching import noise_like, shifted
from ex4d.training.adapter.learner import Learner
from ex4d.training.adapter.loop import batch_losses
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import Training
from ex4d.training.dataset.prepared import Example
from tests.bench import random_wan
from tests.bench.random_wan import CARD
from tests.training.adapter.test_key_names import true_adapter, true_shapes

FRAMES, SIDE = 49, 512
WARM, TIMED = 1, 3
"""Steps."""
DAY = 86_400
CARDS = 8
STEPS = Training().steps
SETTINGS = Training(batch=1, warmup=0, learning_rate=1e-4)


@dataclass(frozen=True)
class Case:
    """A way to take a step."""

    blocks: int
    checkpointing: bool
    at_once: int = 1

    def __str__(self) -> str:
        way = "checkpointing" if self.checkpointing else "no checkpointing"
        return f"{self.blocks} blocks, {way}, {self.at_once} at once"


@dataclass(frozen=True)
class Found:
    """Median seconds of a step's parts, peak memory in GiB, the last loss."""

    there: float
    back: float
    optimiser: float
    peak: float
    loss: float

    @property
    def step(self) -> float:
        return self.there + self.back + self.optimiser


def adapter_of(*, tiny: bool) -> TrainableAdapter:
    """Draw the frozen transformer as loading leaves it, with a new adapter."""
    transformer = random_wan.transformer(tiny=tiny)
    transformer.rope.to(CARD)
    for name, value in transformer.named_parameters():
        if IN_FLOAT32.intersection(name.split(".")):
            value.data = value.data.float()
    return TrainableAdapter(transformer, hidden=24 if tiny else 1024, kind=torch.bfloat16)


def batch_of(count: int, *, tiny: bool) -> Batch:
    """Draw a batch of examples."""
    text, image = (64, 64) if tiny else (4096, 1280)
    frames, side = (5, 32) if tiny else (FRAMES, SIDE)
    shape = latent_shape(frames, side, side)[1:]
    made = [
        Example(
            target=drawn(*shape, seed=6 * index),
            condition=drawn(20, *shape[1:], seed=6 * index + 1),
            image=drawn(257, image, seed=6 * index + 2),
            text=drawn(512, text, seed=6 * index + 3),
            guide=drawn(*shape, seed=6 * index + 4),
            mask=drawn(*shape, seed=6 * index + 5),
        )
        for index in range(count)
    ]
    noises = [noise_like(one.target, 1000 + index) for index, one in enumerate(made)]
    return stacked(made, noises, [shifted(0.5)] * count, texts=[one.text for one in made], numbers=range(count)).to(
        CARD
    )


def drawn(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def measured(adapter: TrainableAdapter, case: Case, blocks: list[nn.Module], *, tiny: bool) -> Found | None:
    """Time steps of a case; None where the card's memory does not suffice."""
    adapter.transformer.blocks = nn.ModuleList(blocks[: case.blocks])
    adapter.transformer.enable_gradient_checkpointing()
    if not case.checkpointing:
        adapter.transformer.disable_gradient_checkpointing()
    try:
        return timed(Learner(adapter, SETTINGS), batch_of(case.at_once, tiny=tiny))
    except torch.OutOfMemoryError:
        return None
    finally:
        for value in adapter.learned().values():
            value.grad = None
        gc.collect()
        if CARD.type == "cuda":
            torch.cuda.empty_cache()


def timed(learner: Learner, batch: Batch) -> Found:
    parts: list[tuple[float, float, float]] = []
    loss = math.nan
    for index in range(WARM + TIMED):
        if index == WARM and CARD.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        marks = [now()]
        lost = batch_losses(learner.adapter, batch).mean()
        marks.append(now())
        lost.backward()
        marks.append(now())
        torch.nn.utils.clip_grad_norm_(learner.learned.values(), SETTINGS.largest_gradient)
        learner.learn()
        marks.append(now())
        parts.append((marks[1] - marks[0], marks[2] - marks[1], marks[3] - marks[2]))
        loss = float(lost.detach())
    peak = torch.cuda.max_memory_allocated() / 2**30 if CARD.type == "cuda" else math.nan
    medians = [statistics.median(column) for column in zip(*parts[WARM:], strict=True)]
    return Found(*medians, peak=peak, loss=loss)


def now() -> float:
    if CARD.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def true_size(*, tiny: bool) -> None:
    """Time all cases and print their table, what a day sees, and what a checkpoint takes."""
    adapter = adapter_of(tiny=tiny)
    blocks = list(adapter.transformer.blocks)
    count = len(blocks)
    half, quarter = max(1, count // 2), max(1, count // 4)
    cases = [Case(count, True), Case(count, True, 2), Case(quarter, False), Case(half, False), Case(count, False)]
    name = torch.cuda.get_device_name() if CARD.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, {'a tiny size' if tiny else f'{FRAMES} frames of {SIDE}x{SIDE}'}\n")
    print("| a step of | there s | back s | optimiser s | step s | examples s | peak GiB | loss |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    found = {}
    for case in cases:
        found[case] = measured(adapter, case, blocks, tiny=tiny)
        print(row(case, found[case]), flush=True)
    foreseen(found[cases[2]], found[cases[3]], quarter, half, count)
    best = [(one.step / case.at_once, case) for case, one in found.items() if one and case.blocks == count]
    if best:
        day(*min(best, key=lambda pair: pair[0]))
    adapter.transformer.blocks = nn.ModuleList(blocks)
    checkpoint(Learner(adapter, SETTINGS))


def row(case: Case, found: Found | None) -> str:
    if found is None:
        return f"| {case} | | | | | | more than the card has | |"
    return (
        f"| {case} | {found.there:.3f} | {found.back:.3f} | {found.optimiser:.3f} | {found.step:.3f} | "
        f"{case.at_once / found.step:.3f} a second | {found.peak:.1f} | {found.loss:.3f} |"
    )


def foreseen(quarter: Found | None, half: Found | None, few: int, more: int, count: int) -> None:
    """Say what no checkpointing would take with all blocks: the same for each block."""
    if quarter is None or half is None or more == few:
        return
    memory = half.peak + (half.peak - quarter.peak) / (more - few) * (count - more)
    seconds = half.step + (half.step - quarter.step) / (more - few) * (count - more)
    print(
        f"\nwithout checkpointing, by the growth from {few} to {more} blocks, {count} would take {seconds:.2f} s a "
        f"step and {memory:.0f} GiB; the weights of all {count} blocks are on the card in every row"
    )


def day(seconds: float, case: Case) -> None:
    """Say what a day sees, if cards do not wait for one another."""
    examples = CARDS * DAY / seconds
    print(
        f"\na day on {CARDS} such cards ({case}): {examples:,.0f} examples, {examples / 8:,.0f} steps of a batch of 8; "
        f"{STEPS} such steps take {STEPS * 8 / CARDS * seconds / 3600:.1f} hours, on one card "
        f"{STEPS * 8 * seconds / 3600:.1f}"
    )


def checkpoint(learner: Learner) -> None:
    """Write a checkpoint and say what it takes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        written = write_checkpoint(Path(folder), learner, {}, keep=1)
        seconds = time.perf_counter() - start
        sizes = ", ".join(
            f"{file.name} {file.stat().st_size / 1e6:,.1f} MB" for file in sorted(written.folder.iterdir())
        )
    print(f"\na checkpoint: {sizes}; written in {seconds:.1f} s", flush=True)


def count_parameters() -> None:
    """Print what EX-4D's file holds at the true size, held against what was counted in the authors' modules."""
    learned = {name: tuple(value.shape) for name, value in true_adapter().learned().items()}
    assert learned == true_shapes()
    sizes = {name: math.prod(shape) for name, shape in learned.items()}
    low_rank = sum(size for name, size in sizes.items() if name.startswith("blocks."))
    whole = sum(sizes.values())
    print(
        f"{len(learned)} tensors, all of EX-4D's names and shapes: low-rank layers {low_rank:,} parameters, "
        f"camera encoder {whole - low_rank:,}, together {whole:,}"
    )
    for name in [*list(learned)[:2], *list(learned)[-8:]]:
        print(f"  {name} {'x'.join(map(str, learned[name]))}")


def main() -> None:
    """Do what the command line says."""
    if sys.argv[1:] == ["--count"]:
        count_parameters()
    else:
        true_size(tiny=sys.argv[1:] == ["--tiny"])


if __name__ == "__main__":
    main()
