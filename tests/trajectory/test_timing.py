"""A shot's own time: how many frames, what each shows, where windows lie."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import WHOLE_SHOT, Clip, Pan, Window
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.timing import Clock, Span, clock_of, frame_count, span_of
from tests.trajectory.shots import LENS, at, law, rotations, shot, window

RATES = st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(15), Fraction(25), Fraction(48)])
SECONDS = st.fractions(0, 20, max_denominator=1000)


def scene_of(duration, rate=Fraction(24), source_rate=Fraction(30)):
    return Scene(LENS, (0.0, 0.0, 1.0), Fraction(rate), Fraction(source_rate), Fraction(duration))


def clip(start, end, unit="s"):
    return Clip(start=at(start, unit), end=None if end is None else at(end, unit))


def clock(frames=101, rate=Fraction(20)):
    return Clock("test", frames, rate, Fraction(0), Fraction(frames) / rate)


@law
@given(SECONDS, SECONDS, RATES)
def test_a_clip_has_the_nearest_number_of_frames_and_exact_times(start, length, rate):
    count = math.floor(length * rate + Fraction(1, 2))
    shown = shot(clip=clip(start, start + length))
    place = scene_of(start + length + 1, rate)
    if length == 0 or count == 0:
        with pytest.raises(TrajectoryError):
            frame_count(shown, place)
        return
    path = compile_shot(shown, place)

    assert frame_count(shown, place) == len(path) == count
    assert path.source_time == tuple(start + Fraction(i) / rate for i in range(count))
    assert path.source_time[-1] < start + length


def test_clips_count_source_frames_in_f():
    assert clock_of(shot(clip=clip(48, 96, "f")), scene_of(10)).start == Fraction(48, 30)
    assert frame_count(shot(clip=clip(48, 96, "f")), scene_of(10)) == round(48 / 30 * 24)


def test_without_a_clip_the_whole_source_plays_and_an_open_one_runs_to_its_end():
    assert frame_count(shot(), scene_of(3)) == 72
    assert frame_count(shot(clip=clip(2, None)), scene_of(3)) == 24


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [(1, 1, "empty"), (2, 4, "3s long"), (3, None, "3s long"), (5, 6, "3s long")],
)
def test_what_cannot_play_is_refused_with_the_sources_length(start, end, says):
    with pytest.raises(TrajectoryError, match=f"shot 'test'.*{says}"):
        frame_count(shot(clip=clip(start, end)), scene_of(3))


def test_a_clip_shorter_than_half_a_frame_is_refused():
    with pytest.raises(TrajectoryError, match="less than one frame"):
        frame_count(shot(clip=clip(0, Fraction(1, 60))), scene_of(3))


def test_a_shot_has_at_most_100_000_frames():
    assert frame_count(shot(), scene_of(Fraction(100_000, 24))) == 100_000
    with pytest.raises(TrajectoryError, match="100000"):
        frame_count(shot(), scene_of(Fraction(100_001, 24)))


def test_windows_are_shares_seconds_or_frames():
    assert span_of(window(40, 60), clock()) == Span(Fraction(40), Fraction(60))
    assert span_of(window(1, 2, "s"), clock()) == Span(Fraction(20), Fraction(40))
    assert span_of(window(12, 24, "f"), clock()) == Span(Fraction(12), Fraction(24))


def test_from_the_first_second_to_the_last_is_the_whole_shot():
    """What lies after the last frame, as the shot's end does, is the last frame."""
    whole = Span(Fraction(0), Fraction(100))

    assert span_of(WHOLE_SHOT, clock()) == whole
    assert span_of(Window(start=at(0, "s"), end=at(Fraction(101, 20), "s")), clock()) == whole
    assert span_of(window(0, 101, "f"), clock()) == whole


@law
@given(st.integers(0, 99), st.integers(1, 100), st.integers(0, 99), st.integers(1, 100))
def test_windows_within_windows_are_shares_of_them(outer_start, outer_length, start, length):
    outer = window(outer_start, min(100, outer_start + outer_length))
    inner = span_of(window(start, min(100, start + length), within=outer), clock())
    around = span_of(outer, clock())
    width = around.end - around.start

    assert inner.start == around.start + width * start / 100
    assert around.start <= inner.start <= inner.end <= around.end
    assert span_of(window(0, 100, within=outer), clock()) == around


@pytest.mark.parametrize(
    "wrong", [window(6, 7, "s"), window(102, 103, "f"), Window(start=at(50), end=at(1, "s")), window(60, 40)]
)
def test_windows_outside_the_shot_or_backwards_are_refused(wrong):
    with pytest.raises(TrajectoryError, match="shot 'test'"):
        span_of(wrong, clock())


@law
@given(st.fractions(0, 100, max_denominator=7), st.fractions(0, 100, max_denominator=7))
def test_progress_is_0_before_1_after_and_rises_between(first, second):
    start, end = sorted([first, second])
    frames = np.arange(101.0)
    progress = Span(start, end).progress(frames)

    assert np.all(progress[frames < float(start)] == 0.0)
    assert np.all(progress[frames >= float(end)] == 1.0)
    assert np.all(np.diff(progress) >= 0.0)
    if start < end:
        assert progress[math.floor(start)] == 0.0


def test_the_first_frame_is_at_0_and_the_last_exactly_at_1():
    """For every length, as 1 - 1/3 - 2/3 is not 0."""
    for last in range(1, 500):
        progress = Span(Fraction(0), Fraction(last)).progress(np.arange(last + 1.0))
        assert progress[0] == 0.0
        assert progress[-1] == 1.0


def test_a_shot_of_one_frame_shows_where_its_moves_begin():
    path = compile_shot(shot(Pan(angle=1.0)), scene_of(Fraction(1, 24)))

    assert np.array_equal(rotations(path), np.eye(3)[None])
