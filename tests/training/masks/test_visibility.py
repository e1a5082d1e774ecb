"""Laws of what a camera elsewhere could show of a frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation, maximum_filter

from ex4d.artifacts.mesh_profile import MeshProfile, widest_step
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.training.masks.visibility import GUIDES, visible_from
from tests.training.masks.mask_scenes import (
    BOTTOM,
    LEFT,
    LENS,
    RIGHT,
    SQUARE,
    TOP,
    WALL,
    boxes,
    cameras,
    moved,
    plane,
    square_before_wall,
    turned,
)

RASTERIZER = CpuRasterizer(1)
BY_FACE = replace(GUIDES, rule="face")
EXAMPLES = settings(max_examples=15, deadline=None, derandomize=True)


def seen(depth: np.ndarray, pose: np.ndarray, profile: MeshProfile = GUIDES, zoom: float = 1.0) -> np.ndarray:
    return visible_from(depth, LENS, pose, LENS.zoomed(zoom), RASTERIZER, profile)


def carried(depth: np.ndarray, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the frame's pixels as the camera has them, (height, width, 2), and their z there."""
    rows, columns = np.mgrid[: LENS.height, : LENS.width] + 0.5
    points = LENS.unproject(np.stack([columns, rows], axis=-1), depth.astype(float))
    inverse = np.linalg.inv(pose)
    points = points @ inverse[:3, :3].T + inverse[:3, 3]
    return LENS.project(points), points[..., 2]


def framed(depth: np.ndarray, pose: np.ndarray, margin: float) -> np.ndarray:
    """Tell which pixels the camera has in its frame, at least so far inside."""
    pixels, z = carried(depth, pose)
    inside = (pixels > margin) & (pixels < np.array([LENS.width, LENS.height]) - margin)
    return inside.all(axis=-1) & (z > 0)


@EXAMPLES
@given(boxes())
def test_a_camera_at_the_source_shows_everything(depth: np.ndarray) -> None:
    """By face, as nothing is hidden there. By vertex, what a guide at the source shows."""
    assert seen(depth, moved(), BY_FACE).all()

    mesh = build_mesh(np.zeros((*depth.shape, 3), np.uint8), depth, LENS, profile=replace(GUIDES, unknown="fill"))
    guide = RASTERIZER.render(mesh, moved(), LENS).visible
    np.testing.assert_array_equal(seen(depth, moved())[2:-2, 2:-2], guide[2:-2, 2:-2])


@EXAMPLES
@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), cameras())
def test_all_of_a_plane_that_the_camera_has_in_its_frame_is_seen(across: float, down: float, pose: np.ndarray) -> None:
    """And nothing of what it has not."""
    depth = plane(across, down)
    visible = seen(depth, pose)
    assert visible[framed(depth, pose, 1.5)].all()
    assert not visible[~framed(depth, pose, -0.5)].any()


@pytest.mark.parametrize("profile", [GUIDES, BY_FACE], ids=["vertex", "face"])
@pytest.mark.parametrize("band", [1, 4, -5, 12])
def test_what_a_square_hides_is_a_band_of_known_width_beside_it(band: int, profile: MeshProfile) -> None:
    """On the side that the camera leaves; beside it, all that is in the camera's frame is seen.

    The square moves by f t / z, the wall behind it by less: the same width that a guide has uncovered, on the other
    side. By vertex, rims of a pixel are hidden, too; at the square's other edge as far as its face is seen slantingly.
    """
    right = band / LENS.focal_px / (1 / SQUARE - 1 / WALL)
    beyond = LENS.focal_px * abs(right) / WALL
    rim = 1 if profile is GUIDES else 0
    visible = seen(square_before_wall(), moved(right), profile)
    visible = visible if right > 0 else visible[:, ::-1]
    left, other = (LEFT, RIGHT) if right > 0 else (LENS.width - RIGHT, LENS.width - LEFT)
    visible[:, other - rim : other + rim] = True
    hidden = np.zeros_like(visible)
    hidden[:, : round(beyond) + rim] = True
    hidden[TOP:BOTTOM, left - abs(band) - rim : left + rim] = True
    for rows in (slice(2, TOP - 2), slice(TOP + 2, BOTTOM - 2), slice(BOTTOM + 2, -2)):
        np.testing.assert_array_equal(~visible[rows], hidden[rows])


@EXAMPLES
@given(boxes(), cameras())
def test_a_mirrored_scene_has_the_mirrored_mask(depth: np.ndarray, pose: np.ndarray) -> None:
    """Exactly, in the mirror that takes the diagonals of the mesh's blocks to themselves."""
    mirror = np.eye(4)
    mirror[:2, :2] = [[0, -1], [-1, 0]]
    lens = Pinhole(LENS.height, LENS.width, LENS.focal_px, LENS.center_px[::-1])
    mirrored = visible_from(across(depth), lens, mirror @ pose @ mirror, lens, RASTERIZER)
    np.testing.assert_array_equal(across(mirrored), seen(depth, pose))


def across(image: np.ndarray) -> np.ndarray:
    """Mirror an image at the diagonal from top right to bottom left."""
    return np.ascontiguousarray(image[::-1, ::-1].T)


@EXAMPLES
@given(boxes(), cameras(), st.sampled_from([0.25, 2.0, 64.0]))
def test_the_unit_of_depth_changes_nothing(depth: np.ndarray, pose: np.ndarray, unit: float) -> None:
    larger = pose.copy()
    larger[:3, 3] *= unit
    same = seen(depth * np.float32(unit), larger, GUIDES.scaled(unit))
    np.testing.assert_array_equal(same, seen(depth, pose))


@EXAMPLES
@given(boxes(), cameras(), st.floats(3.0, 20.0))
def test_stricter_rules_show_a_part(depth: np.ndarray, pose: np.ndarray, angle: float) -> None:
    """Hiding by vertex shows a part of what hiding by face does, a larger smallest angle a part of what a smaller."""
    visible = seen(depth, pose)
    assert not (visible & ~seen(depth, pose, BY_FACE)).any()
    assert not (seen(depth, pose, replace(GUIDES, min_angle_deg=angle)) & ~visible).any()


@EXAMPLES
@given(boxes(), cameras())
def test_what_is_seen_is_in_the_frame_and_before_everything_else(depth: np.ndarray, pose: np.ndarray) -> None:
    """As the other design has it, leniently: the camera's z-buffer holds the pixel's surface, not only nearer ones."""
    visible = seen(depth, pose)
    pixels, z = carried(depth, pose)
    assert not visible[~framed(depth, pose, -1.0)].any()

    continued = np.pad(depth, 8, mode="edge")
    lens = Pinhole(LENS.width + 16, LENS.height + 16, LENS.focal_px, (56.0, 40.0))
    mesh = build_mesh(np.zeros((*continued.shape, 3), np.uint8), continued, lens)
    farthest = maximum_filter(RASTERIZER.render(mesh, pose, LENS).depth, 7, mode="nearest")
    column, row = np.clip(np.floor(pixels), 0, [LENS.width - 1, LENS.height - 1]).astype(int).transpose(2, 0, 1)
    assert not (visible & (z > widest_step(LENS.focal_px) * farthest[row, column])).any()


def test_a_longer_lens_sees_less() -> None:
    """A camera at the source with twice the focal length has half of the frame in its own."""
    visible = seen(plane(0.2, 0.1), moved(), zoom=2.0)
    middle = np.zeros_like(visible)
    middle[LENS.height // 4 : -LENS.height // 4, LENS.width // 4 : -LENS.width // 4] = True
    assert not (visible & ~middle).any()
    assert visible[~binary_dilation(~middle, iterations=2)].all()


def test_a_camera_that_looks_away_sees_nothing() -> None:
    assert not seen(square_before_wall(), turned(180, pivot=0.0)).any()
