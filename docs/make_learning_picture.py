"""Draw what adapters have learned: curves of the experiment, and its samples side by side.

    python docs/make_learning_picture.py

Reads what ``python -m tests.bench.adapter_learning`` measured (tests/bench/results/adapter_learning.json and .png).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as images
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "tests" / "bench" / "results" / "adapter_learning.json"
SAMPLES = RESULTS.with_suffix(".png")
CURVES_PICTURE = ROOT / "docs" / "pictures" / "learning_curves.png"
SAMPLES_PICTURE = ROOT / "docs" / "pictures" / "learning_samples.png"
INK, PAPER = "#e9e4f0", "#17131f"
COLOURS = {"rendering": "#f2a65a", "tracking": "#5ab1f2", "both": "#8fe388"}
COLUMNS = ("source", "guide", "frozen base", "adapter", "truth")
ENLARGED = 2


def main() -> None:
    """Write both pictures."""
    mpl.rcParams.update({"font.size": 10, "font.family": "DejaVu Sans"})
    mpl.rcParams.update(dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK))
    draw_curves(json.loads(RESULTS.read_text(encoding="utf-8")))
    draw_samples(images.imread(SAMPLES))


def draw_curves(results: dict[str, Any]) -> None:
    """Draw losses on held-back masks, dB on second views while learning, and the gain on every held-out clip."""
    figure = Figure(figsize=(15, 4.2), dpi=100, facecolor=PAPER)
    panels = figure.subplots(1, 4)
    figure.subplots_adjust(left=0.045, right=0.99, top=0.9, bottom=0.14, wspace=0.24)
    titles = {
        "rendering": "loss on rendering masks",
        "tracking": "loss on tracking masks",
        "uncovered": "uncovered pixels of second views, dB",
    }
    for panel, (figure_name, title) in zip(panels, titles.items(), strict=False):
        _curves(_plain(panel, title, "steps"), results, figure_name)
    _gains(_plain(panels[3], "dB over the frozen base, a clip each", "held-out clips, sorted"), results)
    figure.savefig(CURVES_PICTURE, facecolor=PAPER, metadata={"Software": None})


def _plain(panel: Axes, title: str, below: str) -> Axes:
    panel.set_facecolor(PAPER)
    panel.set_title(title, fontsize=10)
    panel.set_xlabel(below)
    panel.grid(color=INK, alpha=0.12)
    for side in panel.spines.values():
        side.set_color(INK)
        side.set_alpha(0.3)
    return panel


def _curves(panel: Axes, results: dict[str, Any], name: str) -> None:
    """Draw the mean over seeds, and every seed faintly."""
    for kinds, colour in COLOURS.items():
        curves = [results["curves"][f"{kinds}, seed {seed}"] for seed in range(results["seeds"])]
        steps = [point["step"] for point in curves[0]]
        values = np.array([[point[name] for point in curve] for curve in curves])
        panel.plot(steps, values.T, color=colour, alpha=0.25, linewidth=1)
        panel.plot(steps, values.mean(axis=0), color=colour, linewidth=2, label=f"{kinds} masks")
    panel.legend(facecolor=PAPER, edgecolor="none", labelcolor=INK, fontsize=9)


def _gains(panel: Axes, results: dict[str, Any]) -> None:
    for kinds, colour in COLOURS.items():
        gains = np.mean([_gain(results["dB"], kinds, seed) for seed in range(results["seeds"])], axis=0)
        panel.plot(np.sort(gains), color=colour, linewidth=2, label=f"{kinds}: {gains.mean():+.1f} dB")
    panel.axhline(0, color=INK, linewidth=1, alpha=0.6)
    panel.legend(facecolor=PAPER, edgecolor="none", labelcolor=INK, fontsize=9)


def _gain(figures: dict[str, Any], kinds: str, seed: int) -> Sequence[float]:
    own, base = (figures[f"{name}, seed {seed}"]["uncovered"] for name in (kinds, "frozen base"))
    return np.subtract(own, base).tolist()


def draw_samples(sheet: np.ndarray) -> None:
    """Enlarge the sheet, in two halves beside each other, with the columns named."""
    side = sheet.shape[1] // len(COLUMNS)
    rows = len(sheet) // side // 2 * 2
    halves = np.split(sheet[: rows * side], 2)
    gap = np.zeros((len(halves[0]), side // 4, 3), np.uint8) + np.array([23, 19, 31], np.uint8)
    shown = np.concatenate([halves[0], gap, halves[1]], axis=1).repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    height, width = shown.shape[:2]
    figure = Figure(figsize=(width / 100, (height + 30) / 100), dpi=100, facecolor=PAPER)
    panel = figure.add_axes((0, 0, 1, height / (height + 30)))
    panel.imshow(shown, interpolation="nearest", aspect="auto")
    panel.set_axis_off()
    for half in range(2):
        for column, title in enumerate(COLUMNS):
            x = ENLARGED * (half * (len(COLUMNS) * side + side // 4) + (column + 0.5) * side)
            figure.text(x / width, 1 - 16 / (height + 30), title, ha="center", va="center", fontsize=10, color=INK)
    figure.savefig(SAMPLES_PICTURE, facecolor=PAPER, metadata={"Software": None})


if __name__ == "__main__":
    main()
