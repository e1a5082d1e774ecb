"""Mixes are exact, wipes uncover steadily, fades end in their colour."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.edit.transitions import COLOURS, dissolve, fade_in, fade_out, mixed, wipe
from ex4d.shotlist.joins import Join
from ex4d.shotlist.transitions import DIRECTIONS

PIXEL = np.ones((1, 1, 3), np.uint8)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 100), st.data())
def test_a_dissolve_is_the_exact_mix_rounded(leaving: int, entering: int, steps: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    picture = dissolve(PIXEL * np.uint8(leaving), PIXEL * np.uint8(entering), step, steps)
    exact = leaving + Fraction(step + 1, steps + 1) * (entering - leaving)
    assert abs(Fraction(int(picture[0, 0, 0])) - exact) <= Fraction(1, 2)


wipes = st.tuples(st.integers(1, 17), st.integers(1, 11), st.integers(1, 30), st.sampled_from(DIRECTIONS))


@settings(max_examples=50, deadline=None)
@given(wipes)
def test_a_wipe_uncovers_its_share_from_the_side_it_comes_from(wiped: tuple[int, int, int, str]) -> None:
    width, height, steps, direction = wiped
    old, new = np.zeros((height, width, 3), np.uint8), np.full((height, width, 3), 255, np.uint8)
    before = old
    for step in range(steps):
        picture = wipe(old, new, step, steps, direction)
        share = Fraction(int(picture.astype(int).sum()), 255 * picture.size)
        assert abs(share - Fraction(step + 1, steps + 1)) <= Fraction(1, 255)
        assert (picture >= before).all()
        toward = {"left": picture[:, ::-1], "right": picture, "up": picture[::-1], "down": picture}[direction]
        line = toward[0, :, 0] if direction in ("left", "right") else toward[:, 0, 0]
        assert (np.diff(line.astype(int)) <= 0).all()  # new where the edge came from, old where it goes
        assert ((line > 0) & (line < 255)).sum() <= 1
        before = picture


@settings(max_examples=30, deadline=None)
@given(wipes, st.integers(0, 2**32 - 1))
def test_a_wipe_back_is_the_same_with_the_shots_exchanged(wiped: tuple[int, int, int, str], seed: int) -> None:
    width, height, steps, direction = wiped
    back = {"left": "right", "right": "left", "up": "down", "down": "up"}[direction]
    old, new = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), np.uint8)
    for step in range(steps):
        there, again = wipe(old, new, step, steps, direction), wipe(new, old, steps - 1 - step, steps, back)
        assert np.abs(there.astype(int) - again).max() <= 1  # halves are rounded up both ways


@pytest.mark.parametrize("kind", COLOURS)
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 255))
def test_fades_begin_and_end_in_the_colour_and_change_evenly(kind: str, frames: int, value: int) -> None:
    colour, join, picture = COLOURS[kind], Join(kind, None, frames), PIXEL * np.uint8(value)
    out = [int(fade_out(picture, join, step)[0, 0, 0]) for step in range(frames)]
    back = [int(fade_in(picture, join, step)[0, 0, 0]) for step in range(frames)]
    assert out[-1] == back[0] == colour
    for step in range(frames):
        assert abs(out[step] - (value + Fraction(step + 1, frames) * (colour - value))) <= Fraction(1, 2)
        assert abs(back[step] - (colour + Fraction(step, frames) * (value - colour))) <= Fraction(1, 2)


@given(st.integers(1, 20), st.sampled_from([Join("dissolve"), *(Join("wipe", each) for each in DIRECTIONS)]), st.data())
def test_equal_shots_stay_as_they_are_and_nothing_that_is_given_is_changed(
    frames: int, kind: Join, data: st.DataObject
) -> None:
    join = Join(kind.kind, kind.direction, frames)
    picture = np.random.default_rng(frames).integers(0, 256, (5, 7, 3), np.uint8)
    kept = picture.copy()
    assert np.array_equal(mixed(join, picture, picture, data.draw(st.integers(0, frames - 1))), kept)
    assert np.array_equal(picture, kept)
