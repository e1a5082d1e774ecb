"""How fast the mesh is built and rendered at 512x512, beside VTK's software renderer and the numpy twin.

    python -m tests.bench.bench_render                       all tables; a few minutes, most of them the twin's
    python -m tests.bench.bench_render --repeats 20 --twin 0 ours and VTK alone

The 49 cameras of ``ex4d-60``, on the first redkitchen frame and on a studio frame, read from shared/data beside the
checkout. "All in" is building the mesh with its hiding, rendering, visibility and depth. Each frame counts with its
best of the repeats, a path with the median of its frames. "CPU" is the processor time of all threads: on a machine
with other work, half of it is what two idle cores would take.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import imageio.v3 as iio
import numpy as np

from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.kernels import keep_compiled
from ex4d.reconstruction.unknown_depth import fill_unknown
from tests.shared_data import ROOT

SIDE = 512
FRAMES = 49
FURTHEST_DEG = 60.0
ORBIT_MARGIN = 0.15
SHOWN_DEG = (0.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0)


@dataclass(frozen=True)
class View:
    """One frame to mesh, and the cameras to see it from."""

    name: str
    colour: np.ndarray
    depth: np.ndarray
    lens: Pinhole
    poses: list[np.ndarray]


def views() -> Iterator[View]:
    colour = iio.imread(ROOT / "redkitchen/0000.rgb.jpg")[:, 80:560]
    millimetres = iio.imread(ROOT / "redkitchen/0000.depth.png")[:, 80:560]
    depth = fill_unknown(millimetres.astype(np.float32) / 1000, millimetres > 0)
    yield view("redkitchen", colour, depth, 585.0)
    with np.load(ROOT / "reference_render/studio_180.npz") as file:
        colour, depth, focal = file["source"][0], file["depth"][0], file["intrinsics"][0, 0]
    yield view("studio", colour[:, 32:288], depth[:, 32:288], float(focal))


def view(name: str, colour: np.ndarray, depth: np.ndarray, focal_px: float) -> View:
    """Resize a square frame to 512x512, each pixel from its nearest."""
    side = len(depth)
    nearest = (np.arange(SIDE) * side + side // 2) // SIDE
    grid = np.ix_(nearest, nearest)
    lens = Pinhole(SIDE, SIDE, focal_px * SIDE / side, (SIDE / 2, SIDE / 2))
    return View(name, colour[grid].copy(), depth[grid].copy(), lens, orbit(float(depth.min()) + ORBIT_MARGIN))


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


def measure_ours(seen: View, threads: int, repeats: int) -> np.ndarray:
    """Milliseconds of each frame: all in, its CPU, build, of that hide, render, of that project, draw, shade."""
    from ex4d.reconstruction import watertight_mesh as building
    from ex4d.render import cpu_rasterizer as rendering

    rasterizer = rendering.CpuRasterizer(threads)
    mesh = building.build_mesh(seen.colour, seen.depth, seen.lens)
    scratch = rasterizer._scratch_for(mesh, seen.lens)
    frame = rasterizer.render(mesh, seen.poses[0], seen.lens)
    share = rasterizer._share

    def all_in(pose: np.ndarray) -> None:
        rasterizer.render(building.build_mesh(seen.colour, seen.depth, seen.lens), pose, seen.lens)

    def hide() -> None:
        hidden = building._hidden_faces(mesh.depth, seen.lens, PROFILES["clean"])
        building._hidden_vertices(hidden)

    def parts(pose: np.ndarray) -> tuple[Callable[[], object], ...]:
        transform = rendering.screen_from_grid(mesh, pose, seen.lens)
        return (
            partial(all_in, pose),
            partial(building.build_mesh, seen.colour, seen.depth, seen.lens),
            hide,
            partial(rasterizer.render, mesh, pose, seen.lens),
            partial(share, partial(rendering.project, mesh, transform, scratch), SIDE, rendering.STRIP_ROWS),
            partial(share, partial(rendering.draw, mesh, transform, scratch), SIDE, rendering.BAND_ROWS),
            partial(share, partial(rendering.shade, mesh, transform, scratch, frame), SIDE, rendering.BAND_ROWS),
        )

    # Round after round over the whole path, so that a busy moment of the machine spoils one try of a frame, not all.
    rounds = [[timed(parts(pose)) for pose in seen.poses] for _ in range(repeats)]
    return np.min(rounds, axis=0)


def timed(works: tuple[Callable[[], object], ...]) -> list[float]:
    """Milliseconds of the first work, of its processor time, and of the others."""
    wall, cpu = [], []
    for work in works:
        start, started = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - started) * 1e3)
    return [wall[0], cpu[0], *wall[1:]]


def measure_vtk(seen: View, repeats: int) -> np.ndarray:
    """Milliseconds of each frame: VTK's software renderer draws the mesh, built once, and its pixels are read back."""
    from ex4d.reconstruction.watertight_mesh import build_mesh

    window, camera, read = vtk_window(build_mesh(seen.colour, seen.depth, seen.lens))

    def frame(pose: np.ndarray) -> None:
        camera.SetPosition(*pose[:3, 3])
        camera.SetFocalPoint(*(pose[:3, 3] + pose[:3, 2]))
        camera.SetViewUp(*-pose[:3, 1])
        camera.SetViewAngle(np.degrees(seen.lens.horizontal_angle))
        camera.SetClippingRange(1e-3, 1e3)
        window.Render()
        read()

    frame(seen.poses[0])
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
    from ex4d.reconstruction.watertight_mesh import build_mesh
    from ex4d.render.reference_rasterizer import ReferenceRasterizer

    mesh = build_mesh(seen.colour, seen.depth, seen.lens)
    picked = np.linspace(0, FRAMES - 1, frames + 2).astype(int)[1:-1]
    return np.array([best_ms(partial(ReferenceRasterizer().render, mesh, seen.poses[i], seen.lens), 1) for i in picked])


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--twin", type=int, default=1, help="frames for the numpy twin, which takes a minute each")
    chosen = parser.parse_args()
    keep_compiled()
    cold, warm = compile_seconds()
    print(f"first frame in a new process: {cold:.1f} s with compiling, {warm:.1f} s when compiled before")
    print(f"median of {FRAMES} frames at {SIDE}x{SIDE}, {chosen.threads} threads, ms\n")
    print(f"{'':24}{'all in':>8}{'CPU':>8}{'build':>8}{'(hide)':>8}{'render':>8}{'project':>9}{'draw':>8}{'shade':>8}")
    line = "{:<24}{:8.2f}{:8.2f}{:8.2f}{:8.2f}{:8.2f}{:9.2f}{:8.2f}{:8.2f}"
    for seen in views():
        ours = measure_ours(seen, chosen.threads, chosen.repeats)
        print(line.format(f"{seen.name}, ours", *np.median(ours, axis=0)))
        for angle in SHOWN_DEG:
            print(line.format(f"  at {angle:.0f} degrees", *ours[round(angle / FURTHEST_DEG * (FRAMES - 1))]))
        print_others(seen, chosen, float(np.median(ours[:, 4])))


def print_others(seen: View, chosen: argparse.Namespace, ours: float) -> None:
    """Print what others take to render; they build nothing a frame, so beside our ``render``."""
    try:
        vtk = float(np.median(measure_vtk(seen, chosen.repeats)))
        print(f"{seen.name + ', VTK':<56}{vtk:8.2f}   {vtk / ours:.1f} times ours")
    except ImportError:
        print(f"{seen.name}, VTK: not installed (pip install ex4d[bench])")
    if chosen.twin:
        twin = float(np.median(measure_twin(seen, chosen.twin)))
        print(f"{seen.name + ', numpy twin':<56}{twin:8.0f}   {twin / ours:.0f} times ours")


if __name__ == "__main__":
    main()
