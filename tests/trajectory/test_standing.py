"""A source whose camera did not look straight ahead: the vertical is the world's, not the picture's."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.geometry.se3 import head_angles, head_rotation
from ex4d.shotlist.model import (
    Crane,
    Formula,
    LookAt,
    Orbit,
    Pan,
    Path,
    Pedestal,
    Rotation,
    Spline,
    SplineKey,
    Subject,
    Tilt,
    Truck,
)
from tests.trajectory.shots import (
    DISTANCES,
    LIFTS,
    OFF_CENTER,
    ROLLS,
    TRACKS,
    TURNS,
    at,
    compiled,
    drafts,
    in_frame,
    item,
    items,
    law,
    positions,
    rotations,
    same,
    scene,
)

STANDS = st.tuples(st.floats(-1.0, 1.0), st.floats(-0.5, 0.5))
ORBITS = drafts(Orbit, right=st.floats(-0.6, 0.6), up=st.floats(-0.4, 0.4), closer=DISTANCES)


def standing(tilt, roll=0.0, **changes):
    return scene(source_tilt=tilt, source_roll=roll, **changes)


def turn(tilt, roll):
    """The source camera's orientation, by hand: it looked down by its tilt."""
    return head_rotation(np.array(0.0), np.array(-tilt), np.array(roll))


def upwards(tilt, roll=0.0):
    """The vertical in the source camera's axes."""
    return turn(tilt, roll).T @ [0.0, -1.0, 0.0]


def test_a_camera_that_looked_down_has_its_vertical_leaning_back():
    """Up in the world is up and towards the far side of the picture."""
    right, down, ahead = upwards(math.radians(30))

    np.testing.assert_allclose([right, down, ahead], [0.0, -math.cos(math.pi / 6), -math.sin(math.pi / 6)], atol=1e-15)


@law
@given(STANDS)
def test_without_moves_it_is_the_source_camera(stand):
    path = compiled(place=standing(*stand))

    same(path, compiled(), tolerance=1e-15)
    assert path.at_source.all()


@law
@given(STANDS, DISTANCES)
def test_a_pedestal_follows_the_vertical(stand, lift):
    path = compiled(Pedestal(distance=lift), place=standing(*stand))

    np.testing.assert_allclose(positions(path)[-1], lift * upwards(*stand), atol=1e-15)


@law
@given(st.floats(-1.0, 1.0), st.floats(-1.5, 1.5))
def test_an_orbit_keeps_its_height_and_its_horizon(tilt, right):
    path = compiled(Orbit(right=right), place=standing(tilt))
    up = upwards(tilt)

    np.testing.assert_allclose(positions(path) @ up, 0.0, atol=1e-14)
    np.testing.assert_allclose(rotations(path)[:, :, 0] @ up, 0.0, atol=1e-14)
    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), in_frame(compiled(), (0, 0, 1)), atol=1e-9)


@settings(law, max_examples=25)
@given(STANDS, st.lists(items(st.one_of(TURNS, ROLLS, TRACKS, LIFTS, ORBITS)), max_size=4))
def test_it_is_a_level_scene_filmed_by_a_camera_that_stood_so(stand, drawn):
    """The twin: the same moves on a base camera that stands so, in a level scene, seen from the source."""
    moves = [draft.built() for draft in drawn]
    tilt, roll = stand
    base = Path(tilt=Formula("down"), roll=Formula("over"), parameters={"down": -tilt, "over": roll})
    source = turn(tilt, roll)
    level = compiled(base, *moves, place=scene(pivot=tuple((source @ [0.0, 0.0, 1.0]).tolist())))
    found = compiled(*moves, place=standing(tilt, roll))

    np.testing.assert_allclose(source @ positions(found)[..., None], positions(level)[..., None], atol=1e-12)
    np.testing.assert_allclose(source @ rotations(found), rotations(level), atol=1e-12)


@law
@given(st.floats(-1.0, 1.0), DISTANCES)
def test_a_look_at_aims_level_and_keeps_its_target_in_its_place(tilt, sideways):
    path = compiled(Truck(distance=sideways), LookAt(target=Subject()), place=standing(tilt))

    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), in_frame(compiled(), (0, 0, 1)), atol=1e-8)
    np.testing.assert_allclose(rotations(path)[:, :, 0] @ upwards(tilt), 0.0, atol=1e-13)


@law
@given(st.floats(-0.6, 0.6), DISTANCES)
def test_a_crane_rises_along_the_vertical_and_keeps_the_subject(tilt, lift):
    path = compiled(Crane(distance=lift), place=standing(tilt))

    np.testing.assert_allclose(positions(path)[-1], lift * upwards(tilt), atol=1e-14)
    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), in_frame(compiled(), (0, 0, 1)), atol=1e-8)


@law
@given(st.tuples(st.floats(-0.6, 0.6), st.floats(-1.0, 1.0)), DISTANCES)
def test_a_crane_keeps_the_subject_where_a_rolled_camera_saw_it_and_the_roll(stand, lift):
    path = compiled(Crane(distance=lift), place=standing(*stand, pivot=OFF_CENTER))
    shown = in_frame(path, OFF_CENTER)
    rolled = head_angles(turn(*stand) @ rotations(path))[:, 2]

    np.testing.assert_allclose(positions(path)[-1], lift * upwards(*stand), atol=1e-14)
    np.testing.assert_allclose(shown, np.broadcast_to(shown[0], shown.shape), atol=1e-8)
    np.testing.assert_allclose(rolled, stand[1], atol=1e-12)


def test_places_and_keys_are_in_the_axes_of_the_first_camera():
    """As the page of the language has it: up of a position is up in the picture."""
    keys = (SplineKey(at=at(0)), SplineKey(at=at(100), position=(0.1, 0.2, 0.3), rotation=Rotation(pan=0.2)))
    path = compiled(Spline(keys=keys), place=standing(0.5))

    np.testing.assert_allclose(positions(path)[-1], (0.1, -0.2, 0.3), atol=1e-15)
    np.testing.assert_allclose(rotations(path)[-1], rotations(compiled(Pan(angle=0.2), place=standing(0.5)))[-1])


def test_a_pan_turns_about_the_vertical_and_not_about_the_pictures():
    path = compiled(item(Pan(angle=0.4)), place=standing(0.5))

    assert abs(rotations(path)[-1, 1, 0]) > 0.1, "level in the world is not level in the picture"
    np.testing.assert_allclose(rotations(path)[:, :, 0] @ upwards(0.5), 0.0, atol=1e-15)


@law
@given(STANDS)
def test_a_path_of_formulas_is_in_the_axes_of_the_first_camera(stand):
    """Its pan turns about the vertical all the same, and its tilt about the camera's right axis."""
    words = {"right": "0.1", "up": "0.2", "inward": "0.3"}
    formulas = {name: Formula(word) for name, word in words.items()}
    path = compiled(Path(**formulas, pan=Formula("0.4"), tilt=Formula("0.2")), place=standing(*stand))
    turned = compiled(Pan(angle=0.4), Tilt(angle=0.2), place=standing(*stand))

    np.testing.assert_allclose(positions(path), np.broadcast_to((0.1, -0.2, 0.3), (25, 3)), atol=1e-15)
    np.testing.assert_allclose(rotations(path)[0], rotations(turned)[-1], atol=1e-14)
