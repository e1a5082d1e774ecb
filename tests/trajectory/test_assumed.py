"""What a file leaves open refuses nothing: the test of a sound list is that some source exists for it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.artifacts.scene import Scene
from ex4d.errors import ShotFileError, TrajectoryError
from ex4d.trajectory.assumed_timings import RATES
from ex4d.trajectory.compiler import compile_shot
from tests.trajectory.assumed_shots import assumed, read
from tests.trajectory.shots import LENS, law

WORST = "{pan: 2deg, at: 0s..2s}"


@pytest.mark.parametrize(
    ("stated", "shot"),
    [
        ({}, "clip: 3s.., camera: [{pan: 2deg, at: 0s..1.5s}]"),
        ({}, "camera: [{pan: 2deg, at: 0s..12s}]"),
        ({}, "camera: [{pan: 2deg, at: 50%..1s}, {tilt: 2deg, at: 0.5s..40%}]"),
        ({}, "clip: 0s..1s, camera: [{pan: 2deg, at: 0f..48f}]"),
        ({}, "clip: 0s..5000s"),
        ({}, "clip: 0s..0.01s"),
        ({}, "camera: [{spline: {keys: [{at: 11s}, {at: 400f, position: [10%, 0%, 0%]}]}}]"),
        ({"output": "fps: 24"}, "clip: 0f..48f, camera: [{pan: 2deg, at: 0s..3s}]"),
        ({"source": ", lens: 60px"}, "clip: 0s..1s, camera: [zoom: 2x]"),
        ({"source": ", lens: 3000px"}, "clip: 0s..1s, camera: [zoom: 5x]"),
        ({"source": ", lens: 3000px"}, "clip: 0s..1s, camera: [zoom: 100x]"),
        ({"source": ", lens: auto"}, "clip: 0s..1s, camera: [zoom: {out: 4x}]"),
        ({}, "clip: 0s..1s, camera: [zoom: {out: 4x}]"),
    ],
)
def test_what_some_source_allows_is_no_fault(stated, shot):
    assert len(assumed(shot, **stated)) >= 1


@pytest.mark.parametrize(
    ("stated", "shot", "part"),
    [
        ({}, f"clip: 0s..1s, camera: [hold, {WORST}]", 1),
        ({"output": "fps: 24"}, "clip: 0s..0.01s", "clip"),
        ({"source": ", fps: 24"}, f"clip: 0f..30f, camera: [{WORST}]", 0),
        ({"source": ", lens: 54deg"}, "camera: [zoom: 30x]", 0),
        ({}, "camera: [zoom: 300x]", 0),
        ({"source": ", lens: 60px"}, "camera: [hold, zoom: {out: 500x}]", 1),
        ({}, "camera: [path: {right: 1/s}]", 0),
        ({}, "camera: [{spline: {keys: [{at: 0%}, {at: 0s, position: [10%, 0%, 0%]}]}}]", 0),
        ({}, "camera: [hold, dolly-zoom: 99%]", 1),
        ({"source": ", lens: 54deg"}, "camera: [zoom: 3x, zoom: 30x]", None),
        ({}, "camera: [look-at: [0%, 0%, -100%]]", 0),
    ],
)
def test_what_no_source_allows_is_a_fault_that_knows_its_part(stated, shot, part):
    with pytest.raises(TrajectoryError, match="shot 'a'") as found:
        assumed(shot, **stated)
    assert found.value.part == part


MOMENTS = st.one_of(
    st.integers(0, 100).map(lambda value: f"{value}%"),
    st.integers(0, 80).map(lambda value: f"{value / 4}s"),
    st.integers(0, 400).map(lambda value: f"{value}f"),
)


@law
@given(st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=2), st.integers(1, 80), st.sampled_from(RATES[:8]))
def test_a_list_that_a_source_allows_is_sound(windows, quarters, rate):
    """Whatever the source is, if the shot compiles with it then it compiles with what is assumed."""
    items = ", ".join(f"{{pan: 2deg, at: {start}..{end}}}" for start, end in windows)
    try:
        shot = read(f"camera: [{items}]").shots[0]
        compile_shot(shot, Scene(LENS, (0.0, 0.0, 1.0), rate, rate, Fraction(quarters, 4)))
    except (ShotFileError, TrajectoryError):
        return
    assert len(assumed(f"camera: [{items}]")) >= 1


def test_what_is_assumed_is_said():
    frames = assumed("clip: 0f..48f", output="fps: 24")
    pixels = assumed("clip: 0s..1s", source=", lens: 60px")
    other = assumed("clip: 0s..1s", source=", lens: 54deg, subject: nearest, center: [1px, 2px]")

    assert {"24 source frames a second", "lens 54deg"} <= set(frames.scene.assumed)
    assert "a source 61 px wide, on which a lens of 60px sees 54deg" in pixels.scene.assumed
    assert {"a subject in the middle", "a lens centered on the picture"} <= set(other.scene.assumed)
    assert not any(words.startswith("lens") for words in other.scene.assumed)
