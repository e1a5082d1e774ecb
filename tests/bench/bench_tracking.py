"""How well tracking masks stay on what they hide.

    python -m tests.bench.bench_tracking                   all tables
    python -m tests.bench.bench_tracking --only courtyard  one of: trip, courtyard, speed

Needs the depth extra, and shared/data/clips beside the checkout for all but the courtyard. Regions are blobs drawn by a
seed inside an outline that was drawn by hand (trip), or inside the fox (courtyard). Beside the flow tracker are flow as
OpenCV has it, chained and nothing else, and a region that stands still.

trip        points of the regions' outlines, followed to frame 40 and from there back; how far they come out from where
            they began, pixels of the clip (854 x 480)
courtyard   overlap (IoU) at frame 40 of the carried region with where its surface truly is, as far as it can be seen;
            "true motion" are the points that a mask follows, each where it truly goes: what a perfect tracker has.
            Then how far the fox's pixels come out from where they truly are: those more than 4 pixels inside its
            outline, and those nearer to it
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np

from ex4d.training.masks.flow_tracker import FlowTracker
from ex4d.training.masks.tracker import Tracker, Tracks
from ex4d.training.masks.tracking import tracking_mask
from tests.bench.courtyard_motion import Moment, destinations, moment, moved_region
from tests.shared_data import ROOT

LAST, SEED = 40, 7
FILM = Path(__file__).parents[2] / "shots" / "media" / "courtyard.mp4"
OUTLINES = {
    "bear, body": ("cotracker_bear", "98 268 120 230 150 240 200 222 240 217 300 222 355 225 395 250 425 285 432 320 "
                   "420 345 350 352 275 358 190 330 150 330 110 320"),
    "woman, upper body": ("monst3r_lady-running", "370 50 470 80 560 160 590 240 540 400 430 420 340 250"),
    "wall behind the bear": ("cotracker_bear", "60 40 440 40 440 140 300 200 130 200"),
}  # fmt: skip


@dataclass(frozen=True)
class Chained:
    """Flow as OpenCV has it, chained."""

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
        places = [points]
        for before, now in pairwise(grey):
            flow, at = search.calc(before, now, None), places[-1] - np.float32(0.5)
            parts = [at[None, k : k + 30_000] for k in range(0, len(at), 30_000)]
            step = [cv2.remap(flow, part, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for part in parts]
            places.append(places[-1] + np.concatenate(step, axis=1)[0])
        return Tracks(np.stack(places), np.ones((len(frames), len(points)), bool))


@dataclass(frozen=True)
class Still:
    """Nothing moves."""

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        return Tracks(np.repeat(points[None], len(frames), axis=0), np.ones((len(frames), len(points)), bool))


TRACKERS: dict[str, Tracker] = {"flow": FlowTracker(), "chained alone": Chained(), "standing still": Still()}


def clip(name: str) -> np.ndarray:
    return np.stack(list(iio.imiter(ROOT / "clips" / f"{name}.mp4", plugin="pyav"))[: LAST + 1])


def inside(outline: str, shape: tuple[int, ...]) -> np.ndarray:
    filled = np.zeros(shape, np.uint8)
    cv2.fillPoly(filled, [np.array(outline.split(), int).reshape(-1, 2)], 1)
    return filled > 0


def blobs(allowed: np.ndarray, count: int) -> list[np.ndarray]:
    """Draw blobs about places of an outline, worn by noise and cut off by it; each 3 % of it at least."""
    draws, found = np.random.default_rng(SEED), []
    places = np.argwhere(allowed)
    down, right = np.mgrid[: allowed.shape[0], : allowed.shape[1]]
    while len(found) < count:
        row, column = places[draws.integers(len(places))]
        noise = cv2.GaussianBlur(draws.standard_normal(allowed.shape), (0, 0), 8)
        size = draws.uniform(0.15, 0.4) * np.sqrt(allowed.sum())
        blob = allowed & (np.hypot(down - row, right - column) / size + 0.25 * noise / noise.std() < 1)
        if blob.sum() > 0.03 * allowed.sum():
            found.append(blob)
    return found


def border(region: np.ndarray) -> np.ndarray:
    """Up to some 200 points of a region's longest outline."""
    lines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(lines, key=len)[:, 0]
    return (longest[:: max(1, len(longest) // 200)] + 0.5).astype(np.float32)


def print_trips() -> None:
    print(f"\nthere and back over {LAST} frames{'':24}points  within 3 px     median   90th   99th   last seen")
    for name, (file, outline) in OUTLINES.items():
        frames = clip(file)
        allowed = inside(outline, frames.shape[1:3])
        kinds = {"12 blobs": blobs(allowed, 12), "all of it": [allowed]}
        asked = {kind: np.concatenate([border(region) for region in regions]) for kind, regions in kinds.items()}
        points = np.concatenate(list(asked.values()))
        for tracker in ("flow", "chained alone"):
            there = TRACKERS[tracker].track(frames, points)
            back = TRACKERS[tracker].track(np.ascontiguousarray(frames[::-1]), there.positions[-1])
            every = np.linalg.norm(back.positions[-1] - points, axis=1)
            ends = np.cumsum([len(part) for part in asked.values()])
            for kind, end in zip(asked, ends, strict=True):
                part = slice(end - len(asked[kind]), end)
                out, seen = every[part], there.seen[-1][part].mean()
                median, most, worst = np.quantile(out, (0.5, 0.9, 0.99))
                print(
                    f"{f'{name}, {kind}':36} {tracker:15} {len(out):5}  {np.mean(out < 3):10.1%} "
                    f"{median:10.2f} {most:6.1f} {worst:6.1f}  {seen:8.0%}",
                    flush=True,
                )


def print_courtyard() -> None:
    frames = np.stack(list(iio.imiter(FILM, plugin="pyav"))[: LAST + 1])
    first, last = moment(0), moment(LAST)
    regions = [*blobs(first.fox, 24), first.fox]
    print(
        f"\noverlap at frame {LAST} of 24 blobs on the fox      mean    10th  median    90th   0.8 or more   all of it"
    )
    true = [moved_region(region, first, last) for region in regions]
    asked, errors = _points(frames), []
    for name, tracker in {**TRACKERS, "true motion": Truth(first, last)}.items():
        points = np.concatenate([asked, np.argwhere(first.fox)[:, ::-1].astype(np.float32) + np.float32(0.5)])
        tracks = tracker.track(frames, points)
        errors.append((name, tracks.positions[-1, len(asked) :]))
        followed = Kept(Tracks(tracks.positions[:, : len(asked)], tracks.seen[:, : len(asked)]))
        made = [~tracking_mask(frames, region, followed)[-1] for region in regions]
        *each, whole = ((a & b).sum() / (a | b).sum() for a, b in zip(made, true, strict=True))
        low, middle, high = np.quantile(each, (0.1, 0.5, 0.9))
        enough = np.mean(np.array(each) >= 0.8)
        print(
            f"{name:42} {np.mean(each):7.3f} {low:7.3f} {middle:7.3f} {high:7.3f} {enough:10.0%} {whole:13.3f}",
            flush=True,
        )
        print("   each:", " ".join(f"{value:.2f}" for value in sorted(each)))
    sizes = np.quantile([region.sum() for region in regions[:-1]], (0, 0.5, 1))
    print(f"blobs of {sizes[0]:.0f} to {sizes[2]:.0f} pixels, median {sizes[1]:.0f}; the fox has {first.fox.sum()}")
    _print_errors(first, last, errors)


def _print_errors(first: Moment, last: Moment, errors: list[tuple[str, np.ndarray]]) -> None:
    print(f"\nfrom where they truly are, pixels{'':12}inside: median   90th   at the outline: median   90th")
    truly, seen = destinations(first, last)
    inner = cv2.erode(first.fox.astype(np.uint8), np.ones((9, 9)))[first.fox] > 0
    for name, places in errors:
        out = np.linalg.norm(places - truly[first.fox], axis=1)
        inside, outline = (np.quantile(out[seen[first.fox] & part], (0.5, 0.9)) for part in (inner, ~inner))
        print(f"{name:42} {inside[0]:17.2f} {inside[1]:6.1f} {outline[0]:24.2f} {outline[1]:6.1f}")


def _points(frames: np.ndarray) -> np.ndarray:
    """The points that a mask asks for."""
    asked: list[np.ndarray] = []

    class Asked:
        def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
            asked.append(points)
            return Still().track(frames, points)

    tracking_mask(frames[:1], np.zeros(frames.shape[1:3], bool), Asked())
    return asked[0]


@dataclass(frozen=True)
class Truth:
    """Knows where the points are in the last frame, and nothing of those between."""

    first: Moment
    last: Moment

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        places, seen = destinations(self.first, self.last)
        column, row = np.clip(points, 0, np.array(seen.shape[::-1]) - 1).astype(int).T
        found, standing = places[row, column].astype(np.float32), np.repeat(points[None], len(frames) - 1, axis=0)
        every = np.ones((len(frames) - 1, len(points)), bool)
        return Tracks(np.concatenate([standing, found[None]]), np.concatenate([every, seen[row, column][None]]))


@dataclass(frozen=True)
class Kept:
    """What a tracker said already."""

    tracks: Tracks

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        return self.tracks


def print_speed() -> None:
    cv2.setNumThreads(1)
    frames = np.stack([cv2.resize(frame[:, 187:667], (512, 512)) for frame in clip("cotracker_bear")])
    frames = np.concatenate([frames, frames[-2:-10:-1]])
    region = np.zeros((512, 512), bool)
    region[200:320, 100:300] = True
    tracking_mask(frames[:2], region, FlowTracker())
    began = time.process_time()
    tracking_mask(frames, region, FlowTracker())
    print(f"\n{len(frames)} frames of 512 x 512: {time.process_time() - began:.1f} s of one core")


def main() -> None:
    parser = argparse.ArgumentParser(description="How well tracking masks stay on what they hide.")
    tables = {"courtyard": print_courtyard, "speed": print_speed, "trip": print_trips}
    parser.add_argument("--only", choices=tables)
    only = parser.parse_args().only
    for name, table in tables.items():
        if only in (None, name):
            table()


if __name__ == "__main__":
    main()
