"""Looking at a place: where it stands in frame, level, blended, refused where it cannot be."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import turn_between
from ex4d.shotlist.model import (
    Dolly,
    DollyZoom,
    Formula,
    ImagePoint,
    LookAt,
    Orbit,
    Pan,
    Path,
    Pedestal,
    SpacePoint,
    Spline,
    SplineKey,
    Subject,
    Truck,
    Zoom,
)
from tests.trajectory.shots import (
    DISTANCES,
    LENS,
    OFF_CENTER,
    at,
    compiled,
    in_frame,
    item,
    law,
    rotations,
    same,
    scene,
)

MOVED = st.tuples(DISTANCES, DISTANCES, DISTANCES)


def _moved(offset):
    right, up, inward = offset
    return Truck(distance=right), Pedestal(distance=up), Dolly(distance=inward)


@law
@given(MOVED, st.floats(0.5, 2.0), st.sampled_from([(0.0, 0.0, 1.0), OFF_CENTER]))
def test_the_subject_stays_where_the_first_source_frame_shows_it(offset, zoom, pivot):
    """Whatever moves the camera or its lens."""
    path = compiled(*_moved(offset), LookAt(target=Subject()), Zoom(factor=zoom), place=scene(pivot=pivot))
    shown = LENS.project(np.array(pivot))

    np.testing.assert_allclose(in_frame(path, pivot), np.tile(shown, (25, 1)), atol=1e-9)
    assert np.abs(rotations(path)[:, 1, 0]).max() <= 1e-15


@law
@given(MOVED, st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)), st.floats(-0.4, 0.4))
def test_frame_places_the_target_whatever_turned_the_camera_before(offset, frame, orbit):
    path = compiled(*_moved(offset), Orbit(right=orbit, up=0.2), LookAt(target=Subject(), frame=frame))

    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), [[frame[0] * 640, frame[1] * 480]] * 25, atol=1e-9)


@law
@given(st.floats(-0.2, 0.3), st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)), MOVED)
def test_look_at_and_dolly_zoom_agree(distance, frame, offset):
    """Each asks for the other's result; both are met."""
    path = compiled(DollyZoom(distance=distance), LookAt(target=Subject(), frame=frame), *_moved(offset))

    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), [[frame[0] * 640, frame[1] * 480]] * 25, atol=1e-9)


def test_places_in_the_image_lie_as_deep_as_the_subject():
    place = ImagePoint(x=0.25, y=0.75)
    point = LENS.unproject(np.array([160.0, 360.0]), np.array(1.0))
    path = compiled(Truck(distance=0.3), LookAt(target=place))

    np.testing.assert_allclose(in_frame(path, point), [[160.0, 360.0]] * 25, atol=1e-9)


def test_places_in_space_are_right_up_in():
    path = compiled(Dolly(distance=0.2), LookAt(target=SpacePoint(right=0.2, up=0.1, inward=2.0), frame=(0.5, 0.5)))

    np.testing.assert_allclose(in_frame(path, (0.2, -0.1, 2.0)), [[320.0, 240.0]] * 25, atol=1e-9)


def test_half_weight_turns_half_way():
    half = compiled(LookAt(target=SpacePoint(right=1.0, up=0.0, inward=1.0), frame=(0.5, 0.5), weight=0.5))

    np.testing.assert_allclose(rotations(half)[:, :, 2], [[math.sin(math.pi / 8), 0, math.cos(math.pi / 8)]] * 25)


def test_two_full_weights_share_the_aim():
    sides = [LookAt(target=SpacePoint(right=side, up=0.0, inward=1.0), frame=(0.5, 0.5)) for side in (-1.0, 1.0)]

    same(compiled(*sides), compiled(), tolerance=1e-15)


def test_with_a_window_the_head_turns_to_the_target_and_stays_there():
    path = compiled(item(LookAt(target=Subject(), frame=(0.25, 0.5)), 25, 75))
    shown = in_frame(path, (0, 0, 1))[:, 0]

    np.testing.assert_allclose(shown[:7], 320.0, atol=1e-9)
    assert np.all(np.diff(shown[6:19]) < 0)
    np.testing.assert_allclose(shown[18:], 160.0, atol=1e-9)


def test_pans_add_to_an_aim():
    aimed, panned = (
        compiled(Truck(distance=0.3), LookAt(target=Subject())),
        compiled(Truck(distance=0.3), LookAt(target=Subject()), Pan(angle=0.2)),
    )
    turn = rotations(panned)[-1] @ rotations(aimed)[-1].T

    np.testing.assert_allclose(turn, [[math.cos(0.2), 0, math.sin(0.2)], [0, 1, 0], [-math.sin(0.2), 0, math.cos(0.2)]])


def test_a_target_with_no_level_framing_is_refused_with_its_frame():
    """A camera that rises over its subject cannot keep it at the left of the frame for ever."""
    with pytest.raises(TrajectoryError, match=r"shot 'test', frame \d+: .*no level framing"):
        compiled(Pedestal(distance=2.0), LookAt(target=SpacePoint(right=0.0, up=0.0, inward=0.1), frame=(0.3, 0.5)))


def test_a_target_that_the_first_frame_cannot_show_is_refused():
    with pytest.raises(TrajectoryError, match="frame: center"):
        compiled(LookAt(target=SpacePoint(right=0.0, up=0.0, inward=-1.0)))


def test_looking_at_the_cameras_own_place_is_refused():
    with pytest.raises(TrajectoryError, match="frame 24"):
        compiled(Dolly(distance=1.0), LookAt(target=Subject()))


NADIR = [(85.0, (0.0, 0.105, 1.0)), (75.0, (0.1, 0.4, 1.0)), (-85.0, (0.05, -0.2, 1.0))]
"""Degrees by which a source looked down, and a subject that it saw beyond the point right below it, or above."""


@pytest.mark.parametrize(("tilt", "pivot"), NADIR)
def test_what_a_camera_sees_beyond_the_point_below_it_is_kept_where_it_is(tilt, pivot):
    """Two upright heads show it there: the camera's own, and one that has turned round."""
    place = scene(source_tilt=math.radians(tilt), pivot=pivot)
    same(compiled(LookAt(target=Subject()), place=place), compiled(place=place), tolerance=1e-14)
    path = compiled(Truck(distance=0.02), LookAt(target=Subject()), place=place)

    np.testing.assert_allclose(in_frame(path, pivot), np.broadcast_to(in_frame(path, pivot)[0], (25, 2)), atol=1e-8)
    assert turn_between(rotations(path)[1:], rotations(path)[:-1]).max() < 0.1


@pytest.mark.parametrize(("tilt", "pivot"), NADIR)
def test_a_spline_and_a_path_that_look_at_it_do_not_turn_round_either(tilt, pivot):
    place = scene(source_tilt=math.radians(tilt), pivot=pivot)
    keys = tuple(SplineKey(at=at(when), look_at=Subject()) for when in (0, 100))

    same(compiled(Spline(keys=keys), place=place), compiled(place=place), tolerance=1e-14)
    same(compiled(Path(pan=Formula("0"), look_at=Subject()), place=place), compiled(place=place), tolerance=1e-14)
