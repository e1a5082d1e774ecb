"""What is known of a scene is moved with the camera, believed anew where it changed, and kept out of what moves."""

from __future__ import annotations

import numpy as np

from ex4d.reconstruction.steady.camera_motion import Motion
from ex4d.reconstruction.steady.frame_view import FrameView
from ex4d.reconstruction.steady.known_points import ZONES, KnownPoints, standing_zones
from tests.reconstruction.steady.moving_camera import filmed, walk

POSES = walk(9)
CLIP = filmed(POSES)


def view(index: int) -> FrameView:
    return FrameView.of(CLIP.colour[index], CLIP.disparity[index], None)


def motion(first: int, second: int) -> Motion:
    moved = np.linalg.inv(POSES[second]) @ POSES[first]
    return Motion(moved[:3, :3], moved[:3, 3], 0.0)


def test_points_are_where_the_camera_s_motion_puts_them_with_the_disparity_they_have_there() -> None:
    visible = KnownPoints.of(view(0), 1.0, 0.0).visible(view(8), motion(0, 8))
    off = np.abs(visible.disparity / view(8).raw(visible.places) - 1)
    still = np.abs(visible.disparity / CLIP.disparity[0].ravel()[visible.which] - 1)

    assert np.percentile(off, 95) < 0.02
    assert np.median(still) > 0.05


def test_scale_and_shift_are_taken_in() -> None:
    known = KnownPoints.of(view(0), 2.0, 3.0)
    np.testing.assert_allclose(known.sights.disparity, 2 * CLIP.disparity[0].ravel() + 3, rtol=1e-6)


def test_after_rebasing_the_same_is_known_from_elsewhere() -> None:
    known, step = KnownPoints.of(view(0), 1.0, 0.0), motion(0, 8)
    fresh = KnownPoints.of(view(8), 1.0, 0.0)
    seen = known.visible(view(8), step)
    rebased = known.rebased(view(8), seen, fresh, np.ones(len(fresh.votes), bool))
    off = np.abs(rebased.sights.disparity / view(8).raw(view(8).places(rebased.sights.rays)) - 1)

    assert np.percentile(off, 95) < 0.02
    assert rebased.suffice(view(8), rebased.visible(view(8), Motion.none(0.0)))
    assert len(rebased.votes) <= len(fresh.votes)


def test_a_view_of_the_half_is_not_enough() -> None:
    known = KnownPoints.of(view(0), 1.0, 0.0)
    turn = Motion(np.array([[0.9, 0, 0.436], [0, 1, 0], [-0.436, 0, 0.9]]), np.zeros(3), 0.0)
    assert known.suffice(view(0), known.visible(view(0), Motion.none(0.0)))
    assert not known.suffice(view(0), known.visible(view(0), turn))


def test_who_stood_there_is_forgotten_after_a_while_and_a_passer_by_is_not_believed() -> None:
    known, none = KnownPoints.of(view(0), 1.0, 0.0), Motion.none(0.0)
    visible = known.visible(view(0), none)
    other, nobody = visible.disparity + 1, np.zeros(len(visible.which), bool)
    for _ in range(5):
        known = known.voted(view(0), none, visible, visible.disparity, ~nobody)
    once = known.voted(view(0), none, visible, other, nobody)
    np.testing.assert_array_equal(once.sights.disparity, known.sights.disparity)
    for _ in range(8):
        known = known.voted(view(0), none, visible, other, nobody)
    np.testing.assert_allclose(known.sights.disparity, other)


def test_points_that_frames_agree_on_are_averaged() -> None:
    known, none = KnownPoints.of(view(0), 1.0, 0.0), Motion.none(0.0)
    visible = known.visible(view(0), none)
    agree = np.ones(len(visible.which), bool)
    twice = known.voted(view(0), none, visible, visible.disparity + 0.3, agree)
    np.testing.assert_allclose(twice.sights.disparity, visible.disparity + 0.15)


def test_zones_in_which_more_corners_stray_than_move_along_do_not_stand() -> None:
    lens = view(0).lens
    x, y = np.meshgrid(np.arange(2, lens.width, 5.0), np.arange(2, lens.height, 5.0))
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    right = places[:, 0] > lens.width / 2
    zones = standing_zones(view(0), places[~right], places[right]).reshape(ZONES)

    assert zones[:, :7].all() and not zones[:, 9:].any()
