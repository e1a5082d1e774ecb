"""Build the depth-watertight mesh of one frame (EX-4D, section 3.1)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.artifacts.hiding import Hiding, HidingTests
from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import PixelOrigin, WatertightMesh
from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole

BEHIND = 2.0
"""How many times as far as a frame's deepest point its border lies where nothing else is said."""
SMALLEST_SIDE = 2
"""Pixels a side that make at least one block of faces."""
STRIP_ROWS = 160
"""Rows that a core takes at least: handing out fewer costs more than it saves (512x512 on 16 cores of a server: 2.0 ms
in 16 strips, 0.7 in 3, 1.0 in one)."""


def build_mesh(
    colour: UInt8[np.ndarray, "height width 3"],
    depth: Float32[np.ndarray, "height width"],
    lens: Pinhole,
    *,
    profile: MeshProfile = PROFILES["clean"],
    known: Bool[np.ndarray, "height width"] | None = None,
) -> WatertightMesh:
    """Lift a frame to the mesh that is sealed by its border and hides the faces across depth edges.

    ``depth`` is z in any unit, positive and finite, also where it is not ``known``; the profile's border has the same
    unit. Colour and ``known`` are not copied, and read later: leave them as they are. The outermost pixels go to the
    border: whoever wants to keep them puts a ring round the frame first.

    Raises:
        ReconstructionError: for sizes that differ or are too small, for depth that is not finite or not positive, and
            for a profile that hides unknown depth where nobody says which is known.
    """
    _check_sizes(colour, depth, lens)
    bordered = _with_border(depth, profile.border_depth or BEHIND * float(depth.max()))
    tests = _tests(bordered, profile, known)
    return WatertightMesh(
        depth=bordered,
        colour=colour,
        hiding=Hiding(lambda: _hidden_faces(bordered, lens, profile.pixel_origin, tests), _hidden_vertices, tests),
        lens=lens,
        rule=profile.rule,
        pixel_origin=profile.pixel_origin,
        far=math.inf if profile.far is None else profile.far,
    )


def _tests(
    bordered: Float32[np.ndarray, "height width"],
    profile: MeshProfile,
    known: Bool[np.ndarray, "height width"] | None,
) -> HidingTests:
    """Return the profile's tests in the units of this frame."""
    longest = None
    if profile.depth_share is not None:
        inside = bordered[1:-1, 1:-1] if min(bordered.shape) > SMALLEST_SIDE else bordered
        longest = profile.depth_share * float(np.ptp(inside))
    return HidingTests(
        min_angle=None if profile.min_angle_deg is None else math.radians(profile.min_angle_deg),
        steepness=profile.steepness,
        longest=longest,
        ratio=profile.depth_ratio,
        border=profile.rule == "face",
        known=_required(known) if profile.unknown == "hide" else None,
    )


def _required(known: Bool[np.ndarray, "height width"] | None) -> Bool[np.ndarray, "height width"]:
    if known is None:
        raise ReconstructionError("a mesh that hides unknown depth needs to be told which depth is known; fill it else")
    return known


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
    depth: Float32[np.ndarray, "height width"], lens: Pinhole, pixel_origin: PixelOrigin, tests: HidingTests
) -> Bool[np.ndarray, "2 height-1 width-1"]:
    from ex4d.reconstruction.face_hiding import hide_long, hide_slivers, hide_steep

    height, width = depth.shape
    offset = 0.5 if pixel_origin == "center" else 0.0
    ray_x = (np.arange(width) + offset - lens.center_px[0]) / lens.focal_px
    ray_y = (np.arange(height) + offset - lens.center_px[1]) / lens.focal_px
    hidden = np.zeros((2, height - 1, width - 1), np.bool_)

    def run(test: Callable[..., None], *arguments: object) -> None:
        _in_strips(lambda start, stop: test(depth, *arguments, hidden, start, stop), height - 1)

    if tests.min_angle is not None:
        run(hide_slivers, ray_x, ray_y, 4.0 * math.cos(tests.min_angle) ** 2)
    if tests.steepness is not None:
        run(hide_steep, ray_x, ray_y, tests.steepness)
    if tests.longest is not None or tests.ratio is not None:
        longest = math.inf if tests.longest is None else tests.longest
        run(hide_long, np.float32(longest), np.float32(tests.ratio or math.inf))
    if tests.border:
        _hide_border(hidden)
    if tests.known is not None:
        _hide_unknown(hidden, tests.known)
    return hidden


def _hide_border(hidden_face: Bool[np.ndarray, "2 rows columns"]) -> None:
    """Hide every face that reaches the border, whose depth is not the source's.

    The angle test finds most of them; not those of a lens below 23 px, nor the two corner faces that lie in the border.
    """
    hidden_face[:, [0, -1], :] = True
    hidden_face[:, :, [0, -1]] = True


def _hide_unknown(hidden_face: Bool[np.ndarray, "2 rows columns"], known: Bool[np.ndarray, "height width"]) -> None:
    """Hide every face with a corner of unknown depth."""
    top_right, bottom_left = known[:-1, 1:], known[1:, :-1]
    across = top_right & bottom_left
    hidden_face[0] |= ~(across & known[:-1, :-1])
    hidden_face[1] |= ~(across & known[1:, 1:])


def _hidden_vertices(hidden_face: Bool[np.ndarray, "2 rows columns"]) -> Bool[np.ndarray, "rows+1 columns+1"]:
    from ex4d.reconstruction.face_hiding import spread_to_vertices

    hidden = np.empty((hidden_face.shape[1] + 1, hidden_face.shape[2] + 1), np.bool_)
    _in_strips(lambda start, stop: spread_to_vertices(hidden_face, hidden, start, stop), len(hidden))
    return hidden


def _in_strips(work: Callable[[int, int], object], rows: int) -> list[object]:
    """Call ``work(start, stop)`` on the cores with their shares of the rows; return what the calls return."""
    count = max(1, min(rows // STRIP_ROWS, os.cpu_count() or 1))
    edges = [rows * k // count for k in range(count + 1)]
    others = [_pool().submit(work, start, stop) for start, stop in pairwise(edges[1:])]
    return [work(edges[0], edges[1]), *(other.result() for other in others)]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="ex4d-mesh")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
