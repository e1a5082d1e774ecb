"""What a file leaves open of time refuses nothing: parts, boomerangs, counted frames, rates that vary."""

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.artifacts.scene import Scene
from ex4d.errors import ShotFileError, TrajectoryError
from ex4d.trajectory.compiler import compile_shot
from tests.trajectory.assumed_shots import assumed, read
from tests.trajectory.shots import LENS


@pytest.mark.parametrize(
    ("stated", "shot"),
    [
        ({}, "time: [{play: 3s..}, {freeze: 1s}], camera: [{pan: 2deg, at: 0s..20s}]"),
        ({}, "time: [{play: 3s.., speed: 0.5}, {play: 9s..7s}], camera: [{pan: 2deg, at: 0s..3.5s}]"),
        ({}, "time: [{freeze: 1s, of: 900f}]"),
        ({}, "boomerang: true, camera: [{pan: 2deg, at: 12s..60%}]"),
        ({}, "boomerang: true, frames: 95, camera: [{pan: 2deg, at: 0.944s..61.7%}, {tilt: 2deg, at: 75.53%..2.057s}]"),
        ({}, "time: [{freeze: 1s, of: 4f}, {freeze: 0.5s, of: 3s}], camera: [{pan: 2deg, at: 84.38%..27f}]"),
        ({}, "clip: 1s..3s, boomerang: true, camera: [{pan: 2deg, at: 39.06%..1.52s}, {pan: 2deg, at: 2f..3.2%}]"),
        ({}, "frames: 3000"),
        ({}, "clip: 0s..0.01s, frames: 1"),
        ({"output": "fps: 24"}, "clip: 0s..0.04s, camera: [{pan: 2deg, at: 50%..0.01s}]"),
        ({}, "clip: 2s.., boomerang: true, frames: 4001"),
        ({"output": "fps: 24"}, "clip: 96f..48f, camera: [{pan: 2deg, at: 0s..3s}]"),
        ({"output": "fps: 24"}, "clip: 0f..48f, camera: [{pan: 2deg, at: 7s..100%}, {tilt: 2deg, at: 99%..7.1s}]"),
        (
            {},
            "clip: 0f..1000f, frames: 49, camera: [{pan: 2deg, at: 1s..17f}, {pan: 2deg, at: 16f..1s}]",
        ),
        ({"output": "fps: 24"}, "time: [{play: 0f..12f}, {play: 3s..}], camera: [{pan: 2deg, at: 0s..2s}]"),
    ],
)
def test_what_some_source_allows_is_no_fault(stated, shot):
    assert len(assumed(shot, **stated)) >= 1


@pytest.mark.parametrize(
    ("stated", "shot", "part"),
    [
        ({}, "time: [{play: 0s..1s}, {freeze: 1s}], camera: [hold, {pan: 2deg, at: 0s..3s}]", 1),
        ({}, "clip: 0f..48f, camera: [{pan: 2deg, at: 3s..1f}]", 0),
        ({"output": "fps: 24"}, "clip: 0s..1s, frames: 25", "frames"),
        ({"output": "fps: 24"}, "clip: 0s..1s, boomerang: true, frames: 48", "frames"),
        ({"source": ", fps: 24"}, "time: [{play: 0f..24f}], camera: [{pan: 2deg, at: 0s..1.1s}]", 0),
        ({"output": "fps: 24"}, "time: [{play: 0s..0.01s}]", "time"),
        ({"output": "fps: 24"}, "frames: 24, camera: [{pan: 2deg, at: 0s..2s}]", 0),
        ({"output": "fps: 24", "source": ", fps: 24"}, "time: [{play: 24f..1s}]", "time[0]"),
    ],
)
def test_what_no_source_allows_is_a_fault_that_knows_its_part(stated, shot, part):
    with pytest.raises(TrajectoryError, match="shot 'a'") as found:
        assumed(shot, **stated)
    assert found.value.part == part


PLACES = st.one_of(st.integers(0, 16).map(lambda n: f"{n / 4}s"), st.integers(0, 60).map(lambda n: f"{n}f"))
MOMENTS = st.one_of(
    st.integers(0, 20).map(lambda n: f"{n * 5}%"),
    st.integers(0, 30).map(lambda n: f"{n / 4}s"),
    st.integers(0, 200).map(lambda n: f"{n}f"),
)
SPEEDS = st.sampled_from(["1", "0.5", "2", "1..0.25", "0.3..3"])
PARTS = st.one_of(
    st.builds("{{play: {}..{}, speed: {}}}".format, PLACES, st.one_of(PLACES, st.just("")), SPEEDS),
    st.builds("{{freeze: {}s, of: {}}}".format, st.sampled_from([0.5, 1, 3]), PLACES),
)
CAMERAS = st.lists(st.builds("{{pan: 2deg, at: {}..{}}}".format, MOMENTS, MOMENTS), max_size=2)


@st.composite
def shots(draw):
    time, camera = ", ".join(draw(st.lists(PARTS, min_size=1, max_size=3))), ", ".join(draw(CAMERAS))
    counted = draw(st.one_of(st.just(""), st.integers(1, 100).map(lambda n: f", frames: {n}")))
    return f"time: [{time}], boomerang: {draw(st.sampled_from(['true', 'false']))}{counted}, camera: [{camera}]"


RATES = st.integers(6, 60)
STEPS = st.lists(st.sampled_from([Fraction(1, 30), Fraction(1, 20), Fraction(1, 5)]), min_size=60, max_size=80)


def scene_of(rate, steps):
    """A source of a constant rate, or one that varies."""
    rate = Fraction(rate)
    if isinstance(steps, int):
        return Scene(LENS, (0.0, 0.0, 1.0), rate, rate, steps / rate)
    times = (Fraction(0), *accumulate(steps))
    return Scene(LENS, (0.0, 0.0, 1.0), rate, rate, times[-1], source_times=times[:-1])


@settings(derandomize=True, deadline=None, max_examples=50)
@given(shots(), RATES, st.one_of(st.integers(1, 360), STEPS))
def test_a_list_that_a_source_allows_is_sound(shot, rate, steps):
    """Whatever the source is, if the shot compiles with it then it compiles with what is assumed."""
    try:
        path = compile_shot(read(shot).shots[0], scene_of(rate, steps))
    except (ShotFileError, TrajectoryError):
        return
    if len(path) == 1 and "frames: 1," not in shot:  # into which any window fits
        return
    assert len(assumed(shot)) >= 1


def test_what_is_assumed_is_said():
    retimed = assumed("time: [{play: 3s..}, {play: 48f..12f}]", output="fps: 25")
    stretched = assumed("clip: 0f..48f, camera: [{pan: 2deg, at: 0s..20s}]", output="fps: 24").scene.assumed
    stated = assumed("time: [{play: 0f..48f}, {freeze: 1s}]", source=", fps: 24").scene.assumed

    assert {"how long the source is", "25 source frames a second"} <= set(retimed.scene.assumed)
    assert any(words.endswith("source frames a second") and words != "24 source frames a second" for words in stretched)
    assert not any("a second" in words or "how long" in words for words in stated)
