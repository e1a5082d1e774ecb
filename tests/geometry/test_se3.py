"""SE(3) is a group, and its logarithm undoes its exponential."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from ex4d.geometry import se3
from tests.geometry.rigidity import rigidity_error

law = settings(derandomize=True, deadline=None, max_examples=100)
NEAR_ZERO = st.sampled_from([0.0, 1e-12, 1e-8, 1e-5, 1e-4])
SIZES = st.one_of(st.floats(0.0, 3.1), NEAR_ZERO)
AXES = arrays(np.float64, (5, 3), elements=st.floats(-1.0, 1.0)).filter(
    lambda axes: np.linalg.norm(axes, axis=1).min() > 0.1
)


@st.composite
def twists(draw):
    """Five twists, turns from nothing at all to nearly half a turn."""
    axes = draw(AXES)
    turns = axes / np.linalg.norm(axes, axis=1, keepdims=True) * draw(SIZES)
    return np.concatenate([draw(arrays(np.float64, (5, 3), elements=st.floats(-3.0, 3.0))), turns], axis=1)


@law
@given(twists(), twists(), twists())
def test_poses_form_a_group(first, second, third):
    """Closure, identity, inverse, associativity."""
    a, b, c = se3.exp(first), se3.exp(second), se3.exp(third)

    assert rigidity_error(a @ b) < 1e-14
    assert np.array_equal(a @ np.eye(4), a)
    np.testing.assert_allclose(a @ se3.inverse(a), np.broadcast_to(np.eye(4), a.shape), atol=1e-14)
    np.testing.assert_allclose(se3.inverse(a @ b), se3.inverse(b) @ se3.inverse(a), atol=1e-13)
    np.testing.assert_allclose((a @ b) @ c, a @ (b @ c), atol=1e-13)


@law
@given(twists())
def test_log_undoes_exp(twist):
    np.testing.assert_allclose(se3.log(se3.exp(twist)), twist, atol=1e-11)


@law
@given(twists())
def test_exp_undoes_log(twist):
    pose = se3.exp(twist)

    np.testing.assert_allclose(se3.exp(se3.log(pose)), pose, atol=1e-12)


@law
@given(twists())
def test_exp_is_the_matrix_exponential(twist):
    """Checked against the power series of the 4x4 generator."""
    generator = np.zeros((5, 4, 4))
    generator[:, :3, :3], generator[:, :3, 3] = se3.skew(twist[:, 3:]), twist[:, :3]
    power, total = np.eye(4), np.zeros((5, 4, 4))
    for term in range(1, 60):
        total, power = total + power, power @ generator / term

    np.testing.assert_allclose(se3.exp(twist), total, atol=1e-12)


@law
@given(twists(), st.floats(0.0, 1.0))
def test_quaternions_are_rotations(twist, _):
    rotation = se3.exp_rotation(twist[:, 3:])

    quaternion = se3.quaternion_wxyz(rotation)

    np.testing.assert_allclose(Rotation.from_quat(quaternion, scalar_first=True).as_matrix(), rotation, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(quaternion, axis=-1), 1.0, atol=1e-15)


def test_half_turns_have_a_logarithm():
    turns = np.pi * np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0, 0.8]])

    np.testing.assert_allclose(se3.exp_rotation(se3.log_rotation(se3.exp_rotation(turns))), se3.exp_rotation(turns))


@law
@given(twists(), twists(), st.floats(0.0, 1.0))
def test_slerp_turns_evenly_and_meets_both_ends(first, second, share):
    a, b = se3.exp_rotation(first[0, 3:]), se3.exp_rotation(second[0, 3:])
    between = se3.slerp(a, b, np.array([0.0, share, 1.0]))

    assert np.array_equal(between[2], b)
    np.testing.assert_allclose(between[0], a, atol=1e-15)
    assert se3.turn_between(a, between[1]) == pytest.approx(share * float(se3.turn_between(a, b)), abs=1e-7)


@law
@given(st.floats(-3.1, 3.1), st.floats(-1.5, 1.5), st.floats(-3.1, 3.1))
def test_head_angles_undo_head_rotation(pan, tilt, roll):
    head = se3.head_rotation(np.array(pan), np.array(tilt), np.array(roll))

    turned = se3.pan_rotation(np.array(pan)) @ se3.tilt_rotation(np.array(tilt)) @ se3.roll_rotation(np.array(roll))

    np.testing.assert_allclose(head, turned, rtol=0, atol=1e-15)
    np.testing.assert_allclose(se3.head_angles(head), [pan, tilt, roll], atol=1e-13)


@law
@given(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1))
def test_pan_and_tilt_alone_keep_the_right_axis_exactly_horizontal(pan, tilt):
    assert se3.head_rotation(np.array(pan), np.array(tilt), np.array(0.0))[1, 0] == 0.0


def test_signs_are_the_operators():
    """Positive is right, up, clockwise, in axes where y points down."""
    quarter = np.array(math.pi / 2)
    forward, right = np.array([0.0, 0, 1]), np.array([1.0, 0, 0])

    np.testing.assert_allclose(se3.pan_rotation(quarter) @ forward, [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(se3.tilt_rotation(quarter) @ forward, [0, -1, 0], atol=1e-15)
    np.testing.assert_allclose(se3.roll_rotation(quarter) @ right, [0, 1, 0], atol=1e-15)


@pytest.mark.parametrize("wrong", [np.diag([1.0, 1, -1, 1]), np.diag([2.0, 1, 1, 1]), np.full((4, 4), 0.5)])
def test_what_is_not_rigid_is_found(wrong):
    assert rigidity_error(wrong) >= 0.5
