"""What sharpening, guided upsampling and filling do to depth, on real photographs and on the sample film.

    python -m tests.bench.bench_refinement                       all tables; some minutes
    python -m tests.bench.bench_refinement sharpen views         some of: sharpen, views, upsample, upsampled-views,
                                                                 fill, speed
    python -m tests.bench.bench_refinement views --pairs 3       with the first three pairs of each place

Needs shared/data/redkitchen and shared/data/open3d_rgbd beside the checkout, and opencv-python-headless. How depth is
made worse, and what is counted, is said in soft_scenes.py; what is true of a view in true_views.py. *hidden*: pixels
of the mesh's hidden faces (rule ``face``, 2.5 degrees). *mid-air*: pixels that lie between near and far, at neither.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np

from ex4d.geometry.pinhole import Pinhole
from tests.bench.refined_depth import FILLS, SHRINKINGS, WAYS, Hole, Upsampled, cleaned, made_small, pairs
from tests.bench.soft_scenes import SOFTENINGS, Badness, Scene, kitchen, office, scenes
from tests.bench.true_views import Measures, Photograph, Truth

FACTORS = (2, 4, 8)
HIDING = ((0, 150), (60, 240), (120, 20), (180, 90))
"""Frames of the kitchen, and those whose unknown regions are hidden in them: too distant to look at the same edges."""
cv2.setNumThreads(2)


def sharpening() -> None:
    """(a) Depth that is softened, and sharpened again, beside the true one."""
    print(
        "\n(a) sharpening. Errors are of depth, within 4 px of true edges (median, 90 %, share above 5 %) and elsewhere"
    )
    print(f"{'':30}{'hidden':>8} {'mid-air':>8} {'median':>8} {'90 %':>8} {'> 5 %':>8} {'else 90 %':>9}")
    for place, some in scenes().items():
        print_badness(f"{place}: true", some, lambda scene: scene.depth)
        print_badness(f"{place}: true, sharpened", some, lambda scene: cleaned(scene.depth, scene))
        for name, soften in SOFTENINGS.items():
            print_badness(f"{place}: {name}", some, lambda scene, soften=soften: soften(scene.depth))
            print_badness("   sharpened", some, lambda scene, soften=soften: cleaned(soften(scene.depth), scene))


def print_badness(name: str, some: list[Scene], depth_of: Callable[[Scene], np.ndarray]) -> None:
    bad = Badness.mean([Badness.of(depth_of(scene), scene) for scene in some])
    shares = (bad.edge_median, bad.edge_90, bad.edge_wrong, bad.else_90)
    print(f"{name:30}{bad.hidden:8.0f} {bad.mid_air:8.0f} " + " ".join(f"{100 * share:7.2f}%" for share in shares))


def views(most: int) -> None:
    """(b) What the mesh of a frame shows to the camera of another, against that photograph."""
    variants: dict[str, Callable[[Scene], np.ndarray]] = {
        "true": lambda scene: scene.depth,
        "true, sharpened": lambda scene: cleaned(scene.depth, scene),
    }
    for name, soften in SOFTENINGS.items():
        variants[name] = lambda scene, soften=soften: soften(scene.depth)
        variants[f"{name}, sharpened"] = lambda scene, soften=soften: cleaned(soften(scene.depth), scene)
    print("\n(b) the true test: a frame's mesh at the camera of another photograph")
    print_views(variants, most)


def print_views(variants: Mapping[str, Callable[[Scene], np.ndarray]], most: int) -> None:
    """Print the mean of the pairs: shares in % as bench_true_views has them; PSNR over co-visible pixels, dB."""
    for place, some in pairs(most).items():
        rows: dict[str, list[Measures]] = {name: [] for name in variants}
        for pair in some:
            truth = Truth.between(pair.source.photograph, pair.target.photograph, pair.pose)
            frames = {name: pair.view(depth_of(pair.source)) for name, depth_of in variants.items()}
            common = np.logical_and.reduce([frame.visible for frame in frames.values()])
            for name, frame in frames.items():
                rows[name].append(Measures.of(frame, truth, common))
        print(f"{place + ', ' + str(len(some)) + ' pairs':32}{'recall':>8} {'wrong':>8} {'firm':>8} {'score':>8} "
              f"{'PSNR':>8} {'common':>8} {'depth':>8}")  # fmt: skip
        for name, row in rows.items():
            mean = Measures.mean(row)
            shares = (mean.recall, mean.wrong, mean.firm, mean.score)
            print(f"{name:32}" + " ".join(f"{100 * share:8.2f}" for share in shares)
                  + f" {mean.psnr:8.2f} {mean.common:8.2f} {100 * mean.depth:8.3f}")  # fmt: skip


def upsampling() -> None:
    """(c) Depth made small and enlarged again, beside the true one."""
    print("\n(c) upsampling. all: mean error of depth, edge: within 4 px of true edges, and the share above 5 % there")
    for place, some in scenes().items():
        for shrinking in SHRINKINGS:
            print(f"{place + ', ' + shrinking:26}" + "".join(
                f"{f'{factor}x: hidden':>12} {'mid-air':>8} {'all':>6} {'edge':>6} {'> 5 %':>6}" for factor in FACTORS
            ))  # fmt: skip
            for name, way in WAYS.items():
                print(f"{name:26}" + "".join(upsampled_row(some, factor, shrinking, way) for factor in FACTORS))


def upsampled_row(some: list[Scene], factor: int, shrinking: str, way: Callable[[Upsampled], np.ndarray]) -> str:
    rows = []
    for scene in some:
        depth = way(made_small(scene, factor, shrinking))
        bad, error, known = Badness.of(depth, scene), np.abs(depth / scene.depth - 1), scene.photograph.known
        rows.append((bad.hidden, bad.mid_air, error[known].mean(), error[known & scene.edges].mean(), bad.edge_wrong))
    hidden, mid_air, everywhere, edge, wrong = np.mean(rows, axis=0)
    return f"{hidden:12.0f} {mid_air:8.0f} {100 * everywhere:6.2f} {100 * edge:6.2f} {100 * wrong:6.1f}"


def upsampled_views(most: int) -> None:
    """(d) The true test with depth of a quarter of the size."""
    print("\n(d) the true test with depth of a quarter of the size, enlarged in each way")
    for shrinking in SHRINKINGS:
        print(f"-- {shrinking}")
        variants: dict[str, Callable[[Scene], np.ndarray]] = {"true": lambda scene: scene.depth}
        for name, way in WAYS.items():
            variants[name] = lambda scene, way=way, shrinking=shrinking: way(made_small(scene, 4, shrinking))
        print_views(variants, most)


def filling() -> None:
    """(e) Depth that is unknown, but for those who judge how it is filled."""
    print("\n(e) filling; errors of depth; nearer, farther: by more than 10 %")
    distant = [Hole.hidden(kitchen(a), kitchen(b)) for a, b in HIDING] + [Hole.hidden(office(0), office(4))]
    print_fills("really unknown, measured by others", [Hole.measured(number) for number in range(30, 270, 30)])
    print_fills("known, hidden by others' unknown", distant)


def print_fills(title: str, holes: list[Hole]) -> None:
    pixels = sum(int(hole.where.sum()) for hole in holes)
    heads = ("median", "90 %", "> 5 %", "nearer", "farther", "ms")
    print(f"{f'{title}: {pixels} px':48}" + "".join(f"{head:>9}" for head in heads))
    for name, fill in FILLS.items():
        times, off = [], []
        for hole in holes:
            start = time.thread_time()
            filled = fill(hole.depth, hole.known)
            times.append((time.thread_time() - start) * 1e3)
            off.append((filled / np.where(hole.where, hole.truth, 1) - 1)[hole.where])
        signed = np.concatenate(off)
        error = np.abs(signed)
        shares = (
            np.median(error),
            np.percentile(error, 90),
            *(x.mean() for x in (error > 0.05, signed < -0.1, signed > 0.1)),
        )
        print(f"{name:48}" + "".join(f"{100 * share:9.2f}" for share in shares) + f"{np.mean(times):9.1f}")


def speed() -> None:
    """(f) Milliseconds of one thread."""
    print("\n(f) ms of one thread a frame, best of nine: a softened frame of the kitchen")
    for size in ((640, 480), (1920, 1080)):
        scene = Scene.of(resized(kitchen(0).photograph, size))
        soft = replace(scene, depth=SOFTENINGS["1/4, cubic"](scene.depth))
        quarter = made_small(soft, 4, "mean")
        works = {
            "sharpen": lambda soft=soft: cleaned(soft.depth, soft),
            "guided 4x": quarter.guided,
            "surfaces 4x": quarter.surfaces,
            "sharpen the small one": quarter.sharpened,
        }
        print(f"{size[0]}x{size[1]}: " + ", ".join(f"{name} {best_ms(work):.1f}" for name, work in works.items()))


def resized(photograph: Photograph, size: tuple[int, int]) -> Photograph:
    """Stretch a photograph; of its lens nobody asks who measures time."""
    colour = cv2.resize(photograph.colour, size)
    depth = cv2.resize(photograph.depth, size, interpolation=cv2.INTER_NEAREST)
    return Photograph(colour, depth, depth > 0, Pinhole(*size, photograph.lens.focal_px, (size[0] / 2, size[1] / 2)))


def best_ms(work: Callable[[], object]) -> float:
    def once() -> float:
        start = time.thread_time()
        work()
        return (time.thread_time() - start) * 1e3

    work()
    return min(once() for _ in range(9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    tables: dict[str, Callable[[int], None]] = {
        "sharpen": lambda _: sharpening(),
        "views": views,
        "upsample": lambda _: upsampling(),
        "upsampled-views": upsampled_views,
        "fill": lambda _: filling(),
        "speed": lambda _: speed(),
    }
    parser.add_argument("tables", nargs="*", help=", ".join(tables))
    parser.add_argument("--pairs", type=int, default=99, help="at most so many of each place")
    asked = parser.parse_args()
    for name in asked.tables or tables:
        tables[name](asked.pairs)


if __name__ == "__main__":
    main()
