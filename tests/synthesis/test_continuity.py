"""The two statistics of windows see what they are for, and windows keep them low."""

import numpy as np
import pytest

from ex4d.synthesis.continuity import drift, seam
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.windowed import complete
from ex4d.synthesis.windows import borders, plan_windows
from tests.synthesis.small_guides import brighter_by_window, faithful, noisy, static_frames, write_guide

FRAMES, SIZE = 120, (48, 32)
SETTINGS = DiffusionSettings(size=SIZE)
BORDERS = borders(plan_windows(FRAMES, SETTINGS.window, SETTINGS.overlap))
SHOWN = static_frames(FRAMES, SIZE)
COLOUR, VISIBLE = np.stack([f.colour for f in SHOWN]), np.stack([f.visible for f in SHOWN])
MOST_SEAM, MOST_DRIFT = 1.2, 1.0


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    return write_guide(tmp_path_factory.mktemp("still") / "guide", SHOWN)


def measured(guide, completer, *, matched: bool) -> tuple[float, float]:
    frames = np.stack(list(complete(guide, completer, SETTINGS, seed=1, erode=None, match_colours=matched)))
    return seam(frames, BORDERS), drift(frames, COLOUR, VISIBLE)


@pytest.mark.parametrize("matched", [True, False])
def test_a_faithful_model_leaves_a_still_guide_still(still, matched):
    assert measured(still, faithful, matched=matched) == (1.0, 0.0)


def test_two_levels_more_in_each_window_fail_both(still):
    seams, drifts = measured(still, brighter_by_window(2), matched=False)

    assert seams > MOST_SEAM
    assert drifts > MOST_DRIFT


def test_two_levels_more_in_each_window_pass_both_where_colours_are_matched(still):
    seams, drifts = measured(still, brighter_by_window(2), matched=True)

    assert seams <= MOST_SEAM
    assert drifts <= MOST_DRIFT


def test_a_noisy_model_passes_both(still):
    seams, drifts = measured(still, noisy(3.0), matched=True)

    assert seams <= MOST_SEAM
    assert drifts <= MOST_DRIFT


def test_seam_is_the_change_across_borders_over_that_inside():
    levels = np.cumsum([50, 2, 2, 6, 2, 2])
    frames = np.broadcast_to(levels[:, None, None, None], (6, 2, 3, 3)).astype(np.uint8)

    assert seam(frames, (3,)) == pytest.approx(6.01 / 2.01)


def test_seam_does_not_mind_which_way_levels_go():
    frames = np.array([200, 198, 100, 98], np.uint8)[:, None, None, None].repeat(3, axis=3)

    assert seam(frames, (2,)) == pytest.approx(98.01 / 2.01)


@pytest.mark.parametrize("frame_borders", [(), (1, 2, 3), (9,)])
def test_a_seam_needs_steps_of_both_kinds(frame_borders):
    with pytest.raises(ValueError, match="nothing to compare"):
        seam(np.zeros((4, 2, 2, 3), np.uint8), frame_borders)


def test_drift_is_the_slope_of_the_worst_channel_in_a_hundred_frames():
    guide = np.full((51, 4, 4, 3), 100, np.uint8)
    frames = guide.copy()
    frames[..., 2] -= np.arange(51, dtype=np.uint8)[:, None, None]
    frames[..., 0] += np.arange(0, 51, dtype=np.uint8)[:, None, None] // 2

    assert drift(frames, guide, np.ones((51, 4, 4), np.bool_)) == pytest.approx(100.0)


def test_drift_does_not_mind_a_constant_error_nor_what_is_not_visible():
    draws = np.random.default_rng(8)
    guide = draws.integers(50, 200, (20, 6, 6, 3), np.uint8)
    visible = draws.random((20, 6, 6)) < 0.5
    visible[4] = False
    frames = np.where(visible[..., None], guide + np.uint8(7), draws.integers(0, 256, guide.shape, np.uint8))

    assert drift(frames, guide, visible) == pytest.approx(0.0, abs=1e-9)


def test_a_drift_needs_two_frames_that_show_the_source():
    black, visible = np.zeros((3, 2, 2, 3), np.uint8), np.zeros((3, 2, 2), np.bool_)
    visible[1] = True

    with pytest.raises(ValueError, match="1 frames show the source"):
        drift(black, black, visible)
