"""Sound is placed to the sample, crosses over with the picture, and neither clicks nor doubles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ex4d.edit.sequence import Segment, edit_length, lay_out, starts_of
from ex4d.edit.soundtrack import SOFTENING, Heard, place, sample_at, sound_of_frames
from ex4d.errors import UserError
from ex4d.media.sound import Sound
from ex4d.media.sound_frames import SOUND_RATE
from ex4d.shotlist.model import Transition
from tests.edit.cut_shots import CUT, OPENING, RATE, transition, transitions

LOG: list[int] = []


@dataclass(frozen=True)
class EvenSound(Sound):
    """A source that is equally loud all the time; counts how many of its readings are open."""

    level: float = 0.5

    def read(self, start: int, count: int) -> Iterator[np.ndarray]:
        LOG.append(1)
        try:
            for done in range(0, count, 1000):
                yield np.full((min(1000, count - done), 2), self.level, np.float32)
        finally:
            LOG.append(-1)


@dataclass(frozen=True)
class CountingSound(Sound):
    """Sample k of the source is k millionths."""

    def read(self, start: int, count: int) -> Iterator[np.ndarray]:
        yield np.repeat(1e-6 * np.arange(start, start + count, dtype=np.float32)[:, None], 2, axis=1)


EVEN, COUNTING = EvenSound(Path("even.mp4"), 0, Fraction(0)), CountingSound(Path("count.mp4"), 0, Fraction(0))


def cut(counts: list[int], entering: list[Transition], end: Transition = CUT) -> tuple[Segment, ...]:
    try:
        return lay_out([f"s{index}" for index in range(len(counts))], counts, entering, RATE, end)
    except UserError:
        assume(False)
        raise


def throughout(segments: tuple[Segment, ...], *sounds: Sound, at: Fraction = Fraction(0)) -> list[list[Heard]]:
    """Every shot sounds from its first frame to its last; ``at`` is the source's time at each shot's beginning."""
    return [
        [Heard(sound, Fraction(0), at, segment.frame_count / RATE)]
        for segment, sound in zip(segments, sounds, strict=True)
    ]


def heard(segments: tuple[Segment, ...], stretches: list[list[Heard]]) -> np.ndarray:
    count = edit_length(segments)
    blocks = list(sound_of_frames(place(segments, stretches, RATE), count, RATE))
    assert [len(block) for block in blocks] == [SOUND_RATE // 24] * count
    return np.concatenate(blocks)[:, 0]


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[int], list[Transition], Transition]:
    counts = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
    entering = [draw(transitions(OPENING)), *(draw(transitions()) for _ in counts[1:])]
    return counts, entering, draw(transitions(OPENING))


@settings(max_examples=20, deadline=None)
@given(edits())
def test_what_sounds_evenly_on_both_sides_of_an_overlap_sounds_evenly_throughout(
    edit: tuple[list[int], list[Transition], Transition],
) -> None:
    """The two weights add up to one; only fades and hard cuts are heard in it."""
    LOG.clear()
    segments = cut(*edit)
    found = heard(segments, throughout(segments, *[EVEN] * len(segments)))
    quiet = np.zeros(len(found), bool)
    for start, segment in zip(starts_of(segments), segments, strict=True):
        first, stop = (sample_at(frame / RATE) for frame in (start, start + segment.frame_count))
        head = max(SOFTENING, sample_at(segment.head.frames / RATE)) if not segment.head.shared else 0
        tail = max(SOFTENING, sample_at(segment.tail.frames / RATE)) if not segment.tail.shared else 0
        quiet[first : first + head] = True
        quiet[max(0, stop - tail) : stop] = True
    assert np.allclose(found[~quiet], 0.5, rtol=0, atol=1e-6)
    assert found.max() <= 0.5 + 1e-6
    assert found.min() >= 0
    assert sum(LOG) == 0


@settings(max_examples=20, deadline=None)
@given(edits(), st.lists(st.lists(st.integers(0, 40), max_size=6), min_size=4, max_size=4))
def test_frame_by_frame_is_the_sum_of_all_pieces(
    edit: tuple[list[int], list[Transition], Transition], spans: list[list[int]]
) -> None:
    """Whatever sounds where, in however many parts of a shot."""
    segments = cut(*edit)
    stretches = [
        [
            Heard(COUNTING, begin / (2 * RATE), begin / RATE, (end - begin) / (2 * RATE))
            for begin, end in zip(sorted(set(marks))[::2], sorted(set(marks))[1::2], strict=False)
            if end <= 2 * segment.frame_count
        ]
        for segment, marks in zip(segments, spans, strict=False)
    ]
    pieces = place(segments, stretches, RATE)
    whole = np.zeros(sample_at(edit_length(segments) / RATE))
    for piece in pieces:
        at = np.arange(piece.start, piece.stop)
        gains = [ramp.gain(at.astype(float)) for ramp in piece.ramps]
        whole[piece.start : piece.stop] += (
            1e-6 * (piece.source + at - piece.start) * np.prod([np.ones(len(at)), *gains], axis=0)
        )
    assert np.allclose(heard(segments, stretches), whole, rtol=0, atol=1e-6)


def test_at_most_two_readings_are_open() -> None:
    LOG.clear()
    segments = cut([30] * 6, [CUT, *(transition("dissolve", 9) for _ in range(5))])
    for _ in sound_of_frames(place(segments, throughout(segments, *[EVEN] * 6), RATE), edit_length(segments), RATE):
        assert sum(LOG) <= 2


def test_sound_crosses_over_evenly_with_a_dissolve_and_a_wipe() -> None:
    loud = EvenSound(Path("loud.mp4"), 0, Fraction(0), 1.0)
    for kind in ("dissolve", "wipe"):
        segments = cut([24, 24], [CUT, transition(kind, 12, "left" if kind == "wipe" else None)])
        found = heard(segments, throughout(segments, loud, EvenSound(Path("mute.mp4"), 0, Fraction(0), 0.0)))
        assert (found[:24_000] == 1).all()
        assert np.allclose(found[24_000:48_000], 1 - (np.arange(24_000) + 0.5) / 24_000, rtol=0, atol=1e-6)
        assert (found[48_000:] == 0).all()


def test_sound_fades_with_a_fade_and_the_end() -> None:
    segments = cut([24, 24], [transition("fade", 6), transition("dip-white", 4)], transition("fade", 12))
    found = heard(segments, throughout(segments, EVEN, EVEN)) / 0.5
    frame = SOUND_RATE // 24
    assert np.allclose(found[: 6 * frame], (np.arange(6 * frame) + 0.5) / (6 * frame), rtol=0, atol=1e-5)
    assert np.allclose(
        found[22 * frame : 24 * frame], 1 - (np.arange(2 * frame) + 0.5) / (2 * frame), rtol=0, atol=1e-5
    )
    assert np.allclose(found[24 * frame : 26 * frame], (np.arange(2 * frame) + 0.5) / (2 * frame), rtol=0, atol=1e-5)
    assert np.allclose(found[36 * frame :], 1 - (np.arange(12 * frame) + 0.5) / (12 * frame), rtol=0, atol=1e-5)


def test_a_cut_that_goes_on_in_the_source_is_not_heard() -> None:
    segments = cut([24, 24], [CUT, CUT])
    stretches = [
        [Heard(COUNTING, Fraction(0), Fraction(2), Fraction(1))],
        [Heard(COUNTING, Fraction(0), Fraction(3), Fraction(1))],
    ]
    assert np.allclose(heard(segments, stretches), 1e-6 * (96_000 + np.arange(96_000)), rtol=0, atol=1e-7)


def test_a_fade_in_what_goes_on_in_the_source_comes_back() -> None:
    segments = cut([24, 24], [CUT, transition("fade", 12)])
    stretches = [[Heard(EVEN, Fraction(0), Fraction(2 + index), Fraction(1))] for index in range(2)]
    found = heard(segments, stretches) / 0.5
    assert found[47_990:48_010].max() < 0.01
    assert (found[-24_000:] == 1).all()


def test_what_sounds_late_in_a_shot_does_not_hold_up_the_next_one() -> None:
    """The shot before sounds at its very end, after the one that dissolves in has begun."""
    segments = cut([24, 24], [CUT, transition("dissolve", 12)])
    late = [Heard(EvenSound(Path("mute.mp4"), 0, Fraction(0), 0.0), Fraction(9, 10), Fraction(0), Fraction(1, 10))]
    found = heard(segments, [late, [Heard(COUNTING, Fraction(0), Fraction(0), Fraction(1))]])
    assert np.allclose(found[48_000:72_000], 1e-6 * np.arange(24_000, 48_000), rtol=0, atol=1e-7)


def test_sound_that_begins_and_ends_inside_swells_and_dies_away_in_5_ms() -> None:
    segments = cut([48], [CUT])
    found = heard(segments, [[Heard(EVEN, Fraction(1, 2), Fraction(0), Fraction(1))]]) / 0.5
    assert (found[:24_000] == 0).all()
    assert (found[72_000:] == 0).all()
    swelling = (np.arange(SOFTENING) + 0.5) / SOFTENING
    assert np.allclose(found[24_000 : 24_000 + SOFTENING], swelling, rtol=0, atol=1e-5)
    assert np.allclose(found[72_000 - SOFTENING : 72_000], swelling[::-1], rtol=0, atol=1e-5)
    assert (found[24_000 + SOFTENING : 72_000 - SOFTENING] == 1).all()


@settings(max_examples=50, deadline=None)
@given(
    st.fractions(0, 1, max_denominator=1000),
    st.fractions(0, 3600, max_denominator=90_000),
    st.sampled_from([Fraction(24), Fraction(30000, 1001), Fraction(17, 3)]),
    st.integers(1, 500),
)
def test_every_sample_is_within_half_a_sample_of_where_it_belongs(
    start: Fraction, source: Fraction, rate: Fraction, before: int
) -> None:
    """Whatever the rate, and however far into the film: nothing drifts."""
    segments = lay_out(["a", "b"], [before, 100], [CUT, CUT], rate)
    (piece,) = place(segments, [[], [Heard(EVEN, start, source, Fraction(1, 2))]], rate)
    assert abs(piece.start - (before / rate + start) * SOUND_RATE) <= Fraction(1, 2)
    assert abs(piece.source - source * SOUND_RATE) <= Fraction(1, 2)
    assert abs(piece.stop - (before / rate + start + Fraction(1, 2)) * SOUND_RATE) <= Fraction(1, 2)


def test_a_last_frame_that_outlasts_its_clip_is_not_cut_short() -> None:
    """1.61 s at 24 a second are 39 frames: 15 ms more."""
    segments = cut([39, 24], [CUT, CUT])
    first, _ = place(
        segments,
        [
            [Heard(EVEN, Fraction(0), Fraction(0), Fraction("1.61"))],
            [Heard(EVEN, Fraction(0), Fraction(9), Fraction(1))],
        ],
        RATE,
    )
    assert first.stop == sample_at(39 / RATE)
