"""Colours come back to the source's where it is seen, and are continued where it is not."""

import numpy as np

from ex4d.artifacts.guide_video import GuideFrame
from ex4d.synthesis.windowed import complete
from tests.synthesis.guides_in_windows import SMALL, STILL, Recorder, noise_frames
from tests.synthesis.small_guides import brighter_by_window, faithful, identity, static_frames


def test_what_a_later_window_is_shown_has_the_colours_of_the_source(guide_of):
    """A chain begins from matched frames: an error of the first window is gone in what the second opens with."""
    shown = static_frames(15, (48, 32))
    guide, recorder = guide_of(shown), Recorder(lambda colour, visible, window: faithful(colour, visible, window) + 5)

    list(complete(guide, recorder, STILL, seed=0, erode=None))

    np.testing.assert_array_equal(recorder.given[1][0][0], shown[0].colour)


def test_colours_that_a_model_changes_come_back_to_the_source(guide_of):
    shown = static_frames(30, (48, 32))
    guide = guide_of(shown)

    matched = list(complete(guide, brighter_by_window(4), STILL, seed=0, erode=None))
    unmatched = list(complete(guide, brighter_by_window(4), STILL, seed=0, erode=None, match_colours=False))

    np.testing.assert_array_equal(matched, [shown[0].colour] * 30)
    assert (unmatched[-1] > shown[0].colour).all()


def test_a_window_that_sees_nothing_of_the_source_keeps_to_the_frames_it_opens_with(guide_of):
    shown = static_frames(5, (48, 32))
    nothing = GuideFrame(np.zeros_like(shown[0].colour), np.zeros_like(shown[0].visible))
    guide = guide_of([*shown, *[nothing] * 20])

    matched = list(complete(guide, brighter_by_window(4), STILL, seed=0, erode=None))

    np.testing.assert_array_equal(matched, [shown[0].colour] * 25)


def test_an_error_of_one_window_is_not_taken_for_the_truth_by_the_next(guide_of):
    """Where the source is seen it is what colours are matched to, not what the window before made of it."""
    shown, recorder = static_frames(14, (48, 32)), Recorder(faithful)
    nothing = GuideFrame(np.zeros_like(shown[0].colour), np.zeros_like(shown[0].visible))

    def wrong_at_the_end(colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
        drawn = faithful(colour, visible, window).copy()
        if window == 0:
            drawn[5:] += 9
        return drawn

    recorder.completer = wrong_at_the_end
    guide = guide_of([*shown[:9], *[nothing] * 5])

    frames = list(complete(guide, recorder, STILL, seed=0, erode=0))

    assert (recorder.given[1][0][0].astype(int) - shown[0].colour).mean() > 2
    error = (frames[-1].astype(int) - shown[0].colour)[shown[1].visible]
    assert np.abs(error).max() <= 1


def test_holes_of_the_first_frame_are_continued_from_around(guide_of):
    shown, recorder = noise_frames(5, 9, first_is_whole=False), Recorder(identity)

    list(complete(guide_of(shown), recorder, SMALL, seed=0, erode=0))

    colour, visible, _ = recorder.given[0]
    assert visible[0].all()
    np.testing.assert_array_equal(colour[0][shown[0].visible], shown[0].colour[shown[0].visible])
    assert colour[0][~shown[0].visible].any(axis=-1).all()


def test_holes_of_the_first_frame_show_the_background_where_there_is_one(guide_of):
    shown = noise_frames(5, 9, first_is_whole=False)
    behind = np.full_like(shown[0].colour, 77)
    recorder = Recorder(identity)

    list(complete(guide_of([GuideFrame(f.colour, f.visible, behind) for f in shown]), recorder, SMALL, seed=0, erode=0))

    assert (recorder.given[0][0][0][~shown[0].visible] == 77).all()


def test_a_guide_that_shows_nothing_at_all_comes_back_black(guide_of):
    nothing = GuideFrame(np.zeros((16, 32, 3), np.uint8), np.zeros((16, 32), np.bool_))

    frames = list(complete(guide_of([nothing] * 12), identity, SMALL, seed=0, erode=None))

    assert len(frames) == 12
    assert not np.any(frames)
