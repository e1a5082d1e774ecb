"""The background layer holds what lies behind, and nothing of what stands before it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.background_layer import build_background
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from tests.shared_data import shared_data

WIDTH, HEIGHT = 161, 121
LENS = Pinhole(WIDTH, HEIGHT, 140.0, (80.0, 61.0))
RED = np.array([230, 20, 30], np.uint8)
GREEN = np.array([40, 160, 90], np.uint8)


def two_planes(box: tuple[slice, slice], *, textured: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A red box at depth 1 before a green wall at depth 2."""
    colour = np.broadcast_to(GREEN, (HEIGHT, WIDTH, 3)).copy()
    if textured:
        noise = np.random.default_rng(5).integers(-25, 26, (HEIGHT, WIDTH, 1))
        colour = (colour + noise).astype(np.uint8)
    depth = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    colour[box], depth[box] = RED, 1.0
    return colour, depth


def moved(x: float = 0.0, y: float = 0.0, z: float = 0.0, yaw: float = 0.0) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    pose[0, 0] = pose[2, 2] = np.cos(yaw)
    pose[0, 2] = np.sin(yaw)
    pose[2, 0] = -np.sin(yaw)
    return pose


BOX = (slice(40, 85), slice(55, 100))


@pytest.mark.parametrize("x", [-0.4, -0.1, 0.1, 0.4])
@pytest.mark.parametrize("y", [-0.3, 0.0, 0.3])
def test_what_is_uncovered_has_the_wall_s_colour_and_none_of_the_box_s(x, y):
    colour, depth = two_planes(BOX)

    seen = CpuRasterizer(1).render(build_mesh(colour, depth, LENS), moved(x, y), LENS)
    behind = CpuRasterizer(1).render(build_background(colour, depth, LENS), moved(x, y), LENS)

    holes = ~seen.visible
    assert holes.sum() > 100
    assert behind.visible[holes].all()
    assert np.abs(behind.colour[holes].astype(int) - GREEN).max() <= 1


def test_a_textured_wall_is_continued_within_its_own_colours():
    colour, depth = two_planes(BOX, textured=True)
    pose = moved(0.35)

    seen = CpuRasterizer(1).render(build_mesh(colour, depth, LENS), pose, LENS)
    behind = CpuRasterizer(1).render(build_background(colour, depth, LENS), pose, LENS)

    error = behind.colour[~seen.visible].astype(int) - GREEN
    assert np.abs(error).max() <= 26
    assert np.abs(error.mean(axis=0)).max() <= 4


def test_the_wall_goes_on_behind_the_box_at_its_own_depth():
    colour, depth = two_planes(BOX)

    layer = build_background(colour, depth, LENS, padding=0.0)

    inside = layer.depth[1:-1, 1:-1]
    np.testing.assert_allclose(inside, 2.0, rtol=1e-3)


def test_a_slanted_wall_goes_on_in_its_plane():
    """A wall turning away to the right: disparity falls linearly across the picture."""
    disparity = np.broadcast_to(np.linspace(0.6, 0.4, WIDTH, dtype=np.float32), (HEIGHT, WIDTH))
    depth = (1.0 / disparity).astype(np.float32)
    depth[BOX] = 0.8
    colour = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)

    layer = build_background(colour, depth, LENS, padding=0.0)

    plane = np.broadcast_to(np.linspace(0.6, 0.4, layer.depth.shape[1]), layer.depth.shape)
    assert np.abs(layer.depth * plane - 1)[1:-1, 1:-1].max() < 0.12


def test_the_foot_of_a_thing_on_the_floor_ends_the_sweep():
    """A post on a floor that comes nearer downwards: below its foot the floor is as it was."""
    rows = np.arange(HEIGHT, dtype=np.float32)
    floor = np.broadcast_to((0.2 + 0.8 * rows / HEIGHT)[:, None], (HEIGHT, WIDTH))
    post = (slice(20, 90), slice(70, 85))
    disparity = floor.copy()
    disparity[post] = floor[89, 0]
    colour = np.broadcast_to(GREEN, (HEIGHT, WIDTH, 3)).copy()
    colour[post] = RED

    layer = build_background(colour, 1.0 / disparity, LENS, padding=0.0)

    below = layer.depth[100 // 4 : -1, 1:-1] * floor[100 : HEIGHT - 1 : 4, :1][: len(layer.depth) - 1 - 25]
    assert np.abs(below - 1).max() < 0.05
    above = layer.colour[2:17].astype(int)  # where post and floor are so far apart that an edge lies between them
    assert np.abs(above - GREEN).max() <= 1


def test_beyond_the_frame_the_picture_goes_on():
    colour, depth = two_planes(BOX)
    turned = moved(yaw=np.radians(25))

    seen = CpuRasterizer(1).render(build_mesh(colour, depth, LENS), turned, LENS)
    behind = CpuRasterizer(1).render(build_background(colour, depth, LENS), turned, LENS)

    assert (~seen.visible).mean() > 0.3
    assert behind.visible.all()
    assert np.abs(behind.colour[~seen.visible].astype(int) - GREEN).max() <= 1


def test_depth_that_was_guessed_lends_no_colour():
    """Beside the box the depth is unknown and was filled from the wall, but the pixels show the box."""
    colour, depth = two_planes(BOX)
    fringe = (slice(40, 85), slice(100, 112))
    colour[fringe] = RED
    known = np.ones(depth.shape, np.bool_)
    known[fringe] = False

    layer = build_background(colour, depth, LENS, known=known, padding=0.0)

    behind_the_box = layer.colour[42 // 4 : 84 // 4, 56 // 4 : 98 // 4].astype(int)
    assert np.abs(behind_the_box - GREEN).max() <= 12


def test_the_same_frame_gives_the_same_layer():
    colour, depth = two_planes(BOX, textured=True)

    one, other = (build_background(colour, depth, LENS) for _ in range(2))

    np.testing.assert_array_equal(one.depth, other.depth)
    np.testing.assert_array_equal(one.colour, other.colour)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(2, 23), st.integers(2, 23), st.integers(0, 2**31))
def test_any_frame_gives_a_mesh_in_front_of_the_camera_and_never_black(height, width, seed):
    draws = np.random.default_rng(seed)
    colour = draws.integers(0, 256, (height, width, 3), np.uint8)
    depth = np.exp(draws.normal(0, 1, (height, width))).astype(np.float32)
    known = draws.random((height, width)) < draws.random()

    layer = build_background(colour, depth, Pinhole(width, height, 20.0, (3.0, 4.0)), known=known)

    assert np.isfinite(layer.depth).all()
    assert (layer.depth > 0).all()
    assert layer.colour.any(axis=-1).all()
    assert not layer.hidden_face.any()


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.floats(1e-3, 1e3))
def test_the_unit_of_depth_does_not_matter(unit):
    colour, depth = two_planes(BOX, textured=True)

    plain = build_background(colour, depth, LENS)
    scaled = build_background(colour, depth * np.float32(unit), LENS)

    np.testing.assert_allclose(scaled.depth, plain.depth * unit, rtol=1e-4)
    assert np.abs(scaled.colour.astype(int) - plain.colour).max() <= 1


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_impossible_depth_is_refused(value):
    colour, depth = two_planes(BOX)
    depth[3, 4] = value

    with pytest.raises(ReconstructionError, match="finite and positive"):
        build_background(colour, depth, LENS)


def test_sizes_that_differ_are_refused():
    colour, depth = two_planes(BOX)

    with pytest.raises(ReconstructionError, match="lens 160x121"):
        build_background(colour, depth, Pinhole(160, 121, 140.0, (80.0, 61.0)))


def test_a_real_frame_is_covered_from_a_camera_30_degrees_aside():
    import imageio.v3 as iio

    folder = shared_data("redkitchen")
    colour = iio.imread(folder / "0000.rgb.jpg")
    depth = iio.imread(folder / "0000.depth.png").astype(np.float32) / 1000
    known = depth > 0
    depth[~known] = 2.5
    lens = Pinhole(640, 480, 585.0, (320.0, 240.0))
    pose = moved(x=-1.0, z=0.25, yaw=np.radians(30))

    behind = CpuRasterizer().render(build_background(colour, depth, lens, known=known), pose, lens)

    assert behind.visible.mean() > 0.97
