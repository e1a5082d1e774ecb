"""A guide goes through windows and comes back: exactly where the model is exact, whole where it is not."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ex4d.synthesis.mask_erosion import erode, kernels
from ex4d.synthesis.resizing import from_working_size, to_working_size
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.windowed import complete
from ex4d.synthesis.windows import Completer, plan_windows
from tests.synthesis.guides_in_windows import SIZE, SMALL, STILL, Recorder, noise_frames
from tests.synthesis.small_guides import faithful, identity, static_frames, write_guide


def by_window(levels: int) -> Completer:
    """Return a completer of flat frames, each window ``levels`` brighter than the one before."""
    return lambda colour, visible, window: np.full_like(colour, levels * window)


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, int]:
    """Draw the longest window and what windows are to share."""
    window = 4 * draw(st.integers(1, 4)) + 1
    return window, draw(st.integers(1, window - 1))


@hypothesis_settings(derandomize=True, deadline=None, max_examples=25)
@given(st.integers(1, 40), cuts(), st.none() | st.integers(0, 3), st.integers(0, 99))
def test_with_an_identity_completer_the_guide_comes_back_bit_for_bit(count, cut, kernel, seed):
    settings = DiffusionSettings(size=SIZE, window=cut[0], overlap=cut[1])
    shown = noise_frames(count, seed)
    with TemporaryDirectory() as folder:
        guide = write_guide(Path(folder) / "guide", shown)
        frames = list(complete(guide, identity, settings, seed=seed, erode=kernel))

    assert len(frames) == count
    for frame, source, side in zip(frames, shown, kernels(count, seed, kernel), strict=True):
        np.testing.assert_array_equal(frame, source.colour * erode(source.visible, side)[..., None])


@pytest.mark.parametrize("count", [1, 2, 4, 8, 9, 10, 23])
def test_every_window_is_whole_opens_with_a_whole_frame_and_is_black_in_its_holes(guide_of, count):
    guide, recorder = guide_of(noise_frames(count, 4)), Recorder(identity)

    frames = list(complete(guide, recorder, SMALL, seed=0, erode=None))

    assert len(frames) == count
    assert [window for *_, window in recorder.given] == list(range(len(plan_windows(count, 9, 3))))
    for colour, visible, _ in recorder.given:
        assert len(colour) % 4 == 1
        assert colour.shape[1:3] == visible.shape[1:] == (16, 32)
        assert visible[0].all()
        assert not colour[~visible].any()


def test_a_short_shot_is_padded_with_its_last_frame(guide_of):
    guide, recorder = guide_of(noise_frames(6, 4)), Recorder(identity)

    list(complete(guide, recorder, SMALL, seed=0, erode=None))

    colour, visible, _ = recorder.given[0]
    assert len(colour) == 9
    assert (colour[6:] == colour[5]).all()
    assert (visible[6:] == visible[5]).all()


def test_windows_after_the_first_open_with_the_finished_frames_fully_visible(guide_of):
    guide, recorder = guide_of(static_frames(20, (48, 32))), Recorder(faithful)

    list(complete(guide, recorder, STILL, seed=0, erode=None))

    windows = plan_windows(20, 9, 3)
    assert len(windows) == 3
    for k in (1, 2):
        shared = windows[k - 1].stop - windows[k].start
        colour, visible, _ = recorder.given[k]
        assert visible[:shared].all()
        assert not visible[shared].all()
        np.testing.assert_array_equal(colour[:shared], recorder.returned[k - 1][-shared:])


@pytest.mark.parametrize(("count", "overlap"), [(14, 3), (20, 3), (15, 6), (18, 8)])
def test_shared_frames_go_over_from_the_old_window_to_the_new_step_by_step(guide_of, count, overlap):
    """Also where three or more windows share a frame: what has been finished of it goes over to the next."""
    guide = guide_of(static_frames(count, (48, 32)))
    cut = DiffusionSettings(size=(48, 32), window=9, overlap=overlap)
    expected, stop = np.zeros(count), 0
    for index, window in enumerate(plan_windows(count, 9, overlap)):
        for frame in range(window.start, window.stop):
            share = min(1, (frame - window.start + 1) / (stop - window.start + 1))
            expected[frame] = np.rint(expected[frame] + share * (20 * index - expected[frame]))
        stop = window.stop

    made = complete(guide, by_window(20), cut, seed=0, erode=0, match_colours=False)

    for frame, level in zip(made, expected, strict=True):
        assert (frame == level).all()


def test_frames_come_back_at_the_guide_s_size(guide_of):
    shown = noise_frames(11, 6, size=(50, 22))
    for frame in shown:
        frame.visible[:] = True

    frames = list(complete(guide_of(shown), identity, SMALL, seed=0, erode=None))

    expected = [from_working_size(to_working_size(frame.colour, SIZE), (50, 22)) for frame in shown]
    np.testing.assert_array_equal(frames, expected)


def test_frames_are_handed_over_before_the_next_window_begins(guide_of):
    recorder = Recorder(identity)
    made = complete(guide_of(noise_frames(20, 1)), recorder, SMALL, seed=0, erode=None)
    first_stop = plan_windows(20, 9, 3)[1].start

    for _ in range(first_stop):
        next(made)

    assert len(recorder.given) == 1


def test_erosion_is_that_of_the_frame_in_the_shot_and_of_the_seed(guide_of):
    shown, recorder = noise_frames(20, 2), Recorder(identity)

    list(complete(guide_of(shown), recorder, SMALL, seed=11, erode=None))

    windows = plan_windows(20, 9, 3)
    sides = kernels(20, 11, None)
    for window, (_, visible, index) in zip(windows, recorder.given, strict=True):
        opening = 1 if index == 0 else windows[index - 1].stop - window.start
        for k in range(opening, window.frame_count):
            frame = window.start + k
            np.testing.assert_array_equal(visible[k], erode(shown[frame].visible, sides[frame]))
