"""What plays: every part against a slow twin that walks the source's frames, and the laws of time."""

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import accumulate, pairwise
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import Clip, Freeze, Play, Speed
from ex4d.trajectory.playback import Sounding, playback_of, sounding
from tests.trajectory.shots import LENS, at, shot

RATES = st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(8)])
STEPS = st.lists(st.sampled_from([Fraction(1, 30), Fraction(1, 24), Fraction(3, 90), Fraction(1, 7)]), min_size=1)
SPEEDS = st.fractions(Fraction(1, 2), 4, max_denominator=20)
LENGTH = Fraction(2)
law = settings(derandomize=True, deadline=None, max_examples=30)


def constant(source_rate=Fraction(30), rate=Fraction(24), duration=Fraction(8)):
    return Scene(LENS, (0.0, 0.0, 1.0), Fraction(rate), Fraction(source_rate), Fraction(duration))


def varying(times, duration, rate=Fraction(24)):
    return Scene(LENS, (0.0, 0.0, 1.0), Fraction(rate), Fraction(30), duration, source_times=tuple(times))


def run(start, end=None, speed=(1, 1), unit="s"):
    clip = Clip(start=at(start, unit), end=None if end is None else at(end, unit))
    return Play(play=clip, speed=Speed(start=Fraction(speed[0]), end=Fraction(speed[-1])))


def hold(seconds, of=None):
    return Freeze(freeze=Fraction(seconds), of=None if of is None else at(of, "s"))


def shown(scene, *parts, **fields):
    """The frames of the source that a shot shows, and what is cross-faded with each: a frame and its share."""
    moments, fades = playback_of(shot(time=parts, **fields), scene).shown()
    times = begins(scene)
    mixed = [None if fade is None else (bisect_right(times, fade.time) - 1, fade.weight) for fade in fades]
    return [bisect_right(times, moment) - 1 for moment in moments], mixed or [None] * len(moments)


def begins(scene):
    if scene.source_times is not None:
        return list(scene.source_times)
    return [Fraction(index) / scene.source_rate for index in range(floor(scene.source_duration * scene.source_rate))]


@st.composite
def sources(draw):
    """A constant rate, or times that vary; drawn as numbers, built in the test."""
    return draw(st.one_of(st.sampled_from([Fraction(30), Fraction(24), Fraction(15000, 1001)]), STEPS))


def scene_of(source, rate):
    if isinstance(source, Fraction):
        return constant(source, rate, floor(LENGTH * source) / source)
    steps = (source * 60)[:60]
    times = (Fraction(0), *accumulate(steps))
    count = bisect_left(times, LENGTH)
    return varying(times[:count], LENGTH, rate)


TIMES = st.fractions(0, Fraction(19, 10), max_denominator=60)
RUNS = st.tuples(st.just("run"), TIMES, TIMES, SPEEDS, SPEEDS).filter(lambda drawn: drawn[1] != drawn[2])
HOLDS = st.tuples(st.just("hold"), st.fractions(Fraction(1, 50), 1, max_denominator=50), st.none() | TIMES)
PARTS = st.lists(st.one_of(RUNS, HOLDS), min_size=1, max_size=4).filter(lambda drawn: drawn[0][-1] is not None)


def built(drawn):
    """Parts as drawn; a range that ends where the source does ends there."""
    return [run(part[1], part[2], part[3:]) if part[0] == "run" else hold(*part[1:]) for part in drawn]


def frames_of(parts, scene):
    length = sum((part.duration(scene.source_rate) for part in parts), Fraction(0))
    return floor(length * scene.frame_rate + Fraction(1, 2))


def twin(parts, scene, blend):
    """Show each frame by asking what a projector would have on screen: slow, and in exact seconds."""
    times, film, lasted = [*begins(scene), scene.source_duration], [], Fraction(0)
    count = frames_of(parts, scene)
    for part in parts:
        duration = part.duration(scene.source_rate)
        while len(film) < count and Fraction(len(film)) / scene.frame_rate < lasted + duration:
            passed = Fraction(len(film)) / scene.frame_rate - lasted
            film.append(_shown_at(part, passed, times, blend, film))
        lasted += duration
    return film


def _shown_at(part, passed, times, blend, film):
    if isinstance(part, Freeze):
        return (
            film[-1] if part.of is None else (max(k for k in range(len(times) - 1) if times[k] <= part.of.value), None)
        )
    start, end, speed = part.play.start.value, part.play.end.value, part.speed
    travelled = speed.start * passed + (speed.end - speed.start) * passed**2 / (2 * part.duration(None))
    low, high = min(start, end), max(start, end)
    on = [k for k in range(len(times) - 1) if times[k] < high and times[k + 1] > low]
    if end > start:
        frame = max(k for k in on if times[k] <= start + travelled)
        share, other = (start + travelled - times[frame]) / (times[frame + 1] - times[frame]), frame + 1
    else:
        frame = min(k for k in on if times[k + 1] >= start - travelled)
        share, other = (times[frame + 1] - start + travelled) / (times[frame + 1] - times[frame]), frame - 1
    return frame, (other, share) if blend and share and other in on else None


@settings(derandomize=True, deadline=None, max_examples=60)
@given(PARTS, sources(), RATES, st.booleans())
def test_every_part_shows_what_is_on_screen(drawn, source, rate, blend):
    """Forwards and backwards, at any speed, of sources whose rate varies, cross-faded or not."""
    parts, scene = built(drawn), scene_of(source, rate)
    expected = twin(parts, scene, blend)
    if not expected:
        return
    frames, fades = shown(scene, *parts, blend=blend)

    assert list(zip(frames, fades, strict=True)) == expected


@law
@given(st.integers(0, 100), st.integers(1, 100), RATES, st.booleans())
def test_a_range_written_backwards_shows_the_same_frames_backwards(start, length, rate, blend):
    scene = constant(rate, rate, 200 / rate)
    there = shown(scene, run(start, start + length, unit="f"), blend=blend)
    back = shown(scene, run(start + length, start, unit="f"), blend=blend)

    assert there[0] == list(range(start, start + length))
    assert back[0] == there[0][::-1]


@law
@given(st.integers(0, 100), st.integers(2, 60), st.sampled_from([2, 3, 4, 5]), st.booleans())
def test_a_slow_range_backwards_is_the_mirror_image(start, length, slow, blend):
    """Each frame stays as long either way, and fades to the one that comes next."""
    scene = constant(24, 24, 10)
    there, fading = shown(scene, run(start, start + length, (Fraction(1, slow),), unit="f"), blend=blend)
    back, fading_back = shown(scene, run(start + length, start, (Fraction(1, slow),), unit="f"), blend=blend)

    assert back == there[::-1]
    mirrored = {frame: 2 * start + length - 1 - frame for frame in range(start, start + length)}
    assert [mirrored[frame] for frame in back] == there
    assert [fade and (mirrored[fade[0]], fade[1]) for fade in fading_back] == fading
    assert any(fading) == blend


@law
@given(PARTS, sources(), RATES, st.booleans())
def test_a_boomerang_is_a_palindrome(drawn, source, rate, blend):
    parts, scene = built(drawn), scene_of(source, rate)
    if not frames_of(parts, scene):
        return
    once = playback_of(shot(time=parts, blend=blend), scene).shown()
    moments, fades = playback_of(shot(time=parts, blend=blend, boomerang=True), scene).shown()

    assert moments == (*once[0], *once[0][-2::-1])
    assert fades == ((*once[1], *once[1][-2::-1]) if once[1] else ())


@law
@given(PARTS, sources(), RATES, st.booleans(), st.booleans(), st.data())
def test_counted_frames_are_the_first_ones(drawn, source, rate, blend, boomerang, data):
    parts, scene = built(drawn), scene_of(source, rate)
    if not frames_of(parts, scene):
        return
    whole = shot(time=parts, blend=blend, boomerang=boomerang)
    moments, fades = playback_of(whole, scene).shown()
    count = data.draw(st.integers(1, len(moments)))
    cut = playback_of(whole.model_copy(update={"frames": count}), scene)

    assert cut.shown()[0] == moments[:count]
    assert cut.shown()[1] == (fades[:count] if any(fades[:count]) else ())
    assert cut.duration == count / rate
    with pytest.raises(TrajectoryError, match=f"{len(moments)} frames, and frames asks for {len(moments) + 1}"):
        playback_of(whole.model_copy(update={"frames": len(moments) + 1}), scene)


@law
@given(st.lists(st.integers(1, 200), min_size=1, max_size=5, unique=True), st.integers(0, 40), RATES)
def test_parts_that_follow_each_other_are_the_clip(cuts, start, rate):
    ends = [Fraction(start, 60), *sorted(Fraction(start + end, 60) for end in cuts)]
    scene, pieces = constant(30, rate), [run(*ends[k : k + 2]) for k in range(len(cuts))]
    if (ends[-1] - ends[0]) * rate < Fraction(1, 2):
        return
    together = playback_of(shot(time=pieces), scene)
    clip = playback_of(shot(clip=run(ends[0], ends[-1]).play), scene)

    assert together.shown() == clip.shown()
    assert together.shown()[0] == tuple(ends[0] + k / rate for k in range(clip.frames))
    assert sum((each.duration for each in together.sounding()), Fraction(0)) == clip.sounding()[0].duration


@law
@given(SPEEDS, SPEEDS, TIMES, TIMES)
def test_a_ramp_passes_its_range_once_and_evenly(first, last, start, end):
    """It starts and ends at its speeds, each frame changes the step by the same, and it ends where the range does."""
    if start >= end:
        return
    rate, part = Fraction(100), run(start, end, (first, last))
    duration = part.duration(None)
    assert duration == 2 * (end - start) / (first + last)
    if duration * rate < 3:
        return
    moments, _ = playback_of(shot(time=[part]), constant(1000, rate)).shown()
    steps = [later - earlier for earlier, later in pairwise(moments)]

    assert moments[0] == start
    assert end - moments[-1] <= 2 * max(first, last) / rate
    assert moments[-1] < end
    assert min(steps) > 0
    assert {later - earlier for earlier, later in pairwise(steps)} == {(last - first) / duration / rate**2}
    assert steps[0] == first / rate + (last - first) / duration / rate**2 / 2


@law
@given(st.fractions(Fraction(1, 10), 2, max_denominator=50), TIMES, sources())
def test_a_freeze_shows_one_frame(seconds, moment, source):
    """The one before it, mixed as it was; or the one on screen at its moment, alone."""
    scene = scene_of(source, Fraction(24))
    frames, fades = shown(scene, run(0, 1, (2,)), hold(seconds), hold(seconds, moment), run(1, 0), blend=True)
    film = list(zip(frames, fades, strict=True))
    first, second = (
        [shot for k, shot in enumerate(film) if start <= Fraction(k, 24) < start + seconds]
        for start in (Fraction(1, 2), Fraction(1, 2) + seconds)
    )

    assert set(first) == {film[11]}
    assert set(second) == {(bisect_right(begins(scene), moment) - 1, None)}


def test_frames_of_a_varying_rate_are_counted_by_when_they_begin():
    times = [Fraction(value, 10) for value in (0, 1, 3, 4, 9, 10, 12)]
    scene = varying(times, Fraction(14, 10), 10)

    assert shown(scene, run(1, 5, unit="f"))[0] == [1, 1, 2, 3, 3, 3, 3, 3, 4]
    assert shown(scene, run(5, 1, unit="f"))[0] == [4, 3, 3, 3, 3, 3, 2, 1, 1]
    assert shown(scene, run(5, 7, unit="f"))[0] == [5, 5, 6, 6]
    fades = shown(scene, run(6, 2, unit="f"), blend=True)[1]
    assert fades[:5] == [None, (4, Fraction(1, 2)), None, None, (2, Fraction(1, 5))]
    with pytest.raises(TrajectoryError, match=r"part 5f\.\.8f leaves the source; the source is 1.4s long \(7 frames\)"):
        shown(scene, run(5, 8, unit="f"))


@pytest.mark.parametrize(
    ("parts", "place", "says"),
    [
        ([run(7, 9)], "time[0]", "its part 7s..9s leaves the source; the source is 8s long (240 frames)"),
        ([run(0, 1), run(9, 7)], "time[1]", "its part 9s..7s leaves the source; the source is 8s long (240 frames)"),
        ([run(8, None)], "time[0]", "its part 8s.. leaves the source"),
        ([hold(1, 8)], "time[0]", "it freezes the frame of 8s, and there is none; the source is 8s long (240 frames)"),
        ([run(1, 1)], "time[0]", "its part 1s..1s begins where it ends and is empty"),
        (
            [run(0, Fraction(1, 60))],
            "time",
            "0.0166667s at 24 frames a second is less than one frame; lengthen its parts",
        ),
        ([run(0, 1), hold(5000)], "time", "5001s at 24 frames a second is 120024 frames, and a shot may have 100000"),
    ],
)
def test_what_cannot_play_is_refused_with_numbers_where_it_stands(parts, place, says):
    with pytest.raises(TrajectoryError) as found:
        playback_of(shot(time=parts), constant())
    assert f"shot 'test': {says}" in str(found.value)
    assert found.value.part == place


def test_a_boomerang_may_be_too_long_where_its_parts_are_not():
    with pytest.raises(TrajectoryError, match="2500s at 24 frames a second, there and back, is 119999 frames"):
        playback_of(shot(time=[run(0, 1), hold(2499)], boomerang=True), constant())


def test_all_parts_at_fault_are_told_at_once():
    with pytest.raises(TrajectoryError, match=r"7s\.\.9s") as found:
        playback_of(shot(time=[run(7, 9), run(0, 1), hold(1, 11)]), constant())
    assert [fault.part for fault in found.value.others] == ["time[2]"]


def test_only_what_plays_as_it_was_filmed_sounds():
    parts = [run(1, 2), run(3, 4, (2,)), hold(1), run(5, 4), run(6, 8), run(1, 2, (1, 3))]
    ends = Fraction(7, 2)
    heard = (
        Sounding(Fraction(0), Fraction(1), Fraction(1)),
        Sounding(ends, Fraction(6), Fraction(2)),
    )

    assert sounding(shot(time=parts), constant()) == heard
    assert sounding(shot(time=parts, frames=96), constant())[1] == Sounding(ends, Fraction(6), Fraction(1, 2))
    assert sounding(shot(time=parts, frames=84), constant()) == heard[:1]
    assert sounding(shot(time=parts, boomerang=True), constant()) == heard
    assert sounding(shot(), constant()) == (Sounding(Fraction(0), Fraction(0), Fraction(8)),)
