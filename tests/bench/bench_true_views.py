"""How true the views of the mesh are: frame A at the camera of photograph B, against photograph B, for ten pairs.

    python -m tests.bench.bench_true_views                          every variant, a row each: the mean of the pairs
    python -m tests.bench.bench_true_views --only angle --pairs     those whose name has a word; every pair, too
    python -m tests.bench.bench_true_views --tolerance 0.03         what counts as one surface
    python -m tests.bench.bench_true_views --aligned                with colour moved to where depth is
    python -m tests.bench.bench_true_views --picture views.png --pair 0060-0130 --only reference "face, angle 2.5"

Needs shared/data/redkitchen beside the checkout, and opencv-python-headless. What is measured is said in
true_views.py, what is compared in true_view_variants.py. ``common`` is over the pixels that all rows of a table show.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from ex4d.reconstruction.background_layer import build_background
from ex4d.render.rasterizer import RenderedFrame
from ex4d.synthesis.mesh_engine import complete_frame
from tests.bench.bench_fill import PAIRS
from tests.bench.kitchen_frames import KITCHEN, Frame, photograph, whole
from tests.bench.true_view_variants import RASTERIZER, VARIANTS
from tests.bench.true_views import TOLERANCE, Difference, Errors, Measures, Truth, share
from tests.shared_data import ROOT


@dataclass(frozen=True)
class Pair:
    """Two photographs, and how they are compared."""

    source: Frame
    target: Frame
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, numbers: tuple[int, int], tolerance: float = TOLERANCE, *, aligned: bool = False) -> Pair:
        return cls(Frame(numbers[0], aligned), Frame(numbers[1], aligned), tolerance)

    def __str__(self) -> str:
        return f"{self.source.number:04d}-{self.target.number:04d}"

    @property
    def pose(self) -> np.ndarray:
        """The pose of the second camera in the first one's axes."""
        poses = np.load(ROOT / "redkitchen" / "world_from_camera.npy")
        return np.linalg.inv(poses[self.source.number // 5]) @ poses[self.target.number // 5]


COLUMNS = {
    "psnr": "PSNR",
    "common": "common",
    "gained": "gained",
    "recall": "recall",
    "depth": "depth",
    "nearer": "nearer",
    "farther": "farther",
    "unseen": "unseen",
    "wrong": "wrong",
    "firm": "firm",
    "overlap": "IoU",
    "score": "score",
    "filled": "filled",
}
ENOUGH = 0.9
"""Of the co-visible pixels: who shows fewer is not asked which pixels are common to all."""
DECIBELS = ("psnr", "common", "gained")
HOLE = (255, 0, 255)
WRONG = (255, 0, 0)
MISSED = (0, 64, 255)


@cache
def truth_of(pair: Pair) -> Truth:
    return Truth.between(photograph(pair.source), photograph(pair.target), pair.pose, pair.tolerance)


def views_of(pair: Pair, names: list[str]) -> list[RenderedFrame]:
    return [VARIANTS[name].view(pair.source, pair.pose) for name in names]


def measured(pair: Pair, views: list[RenderedFrame]) -> list[Measures]:
    """Measure every variant's view of one pair; those that hide too much do not narrow what is common."""
    truth = truth_of(pair)
    shown = [view.visible for view in views if share(view.visible & truth.seen, truth.seen) > ENOUGH]
    common = np.logical_and.reduce(shown or [view.visible for view in views])
    return [Measures.of(view, truth, common, pair.tolerance) for view in views]


def differing(pair: Pair, views: list[RenderedFrame]) -> list[list[Difference]]:
    """Return, for each view, what it shows beside the first one, and what it does not show."""
    truth = truth_of(pair)
    fills = [complete_frame(view.colour, view.visible, behind(pair)) for view in views]
    ways = ((0, k) for k in range(len(views)))
    return [
        [Difference.of(views[a], views[b], fills[b], truth, pair.tolerance) for a, b in ((k, first), (first, k))]
        for first, k in ways
    ]


@cache
def behind(pair: Pair) -> np.ndarray:
    """Return what the second camera sees of the layer behind the first frame, which holes are filled from."""
    source, depth = whole(pair.source)
    layer = build_background(source.colour, depth, source.lens, known=source.known)
    return RASTERIZER.render(layer, pair.pose, source.lens).colour


def print_tables(names: list[str], pairs: list[Pair], *, each: bool) -> None:
    results, differences = [], []
    for pair in pairs:
        views = views_of(pair, names)
        results.append(measured(pair, views))
        differences.append(differing(pair, views))
        if each:
            print_table(str(pair), names, results[-1])
    title = f"mean of {len(pairs)} pairs, one surface within {pairs[0].tolerance:.1%}"
    print_table(title, names, [Measures.mean(list(row)) for row in zip(*results, strict=True)])
    seen = np.mean([truth_of(pair).seen.mean() for pair in pairs])
    print(f"co-visible: {seen:.1%} of the view. PSNR, common, gained in dB; the rest in %, wrong: of measured pixels")
    print_differences(names, differences, len(pairs) * KITCHEN.width * KITCHEN.height)


def print_differences(names: list[str], pairs: list[list[list[Difference]]], pixels: int) -> None:
    """Print, of the pixels that a variant shows and the first row does not, and the other way, how good they are."""
    width = max(map(len, names))
    print(f"\nbeside {names[0]!r}: pixels shown in addition, and no longer shown;")
    print("% of the view, % wrong of these, PSNR of these where shown, PSNR where filled")
    for k, name in enumerate(names):
        sums = [sum((pair[k][way] for pair in pairs), Difference()) for way in (0, 1)]
        texts = (
            f"{100 * d.pixels / pixels:9.3f} {100 * d.wrong_share:7.1f} {d.psnr:7.2f} {d.filled_psnr:7.2f}"
            for d in sums
        )
        print(f"{name:{width}}   +" + "    -".join(texts))


def print_table(title: str, names: list[str], rows: list[Measures]) -> None:
    width = max(map(len, names))
    print(f"\n{title}\n{'':{width}}" + "".join(f"{head:>9}" for head in COLUMNS.values()))
    for name, row in zip(names, rows, strict=True):
        print(f"{name:{width}}" + "".join(number(key, getattr(row, key)) for key in COLUMNS))


def number(key: str, value: float) -> str:
    return f"{value:9.2f}" if key in DECIBELS else f"{100 * value:9.3f}"


def picture(names: list[str], pair: Pair) -> np.ndarray:
    """Lay photograph B and the views side by side; above as they are, below with what is wrong or missed in them."""
    truth = truth_of(pair)
    columns = [np.concatenate([truth.target.colour, co_visible(truth)])]
    for name in names:
        view = VARIANTS[name].view(pair.source, pair.pose)
        columns.append(
            np.concatenate([holes_marked(view), errors_marked(view, Errors.of(view, truth, pair.tolerance))])
        )
    return np.concatenate(columns, axis=1)


def co_visible(truth: Truth) -> np.ndarray:
    return np.where(truth.seen[..., None], truth.target.colour, np.uint8(HOLE))


def holes_marked(view: RenderedFrame) -> np.ndarray:
    return np.where(view.visible[..., None], view.colour, np.uint8(HOLE))


def errors_marked(view: RenderedFrame, errors: Errors) -> np.ndarray:
    marked = view.colour // 2
    marked[errors.wrong] = WRONG
    marked[errors.missed] = MISSED
    return marked


def chosen(words: list[str]) -> list[str]:
    """Return the variants with one of the words in their name, an exact name before all."""

    def of(word: str) -> Iterator[str]:
        return iter([word]) if word in VARIANTS else (name for name in VARIANTS if word in name)

    return list(dict.fromkeys(name for word in words for name in of(word))) or list(VARIANTS)


def numbers_of(text: str) -> tuple[int, int]:
    first, second = text.split("-")
    return int(first), int(second)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], help="names of variants, or words in them")
    parser.add_argument("--pair", type=numbers_of, nargs="+", default=list(PAIRS))
    parser.add_argument("--pairs", action="store_true", help="a table for each pair, too")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument("--aligned", action="store_true", help="move the photographs' colour to where their depth is")
    parser.add_argument("--picture", type=Path, help="write the views of the first pair there, instead of a table")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    pairs = [Pair.of(numbers, asked.tolerance, aligned=asked.aligned) for numbers in asked.pair]
    if asked.picture:
        iio.imwrite(asked.picture, picture(chosen(asked.only), pairs[0]))
    else:
        print_tables(chosen(asked.only), pairs, each=asked.pairs)


if __name__ == "__main__":
    main()
