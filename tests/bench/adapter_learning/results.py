"""What came of it: figures of every held-out clip, their means with bootstrap intervals, tables, a sheet of samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.adapter_learning.experiment import Watch, curve_file, learned_adapter, new_adapter
from tests.bench.adapter_learning.lessons import KINDS
from tests.bench.adapter_learning.trials import REGIONS, Trials, completed, filmed_trials, recoded
from tests.bench.adapter_learning.work import Work

RESAMPLES = 10_000
SAMPLED = (0, 1, 2, 3, 4, 5, 6, 7)
"""Held-out clips on the sheet: the first ones, whatever they look like."""
TITLES = {
    "frozen base": "frozen base",
    "rendering": "adapter, rendering masks alone",
    "tracking": "adapter, tracking masks alone",
    "both": "adapter, both masks",
}
Figures = dict[str, dict[str, list[float]]]
"""Of each way to complete, of each region: dB of every clip."""


def measured(work: Work, seeds: int) -> dict[str, Any]:
    """Train what lacks, complete all held-out clips, and return every figure; the sheet is written beside."""
    trials = filmed_trials(work, "second view", work.scale.held_out)
    watch = Watch(work)
    figures = {
        "mesh engine's fill": figures_of(trials, [one.guide.filled for one in trials.trials]),
        "autoencoder of the truth": figures_of(trials, recoded(work, trials)),
    }
    sheet: dict[str, list[np.ndarray]] = {}
    for seed in range(seeds):
        for name, frames in _completions(work, trials, watch, seed):
            figures[f"{name}, seed {seed}"] = figures_of(trials, frames)
            if seed == 0 and name in ("frozen base", "both"):
                sheet[name] = frames
    write_sheet(work.folder / "samples.png", trials, sheet)
    curves = {f"{kinds}, seed {seed}": json.loads(curve_file(work, kinds, seed).read_text(encoding="utf-8"))
              for kinds in KINDS for seed in range(seeds)}  # fmt: skip
    clips = [{"angle_deg": round(one.angle_deg, 2), "uncovered": round(float(one.region("uncovered")[1:].mean()), 4)}
             for one in trials.trials]  # fmt: skip
    return {"seeds": seeds, "clips": clips, "dB": figures, "curves": curves}


def _completions(work: Work, trials: Trials, watch: Watch, seed: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield what the frozen transformer makes, then each adapter of a seed, all from the same noise."""
    noise = trials.noise("second view", seed)
    yield "frozen base", completed(work, new_adapter(work, seed), trials, noise, work.scale.sample_steps)
    for kinds in KINDS:
        work.tell(f"adapter of {kinds} masks, seed {seed}")
        adapter = learned_adapter(work, kinds, seed, watch)
        yield kinds, completed(work, adapter, trials, noise, work.scale.sample_steps)


def figures_of(trials: Trials, completions: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Return dB of every clip in every region."""
    return {
        region: [round(one.psnr(frames, region), 3) for one, frames in zip(trials.trials, completions, strict=True)]
        for region in REGIONS
    }


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean and its 95 % bootstrap interval over clips (percentile method)."""
    found = np.asarray(values)
    draws = np.random.Generator(np.random.PCG64(seed)).integers(len(found), size=(RESAMPLES, len(found)))
    low, high = np.percentile(found[draws].mean(axis=1), (2.5, 97.5))
    return float(found.mean()), float(low), float(high)


def tables(results: Mapping[str, Any]) -> str:
    """Return the results as Markdown."""
    figures, seeds = results["dB"], range(results["seeds"])
    lines = ["| what completes | seed | uncovered, dB | over the frozen base, dB (95 %) | clips better | covered, dB |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {name} | - | {np.mean(figures[name]['uncovered']):.2f} | | | {_covered(figures[name])} |"
        for name in ("mesh engine's fill", "autoencoder of the truth")
    ]
    for name in ("frozen base", *KINDS):
        lines += [_row(figures, name, seed) for seed in seeds]
    return "\n".join([*lines, "", *_differences(figures, list(seeds))])


def _row(figures: Figures, name: str, seed: int) -> str:
    own, base = figures[f"{name}, seed {seed}"], figures[f"frozen base, seed {seed}"]
    gain = np.subtract(own["uncovered"], base["uncovered"])
    mean, low, high = interval(gain)
    gained = f"{mean:+.2f} ({low:+.2f} to {high:+.2f}) | {(gain > 0).sum()} of {len(gain)}" if name in KINDS else "|"
    return f"| {TITLES[name]} | {seed} | {np.mean(own['uncovered']):.2f} | {gained} | {_covered(own)} |"


def _covered(own: Mapping[str, Sequence[float]]) -> str:
    return f"{np.mean(own['covered']):.2f}"


def _differences(figures: Figures, seeds: Sequence[int]) -> Iterator[str]:
    """Compare both kinds of masks with each alone, clip by clip, all seeds together."""
    yield "| uncovered, mean over seeds, dB (95 %) | |"
    yield "|---|---|"

    def over_seeds(name: str) -> np.ndarray:
        return np.mean([figures[f"{name}, seed {seed}"]["uncovered"] for seed in seeds], axis=0)

    for one, other in (("both", "rendering"), ("both", "tracking"), ("rendering", "tracking"), ("both", "frozen base")):
        mean, low, high = interval(over_seeds(one) - over_seeds(other))
        yield f"| {one} over {other} | {mean:+.2f} ({low:+.2f} to {high:+.2f}) |"


def write_sheet(file: Path, trials: Trials, completions: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Write the last frames: source, guide, frozen base, adapter, truth; a row a clip."""
    import imageio.v3 as images

    chosen = [k for k in SAMPLED if k < len(trials.trials)]
    rows = []
    for k in chosen:
        one = trials.trials[k]
        shown = (one.source, one.guide.colour, *(frames[k] for frames in completions.values()), one.truth)
        rows.append(np.concatenate([frames[-1] for frames in shown], axis=1))
    images.imwrite(file, np.concatenate(rows, axis=0))
