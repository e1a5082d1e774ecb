"""The rasterizer for every machine: compiled scan-conversion of the grid on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Lock

import numpy as np

from ex4d.array_types import Float32, Float64, UInt64
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.render.projection import screen_from_grid
from ex4d.render.rasterizer import RenderedFrame

BANDS_PER_THREAD = 4
"""So many that a thread with an easy band takes another."""
BAND_ROWS = (32, 128)
"""Pixel rows drawn at once, fewest and most: what lies across two bands is drawn in both, but the keys of one should
stay in a core's own cache."""
STRIP_ROWS = 64
"""Vertex rows projected at once."""
_UNREAD = np.zeros(0, np.bool_)
"""Hidden vertices, where faces are hidden."""


class CpuRasterizer:
    """Draws a mesh with numba on ``threads`` cores (all by default).

    The same mesh, camera and lens give the same bytes with any number of threads. Scratch memory is kept between calls
    of one size; calls from several threads wait for each other.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="ex4d-raster")
        self._scratch: Scratch | None = None
        self._lock = Lock()

    def render(
        self, mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
    ) -> RenderedFrame:
        """Render the mesh from a rigid camera, its translation in the mesh's units of depth; sizes come from ``lens``.

        Faces are clipped at ``scan_conversion.NEAR`` units of depth in front of the camera.
        """
        with self._lock:
            return self._render(mesh, screen_from_grid(mesh, world_from_camera, lens), lens)

    def _render(self, mesh: WatertightMesh, transform: Float64[np.ndarray, "3 4"], lens: Pinhole) -> RenderedFrame:
        scratch = self._scratch_for(mesh, lens)
        frame = _empty_frame(lens)
        _ = mesh.hidden_vertex if mesh.rule == "vertex" else mesh.hidden_face  # found once, before many threads ask
        self._share(lambda start, stop: project(mesh, transform, scratch, start, stop), len(mesh.depth), STRIP_ROWS)

        def band(top: int, bottom: int) -> None:
            draw(mesh, transform, scratch, top, bottom)
            shade(mesh, transform, scratch, frame, top, bottom)

        self._share(band, lens.height, band_rows(lens.height, self._threads))
        return frame

    def _scratch_for(self, mesh: WatertightMesh, lens: Pinhole) -> Scratch:
        sizes = (mesh.depth.shape, (lens.height, lens.width))
        if self._scratch is None or self._scratch.sizes != sizes:
            self._scratch = Scratch.empty(*sizes)
        return self._scratch

    def _share(self, work: Callable[[int, int], None], rows: int, step: int) -> None:
        """Call ``work(start, stop)`` on steps of the rows; each core takes the next one when it is free."""
        steps = count(0, step)

        def take() -> None:
            for start in steps:  # next() on one count is atomic: each step is taken once
                if start >= rows:
                    return
                work(start, min(start + step, rows))

        others = [self._pool.submit(take) for _ in range(self._threads - 1)]
        take()
        for other in others:
            other.result()


@dataclass(frozen=True)
class Scratch:
    """Memory of one grid and one output size, kept between frames."""

    sizes: tuple[tuple[int, ...], tuple[int, int]]
    """Of the grid and of the output, (height, width) each."""
    screen: Float32[np.ndarray, "2 height width"]
    """x, y of each vertex in pixels."""
    inverse_z: Float32[np.ndarray, "height width"]
    """1/z of each vertex; 0 if too near or behind, negative beyond the guard band."""
    bounds: Float32[np.ndarray, "height chunks 4"]
    """Least and greatest x, least and greatest y of each chunk of vertices, pixels; inside out where all are behind."""
    keys: UInt64[np.ndarray, "rows padded_columns"]
    """Nearest face of each pixel: 1/z, not hidden, face."""

    @classmethod
    def empty(cls, grid: tuple[int, ...], size: tuple[int, int]) -> Scratch:
        """Allocate for a mesh of ``grid`` (height, width) and an output of ``size`` (height, width)."""
        from ex4d.render.grid_projection import CHUNK
        from ex4d.render.scan_conversion import LANES

        height, width = grid
        chunks = -(-(width - 1) // CHUNK)
        return cls(
            sizes=(grid, size),
            screen=np.empty((2, height, width), np.float32),
            inverse_z=np.empty((height, width), np.float32),
            bounds=np.empty((height, chunks, 4), np.float32),
            keys=np.empty((size[0], size[1] + LANES), np.uint64),
        )


def band_rows(height: int, threads: int) -> int:
    """Return how many of ``height`` pixel rows are drawn at once."""
    fewest, most = BAND_ROWS
    return min(max(height // (BANDS_PER_THREAD * threads), fewest), most)


def project(
    mesh: WatertightMesh, transform: Float64[np.ndarray, "3 4"], scratch: Scratch, start: int, stop: int
) -> None:
    """Project vertex rows start..stop into the scratch."""
    from ex4d.render.grid_projection import project_rows

    project_rows(mesh.depth, transform, scratch.screen, scratch.inverse_z, scratch.bounds, start, stop)


def draw(mesh: WatertightMesh, transform: Float64[np.ndarray, "3 4"], scratch: Scratch, top: int, bottom: int) -> None:
    """Find the nearest face of pixel rows top..bottom; the back, never seen, is hidden under the ``face`` rule."""
    from ex4d.render.scan_conversion import draw_band

    vertices = (transform, scratch.screen, scratch.inverse_z, scratch.bounds)
    draw_band(mesh.depth, mesh.hidden_face, mesh.rule == "face", *vertices, scratch.keys, top, bottom)


def shade(
    mesh: WatertightMesh,
    transform: Float64[np.ndarray, "3 4"],
    scratch: Scratch,
    frame: RenderedFrame,
    top: int,
    bottom: int,
) -> None:
    """Fill pixel rows top..bottom of the frame from the nearest faces."""
    from ex4d.render.shading import shade_band

    count = mesh.depth.size
    hidden = mesh.hidden_vertex.reshape(count) if mesh.rule == "vertex" else _UNREAD
    surface = (mesh.colour.reshape(count, 3), hidden)
    rules = (mesh.rule == "vertex", np.float32(mesh.far))
    vertices = (mesh.depth, transform, scratch.screen.reshape(2, count), scratch.inverse_z.reshape(count))
    shade_band(*surface, *rules, *vertices, scratch.keys, frame.colour, frame.visible, frame.depth, top, bottom)


def _empty_frame(lens: Pinhole) -> RenderedFrame:
    size = (lens.height, lens.width)
    return RenderedFrame(np.empty((*size, 3), np.uint8), np.empty(size, np.bool_), np.empty(size, np.float32))
