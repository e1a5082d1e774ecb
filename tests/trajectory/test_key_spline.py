"""Splines: every key met, one time for place and turn, even pace where it is asked for."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.geometry.se3 import head_rotation, turn_between
from ex4d.shotlist.model import Ease, Rotation, SpacePoint, Spline, SplineKey, Subject
from tests.trajectory.shots import (
    ANGLES,
    DISTANCES,
    LENS,
    OFF_CENTER,
    at,
    compiled,
    in_frame,
    item,
    law,
    positions,
    rotations,
    scene,
    window,
)

HUNDRED = scene(frames=101)
POINTS = st.tuples(DISTANCES, DISTANCES, DISTANCES)
WAYS = st.sampled_from(["smooth", "linear"])
TIMES = st.lists(st.integers(0, 100), min_size=2, max_size=6, unique=True).map(sorted)


def timed(*keys, **fields):
    """A spline of (percent, key fields)."""
    return Spline(keys=tuple(SplineKey(at=at(when), **key) for when, key in keys), **fields)


@law
@given(TIMES, st.data(), WAYS)
def test_every_key_is_met(times, data, way):
    """Its place, turn and lens to 1e-12, whatever the spacing."""
    keys = [(data.draw(POINTS), [data.draw(ANGLES) for _ in range(3)], data.draw(st.floats(0.8, 1.3))) for _ in times]
    move = timed(
        *[
            (when, {"position": place, "rotation": Rotation(pan=pan, tilt=tilt, roll=roll), "lens": lens})
            for when, (place, (pan, tilt, roll), lens) in zip(times, keys, strict=True)
        ],
        interpolation=way,
    )
    path = compiled(move, place=HUNDRED)
    places = np.array([[right, -up, inward] for (right, up, inward), _, _ in keys])
    turns = head_rotation(*np.array([angles for _, angles, _ in keys]).T.copy())

    np.testing.assert_allclose(positions(path)[times], places, rtol=0, atol=1e-12)
    np.testing.assert_allclose(rotations(path)[times], turns, rtol=0, atol=1e-12)
    np.testing.assert_allclose(path.lens_factor[times], [lens for _, _, lens in keys], rtol=0, atol=1e-12)


@law
@given(TIMES, st.data(), WAYS)
def test_it_rests_at_its_first_key_before_and_its_last_after(times, data, way):
    move = timed(*[(when, {"position": data.draw(POINTS)}) for when in times], interpolation=way)
    path = compiled(move, place=HUNDRED)

    assert np.all(path.world_from_camera[: times[0]] == path.world_from_camera[times[0]])
    assert np.all(path.world_from_camera[times[-1] :] == path.world_from_camera[-1])


@law
@given(st.integers(1, 99), POINTS, POINTS)
def test_uneven_keys_do_not_make_it_turn_back(middle, first, last):
    """Three places on one line, at any times: the camera only goes forward along it."""
    assume(np.linalg.norm(first) > 1e-3)
    keys = [(0, {}), (middle, {"position": first}), (100, {"position": tuple(2 * value for value in first)})]
    along = positions(compiled(timed(*keys), place=HUNDRED)) @ np.array([first[0], -first[1], first[2]])

    assert np.all(np.diff(along) >= -1e-12)
    assert last is not None


@law
@given(POINTS, POINTS, st.sampled_from([(0.0, 0.0, 1.0), OFF_CENTER]))
def test_between_two_keys_that_look_at_one_target_it_looks_at_it_all_the_way(first, second, pivot):
    place = scene(frames=101, pivot=pivot)
    keys = [(0, {"position": first}), (100, {"position": second, "lens": 1.4})]
    path = compiled(timed(*[(when, {**key, "look_at": Subject()}) for when, key in keys]), place=place)

    np.testing.assert_allclose(in_frame(path, pivot), np.tile(LENS.project(np.array(pivot)), (101, 1)), atol=1e-9)
    assert np.abs(rotations(path)[:, 1, 0]).max() <= 1e-15


def test_what_a_key_leaves_out_comes_from_its_neighbours():
    """The key in the middle states a lens alone; place and turn pass it by."""
    ends = {"position": (0.3, 0.1, 0.2), "rotation": Rotation(pan=0.3)}
    path = compiled(timed((0, {}), (50, {"lens": 2.0}), (100, ends)), place=HUNDRED)
    without = compiled(timed((0, {}), (100, ends)), place=HUNDRED)

    assert np.array_equal(path.world_from_camera, without.world_from_camera)
    assert path.lens_factor[50] == pytest.approx(2.0, abs=1e-12)
    np.testing.assert_allclose(path.lens_factor[50:], 2.0, rtol=1e-14)


def test_the_example_of_the_language():
    """The first key is the source view; the lens grows over the whole move, as only its ends state one."""
    move = timed(
        (0, {}),
        (40, {"position": (0.35, 0.1, 0.0), "look_at": Subject()}),
        (100, {"position": (0.0, 0.25, 0.4), "look_at": Subject(), "lens": 1.4}),
    )
    path = compiled(move, place=HUNDRED)

    assert np.array_equal(path.world_from_camera[0], np.eye(4))
    np.testing.assert_allclose(positions(path)[40], [0.35, -0.1, 0.0], atol=1e-12)
    np.testing.assert_allclose(in_frame(path, (0, 0, 1))[40:], [[320, 240]] * 61, atol=1e-9)
    np.testing.assert_allclose(np.log(path.lens_factor), np.linspace(0, math.log(1.4), 101), atol=1e-14)
    assert np.abs(rotations(path)[:, 1, 0]).max() <= 1e-12


def test_a_turn_takes_the_time_of_the_way():
    """Slerp shares the time of the place: half the way, half the turn."""
    ends = {"position": (0.4, 0.0, 0.0), "rotation": Rotation(pan=0.8)}
    path = compiled(timed((0, {}), (100, ends), interpolation="smooth"), place=HUNDRED)

    np.testing.assert_allclose(turn_between(rotations(path), np.eye(3)), 2 * positions(path)[:, 0], atol=1e-7)


def test_a_camera_that_rests_turns_smoothly_where_it_stands():
    stop = {"position": (0.3, 0.0, 0.0)}
    path = compiled(
        timed((0, {}), (30, stop), (60, {**stop, "rotation": Rotation(pan=0.5)}), (100, {"position": (0.6, 0, 0)})),
        place=HUNDRED,
    )

    np.testing.assert_allclose(positions(path)[30:61], [[0.3, 0.0, 0.0]] * 31, atol=1e-15)
    assert np.all(np.diff(positions(path)[:, 0]) >= 0.0)


def speeds(path):
    """Length of each step: distance, and radians as subject distances."""
    moved = np.linalg.norm(np.diff(positions(path), axis=0), axis=1)
    return np.hypot(moved, turn_between(rotations(path)[1:], rotations(path)[:-1]))


def even(*keys, **fields):
    """A spline of constant pace: only its ends have a time."""
    ends = {0: {"at": at(0)}, len(keys) - 1: {"at": at(100)}}
    return Spline(
        keys=tuple(SplineKey(**key, **ends.get(index, {})) for index, key in enumerate(keys)), pace="constant", **fields
    )


@law
@given(st.lists(st.tuples(POINTS, ANGLES, ANGLES), min_size=2, max_size=6))
def test_constant_pace_is_even_to_half_a_percent(drawn):
    """Steps are chords: with short ones, they measure the speed along the curve."""
    places = np.array([place for place, _, _ in drawn])
    assume(np.linalg.norm(np.diff(places, axis=0), axis=1).min() > 0.02)
    move = even(*[{"position": place, "rotation": Rotation(pan=p, tilt=t)} for place, p, t in drawn])
    steps = speeds(compiled(move, place=scene(frames=4001)))
    # A turn changes its axis at a key; the one step across it cuts that corner.
    middle = np.sort(steps)[len(drawn) : -len(drawn)]

    assert middle.max() / middle.min() - 1.0 <= 0.005


@pytest.mark.parametrize("way", ["smooth", "linear"])
def test_constant_pace_meets_its_keys_and_looks_at_its_subject(way):
    places = [(0.0, 0.0, 0.0), (0.3, 0.1, 0.0), (0.35, 0.1, 0.3), (0.0, 0.3, 0.5)]
    move = even(*[{"position": place, "look_at": Subject()} for place in places], interpolation=way)
    path = compiled(move, place=scene(frames=8001))
    gaps = [np.linalg.norm(positions(path) - [r, -u, i], axis=1).min() for r, u, i in places]

    assert gaps[0] == gaps[-1] == 0.0
    assert max(gaps) <= speeds(path).max()
    np.testing.assert_allclose(in_frame(path, (0, 0, 1)), [[320, 240]] * 8001, atol=1e-9)


def test_constant_pace_turns_evenly_where_nothing_moves():
    path = compiled(even({}, {"rotation": Rotation(pan=0.1)}, {"rotation": Rotation(pan=0.8)}), place=HUNDRED)

    np.testing.assert_allclose(turn_between(rotations(path), np.eye(3)), np.linspace(0, 0.8, 101), atol=1e-3)


def test_key_times_are_of_the_moves_window():
    """Shares, seconds and frames count from where the window opens."""
    place = {"position": (0.3, 0.0, 0.0)}
    shares = timed((0, {}), (50, place), (100, {"position": (0.1, 0.2, 0.0)}))
    frames = Spline(keys=tuple(
        SplineKey(at=at(when, unit), position=key.position)
        for (when, unit), key in zip([(0, "f"), (Fraction(25, 24), "s"), (50, "f")], shares.keys, strict=True)
    ))  # fmt: skip
    first, second = (compiled(item(move, 40, 90), place=HUNDRED) for move in (shares, frames))

    np.testing.assert_allclose(first.world_from_camera, second.world_from_camera, atol=1e-14)
    np.testing.assert_allclose(positions(first)[65], [0.3, 0, 0], atol=1e-12)
    assert np.all(positions(first)[:41] == 0.0)


def test_an_ease_reparametrises_the_whole_move():
    keys = (0, {}), (30, {"position": (0.3, 0.0, 0.0)}), (100, {"position": (0.1, 0.2, 0.3)})
    plain, eased = timed(*keys), item(timed(*keys), ease=Ease(kind="in", power=2))
    fine = compiled(plain, place=scene(frames=10001))

    np.testing.assert_allclose(
        positions(compiled(eased, place=HUNDRED)), positions(fine)[np.arange(101) ** 2], atol=1e-12
    )


def test_keys_that_do_not_come_one_after_another_are_refused():
    keys = tuple(SplineKey(at=when, position=(0.1, 0.0, 0.0)) for when in (at(50), at(1, "s")))

    with pytest.raises(TrajectoryError, match=r"'test'.*one after another"):
        compiled(Spline(keys=keys), place=HUNDRED)


def test_a_key_with_no_level_framing_names_its_frame():
    over = SpacePoint(right=0.0, up=0.0, inward=0.3)
    keys = (0, {"look_at": over}), (100, {"position": (0.0, 1.0, 0.3), "look_at": over})

    assert compiled(timed(*keys), place=HUNDRED)
    with pytest.raises(TrajectoryError, match="frame 100"):
        compiled(timed(keys[0], (100, {"position": (0.0, 0.0, 0.3), "look_at": over})), place=HUNDRED)


def test_a_window_of_a_preset_holds_the_spline():
    move = item(timed((0, {}), (100, {"position": (0.2, 0.0, 0.0)}))).model_copy(
        update={"at": window(0, 100, within=window(20, 60))}
    )
    path = compiled(move, place=HUNDRED)

    assert np.all(positions(path)[:21] == 0.0)
    np.testing.assert_allclose(positions(path)[40], [0.1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(positions(path)[60:], [[0.2, 0, 0]] * 41, atol=1e-15)
