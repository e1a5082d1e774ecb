"""The crane: a pedestal that keeps the subject where it is in frame."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import turn_between
from ex4d.shotlist.model import Crane, Dolly, LookAt, Orbit, Pan, Pedestal, Roll, Subject, Tilt, Truck
from tests.trajectory.shots import ANGLES, OFF_CENTER, compiled, in_frame, item, law, positions, rotations, same, scene

LIFT = st.floats(-0.8, 0.8)


@law
@given(LIFT, st.sampled_from([(0.0, 0.0, 1.0), OFF_CENTER]))
def test_a_crane_lifts_like_a_pedestal_and_keeps_the_subject_in_its_place(lift, pivot):
    place = scene(pivot=pivot)
    craned, lifted = compiled(Crane(distance=lift), place=place), compiled(Pedestal(distance=lift), place=place)

    np.testing.assert_allclose(positions(craned), positions(lifted), atol=1e-15)
    shown = in_frame(craned, pivot)
    np.testing.assert_allclose(shown, np.broadcast_to(shown[0], shown.shape), atol=1e-9)
    assert np.abs(rotations(craned)[:, 1, 0]).max() <= 1e-12, "the horizon stays level"


@law
@given(LIFT, ANGLES, st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_a_crane_keeps_the_subject_where_the_base_and_the_turntable_have_brought_it(lift, right, dolly, truck):
    below = [Dolly(distance=dolly), Truck(distance=truck), Orbit(right=right)]
    before, after = compiled(*below), compiled(*below, Crane(distance=lift))

    np.testing.assert_allclose(in_frame(after, (0, 0, 1)), in_frame(before, (0, 0, 1)), atol=1e-8)


@law
@given(LIFT, LIFT, ANGLES)
def test_two_cranes_are_one_of_their_sum_and_pans_come_on_top(first, second, pan):
    one = compiled(Crane(distance=0.5 * (first + second)), Pan(angle=pan))
    two = compiled(Crane(distance=0.5 * first), Crane(distance=0.5 * second), Pan(angle=pan))

    same(one, two, tolerance=1e-14)


@law
@given(st.floats(-0.5, 0.5), ANGLES, ANGLES)
def test_the_head_keeps_its_tilt_and_roll_from_before_the_crane(lift, tilt, roll):
    turned = compiled(Crane(distance=lift), Tilt(angle=tilt), Roll(angle=roll))
    alone = compiled(Crane(distance=lift))
    turn = np.swapaxes(rotations(alone), 1, 2) @ rotations(turned)

    np.testing.assert_allclose(turn, rotations(compiled(Tilt(angle=tilt), Roll(angle=roll))), atol=1e-13)


def test_nothing_is_aimed_before_the_crane_begins():
    late = compiled(item(Crane(distance=0.4), 50, 100), item(Truck(distance=0.3), 0, 40))
    without = compiled(item(Truck(distance=0.3), 0, 40))

    same_until = late.world_from_camera[:13], without.world_from_camera[:13]
    assert np.array_equal(*same_until)
    assert not np.allclose(late.world_from_camera[-1], without.world_from_camera[-1])


def test_a_crane_and_a_look_at_aim_at_the_subject_together():
    both = compiled(Crane(distance=0.4), LookAt(target=Subject()))

    same(both, compiled(Crane(distance=0.4)), tolerance=1e-12)


def test_a_crane_whose_subject_is_behind_the_camera_names_the_frame():
    """The dolly has passed it by then, and no crane can keep in frame what is not in it."""
    passing = item(Dolly(distance=3.0), 0, 100)
    frame = int(np.argmax(positions(compiled(passing))[:, 2] >= 1.0))

    with pytest.raises(TrajectoryError, match=rf"frame {frame}: the place to look at"):
        compiled(passing, Crane(distance=0.3))


@pytest.mark.parametrize(("tilt", "pivot"), [(85.0, (0.0, 0.105, 1.0)), (75.0, (0.1, 0.4, 1.0))])
def test_a_crane_over_a_subject_beyond_the_point_below_does_not_turn_round(tilt, pivot):
    """A camera that looked almost straight down sees a subject behind its own vertical."""
    path = compiled(Crane(distance=0.3), place=scene(source_tilt=math.radians(tilt), pivot=pivot))
    shown = in_frame(path, pivot)

    np.testing.assert_allclose(shown, np.broadcast_to(shown[0], shown.shape), atol=1e-8)
    assert turn_between(rotations(path)[1:], rotations(path)[:-1]).max() < 0.05


def test_a_dolly_that_begins_later_goes_where_the_crane_has_aimed_the_head():
    """Which depends on where the tracks before it have carried the camera: here, nearer to the subject."""
    before = [item(Dolly(distance=0.5), 0, 40), item(Crane(distance=0.3), 0, 50)]
    still, path = compiled(*before), compiled(*before, item(Dolly(distance=0.2), 50, 100))
    moved = positions(path)[-1] - positions(still)[-1]

    np.testing.assert_allclose(moved, 0.2 * rotations(still)[12][:, 2], atol=1e-15)
