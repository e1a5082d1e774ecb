"""Which frame of a source is on screen at a moment, and which just before it."""

from fractions import Fraction
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from ex4d.trajectory.source_frames import SourceFrames
from tests.trajectory.shots import at, law

STEPS = st.lists(st.sampled_from([Fraction(1, 30), Fraction(1, 10), Fraction(2, 5)]), min_size=1, max_size=12)
SOURCES = st.one_of(STEPS, st.sampled_from([Fraction(10), Fraction(30000, 1001)]))


def source_of(drawn):
    """Frames of one rate, or with the given steps between them; and when each begins and the last ends."""
    if isinstance(drawn, Fraction):
        return SourceFrames(drawn, 12 / drawn), [index / drawn for index in range(13)]
    times = [Fraction(0), *accumulate(drawn)]
    return SourceFrames(Fraction(30), times[-1], tuple(times[:-1])), times


@law
@given(SOURCES, st.integers(0, 12), st.fractions(0, 1, max_denominator=500))
def test_a_frame_is_on_screen_from_when_it_begins_until_the_next_does(drawn, index, share):
    """Moments on a frame's edge, and so near to it that they are a small part of the finest unit, are among them."""
    source, times = source_of(drawn)
    frame = index % (len(times) - 1)
    begins, ends = times[frame], times[frame + 1]
    moment = begins + share**4 * (ends - begins)
    if share < 1:
        ((shown, passed, whole),) = source.on_screen([moment.numerator], moment.denominator)
        assert (shown, Fraction(passed, whole)) == (frame, share**4)
    if share > 0:
        ((shown, left, whole),) = source.on_screen_before([moment.numerator], moment.denominator)
        assert (shown, Fraction(left, whole)) == (frame, 1 - share**4)


@law
@given(SOURCES)
def test_frames_are_counted_by_when_they_begin(drawn):
    source, times = source_of(drawn)

    assert source.count == len(times) - 1
    assert source.times_of(range(source.count)) == times[:-1]
    assert [source.seconds(at(index, "f")) for index in range(len(times))] == times
    assert source.seconds(at(len(times) + 5, "f")) > source.duration
    assert source.seconds(at(Fraction(7, 3), "s")) == Fraction(7, 3)
