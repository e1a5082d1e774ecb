"""Shots are joined exactly: every frame accounted for, dissolves mixed as the language says."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.edit.sequence import edit_length, lay_out, play
from ex4d.edit.transitions import dissolve, overlap_frames
from ex4d.errors import UserError
from ex4d.shotlist.model import Transition

RATE = Fraction(24)
CUT = Transition(kind="cut", duration=Fraction(0))


def dissolving(frames: int) -> Transition:
    return Transition(kind="dissolve", duration=Fraction(frames, 24))


@dataclass(frozen=True)
class NumberedShot:
    """Frame i is filled with ``first + i``."""

    first: int
    frame_count: int

    def frames(self, start: int, stop: int) -> Iterator[np.ndarray]:
        for index in range(start, stop):
            yield np.full((2, 2, 3), self.first + index, np.uint8)


def played(shots: list[NumberedShot], transitions: list[Transition]) -> list[int]:
    segments = lay_out([f"s{i}" for i in range(len(shots))], [s.frame_count for s in shots], transitions, RATE)
    frames = [int(frame[0, 0, 0]) for frame in play(segments, [shot.frames for shot in shots])]
    assert len(frames) == edit_length(segments)
    return frames


def test_a_cut_shows_every_frame_of_both_shots_once() -> None:
    assert played([NumberedShot(0, 3), NumberedShot(100, 2)], [CUT, CUT]) == [0, 1, 2, 100, 101]


def test_a_dissolve_shortens_the_edit_and_mixes_k_plus_1_over_n_plus_1() -> None:
    frames = played([NumberedShot(0, 4), NumberedShot(100, 4)], [CUT, dissolving(2)])
    # leaving 2, 3; entering 100, 101: 2 + 98/3 = 34.67, 3 + 98 * 2/3 = 68.33
    assert frames == [0, 1, 35, 68, 102, 103]


def test_a_shot_between_two_dissolves_keeps_a_frame_of_its_own() -> None:
    frames = played(
        [NumberedShot(0, 5), NumberedShot(50, 5), NumberedShot(100, 5)], [CUT, dissolving(2), dissolving(2)]
    )
    assert len(frames) == 11
    assert frames[5] == 52


def test_an_overlap_that_eats_a_shot_names_both_and_what_fits() -> None:
    with pytest.raises(
        UserError, match=r"from shot 's0' \(3 frames\) to shot 's1' \(4 frames\) takes 3 frames.*0.0833s"
    ):
        played([NumberedShot(0, 3), NumberedShot(100, 4)], [CUT, dissolving(3)])


def test_overlaps_on_both_sides_together_may_not_eat_a_shot() -> None:
    with pytest.raises(UserError, match=r"'s1' .* to shot 's2'"):
        played([NumberedShot(0, 9), NumberedShot(50, 4), NumberedShot(90, 9)], [CUT, dissolving(2), dissolving(2)])


@given(st.fractions(min_value=0, max_value=10), st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(6)]))
def test_overlap_is_the_nearest_whole_number_of_frames_and_at_least_one(duration: Fraction, rate: Fraction) -> None:
    frames = overlap_frames(Transition(kind="dissolve", duration=duration), rate)
    assert frames >= 1
    assert frames == 1 or abs(frames - duration * rate) <= Fraction(1, 2)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 100), st.data())
def test_a_dissolve_is_the_exact_mix_rounded(leaving: int, entering: int, steps: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    mixed = dissolve(np.full((1, 1, 3), leaving, np.uint8), np.full((1, 1, 3), entering, np.uint8), step, steps)
    exact = leaving + Fraction(step + 1, steps + 1) * (entering - leaving)
    assert abs(Fraction(int(mixed[0, 0, 0])) - exact) <= Fraction(1, 2)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8)), min_size=1, max_size=8))
def test_every_edit_that_is_accepted_has_the_length_it_promises(shots: list[tuple[int, int]]) -> None:
    transitions = [CUT if overlap == 0 else dissolving(overlap) for _, overlap in shots]
    try:
        played([NumberedShot(0, count) for count, _ in shots], transitions)
    except UserError as refused:
        assert "no frame of its own" in str(refused)
