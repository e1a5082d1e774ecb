"""Simulated rendering masks against true disocclusions, on the photographs of redkitchen with their depth.

    python -m tests.bench.bench_masks                 all tables, and the time; several minutes
    python -m tests.bench.bench_masks pairs           photographs A and B: B's simulated mask, looked at by A's camera,
                                                      against what the guide made from A truly shows of B
    python -m tests.bench.bench_masks courtyard       the same between computed views of the sample film
    python -m tests.bench.bench_masks paths           the clip along paths: its guides' holes, and its simulated ones
    python -m tests.bench.bench_masks time            milliseconds a frame at 512x512 on one core
    python -m tests.bench.bench_masks pictures DIR    sheets of both to look at

Needs shared/data/redkitchen beside the checkout, and opencv-python-headless. What lies outside the other camera's frame
is counted apart (*outside*); all other figures are of what it has in its frame. *on edges*: how much of the holes' rims
lies within 2 px of a depth edge, and how much of the picture does.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import NEAREST, PROFILES, widest_step
from ex4d.backdrop import frame_mesh
from ex4d.footage import Footage, open_footage
from ex4d.geometry.pinhole import Pinhole
from ex4d.guide import GuideRecipe
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.shotlist.load import parse
from ex4d.synthesis.mask_erosion import erode
from ex4d.training.masks.rendering import guide_profile, source_cameras
from ex4d.training.masks.sheet import with_holes
from ex4d.training.masks.statistics import HoleStatistics, measure_holes, near_depth_edges
from ex4d.training.masks.visibility import GUIDES
from ex4d.trajectory.compiler import compile_shot
from shots.media.make_courtyard import FAR_MM, HEIGHT, WIDTH, focal_px, orbit, render_view
from tests.bench.kitchen_frames import Frame, whole
from tests.bench.mask_methods import RASTERIZER, blobs, carried_back, framed, rectangles, z_buffer
from tests.bench.true_views import Photograph
from tests.shared_data import ROOT

PAIRS = (
    (0, 70), (30, 85), (60, 100), (0, 115), (30, 120), (60, 130), (90, 190), (120, 180), (150, 185), (180, 220),
    (100, 150), (150, 100), (40, 10),
)  # fmt: skip
FRAMES, STEP = 13, 4
"""Frames of an excerpt, and every which frame of the clip they are: 0.7 seconds apart, so that holes move far."""
PATHS = {
    "orbit right 20deg": "orbit: {right: 20deg}",
    "orbit left 20deg": "orbit: {left: 20deg}",
    "orbit right 40deg": "orbit: {right: 40deg}",
    "orbit left 40deg": "orbit: {left: 40deg}",
    "orbit right 60deg": "orbit: {right: 60deg}",
    "orbit left 60deg": "orbit: {left: 60deg}",
    "orbit right 90deg": "orbit: {right: 90deg}",
    "orbit left 90deg": "orbit: {left: 90deg}",
    "orbit up 30deg": "orbit: {up: 30deg}",
    "orbit down 30deg": "orbit: {down: 30deg}",
    "dolly out 40%": "dolly: {out: 40%}",
    "dolly in 40%": "dolly: {in: 40%}",
    "truck right 30%": "truck: {right: 30%}",
    "truck left 30%": "truck: {left: 30%}",
}
ERODED = (0, 2, 5, 8)
ANGLES_DEG = (-40.0, -20.0, 20.0, 40.0)
"""To the right, of the computed views."""
TRUTH_SECONDS = 2.5
TRUE = "true: guide from the other view"
CLIP = """ex4d: 1
source:
  video: {folder}/*.rgb.jpg
  fps: 6
  depth: {{file: "{folder}/*.depth.png", unit: mm, unknown: 0}}
  lens: 585px
  subject: center
output: {{size: 512x512, fps: 6}}
shots:
  - {{name: path, frames: {frames}, camera: [{{{move}}}]}}
"""


@dataclass(frozen=True)
class Masks:
    """A sequence of masks of one view each, with what is needed to measure them."""

    colour: np.ndarray
    visible: np.ndarray
    near_edges: np.ndarray
    inside: np.ndarray
    """What the other camera has in its frame."""

    def measured(self, eroded: int = 0) -> tuple[float, HoleStatistics]:
        """Return how much lies outside, and the figures of the holes inside."""
        visible = np.stack([erode(frame, eroded) for frame in self.visible])
        figures = measure_holes(visible, near_edges=self.near_edges, counted=self.inside)
        return 1 - float(self.inside.mean()), figures

    def with_holes(self, visible: np.ndarray) -> Masks:
        return replace(self, visible=visible)

    @property
    def hidden_inside(self) -> list[float]:
        """Of each frame, as a share of what is inside."""
        pairs = zip(self.visible, self.inside, strict=True)
        return [(~visible & inside).sum() / max(1, inside.sum()) for visible, inside in pairs]


COLUMNS = ("outside", "holes", "a frame", "area 10 / 50 / 90 %", "width 10 / 50 / 90 %", "on edges", "chance", "steady")


def print_head(title: str) -> None:
    print(f"| {title:<34} | {' | '.join(COLUMNS)} |")
    print("|---|---|---|---|---|---|---|---|---|")


def print_row(name: str, outside: float, of: HoleStatistics, steady: bool = True) -> None:
    areas, widths = (" / ".join(f"{value:.0f}" for value in values) for values in (of.area, of.width))
    steadiness = f"{of.steadiness:.2f}" if steady else "-"
    print(
        f"| {name:<34} | {outside:.1%} | {of.share:.1%} | {of.count:.0f} | {areas} | {widths} "
        f"| {of.on_edges:.0%} | {of.edges:.0%} | {steadiness} |"
    )


def pooled(many: Iterable[tuple[float, HoleStatistics]]) -> tuple[float, HoleStatistics]:
    """Return the mean of each figure over sequences."""
    outside, figures = zip(*many, strict=True)
    rows = [each.as_json() for each in figures]
    means = {name: np.mean([row[name] for row in rows], axis=0) for name in rows[0]}
    lists = {name: tuple(map(float, mean)) if mean.ndim else float(mean) for name, mean in means.items()}
    return float(np.mean(outside)), HoleStatistics(**lists)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return intersection over union of two sets of pixels."""
    return float((one & other).sum() / max(1, (one | other).sum()))


@cache
def pose_between(first: int, second: int) -> np.ndarray:
    poses = np.load(ROOT / "redkitchen" / "world_from_camera.npy")
    return np.linalg.inv(poses[first // 5]) @ poses[second // 5]


def pair_masks(first: int, second: int) -> dict[str, Masks]:
    """Return the masks of the second photograph as the first one's camera saw it."""
    (source, source_depth), (target, depth) = whole(Frame(first)), whole(Frame(second))
    views = replace(source, depth=source_depth), replace(target, depth=depth)
    return masks_between(*views, pose_between(first, second), seed=first + second)


def courtyard_masks(angle_deg: float) -> dict[str, Masks]:
    """Return the masks of a computed view to the right of the sample film's camera, as that camera saw it."""
    pose = orbit(angle_deg)
    lens = Pinhole(WIDTH, HEIGHT, focal_px(), (WIDTH / 2, HEIGHT / 2))
    views = [render_view(TRUTH_SECONDS, camera, samples=1) for camera in (np.eye(4), pose)]
    depths = [np.minimum(view.depth, np.float32(FAR_MM / 1000)) for view in views]
    everywhere = np.ones((HEIGHT, WIDTH), np.bool_)
    source, target = (
        Photograph(view.colour, depth, everywhere, lens) for view, depth in zip(views, depths, strict=True)
    )
    return masks_between(source, target, pose, seed=round(angle_deg) % 97)


def masks_between(source: Photograph, target: Photograph, pose: np.ndarray, seed: int) -> dict[str, Masks]:
    """Return what the guide made from one view truly shows of another, and what is simulated from the other alone.

    ``pose`` is that of the second camera in the axes of the first; depth is complete.
    """
    lens, back = target.lens, np.linalg.inv(pose)
    nearest = float(source.depth[source.known].min()) / NEAREST
    mesh = build_mesh(source.colour, source.depth, lens, profile=PROFILES["reference"].scaled(nearest))
    true = RASTERIZER.render(mesh, pose, lens).visible
    profile = GUIDES.scaled(float(target.depth[target.known].min()) / NEAREST)
    near_edges = near_depth_edges(target.depth, widest_step(lens.focal_px))
    inside = framed(target.depth, lens, back)
    masks = Masks(target.colour[None], true[None], near_edges[None], inside[None])
    share = masks.hidden_inside
    simulated = {
        "simulated": carried_back(target.depth, lens, back, profile),
        "simulated, hidden by face": carried_back(target.depth, lens, back, replace(profile, rule="face")),
        "z-buffer": z_buffer(target.depth, lens, back),
        "z-buffer, 5 x 5 and 5 %": z_buffer(target.depth, lens, back, 0.05, 2),
    }
    return {
        TRUE: masks,
        **{name: masks.with_holes(visible[None]) for name, visible in simulated.items()},
        "rectangles": masks.with_holes(rectangles(share, inside[None], seed)),
        "blobs": masks.with_holes(blobs(share, inside[None], seed)),
    }


def print_pairs() -> None:
    """Compare simulated masks with true ones between the kitchen's photographs."""
    print_overlaps([pair_masks(*pair) for pair in PAIRS], "the photographs of the kitchen", ERODED)


def print_courtyard() -> None:
    """Compare them between computed views of the sample film, whose depth and cameras have no errors."""
    print_overlaps([courtyard_masks(angle) for angle in ANGLES_DEG], "computed views of the courtyard", (0, 5))


def print_overlaps(found: list[dict[str, Masks]], title: str, eroded_by: tuple[int, ...]) -> None:
    print(f"\nIoU with the true holes, all of them and those inside the other frame; mean over {title}\n")
    print(f"| {'':<34} | all | inside | holes inside |")
    print("|---|---|---|---|")
    for name in found[0]:
        rows = [(masks[TRUE], masks[name]) for masks in found]
        everything = np.mean([overlap(~true.visible, ~mask.visible) for true, mask in rows])
        inside = np.mean([overlap(~true.visible & true.inside, ~mask.visible & true.inside) for true, mask in rows])
        share = np.mean([mask.hidden_inside[0] for _, mask in rows])
        print(f"| {name:<34} | {everything:.3f} | {inside:.3f} | {share:.1%} |")
    for eroded in eroded_by:
        print()
        print_head(f"eroded by {eroded} px" if eroded else "raw")
        for name in found[0]:
            print_row(name, *pooled(masks[name].measured(eroded) for masks in found), steady=False)


@cache
def compiled(move: str) -> tuple[Footage, CameraPath]:
    """Open the clip, and compile a camera that looks at every ``STEP``th frame from the first."""
    text = CLIP.format(folder=(ROOT / "redkitchen").resolve(), frames=FRAMES, move=move)
    film = parse(text, Path.cwd() / "kitchen.yaml", must_exist=True)
    footage = open_footage(film.shots[0], film.output)
    return footage, compile_shot(film.shots[0], footage.scene)


@cache
def frames_of_clip() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return colour and depth of the excerpt."""
    footage, _ = compiled(next(iter(PATHS.values())))
    times = [Fraction(STEP * k, 6) for k in range(FRAMES)]
    return [(frame.colour, frame.depth) for frame in footage.frames(times)]


def path_masks(move: str) -> dict[str, Masks]:
    """Return the holes of a path's guides, and simulated ones: as they are, and looked at from the path itself."""
    footage, path = compiled(move)
    poses = path.translated_in_depth_units(footage.subject_distance)
    seen = source_cameras(path)
    seen[:, :3, 3] *= footage.subject_distance
    guide = guide_masks(footage, poses)
    return {
        "true: guide": guide,
        "simulated": carried_masks(footage, seen),
        "simulated, from the path itself": carried_masks(footage, poses),
        "rectangles": guide.with_holes(rectangles(guide.hidden_inside, guide.inside, 1)),
        "blobs": guide.with_holes(blobs(guide.hidden_inside, guide.inside, 1)),
    }


def guide_masks(footage: Footage, poses: np.ndarray) -> Masks:
    """Render guides; where nothing is shown, the depth beside it that is farther is taken to go on."""
    lens, found = footage.scene.lens, []
    profile = GuideRecipe(PROFILES["reference"]).profile_of(footage)
    for pose, (colour, depth) in zip(poses, frames_of_clip(), strict=True):
        frame = RASTERIZER.render(frame_mesh(colour, depth, footage, profile), pose, lens)
        view = fill_unknown(frame.depth, frame.visible)
        near = near_depth_edges(view, widest_step(lens.focal_px))
        found.append((frame.colour, frame.visible, near, framed(view, lens, np.linalg.inv(pose))))
    return Masks(*map(np.stack, zip(*found, strict=True)))


def carried_masks(footage: Footage, poses: np.ndarray) -> Masks:
    lens, found = footage.grid_lens, []
    profile = guide_profile(footage)
    for pose, (colour, depth) in zip(poses, frames_of_clip(), strict=True):
        near = near_depth_edges(depth, widest_step(lens.focal_px))
        found.append((colour, carried_back(depth, lens, pose, profile), near, framed(depth, lens, pose)))
    return Masks(*map(np.stack, zip(*found, strict=True)))


def print_paths() -> None:
    """Print the figures of each path, and of all together after erosion."""
    found = {name: path_masks(move) for name, move in PATHS.items()}
    print()
    print_head("path")
    for path, masks in found.items():
        for name, mask in masks.items():
            if name in {"true: guide", "simulated"}:
                print_row(f"{path}: {name}", *mask.measured())
    for eroded in ERODED:
        print()
        print_head(f"all paths, eroded by {eroded} px" if eroded else "all paths")
        for name in next(iter(found.values())):
            print_row(name, *pooled(masks[name].measured(eroded) for masks in found.values()))


def print_time() -> None:
    """Print milliseconds of processor time that a frame takes at 512 x 512, after the kernels are compiled."""
    footage, _ = compiled(next(iter(PATHS.values())))
    profile = guide_profile(footage)
    print("\n| path | median | slowest frame |\n|---|---|---|")
    for name, move in PATHS.items():
        poses = compiled(move)[1].translated_in_depth_units(footage.subject_distance)
        ways = zip(poses, frames_of_clip(), strict=True)
        spent = [
            milliseconds(lambda d=depth, p=pose: carried_back(d, footage.grid_lens, p, profile))
            for pose, (_, depth) in ways
        ]
        print(f"| {name} | {np.median(spent):.0f} ms | {max(spent):.0f} ms |")


def milliseconds(work: Callable[[], object]) -> float:
    work()
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)


def write_pictures(folder: Path) -> None:
    """Write a sheet for each path, its middle and last frames, and for each pair."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, move in PATHS.items():
        write_sheet(folder / f"{name}.png", path_masks(move), (FRAMES // 3, 2 * FRAMES // 3, FRAMES - 1))
    for pair in PAIRS:
        write_sheet(folder / "pair {}-{}.png".format(*pair), pair_masks(*pair), (0,))


def write_sheet(file: Path, masks: Mapping[str, Masks], frames: tuple[int, ...]) -> None:
    rows = [
        np.concatenate(list(with_holes(each.colour, each.visible)[list(frames)]), axis=1) for each in masks.values()
    ]
    iio.imwrite(file, np.concatenate(rows)[::2, ::2])


def main(words: list[str]) -> None:
    if words[:1] == ["pictures"]:
        write_pictures(Path(words[1]))
        return
    works = {"pairs": print_pairs, "courtyard": print_courtyard, "paths": print_paths, "time": print_time}
    for word in words or works:
        works[word]()


if __name__ == "__main__":
    main(sys.argv[1:])
