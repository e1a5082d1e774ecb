"""The meshes and renders that bench_true_views compares: a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ex4d.artifacts.hiding import Hiding
from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import _hidden_vertices, build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.rasterizer import Rasterizer, RenderedFrame
from ex4d.render.supersampling import Supersampled
from tests.bench.kitchen_frames import GRIDS, KITCHEN, Frame
from tests.bench.open_sheet import OpenSheet

RASTERIZER = CpuRasterizer(2)
SUBJECT_DISTANCES = 50.0
"""Where a border of unset depth lies, in the frame's median depths: as ex4d.footage has it."""

Test = Callable[[WatertightMesh, np.ndarray, np.ndarray], np.ndarray]
"""Mesh, known depth and camera to the faces to hide, beside those that are."""


@dataclass(frozen=True)
class Variant:
    """How a frame becomes a view."""

    profile: MeshProfile = PROFILES["clean"]
    also_hide: Test | None = None
    """An experiment: faces to hide that no profile's test finds."""
    grid: str = "640"
    """Width of the mesh's grid; the view is always the photograph's size."""
    nearest_depths: float | None = None
    """Where the border lies, in the frame's nearest depth."""
    rasterizer: Rasterizer = RASTERIZER

    def mesh(self, frame: Frame, pose: np.ndarray) -> WatertightMesh:
        """Build the mesh of a frame; only experiments look at the camera's pose."""
        source, depth = GRIDS[self.grid](frame)
        known, profile = source.known, self.profile
        if self.nearest_depths is not None:
            profile = replace(profile, border_depth=self.nearest_depths * float(depth[known].min()))
        if profile.border_depth is None:
            border = max(SUBJECT_DISTANCES * float(np.median(depth)), 2 * float(depth.max()))
            profile = replace(profile, border_depth=border)
        colour, lens = source.colour, source.lens
        if profile.ring:
            colour, depth, known, lens = ringed(colour, depth, known, lens)
        mesh = build_mesh(colour, depth, lens, profile=profile, known=known)
        if self.also_hide is None:
            return mesh
        hidden = mesh.hidden_face | self.also_hide(mesh, known, pose)
        return replace(mesh, hiding=Hiding(lambda: hidden, _hidden_vertices))

    def view(self, frame: Frame, pose: np.ndarray) -> RenderedFrame:
        """Render the frame at a camera, with as many samples a pixel as the profile has."""
        return Supersampled(self.rasterizer, self.profile.samples).render(self.mesh(frame, pose), pose, KITCHEN)


def ringed(
    colour: np.ndarray, depth: np.ndarray, known: np.ndarray, lens: Pinhole
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Pinhole]:
    """Put a ring of one pixel round a frame, which the border then takes."""
    center = (lens.center_px[0] + 1, lens.center_px[1] + 1)
    wider = Pinhole(lens.width + 2, lens.height + 2, lens.focal_px, center)
    beside = ((1, 1), (1, 1))
    return np.pad(colour, (*beside, (0, 0)), "edge"), np.pad(depth, 1, "edge"), np.pad(known, 1, "edge"), wider


def corners(image: np.ndarray) -> np.ndarray:
    """Return what a vertex image holds at the corners of each face: (3 corners, 2 halves, rows, columns)."""
    first, right, below, last = image[:-1, :-1], image[:-1, 1:], image[1:, :-1], image[1:, 1:]
    return np.array([[first, right], [below, below], [right, last]])


def spread(faces: np.ndarray) -> np.ndarray:
    """Return the faces that touch one of these at a corner, these included."""
    return corners(_hidden_vertices(faces)).any(axis=0)


def touching(mesh: WatertightMesh, known: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Hide what touches a hidden face, but show it as the face rule does."""
    inner = mesh.hidden_face.copy()
    inner[:, [0, -1], :] = inner[:, :, [0, -1]] = False
    return spread(inner)


def far_side(mesh: WatertightMesh, known: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Hide the faces at the far end of a hidden face: there a photograph mixes the near surface's colour in."""
    return _one_side(mesh, np.max)


def near_side(mesh: WatertightMesh, known: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Hide the faces at the near end of a hidden face: there a depth camera's edges fray."""
    return _one_side(mesh, np.min)


def _one_side(mesh: WatertightMesh, pick: Callable[..., np.ndarray]) -> np.ndarray:
    inner = mesh.hidden_face.copy()
    inner[:, [0, -1], :] = inner[:, :, [0, -1]] = False
    depths = corners(mesh.depth)
    middle = (depths.max(axis=0) + depths.min(axis=0)) / 2
    side = depths > middle if pick is np.max else depths < middle
    marked = np.zeros(mesh.depth.shape, np.bool_)
    views = corners_of(marked)
    for half in range(2):
        for corner in range(3):
            views[corner][half][...] |= side[corner, half] & inner[half]
    return corners(marked).any(axis=0)


def corners_of(image: np.ndarray) -> list[list[np.ndarray]]:
    """Return views of a vertex image, by corner and half, to write into."""
    first, right, below, last = image[:-1, :-1], image[:-1, 1:], image[1:, :-1], image[1:, 1:]
    return [[first, right], [below, below], [right, last]]


def turned_away(mesh: WatertightMesh, known: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Hide faces whose back the camera sees: what they show was never seen from there."""
    return _facing(mesh, pose) <= 0


def stretched(limit: float) -> Test:
    """Hide faces that the camera sees more than ``limit`` times as squarely as the source did."""

    def test(mesh: WatertightMesh, known: np.ndarray, pose: np.ndarray) -> np.ndarray:
        return _facing(mesh, pose) > limit * _facing(mesh, np.eye(4))

    return test


def _facing(mesh: WatertightMesh, pose: np.ndarray) -> np.ndarray:
    """Return the cosine between each face's normal and the way to the camera, > 0 for its front."""
    rows, columns = np.indices(mesh.depth.shape)
    offset = 0.5 if mesh.pixel_origin == "center" else 0.0
    points = mesh.lens.unproject(np.stack([columns, rows], axis=-1) + offset, mesh.depth.astype(float))
    first, second, third = np.moveaxis(np.array([corners(points[..., k]) for k in range(3)]), 0, -1)
    normal = np.cross(second - first, third - first)
    way = pose[:3, 3] - (first + second + third) / 3
    lengths = np.linalg.norm(normal, axis=-1) * np.linalg.norm(way, axis=-1)
    turned = (normal * way).sum(axis=-1) / np.maximum(lengths, 1e-30)
    outward = np.sign(-(normal * (first + second + third)).sum(axis=-1))
    return turned * np.where(outward == 0, 1, outward)


CLEAN = MeshProfile(
    rule="face", pixel_origin="center", border_depth=None, min_angle_deg=2.5, unknown="fill", samples=1, ring=True
)
NO_ANGLE = replace(CLEAN, min_angle_deg=None)


def clean(**changes: object) -> Variant:
    """Return the clean profile with a few fields changed."""
    return Variant(replace(CLEAN, **changes))


VARIANTS: dict[str, Variant] = {
    "face, angle 2.5": Variant(CLEAN),
    "reference": Variant(PROFILES["reference"]),
    "vertex": clean(rule="vertex"),
    "corner": clean(pixel_origin="corner"),
    "no ring": clean(ring=False),
    "border 100": clean(border_depth=100.0),
    "border 39 nearest": Variant(CLEAN, nearest_depths=39.0),
    "border 100 of mm": clean(border_depth=0.1),
    "angle 1": clean(min_angle_deg=1.0),
    "angle 5": clean(min_angle_deg=5.0),
    "angle 10": clean(min_angle_deg=10.0),
    "boundary 2": Variant(replace(NO_ANGLE, steepness=2.0)),
    "ratio 1.02": Variant(replace(NO_ANGLE, depth_ratio=1.02)),
    "ratio 1.03": Variant(replace(NO_ANGLE, depth_ratio=1.03)),
    "ratio 1.05": Variant(replace(NO_ANGLE, depth_ratio=1.05)),
    "ratio 1.1": Variant(replace(NO_ANGLE, depth_ratio=1.1)),
    "angle, ratio 1.02": clean(depth_ratio=1.02),
    "angle, ratio 1.05": clean(depth_ratio=1.05),
    "angle, ratio 1.1": clean(depth_ratio=1.1),
    "share .013": Variant(replace(NO_ANGLE, depth_share=0.013)),
    "angle, share .013": clean(depth_share=0.013),
    "unknown hidden": clean(unknown="hide"),
    "samples 3": clean(samples=3),
    "samples 5": clean(samples=5),
    "open": Variant(CLEAN, rasterizer=OpenSheet()),
    "and what touches": Variant(CLEAN, touching),
    "and far side": Variant(CLEAN, far_side),
    "and near side": Variant(CLEAN, near_side),
    "and backs": Variant(CLEAN, turned_away),
    "and stretched 5": Variant(CLEAN, stretched(5.0)),
    "no specks of 200": Variant(CLEAN, grid="specks 200"),
    "no specks of 500": Variant(CLEAN, grid="specks 500"),
} | {
    f"{grid}: {name}": Variant(profile, grid=grid)
    for grid in ("320", "160", "1280")
    for name, profile in {
        "angle 2.5": CLEAN,
        "angle 5": replace(CLEAN, min_angle_deg=5.0),
        "angle 10": replace(CLEAN, min_angle_deg=10.0),
        "ratio 1.05": replace(NO_ANGLE, depth_ratio=1.05),
        "angle, ratio 1.05": replace(CLEAN, depth_ratio=1.05),
    }.items()
}
