"""How fast nvdiffrast's rasterizer is on a card, beside the released code's loop and the CPU's, and where time goes.

    python -m tests.bench.bench_render_gpu              all tables, two minutes or so
    python -m tests.bench.bench_render_gpu --repeats 3  sooner, and coarser

The frames and the 49 cameras of ``bench_render``. "All in" is a frame's whole way: building the mesh from colour and
depth with its hiding, uploading, drawing, and colour, visibility and depth back in numpy. Each frame counts with its
best of the repeats, a path with the median of its frames. Stages are timed with a wait after each, so that their sum
is more than the whole.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from unittest import mock

import numpy as np
import nvdiffrast.torch as dr
import torch
from scipy.ndimage import zoom

from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.kernels import keep_compiled
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render import nvdiffrast_kernels as kernels
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.nvdiffrast_rasterizer import NvdiffrastRasterizer
from ex4d.render.rasterizer import Rasterizer
from tests.bench.bench_render import FRAMES, ORBIT_MARGIN, View, looking_at, orbit, views
from tests.bench.reference_loop import ReferenceLoop
from tests.render.small_scenes import RELEASED
from tests.shared_data import ROOT

ANGLES_DEG = (0.0, 10.0, 30.0, 60.0, 90.0)
SIDES = (256, 512, 1024, 2048)
STAGES = ("uploaded", "sent", "project_vertices", "rasterize", "merge_layers", "shade_by_face", "fetched")
CLEAN, REFERENCE = PROFILES["clean"], PROFILES["reference"]


def best_of(works: list[Callable[[], object]], repeats: int) -> np.ndarray:
    """Milliseconds of each work: its best of the repeats, one round of all after the other."""
    works[0]()
    return np.min([[_timed(work) for work in works] for _ in range(repeats)], axis=0)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def all_in(rasterizer: Rasterizer, seen: View, profile: MeshProfile, pose: np.ndarray) -> None:
    rasterizer.render(build_mesh(seen.colour, seen.depth, seen.lens, profile=profile), pose, seen.lens)


def rendered(rasterizer: Rasterizer, seen: View, pose: np.ndarray, mesh: WatertightMesh) -> None:
    """Render a mesh that the rasterizer has not seen."""
    rasterizer.render(replace(mesh), pose, seen.lens)


def print_view(seen: View, gpu: NvdiffrastRasterizer, cpu: CpuRasterizer, repeats: int) -> None:
    mesh = build_mesh(seen.colour, seen.depth, seen.lens)
    loop = ReferenceLoop(seen.colour, seen.depth, seen.lens)
    building = partial(build_mesh, seen.colour, seen.depth, seen.lens)
    lines = [
        ("nvdiffrast, all in", [partial(all_in, gpu, seen, CLEAN, pose) for pose in seen.poses]),
        ("  of that, build", [building] * FRAMES),
        ("  of that, render", [partial(rendered, gpu, seen, pose, mesh) for pose in seen.poses]),
        ("  render, mesh stays on the card", [partial(gpu.render, mesh, pose, seen.lens) for pose in seen.poses]),
        ("nvdiffrast, all in, reference profile", [partial(all_in, gpu, seen, REFERENCE, pose) for pose in seen.poses]),
        ("released loop, all in", [partial(loop.frame, pose) for pose in seen.poses]),
        ("  of that, its face list", [loop.face_list] * FRAMES),
        ("cpu, all in", [partial(all_in, cpu, seen, CLEAN, pose) for pose in seen.poses]),
        ("  of that, render", [partial(cpu.render, mesh, pose, seen.lens) for pose in seen.poses]),
    ]
    print(f"\n{seen.name}, {seen.lens.width}x{seen.lens.height}, ms{'':18}median     best    worst")
    for name, works in lines:
        taken = best_of(works, repeats)
        print(f"{name:<40}{np.median(taken):8.2f} {taken.min():8.2f} {taken.max():8.2f}")


def print_stages(seen: View, gpu: NvdiffrastRasterizer, repeats: int) -> None:
    mesh = build_mesh(seen.colour, seen.depth, seen.lens)
    print(f"\n{seen.name}: where the time goes, ms, a wait after each stage")
    rounds: list[dict[str, float]] = []
    for pose in seen.poses[:: FRAMES // 8] * repeats:
        with stopwatch(gpu) as taken:
            gpu.render(replace(mesh), pose, seen.lens)
        rounds.append(taken)
    for stage in STAGES:
        print(f"  {stage:<20}{np.median([taken[stage] for taken in rounds]):8.3f}")


@contextmanager
def stopwatch(gpu: NvdiffrastRasterizer) -> Iterator[dict[str, float]]:
    """Time a frame's stages, with a wait after each."""
    taken: dict[str, float] = {}

    def timed(name: str, work: Callable[..., object], *arguments: object, **options: object) -> object:
        start = time.perf_counter()
        result = work(*arguments, **options)
        torch.cuda.synchronize()
        taken[name] = taken.get(name, 0.0) + (time.perf_counter() - start) * 1e3
        return result

    launch, rasterize, staging = kernels.launch, dr.rasterize, gpu._staging

    def launched(kernel: object, *arguments: object) -> None:
        timed(kernel.fn.__name__, partial(launch, kernel), *arguments)

    with (
        mock.patch.object(kernels, "launch", launched),
        mock.patch.object(dr, "rasterize", partial(timed, "rasterize", rasterize)),
        mock.patch.object(staging, "uploaded", partial(timed, "uploaded", staging.uploaded)),
        mock.patch.object(staging, "sent", partial(timed, "sent", staging.sent)),
        mock.patch.object(staging, "fetched", partial(timed, "fetched", staging.fetched)),
    ):
        yield taken


def resized(seen: View, side: int) -> View:
    """Return a view of another size, between pixels straight lines."""
    factor = side / len(seen.depth)
    depth = zoom(seen.depth, factor, order=1, grid_mode=True, mode="nearest").astype(np.float32)
    colour = zoom(seen.colour, (factor, factor, 1), order=1, grid_mode=True, mode="nearest")
    lens = Pinhole(side, side, seen.lens.focal_px * factor, (side / 2, side / 2))
    return View(seen.name, colour, depth, lens, orbit(float(depth.min()) + ORBIT_MARGIN))


def print_growth(seen: View, gpu: NvdiffrastRasterizer, cpu: CpuRasterizer, repeats: int) -> None:
    print(f"\n{seen.name}: how cost grows, ms all in (of that, render) at each angle")
    print(f"{'':26}" + "".join(f"{angle:>9.0f} deg " for angle in ANGLES_DEG))
    for side in SIDES:
        large = resized(seen, side)
        mesh = build_mesh(large.colour, large.depth, large.lens)
        radius = float(large.depth.min()) + ORBIT_MARGIN
        poses = [looking_at(np.radians(angle), radius) for angle in ANGLES_DEG]
        for name, rasterizer in (("nvdiffrast", gpu), ("cpu", cpu)):
            whole = best_of([partial(all_in, rasterizer, large, CLEAN, pose) for pose in poses], repeats)
            alone = best_of([partial(rendered, rasterizer, large, pose, mesh) for pose in poses], repeats)
            cells = "".join(f"{a:7.2f}({b:5.2f})" for a, b in zip(whole, alone, strict=True))
            print(f"{side:>5}x{side:<5} {name:<12}{cells}")


def print_parity(gpu: NvdiffrastRasterizer, cpu: CpuRasterizer) -> None:
    print("\nreleased renders: visibility agrees on, worst frame; colours differ by, of 255")
    for name, profile in RELEASED.items():
        with np.load(ROOT / "reference_render" / f"{name}.npz") as file:
            truth = {key: file[key] for key in ("source", "depth", "intrinsics", "extrinsics", "colour", "visible")}
        for kind, rasterizer in (("nvdiffrast", gpu), ("cpu", cpu)):
            agreed, differences = parity(truth, profile, rasterizer)
            share, worst = 100 * np.mean(agreed), 100 * min(agreed)
            print(f"  {name:<20}{kind:<12}{share:9.4f} %{worst:9.4f} %{np.concatenate(differences).mean():8.3f}")


def parity(
    truth: dict[str, np.ndarray], profile: MeshProfile, rasterizer: Rasterizer
) -> tuple[list[float], list[np.ndarray]]:
    """Shares of pixels whose visibility agrees, frame by frame, and differences of the levels that both show."""
    (height, width), intrinsics = truth["depth"].shape[1:], truth["intrinsics"]
    lens = Pinhole(width, height, float(intrinsics[0, 0]), (float(intrinsics[0, 2]), float(intrinsics[1, 2])))
    agreed, differences = [], []
    for index, extrinsics in enumerate(truth["extrinsics"]):
        mesh = build_mesh(truth["source"][index], truth["depth"][index], lens, profile=profile)
        frame = rasterizer.render(mesh, np.linalg.inv(np.diag([1.0, -1.0, -1.0, 1.0]) @ extrinsics), lens)
        both = frame.visible & truth["visible"][index]
        agreed.append(float((frame.visible == truth["visible"][index]).mean()))
        differences.append(np.abs(frame.colour[both].astype(float) - truth["colour"][index][both]))
    return agreed, differences


def print_agreement(seen: View, gpu: NvdiffrastRasterizer, cpu: CpuRasterizer) -> None:
    mesh = build_mesh(seen.colour, seen.depth, seen.lens)
    radius = float(seen.depth.min()) + ORBIT_MARGIN
    print(f"\n{seen.name}: pixels of {seen.depth.size} apart from the cpu's: visible, colour by > 1, depth by > 1e-5")
    for angle in ANGLES_DEG:
        pose = looking_at(np.radians(angle), radius)
        ours, theirs = gpu.render(mesh, pose, seen.lens), cpu.render(mesh, pose, seen.lens)
        levels = np.abs(ours.colour.astype(int) - theirs.colour).max(axis=-1)
        with np.errstate(invalid="ignore"):
            close = (ours.depth == theirs.depth) | (np.abs(ours.depth / theirs.depth - 1) <= 1e-5)
        both = ours.visible & theirs.visible
        counts = (ours.visible != theirs.visible).sum(), (both & (levels > 1)).sum(), (~close).sum()
        print(f"  {angle:3.0f} deg {counts[0]:6} {counts[1]:6} {counts[2]:6}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    chosen = parser.parse_args()
    keep_compiled()
    gpu, cpu = NvdiffrastRasterizer(), CpuRasterizer()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {torch.get_num_threads()} cores")
    print_parity(gpu, cpu)
    for number, seen in enumerate(views()):
        print_agreement(seen, gpu, cpu)
        print_view(seen, gpu, cpu, chosen.repeats)
        print_stages(seen, gpu, chosen.repeats)
        if number == 0:
            print_growth(seen, gpu, cpu, max(chosen.repeats // 2, 1))


if __name__ == "__main__":
    main()
