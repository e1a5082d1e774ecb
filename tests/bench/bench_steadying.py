"""How steady single frames' depth becomes, and how little a moving subject bends what is behind it.

    python -m tests.bench.bench_steadying                  all tables
    python -m tests.bench.bench_steadying --only flicker   one of: flicker, subject, lens
    python -m tests.bench.bench_steadying --seeds 1 2 3    of disturbance, noise and block

Needs shared/data/redkitchen beside the checkout, and the depth extra. The true disparity of each frame is given a scale
within 0.5 to 2 and a shift (all but the first), and in half of the tables a model's errors before that. What comes out
is compared with the truth after one scale and shift for the whole clip, only where depth was measured, and in the table
of subjects only where none is, neither in the clip with it nor in the one without.

median, 90th   error of depth over all those pixels
worst          the median error of the worst frame
scale          least and greatest of what would bring a frame to the truth, as a multiple of the clip's median
flicker        median change from frame to frame of a frame's mean error of depth, signed; and of log disparity's scale
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.steady.scale_and_shift import aligning
from ex4d.reconstruction.steady.steadying import Steadying
from tests.bench.steadying_clips import Clip, courtyard, disturbed, kitchen, with_block, with_noise

SHARES = (0.15, 1 / 3)
EVERY = (slice(None), slice(1, None, 4), slice(1, None, 4))
"""The pixels that are judged."""
LENSES_DEG = (30.0, 45.0, 54.0, 57.4, 70.0, 90.0)


@dataclass(frozen=True)
class Judged:
    """What became of a clip."""

    median: float
    ninetieth: float
    worst: float
    scales: tuple[float, float]
    flicker: float
    scale_flicker: float

    def __str__(self) -> str:
        low, high = self.scales
        return (
            f"{self.median:7.2%} {self.ninetieth:7.2%} {self.worst:7.2%}   {low:5.2f} ..{high:5.2f}"
            f" {self.flicker:8.2%} {self.scale_flicker:8.2%}"
        )


HEAD = f"{'':44}{'median':>7} {'90th':>7} {'worst':>7}   {'scale':^13} {'flicker':>8} {'of scale':>8}"


def judged(made: np.ndarray, clip: Clip) -> Judged:
    """Compare disparity with the truth on the clip's background."""
    made, true, there = (
        each[EVERY] for each in (made.astype(np.float64), clip.disparity.astype(np.float64), clip.background)
    )
    scale, shift = aligning(made[there], true[there])
    error = true / np.maximum(scale * made + shift, 0.02) - 1
    each = [error[index][there[index]] for index in range(len(made))]
    scales = np.array([aligning(m[t], d[t])[0] for m, d, t in zip(made, true, there, strict=True)]) / scale
    means = np.array([np.median(frame) for frame in each])
    return Judged(
        float(np.median(np.abs(error[there]))),
        float(np.percentile(np.abs(error[there]), 90)),
        max(float(np.median(np.abs(frame))) for frame in each),
        (float(scales.min() / np.median(scales)), float(scales.max() / np.median(scales))),
        float(np.median(np.abs(np.diff(means)))),
        float(np.median(np.abs(np.diff(np.log(scales))))),
    )


def steadied(given: np.ndarray, clip: Clip, lens: Pinhole | None = None) -> np.ndarray:
    """Steady a clip, and say how."""
    steadying = Steadying(lens)
    began = time.process_time()
    made = np.stack([steadying.steadied(frame, colour) for frame, colour in zip(given, clip.colour, strict=True)])
    spent = (time.process_time() - began) / len(given)
    rules = [each.rule for each in steadying.alignments[1:]]
    counts = ", ".join(f"{rules.count(rule)} {rule}" for rule in dict.fromkeys(rules))
    print(f"{'':44}({counts}; {1000 * spent:.0f} ms a frame; infinity at {steadying.infinity:+.2f})")
    return made


def by_the_same_pixels(given: np.ndarray) -> np.ndarray:
    """Align each frame to the one before it as if no camera moved."""
    made = [given[0]]
    for frame in given[1:]:
        scale, shift = aligning(*(each[2::5, 2::5].astype(np.float64).ravel() for each in (frame, made[-1])))
        made.append((scale * frame + shift).astype(np.float32))
    return np.stack(made)


def seen_by_model(clip: Clip, noisy: bool, seed: int) -> np.ndarray:
    return with_noise(clip.disparity, seed) if noisy else clip.disparity


def print_flicker(seeds: list[int]) -> None:
    print(f"\nredkitchen, 60 frames of a handheld camera\n{HEAD}")
    clip, seed = kitchen(), seeds[0]
    for noisy in (False, True):
        model = seen_by_model(clip, noisy, seed)
        given = disturbed(model, float(clip.disparity.std()), seed)
        name = "with a model's errors" if noisy else "true depth"
        print(f"{name + ', undisturbed':44}{judged(model, clip)}")
        print(f"{name + ', disturbed':44}{judged(given, clip)}")
        print(f"{name + ', by the same pixels':44}{judged(by_the_same_pixels(given), clip)}")
        print(f"{name + ', steadied':44}{judged(steadied(given, clip), clip)}")
        shifted = np.concatenate([given[:1] + np.float32(1), given[1:]])
        print(f"{name + ', first frame 1 off':44}{judged(steadied(shifted, clip), clip)}")


def print_lenses(seeds: list[int]) -> None:
    print(f"\nredkitchen, with a model's errors, by the lens that is assumed; its own is 57.4 degrees\n{HEAD}")
    clip, seed = kitchen(), seeds[0]
    given = disturbed(with_noise(clip.disparity, seed), float(clip.disparity.std()), seed)
    for degrees in LENSES_DEG:
        lens = Pinhole.from_horizontal_angle(clip.lens.width, clip.lens.height, np.radians(degrees))
        print(f"{f'{degrees} degrees':44}{judged(steadied(given, clip, lens), clip)}")


def print_subjects(seeds: list[int]) -> None:
    print(f"\nthe background with and without a subject; ratio of the median errors, of all seeds together\n{HEAD}")
    for noisy in (False, True):
        for share in SHARES:
            name = f"redkitchen, block to {share:.0%}{', errors' if noisy else ''}"
            print_ratio(name, noisy, [(kitchen(), with_block(kitchen(), share, seed), seed) for seed in seeds])
        print_ratio(
            f"courtyard, fox{', errors' if noisy else ''}", noisy, [(courtyard(False), courtyard(True), seeds[0])]
        )


def print_ratio(name: str, noisy: bool, cases: list[tuple[Clip, Clip, int]]) -> None:
    results: dict[str, list[float]] = {"without": [], "with": []}
    for alone, beside, seed in cases:
        for which, clip in (("without", alone), ("with", beside)):
            given = disturbed(seen_by_model(clip, noisy, seed), float(alone.disparity.std()), seed)
            found = judged(steadied(given, clip), replace(clip, background=alone.background & beside.background))
            print(f"{f'{name}, {which}, seed {seed}':44}{found}")
            results[which].append(found.median)
    ratio = np.mean(results["with"]) / max(np.mean(results["without"]), 1e-9)
    print(f"{name + ': ratio':44}{ratio:7.3f}")


TABLES = {"flicker": print_flicker, "lens": print_lenses, "subject": print_subjects}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(TABLES), nargs="+", default=list(TABLES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    for name in asked.only:
        TABLES[name](asked.seeds)


if __name__ == "__main__":
    main()
