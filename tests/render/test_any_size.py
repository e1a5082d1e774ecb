"""Frames of every size, and guides of every length."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.supersampling import Supersampled
from tests.bench.bench_memory import draw, opened, write_source
from tests.render.small_scenes import small_mesh

CPU = CpuRasterizer()
SIZES = [(1, 1), (2048, 2), (2, 2048), (1024, 1024), (2048, 1152), (2048, 2048)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("rasterizer", [CPU, Supersampled(CPU, 3)], ids=["one sample", "nine samples"])
def test_a_frame_is_made_of_the_frames_of_its_parts(rasterizer, width, height):
    """Seen from aside, through a lens of any size: each part is what a lens of its own would see there."""
    mesh = small_mesh(4, 40, 50)
    pose = np.eye(4)
    pose[:3, 3] = (0.3, 0.1, 0.2)
    lens = Pinhole(width, height, 1.1 * max(width, height), (0.5 * width, 0.5 * height))
    frame = rasterizer.render(mesh, pose, lens)
    for x, y in [(0, 0), (width // 2, height // 3), (max(0, width - 200), max(0, height - 100))]:
        part = Pinhole(min(200, width - x), min(100, height - y), lens.focal_px, (0.5 * width - x, 0.5 * height - y))
        at, alone = np.s_[y : y + part.height, x : x + part.width], rasterizer.render(mesh, pose, part)

        np.testing.assert_array_equal(frame.visible[at], alone.visible)
        np.testing.assert_array_equal(frame.colour[at], alone.colour)
        np.testing.assert_allclose(frame.depth[at], alone.depth, rtol=1e-6)
    assert min(width, height) < 3 or frame.visible.any()


@pytest.mark.parametrize(("width", "height"), [(2, 2048), (2048, 2), (2048, 1152)])
def test_a_mesh_of_any_size_shows_its_source(width, height):
    """At the source camera; the outermost pixels are the border's."""
    rng = np.random.default_rng(2)
    colour = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    depth = (2.0 + 0.001 * np.cumsum(rng.standard_normal((height, width)), axis=1) / width).astype(np.float32)
    lens = Pinhole(width, height, 0.9 * max(width, height), (0.5 * width, 0.5 * height))
    frame = CPU.render(build_mesh(colour, depth, lens), np.eye(4), lens)

    assert frame.visible[2:-2, 2:-2].all()
    np.testing.assert_array_equal(frame.colour[frame.visible], colour[frame.visible])


def test_memory_does_not_grow_with_the_clip(tmp_path: Path):
    """A guide of 24 frames takes what one of 6 does, to a frame: read from files, with a plate, and written.

    What grows are numbers, about a kilobyte a frame: its moments, pose and checksums.
    """
    width, height = 128, 96
    peaks = []
    for count in (6, 24):
        setup = opened(write_source(tmp_path / str(count), width, height, count))
        draw(setup, tmp_path / "guide")  # fills caches
        gc.collect()
        gc.freeze()  # or what other tests have left makes collections rare, and garbage counts as memory
        tracemalloc.start()
        draw(setup, tmp_path / "guide")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        gc.unfreeze()

    assert peaks[1] - peaks[0] < width * height * 3
