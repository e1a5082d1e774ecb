"""Shots are joined exactly: every frame accounted for, transitions as the language says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ex4d.edit.sequence import Segment, edit_length, lay_out, play, starts_of
from ex4d.edit.transitions import mixed
from ex4d.errors import UserError
from ex4d.shotlist.joins import frames_of
from ex4d.shotlist.model import Transition
from tests.edit.cut_shots import CUT, OPENING, RATE, NumberedShot, transition, transitions

few = settings(max_examples=25, deadline=None)


def cut(counts: list[int], entering: list[Transition], end: Transition = CUT) -> tuple[Segment, ...]:
    return lay_out([f"s{index}" for index in range(len(counts))], counts, entering, RATE, end)


def played(counts: list[int], entering: list[Transition], end: Transition = CUT) -> list[int]:
    shots = [NumberedShot(60 * index, count) for index, count in enumerate(counts)]
    segments = cut(counts, entering, end)
    frames = [int(frame[0, 0, 0]) for frame in play(segments, [shot.frames for shot in shots])]
    assert len(frames) == edit_length(segments)
    return frames


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[int], list[Transition], Transition]:
    counts = draw(st.lists(st.integers(1, 30), min_size=1, max_size=4))
    entering = [draw(transitions(OPENING)), *(draw(transitions()) for _ in counts[1:])]
    return counts, entering, draw(transitions(OPENING))


def sound_cut(counts: list[int], entering: list[Transition], end: Transition) -> tuple[Segment, ...]:
    try:
        return cut(counts, entering, end)
    except UserError:
        assume(False)
        raise


def test_a_cut_shows_every_frame_of_both_shots_once() -> None:
    assert played([3, 2], [CUT, CUT]) == [0, 1, 2, 60, 61]


def test_a_dissolve_shortens_the_edit_and_mixes_k_plus_1_over_n_plus_1() -> None:
    # leaving 2, 3; entering 60, 61: 2 + 58/3 = 21.3, 3 + 58 * 2/3 = 41.7
    assert played([4, 4], [CUT, transition("dissolve", 2)]) == [0, 1, 21, 42, 62, 63]


def test_a_fade_between_shots_is_half_out_and_half_in_and_black_where_they_meet() -> None:
    faded = played([1, 6, 6], [CUT, CUT, transition("fade", 5)])
    # out: 64, 65 at 1/2, 0; in: 120, 121, 122 at 0, 1/3, 2/3 of themselves
    assert faded == [0, 60, 61, 62, 63, 32, 0, 0, 40, 81, 123, 124, 125]


def test_a_first_fade_and_an_end_take_all_their_frames_of_one_shot() -> None:
    faded = played([8], [transition("fade", 4)], transition("dip-white", 2))
    # in: 0, 1, 2, 3 at 0, 1/4, 2/4, 3/4 of themselves; out: 6, 7 with 1/2 and all of white
    assert faded == [0, 0, 1, 2, 4, 5, 131, 255]


def test_a_shot_between_two_overlaps_keeps_a_frame_of_its_own() -> None:
    frames = played([5, 5, 5], [CUT, transition("dissolve", 2), transition("wipe", 2, "left")])
    assert len(frames) == 11
    assert frames[5] == 62


@given(edits())
@few
def test_an_edit_is_as_long_as_its_shots_less_what_they_share(
    edit: tuple[list[int], list[Transition], Transition],
) -> None:
    counts, entering, end = edit
    segments = sound_cut(*edit)
    shared = sum(frames_of(each, RATE) for each in entering if each.overlaps)
    assert len(played(counts, entering, end)) == edit_length(segments) == sum(counts) - shared


@given(edits())
@few
def test_the_whole_film_is_its_shots_one_by_one_where_none_is_shared(
    edit: tuple[list[int], list[Transition], Transition],
) -> None:
    """Cutting all at once gives each shot's own frames as cutting it alone does."""
    counts = edit[0]
    segments = sound_cut(*edit)
    shots = [NumberedShot(40 * index, count) for index, count in enumerate(counts)]
    whole = list(play(segments, [shot.frames for shot in shots]))
    for start, segment, shot in zip(starts_of(segments), segments, shots, strict=True):
        alone = list(play([segment_without_neighbours(segment)], [shot.frames]))
        own = slice(segment.head.shared, segment.frame_count - segment.tail.shared)
        assert np.array_equal(whole[start : start + segment.frame_count][own], alone[own])


def segment_without_neighbours(segment: Segment) -> Segment:
    head, tail = (end if not end.shared else type(end)() for end in (segment.head, segment.tail))
    return Segment(segment.name, segment.frame_count, head, tail)


@given(edits())
@few
def test_shared_frames_are_the_two_shots_mixed(edit: tuple[list[int], list[Transition], Transition]) -> None:
    counts = edit[0]
    segments = sound_cut(*edit)
    shots = [list(NumberedShot(40 * index, count).frames(0, count)) for index, count in enumerate(counts)]
    whole = list(play(segments, [NumberedShot(40 * index, count).frames for index, count in enumerate(counts)]))
    for index, (start, segment) in enumerate(zip(starts_of(segments), segments, strict=True)):
        for step in range(segment.overlap):
            leaving = shots[index - 1][counts[index - 1] - segment.overlap + step]
            assert np.array_equal(whole[start + step], mixed(segment.head, leaving, shots[index][step], step))


@given(edits())
@few
def test_at_most_two_shots_are_open_at_a_time(edit: tuple[list[int], list[Transition], Transition]) -> None:
    log: list[int] = []
    segments = sound_cut(*edit)
    most = 0
    for _ in play(segments, [NumberedShot(0, count, log).frames for count in edit[0]]):
        most = max(most, sum(log))
    assert most <= 2
    assert sum(log) == 0


@given(edits())
@few
def test_whoever_is_refused_is_named_with_what_fits(edit: tuple[list[int], list[Transition], Transition]) -> None:
    counts, entering, end = edit
    try:
        cut(counts, entering, end)
    except UserError as refused:
        for line in str(refused).splitlines():
            assert line.startswith(("transition ", "the film's end, shot "))
            assert line.endswith(("write cut", "shorten both")) or "; at most " in line
            if "to shot 's0'" not in line and "end" not in line:
                assert line.count("shot 's") == 3  # the two that it joins, and the one that is too short


@pytest.mark.parametrize(
    ("counts", "entering", "end", "told"),
    [
        ([3, 4], [CUT, transition("dissolve", 3)], CUT,
         "transition from shot 's0' to shot 's1': a dissolve of 0.125s leaves nothing of shot 's0' (0.125s); "
         "at most 0.1s"),
        ([9, 4, 9], [CUT, transition("dissolve", 2), transition("wipe", 2, "up")], CUT,
         "transition from shot 's1' to shot 's2': a dissolve of 0.08333333333s into and a wipe of 0.08333333333s "
         "out of shot 's1' (0.167s) leave nothing of it; at most 0.06s out of it"),
        ([24, 24], [CUT, transition("fade", 60)], CUT,
         "transition from shot 's0' to shot 's1': half of a fade of 2.5s is longer than shot 's1' (1s); at most 2s"),
        ([24], [transition("fade", 18)], transition("dip-white", 12),
         "the film's end, shot 's0': a fade of 0.75s into and a dip-white of 0.5s out of shot 's0' (1s) lie on each "
         "other; at most 0.2s out of it"),
        ([24], [CUT], transition("fade", 25),
         "the film's end, shot 's0': a fade of 1.04166666667s is longer than shot 's0' (1s); at most 1s"),
        ([1, 9], [CUT, transition("wipe", 1, "left")], CUT,
         "transition from shot 's0' to shot 's1': a wipe of 0.04166666667s leaves nothing of shot 's0' (0.042s); "
         "write cut"),
        ([9], [transition("dissolve", 2)], CUT,
         "transition to shot 's0': the first shot has no shot before it to dissolve from; let it fade up with "
         "fade 0.5s or dip-white 0.5s"),
    ],
)  # fmt: skip
def test_what_has_no_room(counts: list[int], entering: list[Transition], end: Transition, told: str) -> None:
    with pytest.raises(UserError) as refused:
        cut(counts, entering, end)
    assert str(refused.value) == told


@given(edits(), st.integers(0, 4))
@few
def test_what_is_said_to_fit_at_most_fits_and_a_frame_more_does_not(
    edit: tuple[list[int], list[Transition], Transition], which: int
) -> None:
    """Of two shots, whatever else is cut hard."""
    counts, each = edit[0][:1] * 2, edit[2] if not edit[1][1:] else edit[1][1]
    long = each.model_copy(update={"duration": Fraction(10)})
    assume(each.kind != "cut")
    try:
        cut(counts, [CUT, long])
    except UserError as refused:
        line = str(refused).splitlines()[0]
        assume("at most" in line)
        most = Fraction(line.rpartition("at most ")[2].rstrip("s"))
        cut(counts, [CUT, each.model_copy(update={"duration": most})])
        with pytest.raises(UserError):
            cut(counts, [CUT, each.model_copy(update={"duration": most + Fraction(1, 10)})])


@given(st.fractions(min_value=0, max_value=10), st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(6)]))
def test_a_transition_is_the_nearest_whole_number_of_frames_and_at_least_one(
    duration: Fraction, rate: Fraction
) -> None:
    frames = frames_of(Transition(kind="fade", duration=duration), rate)
    assert frames >= 1
    assert frames == 1 or abs(frames - duration * rate) <= Fraction(1, 2)
