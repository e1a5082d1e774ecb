"""How well, how fast, how steadily and how cleanly the mesh engine fills, beside OpenCV's Telea inpainting.

    python -m tests.bench.bench_fill            all four tables; a few minutes, most of them Telea's and the true views'
    python -m tests.bench.bench_fill truth speed steady bleed

Both fill the same mask with two threads. Needs opencv-python-headless, and shared/data/redkitchen beside the checkout
for all but ``bleed``. *Uncovered* is what the guide (``face`` rule) does not show. *Its truth is known* where the
second photograph has measured depth; figures over all uncovered pixels stand beside it.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np

from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.backdrop import Backdrop
from ex4d.footage import open_footage
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.background_layer import build_background
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.rasterizer import RenderedFrame
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Output
from ex4d.synthesis.mesh_engine import complete_frame
from ex4d.trajectory.compiler import compile_shot
from shots.media.make_courtyard import View
from tests.shared_data import ROOT

SAMPLE = Path(__file__).parents[2] / "shots" / "scene.yaml"

PAIRS = ((0, 70), (30, 85), (60, 100), (0, 115), (30, 120), (60, 130), (90, 190), (120, 180), (150, 185), (180, 220))
RADII = (3, 5, 10)
KITCHEN = Pinhole(640, 480, 585.0, (320.0, 240.0))
THREADS = 2
ORBIT_DEG = 30.0
ORBIT_FRAMES = 25
BLEED_SECONDS = (1.0, 64 / 24, 4.0)
PAINT = (0, 255, 0)
BLEED_DEG = (-30.0, -20.0, -10.0, 10.0, 20.0, 30.0)

RASTERIZER = CpuRasterizer(THREADS)
cv2.setNumThreads(THREADS)


@dataclass(frozen=True)
class Source:
    """A frame with complete depth, metres."""

    colour: np.ndarray
    depth: np.ndarray
    known: np.ndarray
    lens: Pinhole

    def mesh(self) -> WatertightMesh:
        return build_mesh(self.colour, self.depth, self.lens)

    def background(self) -> WatertightMesh:
        return build_background(self.colour, self.depth, self.lens, known=self.known)


@dataclass(frozen=True)
class Filled:
    """One view, with its holes filled by us."""

    guide: RenderedFrame
    behind: RenderedFrame
    ours: np.ndarray

    @property
    def uncovered(self) -> np.ndarray:
        return ~self.guide.visible

    def telea(self, radius: int) -> np.ndarray:
        return cv2.inpaint(self.guide.colour, self.uncovered.astype(np.uint8), radius, cv2.INPAINT_TELEA)


def fill(mesh: WatertightMesh, background: WatertightMesh, pose: np.ndarray, lens: Pinhole) -> Filled:
    guide, behind = RASTERIZER.render(mesh, pose, lens), RASTERIZER.render(background, pose, lens)
    return Filled(guide, behind, complete_frame(guide.colour, guide.visible, behind.colour))


@cache
def photograph(number: int) -> Source:
    folder = ROOT / "redkitchen"
    depth = iio.imread(folder / f"{number:04d}.depth.png").astype(np.float32) / np.float32(1000)
    known = depth > 0
    return Source(iio.imread(folder / f"{number:04d}.rgb.jpg"), fill_unknown(depth, known), known, KITCHEN)


@cache
def second_view(first: int, second: int) -> Filled:
    source = photograph(first)
    return fill(source.mesh(), source.background(), relative_pose(first, second), KITCHEN)


def relative_pose(first: int, second: int) -> np.ndarray:
    poses = np.load(ROOT / "redkitchen" / "world_from_camera.npy")
    return np.linalg.inv(poses[first // 5]) @ poses[second // 5]


def psnr(filled: np.ndarray, truth: np.ndarray, where: np.ndarray) -> float:
    error = (filled[where].astype(float) - truth[where]) ** 2
    return float(10 * np.log10(255**2 / error.mean()))


def truth() -> None:
    """(a) PSNR against the second photograph."""
    print("\n(a) PSNR, dB, over uncovered pixels with measured depth in the second photograph (in brackets: over all)")
    print(f"{'pair':>10} {'uncovered':>10} {'ours':>15}" + "".join(f"{f'Telea {r}':>16}" for r in RADII))
    rows = []
    for first, second in PAIRS:
        view, target = second_view(first, second), photograph(second)
        results = [view.ours, *(view.telea(radius) for radius in RADII)]
        masks = view.uncovered & target.known, view.uncovered
        row = [[psnr(result, target.colour, mask) for mask in masks] for result in results]
        rows.append(row)
        print(f"{first:04d}-{second:04d} {view.uncovered.mean():10.1%}", *(f"{a:7.2f} ({b:5.2f})" for a, b in row))
    print(f"{'mean':>10} {'':10}", *(f"{a:7.2f} ({b:5.2f})" for a, b in np.mean(rows, axis=0)))


def best_ms(work: Callable[[], object], repeats: int) -> float:
    def once() -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1e3

    return min(once() for _ in range(repeats))


def speed() -> None:
    """(b) Milliseconds a frame, best of some runs, mean over the pairs."""
    stages = []
    for first, second in PAIRS:
        view, source, pose = second_view(first, second), photograph(first), relative_pose(first, second)
        layer = source.background()
        stages.append([
            best_ms(source.background, 9),
            best_ms(lambda layer=layer, pose=pose: RASTERIZER.render(layer, pose, KITCHEN), 9),
            best_ms(lambda view=view: complete_frame(view.guide.colour, view.guide.visible, view.behind.colour), 9),
            *(best_ms(lambda view=view, radius=radius: view.telea(radius), 1 + 6 // radius) for radius in RADII),
        ])  # fmt: skip
    build, render, compose, *telea = np.mean(stages, axis=0)
    print("\n(b) ms a frame of 640x480, mean over the pairs of the best run")
    print(f"build the layer {build:.1f}, render it {render:.1f}, compose {compose:.1f}")
    for radius, ms in zip(RADII, telea, strict=True):
        whole, once = build + render + compose, render + compose
        print(f"Telea {radius:2d}: {ms:7.1f} = {ms / whole:5.1f} x all of ours, {ms / once:5.1f} x without building")


def orbit(right_deg: float, distance: float) -> np.ndarray:
    angle = np.radians(right_deg)
    camera = np.eye(4)
    camera[:3, :3] = [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    camera[:3, 3] = distance * np.sin(angle), 0, distance * (1 - np.cos(angle))
    return camera


def change(
    before: np.ndarray, after: np.ndarray, views: tuple[Filled, Filled], poses: tuple[np.ndarray, ...], lens: Pinhole
) -> float:
    """Mean absolute difference of ``after`` and ``before`` warped to it by the background's depth, where both fill."""
    earlier, later = views
    rows, columns = np.indices(later.uncovered.shape)
    depth = np.where(later.behind.visible, later.behind.depth, 1.0).astype(float)
    points = lens.unproject(np.stack([columns + 0.5, rows + 0.5], axis=-1), depth)
    earlier_from_later = np.linalg.inv(poses[0]) @ poses[1]
    x, y = np.moveaxis(lens.project(points @ earlier_from_later[:3, :3].T + earlier_from_later[:3, 3]) - 0.5, -1, 0)
    x, y = x.astype(np.float32), y.astype(np.float32)
    filled = cv2.erode(earlier.uncovered.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    inside = later.uncovered & later.behind.visible & (cv2.remap(filled, x, y, cv2.INTER_NEAREST) > 0)
    warped = cv2.remap(before.astype(np.float32), x, y, cv2.INTER_LINEAR)
    return float(np.abs(warped - after)[inside].mean())


def steady() -> None:
    """(c) How much the fill of a frozen source changes along an orbit."""
    print(f"\n(c) mean change from frame to frame, levels of 255: frozen source, {ORBIT_DEG:.0f} degrees, "
          f"{ORBIT_FRAMES} frames")  # fmt: skip
    sources = {f"kitchen {n:04d}": photograph(n) for n in (0, 150)} | {"courtyard": courtyard(BLEED_SECONDS[1])[0]}
    for name, source in sources.items():
        distance = float(np.median(source.depth))
        poses = [orbit(angle, distance) for angle in np.linspace(0, ORBIT_DEG, ORBIT_FRAMES)]
        mesh, background = source.mesh(), source.background()
        views = [fill(mesh, background, pose, source.lens) for pose in poses]
        ours = [view.ours for view in views]
        telea = {radius: [view.telea(radius) for view in views] for radius in RADII}

        def mean_change(frames: list[np.ndarray], views=views, poses=poses, lens=source.lens) -> float:
            return float(np.mean([
                change(frames[k], frames[k + 1], (views[k], views[k + 1]), (poses[k], poses[k + 1]), lens)
                for k in range(3, len(frames) - 1)  # before that hardly anything is uncovered
            ]))  # fmt: skip

        own, theirs = mean_change(ours), {radius: mean_change(frames) for radius, frames in telea.items()}
        print(f"{name:>14}: ours {own:.2f}, Telea", *(f"{r}: {value:.2f}" for r, value in theirs.items()),
              f"   ours is {own / min(theirs.values()):.2f} of its best")  # fmt: skip


@cache
def courtyard(seconds: float) -> tuple[Source, np.ndarray]:
    """A frame of the sample film, one ray a pixel, its true depth, and where its subject is."""
    from shots.media import make_courtyard as scene

    view = scene.render_view(seconds, np.eye(4), samples=1)
    lens = Pinhole.from_horizontal_angle(scene.WIDTH, scene.HEIGHT, float(np.radians(scene.LENS_DEG)))
    return Source(view.colour, view.depth, np.ones(view.depth.shape, np.bool_), lens), view.subject_mask


def painted(seconds: float) -> tuple[Source, np.ndarray]:
    """The same frame with its subject painted a colour that nothing behind it has, its edges mixed as a lens does."""
    from shots.media.make_courtyard import render_view

    source, subject = courtyard(seconds)
    plate = render_view(seconds, np.eye(4), subject=False, samples=1).colour
    share = cv2.blur(subject.astype(np.float32), (3, 3))[..., None]
    colour = (share * np.array(PAINT) + (1 - share) * plate + 0.5).astype(np.uint8)
    return replace(source, colour=colour), subject


def hidden_by_subject(source: Source, subject: np.ndarray, depth: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Tell which pixels of a view show a place of the clean scene that the subject hid from the source camera."""
    rows, columns = np.indices(depth.shape)
    points = source.lens.unproject(np.stack([columns + 0.5, rows + 0.5], axis=-1), depth.astype(float))
    points = points @ pose[:3, :3].T + pose[:3, 3]
    pixels = np.floor(source.lens.project(points)).astype(int)
    inside = (pixels >= 0).all(-1) & (pixels[..., 0] < depth.shape[1]) & (pixels[..., 1] < depth.shape[0])
    x, y = np.where(inside, pixels[..., 0], 0), np.where(inside, pixels[..., 1], 0)
    return inside & (points[..., 2] > 0) & subject[y, x] & (source.depth[y, x] < 0.95 * points[..., 2])


def nearest_colour(colour: np.ndarray, where: np.ndarray) -> np.ndarray:
    """For each pixel, the colour of the nearest pixel on the screen that is in ``where``."""
    from scipy.ndimage import distance_transform_edt

    at = distance_transform_edt(~where, return_distances=False, return_indices=True)
    return colour[tuple(at)]


@cache
def true_views(seconds: float, right_deg: float) -> tuple[View, np.ndarray]:
    """Return what a camera truly sees without the subject, and where it would see the subject."""
    from shots.media.make_courtyard import render_view

    pose = orbit(right_deg, 4.1)
    clean = render_view(seconds, pose, subject=False, samples=1)
    return clean, render_view(seconds, pose, samples=1).subject_mask


def plated() -> Backdrop:
    """Return the backdrop that ``ex4d shoot`` hangs behind the sample: its clean plate, and a guess behind that."""
    film = load(SAMPLE)
    footage = open_footage(film.shots[1], Output())
    backdrop = Backdrop.of_shot(footage, compile_shot(film.shots[1], footage.scene))
    assert backdrop.plate is not None
    return backdrop


def bleeding(
    frame: Callable[[float], tuple[Source, np.ndarray]],
    paint: tuple[int, ...] | None,
    backdrop: Backdrop | None = None,
) -> None:
    """Print the shares of pixels nearer to the subject, one paint or its closest pixel, than to the truth."""
    totals, counts = np.zeros((1 + len(RADII), 2)), np.zeros(2)
    for right_deg in BLEED_DEG:
        for seconds in BLEED_SECONDS:
            source, subject = frame(seconds)
            pose = orbit(right_deg, 4.1)
            view = fill(source.mesh(), source.background(), pose, source.lens)
            clean, shows_subject = true_views(seconds, right_deg)
            ours = view.ours
            if backdrop is not None:
                behind = backdrop.seen_from(pose, source.lens, RASTERIZER)
                ours = complete_frame(view.guide.colour, view.guide.visible, behind)
            everywhere = view.uncovered & ~shows_subject
            masks = everywhere & hidden_by_subject(source, subject, clean.depth, pose), everywhere
            counts += [mask.sum() for mask in masks]
            foreground = np.array(paint or (0, 0, 0), float)
            if paint is None:
                foreground = nearest_colour(view.guide.colour, view.guide.visible & shows_subject).astype(float)
            for k, result in enumerate([ours, *(view.telea(radius) for radius in RADII)]):
                to_subject = np.linalg.norm(result - foreground, axis=-1)
                to_truth = np.linalg.norm(result - clean.colour.astype(float), axis=-1)
                totals[k] += [(to_subject < to_truth)[mask].sum() for mask in masks]
    shares = totals / counts
    for name, (hidden, filled) in zip(["ours", *(f"Telea {radius}" for radius in RADII)], shares, strict=True):
        print(f"{name:>9}: {hidden:6.1%} ({filled:.1%})")


def bleed() -> None:
    """(d) Filled pixels nearer in colour to the subject than to the true background."""
    print("\n(d) filled pixels nearer in R'G'B' to the subject than to the true background, of those that the subject")
    print("    hid from the source (in brackets: of all filled pixels)")
    print(f"subject painted {PAINT}, which nothing behind it resembles: what is near to it has bled")
    bleeding(painted, PAINT)
    print(
        "subject as it is, against its closest visible pixel: bricks and fox are both orange, so a fill that took the"
    )
    print("wrong part of the background counts, too")
    bleeding(courtyard, None)
    print("subject as it is, ours with the clean plate of the clip, as the engine is used")
    bleeding(courtyard, None, plated())


TABLES = {"truth": truth, "speed": speed, "steady": steady, "bleed": bleed}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or TABLES:
        TABLES[wanted]()
