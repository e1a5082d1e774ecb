"""What nothing connects to the frames before it, and what is no scene at all, costs itself alone."""

from __future__ import annotations

import numpy as np
import pytest

from ex4d.reconstruction.steady.camera_motion import Motion, Sights
from ex4d.reconstruction.steady.frame_view import FrameView
from ex4d.reconstruction.steady.known_points import KnownPoints
from ex4d.reconstruction.steady.steadying import Steadying
from tests.reconstruction.steady.moving_camera import Filmed, filmed, walk


@pytest.fixture(scope="module")
def clip() -> Filmed:
    return filmed(walk(24))


def disturbed(disparity: np.ndarray, seed: int = 4) -> list[np.ndarray]:
    """Give each frame but the first a scale within 0.5 to 2."""
    random = np.random.default_rng(seed)
    scales = [1.0, *2 ** random.uniform(-1, 1, len(disparity) - 1)]
    return [(scale * each).astype(np.float32) for scale, each in zip(scales, disparity, strict=True)]


def steadied(steadying: Steadying, disparity: list[np.ndarray], colour: np.ndarray) -> np.ndarray:
    return np.stack([steadying.steadied(each, seen) for each, seen in zip(disparity, colour, strict=True)])


@pytest.mark.parametrize("metric", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_frames_whose_depth_is_nonsense_cost_themselves_alone(clip: Filmed, metric: bool, count: int) -> None:
    given = disturbed(clip.disparity)
    random = np.random.default_rng(1)
    for index in range(8, 8 + count):
        given[index] = random.uniform(0.1, 1, given[index].shape).astype(np.float32)
    steadying = Steadying(metric=metric)
    made = steadied(steadying, given, clip.colour)
    others = np.r_[:8, 8 + count : 24]
    assert [each.rule for each in steadying.alignments].count("usual") == steadying.unfollowed == count
    assert np.median(np.abs(made / clip.disparity - 1)[others]) < 0.05


@pytest.mark.parametrize("metric", [False, True])
def test_jumps_do_not_multiply_what_earlier_ones_did(clip: Filmed, metric: bool) -> None:
    """A camera goes forward, and is back at the beginning at once, five times over."""
    again = np.tile(np.arange(0, 24, 2), 5)
    steadying = Steadying(metric=metric)
    steadied(steadying, list(clip.disparity[again]), clip.colour[again])
    scales = np.array([each.scale for each in steadying.alignments])
    assert 1 / 5 < scales.min() < scales.max() < 5


@pytest.mark.parametrize("metric", [False, True])
def test_most_of_a_picture_may_be_sky(clip: Filmed, metric: bool) -> None:
    """Whose disparity is 0, and which has no corners."""
    disparity, colour = clip.disparity.copy(), clip.colour.copy()
    disparity[:, :70], colour[:, :70] = 0, 200
    steadying = Steadying(metric=metric)
    made = steadied(steadying, disturbed(disparity), colour)
    assert steadying.unfollowed == 0
    assert np.median(np.abs(made[:, 70:] / disparity[:, 70:] - 1)) < 0.03


def test_metres_are_those_of_the_ground_under_any_sky(clip: Filmed) -> None:
    """Three quarters of each picture tell no scale, and only a few corners are left to be followed."""
    disparity, colour = clip.disparity.copy(), clip.colour.copy()
    disparity[:, :90], colour[:, :90] = 0, 200
    steadying = Steadying(metric=True)
    steadied(steadying, list(disparity), colour)
    assert all(0.5 < each.scale < 2 for each in steadying.alignments)


@pytest.mark.parametrize("metric", [False, True])
def test_a_clip_that_begins_in_the_dark_is_followed_afterwards(clip: Filmed, metric: bool) -> None:
    disparity, colour = clip.disparity.copy(), clip.colour.copy()
    disparity[0], colour[0] = 0, 0
    steadying = Steadying(metric=metric)
    steadied(steadying, list(disparity), colour)
    assert [each.rule for each in steadying.alignments[6:]] == ["moving"] * 18


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_left_to_be_refused(clip: Filmed, number: float) -> None:
    steadying = Steadying()
    steadying.steadied(clip.disparity[0], clip.colour[0])
    spoiled = np.full_like(clip.disparity[1], number)
    np.testing.assert_array_equal(steadying.steadied(spoiled, clip.colour[1]), spoiled)


def test_points_that_came_behind_the_camera_stay_numbers(clip: Filmed) -> None:
    view = FrameView.of(clip.colour[0], clip.disparity[0], None)
    known = KnownPoints.of(view, 1.0, 0.0)
    motion = Motion(np.eye(3), np.array([0.0, 0.0, 10.0]), 0.0)
    visible = known.visible(view, Motion.none(0.0))
    _, front = motion.before(Sights(view.rays(visible.places), visible.disparity))
    assert not front.any()
    for agree in (False, False, True):
        all_or_none = np.full(len(visible.which), agree)
        known = known.voted(view, motion, visible, visible.disparity, all_or_none)
    assert (known.votes >= 0).all()
