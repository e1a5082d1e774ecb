"""How moves combine: the laws of the shot language, section 3."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import (
    Crane,
    Dolly,
    DollyZoom,
    Handheld,
    Hold,
    LookAt,
    Orbit,
    Pan,
    Pedestal,
    Roll,
    SpacePoint,
    Subject,
    Tilt,
    Truck,
    Zoom,
)
from tests.geometry.rigidity import rigidity_error
from tests.trajectory.shots import (
    DISTANCES,
    LEVEL_MOVES,
    MOVES,
    OFF_CENTER,
    ROLLS,
    TRACKS,
    TURNS,
    cameras,
    compiled,
    in_camera,
    in_frame,
    item,
    items,
    law,
    positions,
    rotations,
    same,
    scene,
    windows,
)

NOTHING = (
    Hold(),
    Pan(angle=0.0),
    Tilt(angle=0.0),
    Roll(angle=0.0),
    Dolly(distance=0.0),
    Truck(distance=0.0),
    Pedestal(distance=0.0),
    Crane(distance=0.0),
    Orbit(),
    Orbit(about=SpacePoint(right=0.3, up=0.1, inward=2.0)),
    Zoom(factor=1.0),
    DollyZoom(distance=0.0),
    Handheld(amount=0.0),
    LookAt(target=Subject(), weight=0.0),
)


def test_no_moves_are_exactly_the_source_view():
    path = compiled()

    assert np.array_equal(path.world_from_camera, np.broadcast_to(np.eye(4), (25, 4, 4)))
    assert np.array_equal(path.lens_factor, np.ones(25))


@pytest.mark.parametrize("move", NOTHING, ids=lambda move: move.key)
def test_a_move_of_zero_size_is_the_identity(move):
    same(compiled(move), compiled(), tolerance=0)


@law
@given(cameras(), st.sampled_from(NOTHING), windows())
def test_a_move_of_zero_size_changes_nothing_among_others(camera, nothing, when):
    added = item(nothing).model_copy(update={"at": when})

    same(compiled(*camera, added), compiled(*camera), tolerance=1e-14)


@law
@given(cameras(), items(MOVES, windows(60, 100)))
def test_a_move_that_has_not_begun_changes_nothing(camera, late):
    begun = math.floor(0.24 * float(late.at.start.value)) + 1
    some = [other for other in camera if other.at.end.value <= 60]
    with_it, without = compiled(*some, late), compiled(*some)

    np.testing.assert_allclose(with_it.world_from_camera[:begun], without.world_from_camera[:begun], rtol=0, atol=1e-15)
    np.testing.assert_allclose(with_it.lens_factor[:begun], without.lens_factor[:begun], rtol=0, atol=1e-15)


@law
@given(cameras(), items(st.one_of(TURNS, ROLLS, TRACKS), windows(0, 40)), windows(0, 40))
def test_a_move_that_has_ended_leaves_no_trace_of_when_it_ran(camera, early, other_window):
    """Whatever its window and ease were, what it leaves is its amount."""
    later = [other for other in camera if other.at.start.value > 40]
    elsewhere = early._replace(at=other_window, ease=None)
    first, second = compiled(early, *later), compiled(elsewhere, *later)

    np.testing.assert_allclose(first.world_from_camera[10:], second.world_from_camera[10:], rtol=0, atol=1e-13)


@law
@given(cameras(), st.randoms(use_true_random=False))
def test_the_order_of_writing_changes_not_one_bit(camera, random):
    shuffled = list(camera)
    random.shuffle(shuffled)

    same(compiled(*camera), compiled(*shuffled), tolerance=0)


@law
@given(cameras(LEVEL_MOVES, rolled=False), st.sampled_from([(0.0, 0.0, 1.0), OFF_CENTER]))
def test_without_roll_the_horizon_is_level(camera, pivot):
    path = compiled(*camera, place=scene(pivot=pivot))

    assert np.abs(rotations(path)[:, 1, 0]).max() <= 1e-12


@law
@given(cameras())
def test_every_pose_is_rigid(camera):
    path = compiled(*camera)

    assert rigidity_error(path.world_from_camera) <= 1e-12
    assert np.all(np.isfinite(path.lens_factor))
    assert path.lens_factor.min() > 0.0


@law
@given(
    st.floats(-3.0, 3.0), st.floats(-1.4, 1.4), st.lists(items(TRACKS), max_size=2),
    st.sampled_from([(0.0, 0.0, 1.0), OFF_CENTER]),
)  # fmt: skip
def test_an_orbit_keeps_the_subject_where_it_was(right, up, tracks, pivot):
    """Its distance and its place in frame are those of the same shot without the orbit."""
    place = scene(pivot=pivot)
    turned, still = compiled(Orbit(right=right, up=up), *tracks, place=place), compiled(*tracks, place=place)

    np.testing.assert_allclose(in_camera(turned, pivot), in_camera(still, pivot), rtol=0, atol=1e-14)
    np.testing.assert_allclose(in_frame(turned, pivot), in_frame(still, pivot), rtol=0, atol=1e-11)


@law
@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(-2.0, 0.9))
def test_closer_shortens_the_radius_and_keeps_the_place_in_frame(right, up, closer):
    path = compiled(Orbit(right=right, up=up, closer=closer), place=scene(pivot=OFF_CENTER))
    radius = np.linalg.norm(positions(path) - OFF_CENTER, axis=1)

    assert radius[-1] == pytest.approx((1 - closer) * radius[0], rel=1e-14)
    np.testing.assert_allclose(in_frame(path, OFF_CENTER), in_frame(path, OFF_CENTER)[[0]].repeat(25, 0), atol=1e-10)


def test_orbits_go_to_the_side_they_name():
    """The camera ends to the right and above, looking back at the subject."""
    end = compiled(Orbit(right=math.pi / 6, up=math.pi / 4)).world_from_camera[-1]
    elevation, azimuth = math.pi / 4, math.pi / 6
    ground = math.cos(elevation)
    where = [ground * math.sin(azimuth), -math.sin(elevation), 1 - ground * math.cos(azimuth)]

    np.testing.assert_allclose(end[:3, 3], where, atol=1e-15)
    np.testing.assert_allclose(end[:3, 2], np.array([0, 0, 1]) - where, atol=1e-15)


@law
@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_orbits_about_one_pivot_add_their_angles(first, second):
    apart = compiled(Orbit(right=first, up=0.1), Orbit(right=second, up=0.2))

    same(apart, compiled(Orbit(right=first + second, up=0.1 + 0.2)), tolerance=1e-14)


def test_orbit_with_dolly_is_a_spiral():
    path = compiled(item(Orbit(right=math.pi)), item(Dolly(distance=0.5)))
    radius = np.linalg.norm(positions(path) - [0, 0, 1], axis=1)

    assert radius[-1] == pytest.approx(0.5)
    assert np.all(np.diff(radius) < 0)
    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), [[320, 240]] * 25, atol=1e-11)


@law
@given(st.floats(-1.0, 1.0), st.floats(-0.8, 0.8), DISTANCES, DISTANCES)
def test_tracks_follow_the_head_at_the_opening_of_their_window(pan, tilt, dolly, truck):
    """A pan that is over turns the track; one that comes later or runs beside it does not bend it."""
    path = compiled(
        item(Pan(angle=pan), 0, 20), item(Tilt(angle=tilt), 0, 20), item(Dolly(distance=dolly), 25, 60),
        item(Truck(distance=truck), 25, 80), item(Pan(angle=0.5), 25, 100), item(Orbit(right=0.0), 0, 10),
    )  # fmt: skip
    axis = np.array([math.cos(tilt) * math.sin(pan), -math.sin(tilt), math.cos(tilt) * math.cos(pan)])
    right = np.array([math.cos(pan), 0.0, -math.sin(pan)])

    np.testing.assert_allclose(positions(path)[-1], dolly * axis + truck * right, atol=1e-14)


@law
@given(st.floats(-1.0, 1.0), st.floats(0.05, 1.0))
@example(1e-12, 1.0)
def test_a_truck_is_horizontal_even_where_the_head_is_rolled(roll, tilt):
    path = compiled(item(Roll(angle=roll), 0, 20), item(Tilt(angle=tilt), 0, 20), item(Truck(distance=0.3), 30, 100))

    np.testing.assert_allclose(positions(path)[-1], [0.3, 0.0, 0.0], rtol=0, atol=1e-14)


def test_an_orbit_does_not_turn_the_track():
    """The direction is the head's before any orbit; the turntable then carries track and all."""
    path = compiled(item(Orbit(right=math.pi / 2), 0, 20), item(Truck(distance=0.3), 40, 100))

    np.testing.assert_allclose(positions(path)[-1], [1.0, 0.0, 1.3], atol=1e-15)


def test_pan_tilt_and_roll_are_the_operators():
    end = compiled(Pan(angle=0.4), Tilt(angle=0.3), Roll(angle=0.2)).world_from_camera[-1]
    level_right = np.array([math.cos(0.4), 0, -math.sin(0.4)])

    np.testing.assert_allclose(end[:3, 2], [0.9553364891 * math.sin(0.4), -math.sin(0.3), 0.9553364891 * math.cos(0.4)])
    assert end[:3, 0] @ level_right == pytest.approx(math.cos(0.2))
    assert end[1, 0] > 0  # clockwise: the right side goes down


@pytest.mark.parametrize("pivot", [(0.0, 0.0, 1.0), OFF_CENTER])
def test_an_orbit_may_not_reach_its_pivot(pivot):
    """Out and in at once reach no negative radius by multiplying."""
    with pytest.raises(TrajectoryError, match=r"shot 'test', frame 24: .* reaches its pivot"):
        compiled(_uncheckedly(closer=1.0), Orbit(closer=-1.0), place=scene(pivot=pivot))


def _uncheckedly(**fields):
    """An orbit that the file reader may refuse already."""
    return Orbit().model_copy(update=fields)
