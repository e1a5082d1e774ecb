"""The depth-watertight mesh: its border, what it hides, what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ex4d.errors import ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import build_mesh
from tests.render.small_scenes import BORDER, RELEASED, profile
from tests.shared_data import shared_data


def lens_for(height: int, width: int, focal: float = 60.0) -> Pinhole:
    return Pinhole(width, height, focal, (0.5 * width, 0.5 * height))


def black(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def rough(number: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return (2.0 + rng.integers(0, 3, (height, width)) + 0.3 * rng.random((height, width))).astype(np.float32)


def smallest_angles(depth: np.ndarray, lens: Pinhole, offset: float) -> np.ndarray:
    """Degrees, by acos, of both faces of each block: the obvious way."""
    row, column = np.indices(depth.shape) + offset
    points = lens.unproject(np.stack([column, row], axis=-1), depth.astype(np.float64))
    tl, tr, bl, br = points[:-1, :-1], points[:-1, 1:], points[1:, :-1], points[1:, 1:]
    faces = np.stack([np.stack(face) for face in ((tl, bl, tr), (tr, bl, br))])
    angles = []
    for k in range(3):
        a, b = faces[:, (k + 1) % 3] - faces[:, k], faces[:, (k + 2) % 3] - faces[:, k]
        cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
        angles.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.min(angles, axis=0)


@seed(1)
@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 2**16),
    height=st.integers(2, 20),
    width=st.integers(2, 20),
    origin=st.sampled_from([("center", 0.5), ("corner", 0.0)]),
    limit=st.floats(0.5, 30.0),
)
def test_a_face_is_hidden_if_its_smallest_angle_is_below_the_limit(number, height, width, origin, limit):
    """The squared comparison is the comparison of angles."""
    lens = lens_for(height, width)
    mesh = build_mesh(
        black(height, width),
        rough(number, height, width),
        lens,
        profile=profile(rule="vertex", pixel_origin=origin[0], min_angle_deg=limit),
    )
    angles = smallest_angles(mesh.depth, lens, origin[1])
    clear = np.abs(angles - limit) > 1e-5

    np.testing.assert_array_equal(mesh.hidden_face[clear], (angles < limit)[clear])


@seed(2)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), height=st.integers(2, 12), width=st.integers(2, 12))
def test_hidden_vertices_are_those_of_hidden_faces(number, height, width):
    """No more, no fewer."""
    depth = rough(number, height, width)
    mesh = build_mesh(black(height, width), depth, lens_for(height, width), profile=profile(rule="vertex"))
    expected = np.zeros((height, width), np.bool_)
    for half, corners in enumerate([((0, 0), (1, 0), (0, 1)), ((0, 1), (1, 0), (1, 1))]):
        for row, column in np.argwhere(mesh.hidden_face[half]):
            for down, right in corners:
                expected[row + down, column + right] = True

    np.testing.assert_array_equal(mesh.hidden_vertex, expected)


@pytest.mark.parametrize("name", RELEASED)
def test_hides_the_vertices_that_the_released_code_hides(name):
    """To the bit, of every frame."""
    with np.load(shared_data(f"reference_render/{name}.npz")) as file:
        source, depth, intrinsics, packed = (file[key] for key in ("source", "depth", "intrinsics", "hidden_vertex"))
    truth = np.unpackbits(packed)[: depth.size].reshape(depth.shape).astype(np.bool_)
    height, width = depth.shape[1:]
    lens = Pinhole(width, height, float(intrinsics[0, 0]), (float(intrinsics[0, 2]), float(intrinsics[1, 2])))
    for index in range(len(depth)):
        mesh = build_mesh(source[index], depth[index], lens, profile=RELEASED[name])

        np.testing.assert_array_equal(mesh.hidden_vertex, truth[index])


def test_the_border_goes_to_the_back_and_the_rest_stays():
    """Only the outermost pixels move; the caller's array does not change."""
    depth = rough(3, 9, 11)
    before = depth.copy()
    mesh = build_mesh(black(9, 11), depth, lens_for(9, 11), profile=profile(border_depth=50.0))
    border = np.ones((9, 11), np.bool_)
    border[1:-1, 1:-1] = False

    assert (mesh.depth[border] == 50.0).all()
    np.testing.assert_array_equal(mesh.depth[~border], depth[~border])
    np.testing.assert_array_equal(depth, before)


@pytest.mark.parametrize("focal", [4.0, 60.0, 500.0])
def test_under_the_face_rule_what_reaches_the_border_is_hidden(focal):
    """And on a plane, nothing else is, with any lens."""
    mesh = build_mesh(black(9, 11), np.full((9, 11), 2.0, np.float32), lens_for(9, 11, focal))

    assert not mesh.hidden_face[:, 1:-1, 1:-1].any()
    assert mesh.hidden_face[:, [0, -1], :].all()
    assert mesh.hidden_face[:, :, [0, -1]].all()


def test_a_step_hides_the_faces_across_it():
    """A near half and a far half: one column of blocks joins them."""
    depth = np.full((10, 12), 4.0, np.float32)
    depth[:, :6] = 2.0
    mesh = build_mesh(black(10, 12), depth, lens_for(10, 12))
    across = np.zeros((2, 7, 9), np.bool_)
    across[:, :, 4] = True

    np.testing.assert_array_equal(mesh.hidden_face[:, 1:-1, 1:-1], across)


TESTS = {
    "angle": {"min_angle_deg": 2.5},
    "boundary": {"min_angle_deg": None, "steepness": 12.0},
    "share": {"min_angle_deg": None, "depth_share": 0.25},
    "ratio": {"min_angle_deg": None, "depth_ratio": 1.25},
    "all": {"min_angle_deg": 2.5, "steepness": 4.0, "depth_share": 0.5, "depth_ratio": 1.5},
}


@pytest.mark.parametrize("test", TESTS)
def test_scale_cannot_be_seen(test):
    """Depth and border times a power of two hide the same faces."""
    depth, lens = rough(5, 20, 30), lens_for(20, 30)
    mesh = build_mesh(black(20, 30), depth, lens, profile=profile(**TESTS[test]))
    far = profile(**TESTS[test], border_depth=1024 * BORDER)
    larger = build_mesh(black(20, 30), depth * 1024, lens, profile=far)

    assert 0.05 < mesh.hidden_face[:, 1:-1, 1:-1].mean() < 0.95
    np.testing.assert_array_equal(mesh.hidden_face, larger.hidden_face)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [(0, 0), (4, 7), (9, 11)])
def test_depth_that_is_no_depth_is_refused_with_its_place(value, place):
    """On the border as well, although it would be replaced."""
    depth = np.full((10, 12), 2.0, np.float32)
    depth[place] = value

    with pytest.raises(ReconstructionError, match=rf"column {place[1]}, row {place[0]}"):
        build_mesh(black(10, 12), depth, lens_for(10, 12))


def test_sizes_that_differ_are_refused():
    """A lens is of one image size; a mesh needs a block."""
    depth = np.full((10, 12), 2.0, np.float32)

    with pytest.raises(ReconstructionError, match="lens 10x12"):
        build_mesh(black(10, 12), depth, lens_for(12, 10))
    with pytest.raises(ReconstructionError, match="2x2"):
        build_mesh(black(1, 12), depth[:1], lens_for(1, 12))


def test_a_mesh_that_hides_unknown_depth_is_told_which_is_known():
    """Else it would show all of it."""
    depth, lens, hides = np.full((10, 12), 2.0, np.float32), lens_for(10, 12), profile(unknown="hide")

    with pytest.raises(ReconstructionError, match="told which depth is known"):
        build_mesh(black(10, 12), depth, lens, profile=hides)


@seed(3)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), height=st.integers(3, 12), width=st.integers(3, 12), data=st.data())
def test_a_face_that_spans_too_much_depth_is_hidden(number, height, width, data):
    """By its share of the frame's range, or by the ratio of its depths; the border's faces are hidden anyway."""
    depth, lens = rough(number, height, width), lens_for(height, width)
    share, ratio = data.draw(st.floats(0.05, 1.0)), data.draw(st.floats(1.01, 2.0))
    tests = {"depth_share": {"depth_share": share}, "depth_ratio": {"depth_ratio": ratio}}
    inside = np.s_[:, 1:-1, 1:-1]
    for name, fields in tests.items():
        mesh = build_mesh(black(height, width), depth, lens, profile=profile(min_angle_deg=None, **fields))
        near, far = corners_of_faces(mesh.depth).min(axis=0), corners_of_faces(mesh.depth).max(axis=0)
        longest = share * np.ptp(depth[1:-1, 1:-1])
        expected = far - near > longest if name == "depth_share" else far / near > ratio
        clear = np.abs(far - near - longest if name == "depth_share" else far - ratio * near)[inside] > 1e-5

        np.testing.assert_array_equal(mesh.hidden_face[inside][clear], expected[inside][clear])


def corners_of_faces(grid: np.ndarray) -> np.ndarray:
    """The three corners' values of both faces of each block: (corner, half, row, column)."""
    tl, tr, bl, br = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
    return np.stack([[tl, br], [tr, tr], [bl, bl]])


@seed(4)
@settings(max_examples=30, deadline=None)
@given(number=st.integers(0, 2**16), height=st.integers(3, 12), width=st.integers(3, 12))
def test_faces_that_touch_unknown_depth_can_be_hidden(number, height, width):
    """Exactly these besides those that are hidden anyway; and by default none."""
    depth, lens = rough(number, height, width), lens_for(height, width)
    known = np.random.default_rng(number).random((height, width)) > 0.2
    usual = build_mesh(black(height, width), depth, lens, profile=profile(), known=known)
    mesh = build_mesh(black(height, width), depth, lens, profile=profile(unknown="hide"), known=known)
    touched = ~corners_of_faces(known).all(axis=0)

    np.testing.assert_array_equal(usual.hidden_face, build_mesh(black(height, width), depth, lens).hidden_face)
    np.testing.assert_array_equal(mesh.hidden_face, usual.hidden_face | touched)


def test_without_a_border_of_its_own_it_lies_behind_the_frame():
    """Whatever the unit."""
    depth = rough(6, 9, 11)
    for unit in (1.0, 4096.0):
        mesh = build_mesh(black(9, 11), depth * np.float32(unit), lens_for(9, 11))

        assert mesh.depth[0, 0] == 2 * depth.max() * np.float32(unit)
