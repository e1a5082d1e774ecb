"""Windows cover a shot, share what was asked, and are as few and as short as that allows."""

from itertools import pairwise

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.windows import Window, borders, plan_windows

seeded = hypothesis_settings(derandomize=True, deadline=None, max_examples=300)


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, int, int]:
    """Draw a shot's frames, the longest window and what windows are to share."""
    length = 4 * draw(st.integers(1, 20)) + 1
    return draw(st.integers(1, 700)), length, draw(st.integers(1, length - 1))


@seeded
@given(plans())
def test_windows_begin_and_end_with_the_shot_and_leave_no_frame_out(plan):
    windows = plan_windows(*plan)

    assert windows[0].start == 0
    assert windows[-1].stop == plan[0]
    assert {frame for w in windows for frame in range(w.start, w.stop)} == set(range(plan[0]))


@seeded
@given(plans())
def test_neighbours_share_what_was_asked_and_each_goes_further_than_the_one_before(plan):
    windows = plan_windows(*plan)

    for before, after in pairwise(windows):
        assert before.stop - after.start >= plan[2]
        assert before.start < after.start
        assert before.stop < after.stop


@seeded
@given(plans())
def test_windows_of_a_long_shot_have_one_length_that_needs_no_padding(plan):
    frame_count, length, _ = plan
    windows = plan_windows(*plan)

    if frame_count <= length:
        assert windows == (Window(0, frame_count),)
    else:
        assert len({w.frame_count for w in windows}) == 1
        assert windows[0].frame_count % 4 == 1
        assert windows[0].frame_count <= length
        assert windows[0].padding == 0


@seeded
@given(plans())
def test_neither_fewer_nor_shorter_windows_would_do(plan):
    frame_count, length, overlap = plan
    windows = plan_windows(*plan)
    count, used = len(windows), windows[0].frame_count

    if count > 1:
        assert (count - 1) * length - (count - 2) * overlap < frame_count
        assert count * (used - 4) - (count - 1) * overlap < frame_count


@seeded
@given(plans())
def test_windows_are_spread_evenly(plan):
    starts = [window.start for window in plan_windows(*plan)]

    steps = {after - before for before, after in pairwise(starts)}
    assert not steps or max(steps) - min(steps) <= 1


@seeded
@given(st.integers(1, 500))
def test_padding_is_the_least_that_makes_4k_and_1(frame_count):
    padding = Window(7, 7 + frame_count).padding

    assert 0 <= padding < 4
    assert (frame_count + padding) % 4 == 1


def test_the_defaults_cut_a_hundred_frames_into_three_windows():
    defaults = DiffusionSettings()

    windows = plan_windows(100, defaults.window, defaults.overlap)

    assert windows == (Window(0, 41), Window(29, 70), Window(59, 100))


def test_borders_are_the_cross_faded_frames_and_the_one_after_them():
    assert borders((Window(0, 5),)) == ()
    assert borders((Window(0, 5), Window(3, 8), Window(6, 11))) == (3, 4, 5, 6, 7, 8)
