"""Presets named after a peer's moves are what the peer's own formula computes, but for faults that are named."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ex4d.shotlist.library import Library
from ex4d.shotlist.model import DollyZoom, Ease
from ex4d.shotlist.shipped import shipped
from tests.trajectory.peers import gen3c, recammaster, seva, trajectorycrafter, uni3c
from tests.trajectory.peers.cameras import ROUNDING, Cameras, about_x, differences, even
from tests.trajectory.peers.compared import PEERS, compiled, ours
from tests.trajectory.shots import compiled as filmed
from tests.trajectory.shots import item, scene

MOVES = [pytest.param(move, id=f"{peer.name}: {move.asked}") for peer in PEERS for move in peer.moves]
OURS_ALONE = {"ex4d-zoom-in", "ex4d-zoom-out"}
"""Moves that a peer names without saying what they are."""
LOOP2 = {
    "theta": (0, 2, 10, 15, 12, 6, 0, -2, -5, -12, -8, -3, 0),
    "phi": (0, 3, 10, 20, 30, 25, 17, 10, 0),
}  # fmt: skip
"""Keys of TrajectoryCrafter's own example test/trajs/loop2.txt, degrees."""


def seen_at(cameras, point):
    """Where each camera sees a point, as angles to the right of and below its axis, degrees."""
    rotation, position = cameras.world_from_camera[:, :3, :3], cameras.world_from_camera[:, :3, 3]
    seen = np.einsum("fji,fj->fi", rotation, np.asarray(point) - position)
    return np.degrees(np.arctan2(seen[:, :2], seen[:, 2:]))


def subject_size(cameras):
    """How large each frame shows the subject, relative to the first."""
    rotation, position = cameras.world_from_camera[:, :3, :3], cameras.world_from_camera[:, :3, 3]
    depth = np.sum((np.array([0.0, 0.0, 1.0]) - position) * rotation[:, :, 2], axis=1)
    return cameras.lens / depth


def horizon_roll_deg(cameras):
    """How far the horizon rolls, degrees."""
    return np.degrees(np.abs(np.arcsin(cameras.world_from_camera[:, 1, 0])))


def head_deg(cameras, source_tilt_deg):
    """Pan to the right and tilt up from the first camera, degrees, which Uni3C calls phi and theta."""
    level = about_x(np.radians(-source_tilt_deg)) @ cameras.world_from_camera[:, :3, :3]
    forward = level[:, :, 2]
    tilt = np.degrees(np.arcsin(-forward[:, 1]))
    return np.degrees(np.arctan2(forward[:, 0], forward[:, 2])), tilt + source_tilt_deg


@pytest.mark.parametrize("move", MOVES)
def test_a_preset_has_the_cameras_that_the_peer_means(move):
    found = differences(ours(move), move.wanted)

    assert found.within(move.tolerance), found


@pytest.mark.parametrize("move", MOVES)
def test_where_the_peer_computes_something_else_the_fault_is_named(move):
    assert differences(move.theirs, move.wanted).within(ROUNDING) == (not move.faults)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_fault_that_a_peer_is_said_to_have_is_one_of_some_move(peer):
    assert set("".join(move.faults for move in peer.moves)) == set(peer.notes)


def test_every_preset_of_a_peer_is_compared():
    prefixes = ("ex4d-", "recammaster-", "trajectorycrafter-", "gen3c-", "seva-", "uni3c-")
    named = {name for name in Library(shipped("trajectories")).names() if name.startswith(prefixes)}

    assert {move.preset for peer in PEERS for move in peer.moves} | OURS_ALONE == named


def test_recammaster_stops_short_and_cuts_the_corner_of_its_arc():
    """At frame 80 its file has 19.876 degrees, 1.988 m and 0.533 m; half way its arc is 3.4 % nearer the subject."""
    pan, arc = recammaster.PEER.moves[0].theirs, recammaster.PEER.moves[8].theirs
    radius = np.linalg.norm(arc.world_from_camera[:, :3, 3] - (0.0, 0.0, 1.0), axis=1)

    assert np.degrees(np.arcsin(pan.world_from_camera[-1, 0, 2])) == pytest.approx(19.876, abs=1e-3)
    assert arc.world_from_camera[-1, :3, 3] / recammaster.METRE == pytest.approx([-1.988, 0.0, 0.533], abs=1e-3)
    assert radius.min() == pytest.approx(math.cos(math.radians(15.0)), abs=1e-4)


def test_trajectorycrafter_rolls_the_horizon():
    """By asin(1/4) at 30 and 30."""
    move = trajectorycrafter.PEER.moves[11]

    assert horizon_roll_deg(move.theirs)[-1] == pytest.approx(14.4775, abs=1e-4)
    assert horizon_roll_deg(ours(move)).max() < 1e-12


def test_trajectorycrafter_loses_the_subject_that_it_moves_in_on():
    """An orbit of 30 degrees with r = 0.5 ends 23.8 degrees off the subject, as its pivot has moved along."""
    move = trajectorycrafter.PEER.moves[12]

    assert np.abs(seen_at(move.theirs, (0.0, 0.0, 1.0))).max() == pytest.approx(23.794, abs=1e-3)
    assert np.abs(seen_at(ours(move), (0.0, 0.0, 1.0))).max() < 1e-12


def test_trajectorycrafters_mode_zoom_is_our_dolly_zoom():
    """Its lens goes from 500 px to 250 px while r goes to 0.5."""
    theirs = trajectorycrafter.target(r=0.5)
    theirs = Cameras(theirs.world_from_camera, np.linspace(500.0, 250.0, trajectorycrafter.FRAMES) / 500.0)
    dolly_zoom = item(DollyZoom(distance=0.5), ease=Ease(kind="linear"))
    path = filmed(dolly_zoom, place=scene(trajectorycrafter.FRAMES))

    assert differences(Cameras(path.world_from_camera, path.lens_factor), theirs).within(ROUNDING)
    assert subject_size(theirs) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("name", "miss"), [("theta", 2.31), ("phi", 2.18)])
def test_trajectorycrafter_passes_its_own_keys(name, miss):
    """What is drawn through more than three numbers is a smoothing spline."""
    from scipy.interpolate import UnivariateSpline

    keys = np.array(LOOP2[name], dtype=np.float64)
    at = even(len(keys))

    assert np.abs(UnivariateSpline(at, keys, k=3)(at) - keys)[1:-1].max() == pytest.approx(miss, abs=0.01)


@pytest.mark.parametrize(
    ("distance", "place", "off_deg"), [(0.3, (0.2873, 0.0, 0.0862), 0.757), (1.0, (0.7071, 0.0, 0.7071), 22.5)]
)
def test_gen3c_stands_elsewhere_and_misses_what_it_looks_at(distance, place, off_deg):
    asked = gen3c.line("right", even(2), distance)
    found = gen3c.released(asked, "center_facing")

    assert found.world_from_camera[-1, :3, 3] == pytest.approx(place, abs=1e-4)
    assert np.abs(seen_at(found, gen3c.CENTER))[-1].max() == pytest.approx(off_deg, abs=1e-3)
    assert np.abs(seen_at(gen3c.asked(asked, "center_facing"), gen3c.CENTER)).max() < 1e-12


def test_gen3c_never_arrives():
    straight = next(move for move in gen3c.PEER.moves if move.asked == "`zoom_in`")

    assert straight.theirs.world_from_camera[-1, 2, 3] == pytest.approx(0.3 * 120 / 121, abs=1e-12)
    assert ours(straight).world_from_camera[-1, 2, 3] == pytest.approx(0.3, abs=1e-12)


@pytest.mark.parametrize(("name", "size"), [("dolly zoom-in", 3.4932), ("dolly zoom-out", 0.6621)])
def test_the_dolly_zoom_of_stable_virtual_camera_does_not_hold_the_subject(name, size):
    move = next(move for move in seva.PEER.moves if move.asked == f"`{name}`")

    assert subject_size(move.theirs)[-1] == pytest.approx(size, abs=1e-3)
    assert subject_size(ours(move)) == pytest.approx(1.0, abs=1e-9)
    assert ours(move).lens[-1] == pytest.approx(move.theirs.lens[-1], rel=5e-5)


def test_uni3c_slides_more_slowly_than_it_turns():
    """Of free2, the whole angle but 80/81 of the offset are there at the last frame."""
    move = next(move for move in uni3c.PEER.moves if move.asked == "`free2`")
    missing = move.theirs.world_from_camera[-1, :3, 3] - move.wanted.world_from_camera[-1, :3, 3]

    assert np.linalg.norm(missing) == pytest.approx(0.05 / 81, abs=1e-12)
    assert differences(move.theirs, move.wanted).turn_deg < 1e-5


@pytest.mark.parametrize(
    ("preset", "given", "numbers"),
    [("uni3c-free2", {}, uni3c.FREE2), ("uni3c-custom", uni3c.CUSTOM_GIVEN, uni3c.CUSTOM)],
)
def test_uni3cs_offsets_are_ours_where_the_source_looked_straight_ahead(preset, given, numbers):
    """There its vertical and the source's axes are the same."""
    (found,) = compiled(preset, given, frames=uni3c.FRAMES)

    assert differences(found, uni3c.free(**numbers, late=False, elevation=0.0)).within(ROUNDING)


@pytest.mark.parametrize("number", [1, 2])
def test_uni3c_does_not_swing_home(number):
    """A swing's keys begin and end at the source view. Ours has them, and its turning points, exactly."""
    move = next(move for move in uni3c.PEER.moves if move.asked == f"`swing{number}`")
    pan, tilt = head_deg(ours(move), uni3c.ELEVATION_DEG)
    pan_keys, tilt_keys = (uni3c.through(keys[number]) for keys in (uni3c.SWING_PHI, uni3c.SWING_THETA))
    ends, across, over = [0, 80], 40, [20, 60]

    assert np.linalg.norm(move.theirs.world_from_camera[-1, :3, :3] - np.eye(3)) > 0.002
    assert pan[[*ends, across]] == pytest.approx(pan_keys[[*ends, across]], abs=1e-9)
    assert tilt[[*ends, *over]] == pytest.approx(tilt_keys[[*ends, *over]], abs=1e-9)


def measured_in_units():
    """The presets that take a unit, with what makes one of them move by it."""
    library = Library(shipped("trajectories"))
    names = {move.preset for peer in PEERS for move in peer.moves}
    with_unit = sorted(name for name in names if "unit" in library.preset(name, 1).params)
    return [(name, {"phi": "0deg", "x": "2", "y": "-1"} if name.endswith("target") else {}) for name in with_unit]


@pytest.mark.parametrize(("name", "given"), measured_in_units())
def test_twice_the_unit_is_twice_as_far(name, given):
    """From the first frame to the last, whatever the head does."""
    once, twice = compiled(name, given | {"unit": "12%"}, given | {"unit": "24%"}, frames=5)
    far = twice.world_from_camera[:, :3, 3]

    assert np.linalg.norm(far, axis=1).max() > 0.01
    np.testing.assert_allclose(far, 2.0 * once.world_from_camera[:, :3, 3], rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", sorted({move.preset for peer in PEERS for move in peer.moves} | OURS_ALONE))
def test_a_peers_preset_compiles_to_the_ends_of_its_ranges(name):
    parameters = Library(shipped("trajectories")).preset(name, 1).params
    ends = [{word: str(end)} for word, each in parameters.items() for end in (each.min, each.max)]

    for found in compiled(name, *(ends or [{}]), frames=5):
        assert np.isfinite(found.world_from_camera).all()
        assert np.abs(np.linalg.det(found.world_from_camera[:, :3, :3]) - 1.0).max() < 1e-12
