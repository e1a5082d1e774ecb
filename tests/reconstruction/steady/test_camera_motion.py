"""How a camera moved is told by where points went, whatever their disparity's shift, and whoever else moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.reconstruction.steady.camera_motion import Belief, Motion, Sights, motion_between

PIXEL = 1 / 314
numbers = st.floats(-1, 1)


def turned(x: float, y: float, z: float) -> np.ndarray:
    """Rodrigues' formula."""
    angle = float(np.linalg.norm((x, y, z)))
    axis = np.array((x, y, z)) / max(angle, 1e-12)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def scene(seed: int, infinity: float, count: int = 200) -> Sights:
    random = np.random.default_rng(seed)
    return Sights(random.uniform((-0.5, -0.4), (0.5, 0.4), (count, 2)), random.uniform(0.2, 1.0, count) + infinity)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers), numbers, st.integers(0, 99))
def test_there_and_back_is_where_points_were(turn: tuple, way: tuple, infinity: float, seed: int) -> None:
    motion = Motion(turned(*np.multiply(turn, 0.3)), np.multiply(way, 0.3), infinity)
    points = scene(seed, infinity)
    there, front = motion.after(points)
    back, still_front = motion.before(there)

    assert front.all() and still_front.all()
    np.testing.assert_allclose(back.rays, points.rays, atol=1e-9)
    np.testing.assert_allclose(back.disparity, points.disparity, atol=1e-9)


def test_a_camera_that_goes_forward_sees_disparity_above_infinity_s_grow() -> None:
    """At depth 2, going forward by 1 doubles 1/z; 3 is what the model added."""
    motion = Motion(np.eye(3), np.array([0.0, 0.0, -1.0]), infinity=3.0)
    seen, front = motion.after(Sights(np.array([[0.1, 0.0], [0.1, 0.0]]), np.array([3.5, 3.0])))

    np.testing.assert_allclose(seen.disparity, [4.0, 3.0])
    np.testing.assert_allclose(seen.rays, [[0.2, 0.0], [0.1, 0.0]])
    assert front.all()


def test_what_the_camera_passed_is_not_in_front() -> None:
    motion = Motion(np.eye(3), np.array([0.0, 0.0, -1.0]), infinity=0.0)
    assert motion.after(Sights(np.zeros((2, 2)), np.array([0.5, 1.5])))[1].tolist() == [True, False]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.tuples(numbers, numbers, numbers), numbers, numbers, st.floats(0, 1), st.integers(0, 99))
def test_motion_and_infinity_are_found_whatever_two_fifths_of_the_points_do(
    turn: tuple, right: float, down: float, infinity: float, seed: int
) -> None:
    true = Motion(turned(*np.multiply(turn, 0.1)), np.array([0.2 * right, 0.2 * down, -0.3]), infinity)
    first = scene(seed, infinity)
    second = true.after(first)[0].rays.copy()
    second[:80] += np.random.default_rng(seed).uniform(-0.2, 0.2, (80, 2))
    moved = np.linalg.norm(second - true.after(first)[0].rays, axis=1) > 5 * PIXEL
    belief = Belief.at_first(first.disparity, metric=False)
    found = motion_between(first, second, np.ones(200, bool), belief, PIXEL, 2.0)

    assert found is not None
    assert not (found.moved_along & moved).any() and found.moved_along[80:].all()
    assert found.motion.infinity == pytest.approx(infinity, abs=0.02)
    np.testing.assert_allclose(found.motion.rotation, true.rotation, atol=2e-3)
    np.testing.assert_allclose(found.motion.translation, true.translation, atol=0.01)


def test_a_known_infinity_is_kept() -> None:
    first = scene(1, 0.0)
    second = Motion(np.eye(3), np.array([0.1, 0.0, -0.2]), 0.3).after(first)[0].rays
    found = motion_between(first, second, np.ones(200, bool), Belief.at_first(first.disparity, metric=True), PIXEL, 9.0)
    assert found is not None
    assert found.motion.infinity == 0.0


def test_points_that_go_anywhere_tell_no_motion() -> None:
    first = scene(2, 0.0)
    anywhere = np.random.default_rng(3).uniform(-0.5, 0.5, (200, 2))
    belief = Belief.at_first(first.disparity, metric=False)
    assert motion_between(first, anywhere, np.ones(200, bool), belief, PIXEL, 2.0) is None


def test_infinity_is_believed_to_be_0_where_no_disparity_is_below() -> None:
    assert Belief.at_first(np.array([0.0, 1.0, 2.0]), metric=False).infinity == 0.0
    assert Belief.at_first(np.array([-1.0, 1.0, 2.0]), metric=False).infinity < -1.0
    assert Belief.at_first(np.array([-1.0, 1.0, 2.0]), metric=True).deviation == 0.0
