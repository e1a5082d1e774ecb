"""Build the depth-watertight mesh of one frame (EX-4D, section 3.1)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from ex4d.artifacts.watertight_mesh import HidingRule, PixelOrigin, WatertightMesh
from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole

FaceFilter = Literal["angle", "boundary"]

BORDER_DEPTH = 100.0
"""Units of depth. Where the outermost pixels go: far behind any scene, so that the sheet seals what lies behind it."""
MIN_ANGLE_DEG = 2.5
"""Degrees. A face with a smaller angle joins two surfaces across a depth edge; it was never seen, so it is hidden."""
STEEP_RATIO = 2.0
"""Depth extent over the larger lateral extent, above which the ``boundary`` filter hides a face."""
SMALLEST_SIDE = 2
"""Pixels a side that make at least one block of faces."""


def build_mesh(
    colour: UInt8[np.ndarray, "height width 3"],
    depth: Float32[np.ndarray, "height width"],
    lens: Pinhole,
    *,
    rule: HidingRule = "face",
    pixel_origin: PixelOrigin = "center",
    border_depth: float = BORDER_DEPTH,
    min_angle_deg: float = MIN_ANGLE_DEG,
    face_filter: FaceFilter = "angle",
) -> WatertightMesh:
    """Lift a frame to the mesh that is sealed by its border and hides the faces across depth edges.

    ``depth`` is z in any unit, positive and finite; ``border_depth`` has the same unit and should lie behind it all.
    The colour is not copied. ``face_filter`` is the angle test of the paper, or ``boundary``: the released code's
    other choice, depth extent against lateral extent.

    Raises:
        ReconstructionError: for sizes that differ or are too small, and for depth that is not finite or not positive.
    """
    _check_sizes(colour, depth, lens)
    bordered = _with_border(depth, border_depth)
    hidden_face = _hidden_faces(bordered, lens, pixel_origin, face_filter, min_angle_deg)
    if rule == "face":
        _hide_border(hidden_face)
    return WatertightMesh(
        depth=bordered,
        colour=colour,
        hidden_face=hidden_face,
        hidden_vertex=_hidden_vertices(hidden_face),
        lens=lens,
        rule=rule,
        pixel_origin=pixel_origin,
    )


def _check_sizes(
    colour: UInt8[np.ndarray, "colour_height colour_width 3"], depth: Float32[np.ndarray, "height width"], lens: Pinhole
) -> None:
    height, width = depth.shape
    if min(height, width) < SMALLEST_SIDE:
        raise ReconstructionError(f"a mesh needs at least 2x2 pixels, but the depth is {width}x{height}")
    if colour.shape[:2] != depth.shape or (lens.width, lens.height) != (width, height):
        raise ReconstructionError(
            f"colour {colour.shape[1]}x{colour.shape[0]}, depth {width}x{height} and lens {lens.width}x{lens.height} "
            "differ in size; fit all three to one size first"
        )


def _with_border(
    depth: Float32[np.ndarray, "height width"], border_depth: float
) -> Float32[np.ndarray, "height width"]:
    from ex4d.reconstruction.face_hiding import set_border

    source, bordered = np.ascontiguousarray(depth), np.empty(depth.shape, np.float32)
    strips = _in_strips(
        lambda start, stop: set_border(source, bordered, np.float32(border_depth), start, stop), len(depth)
    )
    if not all(strips):
        row, column = np.argwhere(~(np.isfinite(depth) & (depth > 0)))[0]
        raise ReconstructionError(
            f"depth is {depth[row, column]} at column {column}, row {row}; a mesh needs "
            "depth that is finite and above 0: fill unknown depth first"
        )
    return bordered


def _hidden_faces(
    depth: Float32[np.ndarray, "height width"],
    lens: Pinhole,
    pixel_origin: PixelOrigin,
    face_filter: FaceFilter,
    min_angle_deg: float,
) -> Bool[np.ndarray, "2 height-1 width-1"]:
    from ex4d.reconstruction.face_hiding import hide_slivers, hide_steep

    height, width = depth.shape
    offset = 0.5 if pixel_origin == "center" else 0.0
    ray_x = (np.arange(width) + offset - lens.center_px[0]) / lens.focal_px
    ray_y = (np.arange(height) + offset - lens.center_px[1]) / lens.focal_px
    hidden = np.empty((2, height - 1, width - 1), np.bool_)
    hide, threshold = hide_slivers, 4.0 * math.cos(math.radians(min_angle_deg)) ** 2
    if face_filter == "boundary":
        hide, threshold = hide_steep, STEEP_RATIO
    _in_strips(lambda start, stop: hide(depth, ray_x, ray_y, threshold, hidden, start, stop), height - 1)
    return hidden


def _hide_border(hidden_face: Bool[np.ndarray, "2 rows columns"]) -> None:
    """Hide every face that reaches the border, whose depth is not the source's.

    The angle test finds most of them; not those of a lens below 23 px, nor the two corner faces that lie in the border.
    """
    hidden_face[:, [0, -1], :] = True
    hidden_face[:, :, [0, -1]] = True


def _hidden_vertices(hidden_face: Bool[np.ndarray, "2 rows columns"]) -> Bool[np.ndarray, "rows+1 columns+1"]:
    from ex4d.reconstruction.face_hiding import spread_to_vertices

    hidden = np.empty((hidden_face.shape[1] + 1, hidden_face.shape[2] + 1), np.bool_)
    _in_strips(lambda start, stop: spread_to_vertices(hidden_face, hidden, start, stop), len(hidden))
    return hidden


def _in_strips(work: Callable[[int, int], object], rows: int) -> list[object]:
    """Call ``work(start, stop)`` on every core with its share of the rows; return what the calls return."""
    count = min(rows, os.cpu_count() or 1)
    edges = [rows * k // count for k in range(count + 1)]
    others = [_pool().submit(work, start, stop) for start, stop in pairwise(edges[1:])]
    return [work(edges[0], edges[1]), *(other.result() for other in others)]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="ex4d-mesh")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
