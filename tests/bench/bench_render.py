"""How fast the mesh is built and rendered, beside VTK's software renderer and the numpy twin; tables for the docs.

    python -m tests.bench.bench_render                       512x512: the path, the parts, the others; three minutes
    python -m tests.bench.bench_render --repeats 20 --twin 0 without the twin, which takes most of them
    python -m tests.bench.bench_render --growth              256x256 to 2048x2048
    python -m tests.bench.bench_render --masks               several samples a pixel: what they change, and cost

On the first redkitchen frame and on a studio frame, read from shared/data beside the checkout, with the cameras of
``ex4d-60``, and those to its right up to 90 degrees. "All in" is building the mesh with its hiding, rendering,
visibility and depth. Each frame counts with its best of the repeats, a path with the median of its frames. "CPU" is
the processor time of all threads: on a machine with other work, half of it is what two idle cores would take.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import imageio.v3 as iio
import numpy as np

from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.kernels import keep_compiled
from ex4d.reconstruction import watertight_mesh as building
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.render import cpu_rasterizer as rendering
from ex4d.render.reference_rasterizer import ReferenceRasterizer
from ex4d.render.supersampling import Supersampled
from tests.shared_data import ROOT

SIDE = 512
SIDES = (256, 512, 1024, 2048)
FRAMES = 49
FURTHEST_DEG = 60.0
ORBIT_MARGIN = 0.15
SHOWN_DEG = (0.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 75.0, 90.0)
GROWTH_DEG = (0.0, 20.0, 60.0)
MASKS_DEG = (0.0, 5.0, 15.0, 30.0)
SAMPLES = (1, 3, 5)
TRUE_SAMPLES = 9
PARTS = ("border", "hide", "project", "draw", "shade")


@dataclass(frozen=True)
class View:
    """One frame to mesh, and the cameras to see it from."""

    name: str
    colour: np.ndarray
    depth: np.ndarray
    lens: Pinhole
    poses: list[np.ndarray]
    """Of ``ex4d-60``."""

    def pose(self, angle_deg: float) -> np.ndarray:
        """Return a camera on the circle of ``ex4d-60``."""
        return looking_at(math.radians(angle_deg), pivot_depth(self.depth))

    def mesh(self) -> WatertightMesh:
        return building.build_mesh(self.colour, self.depth, self.lens)


def views(side: int = SIDE) -> Iterator[View]:
    colour = iio.imread(ROOT / "redkitchen/0000.rgb.jpg")[:, 80:560]
    millimetres = iio.imread(ROOT / "redkitchen/0000.depth.png")[:, 80:560]
    depth = fill_unknown(millimetres.astype(np.float32) / 1000, millimetres > 0)
    yield view("redkitchen", colour, depth, 585.0, side)
    with np.load(ROOT / "reference_render/studio_180.npz") as file:
        colour, depth, focal = file["source"][0], file["depth"][0], file["intrinsics"][0, 0]
    yield view("studio", colour[:, 32:288], depth[:, 32:288], float(focal), side)


def view(name: str, colour: np.ndarray, depth: np.ndarray, focal_px: float, side: int) -> View:
    """Resize a square frame, each pixel from its nearest."""
    nearest = (np.arange(side) * len(depth) + len(depth) // 2) // side
    grid = np.ix_(nearest, nearest)
    lens = Pinhole(side, side, focal_px * side / len(depth), (side / 2, side / 2))
    return View(name, colour[grid].copy(), depth[grid].copy(), lens, orbit(pivot_depth(depth)))


def pivot_depth(depth: np.ndarray) -> float:
    return float(depth.min()) + ORBIT_MARGIN


def orbit(radius: float) -> list[np.ndarray]:
    """Return the cameras of ``ex4d-60``: to the right on a circle about a point at ``radius``, rising a little."""
    return [looking_at(angle, radius) for angle in np.radians(np.linspace(0.0, FURTHEST_DEG, FRAMES))]


def looking_at(angle: float, radius: float) -> np.ndarray:
    eye = radius * np.array([np.sin(angle), 0.2 * (np.cos(angle) - 1), 1 - np.cos(angle)])
    forward = np.array([0, 0, radius]) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3] = np.stack([right, np.cross(forward, right), forward, eye], axis=1)
    return pose


def best_ms(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter) -> float:
    taken = []
    for _ in range(repeats):
        start = clock()
        work()
        taken.append(clock() - start)
    return min(taken) * 1e3


def measure_frames(seen: View, poses: list[np.ndarray], threads: int, repeats: int) -> np.ndarray:
    """Milliseconds of each frame: all in, its processor time, and of it rendering."""
    rasterizer = rendering.CpuRasterizer(threads)

    def frame(pose: np.ndarray) -> list[float]:
        start, started = time.perf_counter(), time.process_time()
        mesh = seen.mesh()
        _ = mesh.hidden_face  # part of building; found when it is asked for
        built = time.perf_counter()
        rasterizer.render(mesh, pose, seen.lens)
        stop = time.perf_counter()
        return [stop - start, time.process_time() - started, stop - built]

    # Round after round over the whole path, so that a busy moment of the machine spoils one try of a frame, not all.
    rounds = [[frame(pose) for pose in poses] for _ in range(repeats + 1)]
    return np.min(rounds[1:], axis=0) * 1e3


def measure_parts(seen: View, pose: np.ndarray, threads: int, repeats: int) -> list[float]:
    """Milliseconds of each of PARTS."""
    rasterizer, profile, mesh = rendering.CpuRasterizer(threads), PROFILES["clean"], seen.mesh()
    transform, side = rendering.screen_from_grid(mesh, pose, seen.lens), len(mesh.depth)
    band = rendering.band_rows(side, threads)
    frame, scratch, share = rasterizer.render(mesh, pose, seen.lens), rasterizer._scratch, rasterizer._share
    works = (
        partial(building._with_border, seen.depth, float(mesh.depth[0, 0])),
        partial(building._hidden_faces, mesh.depth, seen.lens, profile.pixel_origin, mesh.hiding.tests),
        partial(share, partial(rendering.project, mesh, transform, scratch), side, rendering.STRIP_ROWS),
        partial(share, partial(rendering.draw, mesh, transform, scratch), side, band),
        partial(share, partial(rendering.shade, mesh, transform, scratch, frame), side, band),
    )
    return [best_ms(work, repeats) for work in works]


def measure_vtk(seen: View, repeats: int) -> np.ndarray:
    """Milliseconds of each frame: VTK's software renderer draws the mesh, built once, and its pixels are read back."""
    window, camera, read = vtk_window(seen.mesh())

    def frame(pose: np.ndarray) -> None:
        camera.SetPosition(*pose[:3, 3])
        camera.SetFocalPoint(*(pose[:3, 3] + pose[:3, 2]))
        camera.SetViewUp(*-pose[:3, 1])
        camera.SetViewAngle(np.degrees(seen.lens.horizontal_angle))
        camera.SetClippingRange(1e-3, 1e3)
        window.Render()
        read()

    frame(seen.pose(0.0))
    return np.array([best_ms(partial(frame, pose), repeats) for pose in seen.poses])


def vtk_window(mesh: WatertightMesh) -> tuple:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

    row, column = np.indices(mesh.depth.shape) + 0.5
    points = mesh.lens.unproject(np.stack([column, row], axis=-1), mesh.depth.astype(np.float64))
    index = np.arange(mesh.depth.size).reshape(mesh.depth.shape)
    tl, tr, bl, br = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]))
    back = [[index[0, -1], index[0, 0], index[-1, -1]], [index[-1, -1], index[0, 0], index[-1, 0]]]
    faces = np.concatenate([np.stack([tl, bl, tr], 1), np.stack([tr, bl, br], 1), back])
    cells = vtk.vtkCellArray()
    offsets = numpy_to_vtkIdTypeArray(np.arange(0, 3 * len(faces) + 1, 3), deep=True)
    cells.SetData(offsets, numpy_to_vtkIdTypeArray(faces.ravel(), deep=True))
    where = vtk.vtkPoints()
    where.SetData(numpy_to_vtk(points.reshape(-1, 3).astype(np.float32), deep=True))
    alpha = np.where(mesh.hidden_vertex, 0, 255).astype(np.uint8)
    shown = numpy_to_vtk(np.dstack([mesh.colour, alpha]).reshape(-1, 4), deep=True)
    data = vtk.vtkPolyData()
    data.SetPoints(where)
    data.SetPolys(cells)
    data.GetPointData().SetScalars(shown)
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputData(data)
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().LightingOff()
    actor.ForceOpaqueOn()
    renderer = vtk.vtkRenderer()
    renderer.AddActor(actor)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(SIDE, SIDE)
    window.AddRenderer(renderer)
    pixels = vtk.vtkUnsignedCharArray()
    return window, renderer.GetActiveCamera(), lambda: window.GetRGBACharPixelData(0, 0, SIDE - 1, SIDE - 1, 0, pixels)


def measure_twin(seen: View, frames: int) -> np.ndarray:
    mesh = seen.mesh()
    angles = np.linspace(0.0, FURTHEST_DEG, frames + 2)[1:-1]
    return np.array([best_ms(partial(ReferenceRasterizer().render, mesh, seen.pose(a), seen.lens), 1) for a in angles])


def compile_seconds() -> tuple[float, float]:
    """First frame of a new process without and with compiled kernels on disk, seconds, imports included."""
    import os
    import tempfile

    code = (
        "import numpy as np, time; start = time.perf_counter(); from ex4d.geometry.pinhole import Pinhole;"
        "from ex4d.reconstruction.watertight_mesh import build_mesh;"
        "from ex4d.render.cpu_rasterizer import CpuRasterizer; lens = Pinhole(16, 16, 16.0, (8.0, 8.0));"
        "mesh = build_mesh(np.zeros((16, 16, 3), np.uint8), np.ones((16, 16), np.float32), lens);"
        "CpuRasterizer().render(mesh, np.eye(4), lens); print(time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        first, second = (
            float(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout)
            for _ in range(2)
        )
    return first, second


def print_others(seen: View, chosen: argparse.Namespace, ours: float) -> None:
    """Print what others take to render; they build nothing a frame, so beside our rendering."""
    try:
        vtk = float(np.median(measure_vtk(seen, min(chosen.repeats, 5))))
        print(f"| {seen.name}, VTK | | | {vtk:.1f}: {vtk / ours:.1f} times ours |")
    except ImportError:
        print(f"| {seen.name}, VTK | | | not installed (pip install ex4d[bench]) |")
    if chosen.twin:
        twin = float(np.median(measure_twin(seen, chosen.twin)))
        print(f"| {seen.name}, numpy twin | | | {twin:.0f}: {twin / ours:.0f} times ours |")


def print_speed(chosen: argparse.Namespace) -> None:
    cold, warm = compile_seconds()
    print(f"First frame in a new process: {cold:.1f} s with compiling, {warm:.1f} s when compiled before.\n")
    print(f"Median of the {FRAMES} frames of ex4d-60 at {SIDE}x{SIDE}, {chosen.threads} threads, ms:\n")
    print("| | all in | CPU | of it rendering |\n|---|---|---|---|")
    for seen in views():
        ours = np.median(measure_frames(seen, seen.poses, chosen.threads, chosen.repeats), axis=0)
        print(f"| {seen.name}, ours |" + cells(ours))
        print_others(seen, chosen, float(ours[2]))
    print("\nWith the angle, and where the time goes, ms:\n")
    print(f"| | all in | CPU | {' | '.join(PARTS)} |\n|---|" + "---|" * (2 + len(PARTS)))
    for seen in views():
        poses = [seen.pose(angle) for angle in SHOWN_DEG]
        frames = measure_frames(seen, poses, chosen.threads, 3 * chosen.repeats)
        for angle, pose, frame in zip(SHOWN_DEG, poses, frames, strict=True):
            parts = measure_parts(seen, pose, chosen.threads, 2 * chosen.repeats)
            print(f"| {seen.name}, {angle:.0f} degrees |" + cells([*frame[:2], *parts]))


def print_growth(chosen: argparse.Namespace) -> None:
    print(f"Mesh and frame of one size, {chosen.threads} threads; ms, median of {GROWTH_DEG} degrees:\n")
    print(f"| | all in | CPU | ns a pixel | {' | '.join(PARTS)} |\n|---|" + "---|" * (3 + len(PARTS)))
    for name in range(2):
        for side in SIDES:
            seen = list(views(side))[name]
            poses = [seen.pose(angle) for angle in GROWTH_DEG]
            whole, cpu, _ = np.median(measure_frames(seen, poses, chosen.threads, chosen.repeats), axis=0)
            parts = np.median([measure_parts(seen, p, chosen.threads, chosen.repeats) for p in poses], axis=0)
            print(f"| {seen.name}, {side}x{side} |" + cells([whole, cpu, whole * 1e6 / side**2, *parts]))


def print_masks(chosen: argparse.Namespace) -> None:
    """Print how far the masks of several samples are from what most of 81 say, how they flicker, and what they cost."""
    at = " | ".join(f"wrong at {angle:.0f} degrees" for angle in MASKS_DEG)
    print(f"| | {at} | blinks | toggles | ms |\n|---|" + "---|" * (len(MASKS_DEG) + 3))
    for seen in views():
        mesh, inner = seen.mesh(), rendering.CpuRasterizer(chosen.threads)
        poses = [seen.pose(angle) for angle in MASKS_DEG]
        truths = [Supersampled(inner, TRUE_SAMPLES).render(mesh, pose, seen.lens).visible for pose in poses]
        for samples in SAMPLES:
            rasterizer = Supersampled(inner, samples)
            masks = [rasterizer.render(mesh, pose, seen.lens).visible for pose in poses]
            wrong = [f"{np.mean(mask != truth):.3%}" for mask, truth in zip(masks, truths, strict=True)]
            path = np.stack([rasterizer.render(mesh, pose, seen.lens).visible for pose in seen.poses])
            cost = best_ms(partial(rasterizer.render, mesh, poses[-1], seen.lens), chosen.repeats)
            row = [*wrong, f"{blinks(path):.3%}", f"{np.mean((path[1:] != path[:-1]).sum(axis=0) > 1):.2%}"]
            print(f"| {seen.name}, {samples}x{samples} | {' | '.join(row)} | {cost:.1f} |")


def blinks(masks: np.ndarray) -> float:
    """Share of pixels of a frame that differ from the same pixel both a frame before and a frame after."""
    return float(np.mean((masks[1:-1] != masks[:-2]) & (masks[1:-1] != masks[2:])))


def cells(numbers: Iterable[float]) -> str:
    return "".join(f" {number:.2f} |" for number in numbers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--twin", type=int, default=1, help="frames for the numpy twin, which takes a minute each")
    parser.add_argument("--growth", action="store_true", help="sizes instead")
    parser.add_argument("--masks", action="store_true", help="samples a pixel instead")
    chosen = parser.parse_args()
    keep_compiled()
    (print_growth if chosen.growth else print_masks if chosen.masks else print_speed)(chosen)


if __name__ == "__main__":
    main()
