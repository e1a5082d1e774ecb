"""The rasterizer for NVIDIA cards, around nvdiffrast (Laine et al. 2020), whose licence is for non-commercial use.

It is asked for by name and installed by hand: see ``choice``. What nvdiffrast finds is settled by our own kernels, so
that the frames are the CPU's; under the ``vertex`` rule it is left as it is and antialiased: the released code's way.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import nvdiffrast.torch as dr
import torch

from ex4d.array_types import Float64
from ex4d.artifacts.hiding import HidingTests
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.errors import UserError
from ex4d.geometry.pinhole import Pinhole
from ex4d.render import nvdiffrast_kernels as kernels
from ex4d.render.nvdiffrast_hiding import hide_faces, hide_vertices
from ex4d.render.projection import screen_from_grid
from ex4d.render.rasterizer import ALPHA_THRESHOLD, NEAR, RenderedFrame

MOST_FACES = 1 << 24
"""nvdiffrast numbers its faces in 24 bits."""
LONGEST_SIDE = 1 << 14
"""Pixels. nvdiffrast puts larger frames together from viewports of 2048; its arithmetic is float32."""
KEPT = 2
"""Meshes, and sizes of grids, that stay on the card: a shot's frames and the layer behind them take turns."""
LAYERS = (4, 2, 1)
"""nvdiffrast bins all faces of one image on a few of a card's processors. The rows of the grid are dealt out to as many
images, which it draws side by side; the nearest of each pixel is kept."""
LAYERED_PIXELS = 1 << 24
"""Pixels of all images together: larger frames keep the card busy with fewer."""
ALIGNMENT = 16
"""Bytes. Each array starts at a multiple of it, so that kernels are compiled once."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class NvdiffrastRasterizer:
    """Draws a mesh on a card; the same mesh, camera and lens give the same frame.

    The faces of a grid size and the last meshes stay on the card between frames; calls from several threads wait for
    each other. Opening it on a device that torch does not have raises torch's error.
    """

    def __init__(self, device: str = "cuda:0") -> None:
        self._device = torch.device(device)
        self._context = dr.RasterizeCudaContext(device=device)
        self._grids: _Recent[tuple[int, int], _Grid] = _Recent(KEPT)
        self._surfaces: _Recent[int, _Surface] = _Recent(KEPT)
        self._staging = _Staging(self._device)
        self._lock = Lock()

    def render(
        self, mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
    ) -> RenderedFrame:
        """Render the mesh from a rigid camera, its translation in the mesh's units of depth; sizes come from ``lens``.

        Raises:
            UserError: for a mesh with too many faces, or a frame too large, for nvdiffrast.
        """
        _check_sizes(mesh, lens)
        with self._lock, torch.no_grad(), torch.cuda.device(self._device):
            height, width = mesh.depth.shape
            grid = self._grids.get((height, width), lambda: _Grid.of_size(height, width, self._device))
            surface = self._surfaces.get(id(mesh), lambda: self._staging.uploaded(mesh))
            table = self._staging.sent(_table(mesh, world_from_camera, lens))
            return self._staging.fetched(self._drawn(mesh, surface, grid, table, lens), lens)

    def _drawn(
        self, mesh: WatertightMesh, surface: _Surface, grid: _Grid, table: torch.Tensor, lens: Pinhole
    ) -> torch.Tensor:
        """Return a frame's bytes on the card: depth, then colour, then visibility."""
        height, width = mesh.depth.shape
        count = lens.height * lens.width
        kernels.launch(
            kernels.project_vertices, height * width, surface.depth, table, grid.clip, grid.screen, height, width
        )
        winners = self._winners(grid, width, lens)
        frame = torch.empty(2 * count, dtype=torch.float32, device=self._device)
        inputs = (winners, surface.depth, surface.colour, surface.hidden, table, grid.screen, frame)
        sizes = (height, width, lens.height, lens.width)
        if mesh.rule == "face":
            kernels.launch(kernels.shade_by_face, count, *inputs, *sizes)
            return frame
        rgba = torch.empty((1, lens.height, lens.width, 4), dtype=torch.float32, device=self._device)
        kernels.launch(kernels.shade_by_vertex, count, *inputs, rgba, *sizes)
        smooth = dr.antialias(rgba, winners, grid.clip[None], grid.faces, topology_hash=grid.neighbours())
        kernels.launch(kernels.truncate, count, smooth, frame, ALPHA_THRESHOLD, count)
        return frame

    def _winners(self, grid: _Grid, width: int, lens: Pinhole) -> torch.Tensor:
        """Return the nearest face of each pixel, float32 (1, height, width, 4): see ``kernels.merge_layers``."""
        size, count = (lens.height, lens.width), lens.height * lens.width
        most = min(LAYERED_PIXELS // count, len(grid.block_rows) - 1)
        layers = next((layers for layers in LAYERS if layers <= most), 1)
        found, _ = dr.rasterize(self._context, grid.clip, grid.faces, size, grid.ranges(layers), grad_db=False)
        winners = torch.empty((1, *size, 4), dtype=torch.float32, device=self._device)
        kernels.launch(kernels.merge_layers, count, found, grid.block_rows, winners, width, count, layers)
        return winners


def _check_sizes(mesh: WatertightMesh, lens: Pinhole) -> None:
    height, width = mesh.depth.shape
    faces = 2 * (height - 1) * (width - 1) + 2
    if faces > MOST_FACES:
        raise UserError(
            f"a mesh of {width}x{height} pixels has {faces} faces, and nvdiffrast draws at most {MOST_FACES}; "
            "use the cpu rasterizer, or a smaller source"
        )
    if max(lens.width, lens.height) > LONGEST_SIDE:
        raise UserError(
            f"a frame of {lens.width}x{lens.height} is larger than nvdiffrast draws, {LONGEST_SIDE} a side; "
            "use the cpu rasterizer, or a smaller frame"
        )


def _table(
    mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
) -> Float64[np.ndarray, "entries"]:
    """Return what the kernels read of a view.

    z goes to clip space with the released code's planes: -w at NEAR, w at ``far`` or at infinity. Without a far plane
    the resolution is the same: near decides it.
    """
    table = np.empty(kernels.TABLE_SIZE)
    table[:12] = screen_from_grid(mesh, world_from_camera, lens).ravel()
    table[kernels.NEAR_AT], table[kernels.FAR_AT] = NEAR, np.float32(mesh.far)
    scale, offset = 1.0, -2.0 * NEAR
    if 2 * NEAR < mesh.far < math.inf:
        scale, offset = (mesh.far + NEAR) / (mesh.far - NEAR), -2.0 * mesh.far * NEAR / (mesh.far - NEAR)
    table[kernels.CLIP_AT :] = 2.0 / lens.width, 2.0 / lens.height, scale, offset
    return table


def _limits(mesh: WatertightMesh, tests: HidingTests) -> Float64[np.ndarray, "entries"]:
    """Return what the hiding kernel reads: the lens and where its first vertex lies, then what no face may exceed."""
    offset = 0.5 if mesh.pixel_origin == "center" else 0.0
    sliver = math.inf if tests.min_angle is None else 4.0 * math.cos(tests.min_angle) ** 2
    others = (math.inf if each is None else each for each in (tests.steepness, tests.longest, tests.ratio))
    x, y = mesh.lens.center_px
    return np.array([mesh.lens.focal_px, offset - x, offset - y, sliver, *others, float(tests.border)])


def _hidden(
    mesh: WatertightMesh, depth: torch.Tensor, limits: torch.Tensor, known: torch.Tensor | None = None
) -> torch.Tensor:
    """Return which faces, or under the ``vertex`` rule vertices, show nothing: uint8, on the card."""
    height, width = mesh.depth.shape
    blocks = (height - 1) * (width - 1)
    faces = torch.empty(2 * blocks, dtype=torch.uint8, device=depth.device)
    measured = depth if known is None else known  # not read where all counts as known
    kernels.launch(hide_faces, blocks, depth, limits, measured, faces, height, width, known is not None)
    if mesh.rule == "face":
        return faces
    vertices = torch.empty(height * width, dtype=torch.uint8, device=depth.device)
    kernels.launch(hide_vertices, height * width, faces, vertices, height, width)
    return vertices


class _Recent(Generic[Key, Value]):
    """The few values that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made if it is not kept."""
        if key not in self._kept:
            while len(self._kept) >= self._most:  # before making one, which takes memory
                self._kept.popitem(last=False)
            self._kept[key] = make()
        self._kept.move_to_end(key)
        return self._kept[key]


@dataclass
class _Grid:
    """What meshes of one size share on the card, and scratch memory for their vertices."""

    faces: torch.Tensor
    """int32 (faces, 3): rows of blocks, dealt out, two faces a block, then the two of the back."""
    block_rows: torch.Tensor
    """int32: which row of the grid was dealt to each place; the last is the back."""
    clip: torch.Tensor
    """float32 (vertices, 4): clip position."""
    screen: torch.Tensor
    """float32 (3, vertices): x, y in snapped pixels, 1/z."""
    _neighbours: object = None

    @classmethod
    def of_size(cls, height: int, width: int, device: torch.device) -> _Grid:
        rows = torch.cat([torch.arange(height - 1)[first :: LAYERS[0]] for first in range(LAYERS[0])]).to(device)
        index = torch.arange(height * width, dtype=torch.int32, device=device).reshape(height, width)
        above, below = index[rows], index[rows + 1]
        top_left, top_right, bottom_left, bottom_right = above[:, :-1], above[:, 1:], below[:, :-1], below[:, 1:]
        blocks = torch.stack([top_left, bottom_left, top_right, top_right, bottom_left, bottom_right], dim=-1)
        last = height * width - 1
        back = torch.tensor([[width - 1, 0, last], [last, 0, last - width + 1]], dtype=torch.int32, device=device)
        return cls(
            faces=torch.cat([blocks.reshape(-1, 3), back]),
            block_rows=torch.cat([rows, torch.tensor([height - 1], device=device)]).int(),
            clip=torch.empty((height * width, 4), dtype=torch.float32, device=device),
            screen=torch.empty((3, height * width), dtype=torch.float32, device=device),
        )

    def ranges(self, layers: int) -> torch.Tensor:
        """Share the faces out: int32 (layers, 2), the first face of each layer and how many."""
        rows = len(self.block_rows) - 1
        dealt = [0, *np.cumsum([len(range(first, rows, LAYERS[0])) for first in range(LAYERS[0])])]
        edges = [int(dealt[layer * LAYERS[0] // layers]) * (len(self.faces) - 2) // rows for layer in range(layers)]
        edges.append(len(self.faces))
        return torch.tensor([[start, stop - start] for start, stop in pairwise(edges)], dtype=torch.int32)

    def neighbours(self) -> object:
        """Return which face lies across each edge, for antialiasing; made when it is first asked for."""
        if self._neighbours is None:
            self._neighbours = dr.antialias_construct_topology_hash(self.faces)
        return self._neighbours


@dataclass(frozen=True)
class _Surface:
    """A mesh on the card."""

    mesh: WatertightMesh
    """Held, so that no other mesh takes its identity."""
    depth: torch.Tensor
    colour: torch.Tensor
    hidden: torch.Tensor
    """Faces under the ``face`` rule, vertices under the ``vertex`` rule."""


class _Staging:
    """Pinned memory on the way to the card and back; each render waits for its own transfers."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._up = self._down = torch.empty(0, dtype=torch.uint8)
        self._table = torch.empty(kernels.TABLE_SIZE, dtype=torch.float64).pin_memory()

    def uploaded(self, mesh: WatertightMesh) -> _Surface:
        """Return a mesh on the card; what its tests hide is found there."""
        tests = mesh.hiding.tests
        if tests is None:
            hidden = mesh.hidden_face if mesh.rule == "face" else mesh.hidden_vertex
            depth, *rest = self._sent_parts([mesh.depth, mesh.colour, hidden])
            return _Surface(mesh, depth.view(torch.float32), *rest)
        parts = [mesh.depth, mesh.colour, _limits(mesh, tests), *([] if tests.known is None else [tests.known])]
        depth, colour, limits, *known = self._sent_parts(parts)
        depth = depth.view(torch.float32)
        return _Surface(mesh, depth, colour, _hidden(mesh, depth, limits.view(torch.float64), *known))

    def _sent_parts(self, parts: list[np.ndarray]) -> list[torch.Tensor]:
        """Return the bytes of arrays on the card, all in one transfer; each starts aligned, and ends with padding."""
        starts = np.cumsum([0, *(-(-part.nbytes // ALIGNMENT) * ALIGNMENT for part in parts)])
        if len(self._up) < starts[-1]:
            self._up = torch.empty(int(starts[-1]), dtype=torch.uint8).pin_memory()
        for part, start in zip(parts, starts[:-1], strict=True):
            flat = np.require(part, requirements=["C", "W"]).reshape(-1).view(np.uint8)  # torch warns of what is not W
            self._up[start : start + part.nbytes].copy_(torch.from_numpy(flat))
        there = self._up[: starts[-1]].to(self._device, non_blocking=True)
        return [there[start:stop] for start, stop in pairwise(starts)]

    def sent(self, table: Float64[np.ndarray, "entries"]) -> torch.Tensor:
        """Return a view's table on the card."""
        self._table.numpy()[:] = table
        return self._table.to(self._device, non_blocking=True)

    def fetched(self, frame: torch.Tensor, lens: Pinhole) -> RenderedFrame:
        """Return a frame that ``_drawn`` left on the card, in memory of its own."""
        count = lens.height * lens.width
        if len(self._down) < 8 * count:
            self._down = torch.empty(8 * count, dtype=torch.uint8).pin_memory()
        self._down[: 8 * count].copy_(frame.view(torch.uint8), non_blocking=True)
        torch.cuda.current_stream(self._device).synchronize()
        size = (lens.height, lens.width)
        own = self._down[: 8 * count].clone().numpy()  # torch's copy runs on all cores
        depth, colour, visible = np.split(own, [4 * count, 7 * count])
        return RenderedFrame(
            colour=colour.reshape(*size, 3),
            visible=visible.view(np.bool_).reshape(size),
            depth=depth.view(np.float32).reshape(size),
        )
