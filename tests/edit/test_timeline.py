"""The timeline opens in OTIO with the edit's length, every transition with its handles and between what it joins."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ex4d.edit.sequence import Segment, edit_length, lay_out
from ex4d.edit.soundtrack import Heard, place, sample_at
from ex4d.edit.timeline import timeline_json
from ex4d.errors import UserError
from ex4d.media.sound import Sound
from ex4d.shotlist.model import Transition
from tests.edit.cut_shots import CUT, OPENING, RATE, transition, transitions

Edit = tuple[list[int], list[Transition], Transition]
SOURCE = Sound(Path("/media/talk.mp4"), 0, Fraction(0))


def cut(counts: list[int], entering: list[Transition], end: Transition = CUT) -> tuple[Segment, ...]:
    return lay_out([f"s{index}" for index in range(len(counts))], counts, entering, RATE, end)


def read(segments: tuple[Segment, ...], *, sound: bool = False) -> otio.schema.Timeline:
    media = {segment.name: f"film.takes/{segment.name}/result/colour.mkv" for segment in segments}
    notes = {segment.name: {"seed": 7} for segment in segments}
    heard = [[Heard(SOURCE, Fraction(0), Fraction(2), segment.frame_count / RATE)] for segment in segments]
    pieces = place(segments, heard, RATE) if sound else ()
    text = timeline_json("Film", segments, media, RATE, notes, pieces, {SOURCE.path: "../talk.mp4"})
    timeline = otio.adapters.read_from_string(text, "otio_json")
    assert timeline.to_json_string() == otio.adapters.read_from_string(timeline.to_json_string()).to_json_string()
    return timeline


def names(track: otio.schema.Track) -> list[str]:
    return [item.name or type(item).__name__ for item in track]


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    counts = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
    entering = [draw(transitions(OPENING)), *(draw(transitions()) for _ in counts[1:])]
    return counts, entering, draw(transitions(OPENING))


def check_transitions(track: otio.schema.Track) -> None:
    """No two touch, none takes more of a neighbour than it has, and each finds its handles in the media."""
    for index, item in enumerate(track):
        if isinstance(item, otio.schema.Transition):
            before, after = track.neighbors_of(item)
            assert not isinstance(before, otio.schema.Transition)
            assert not isinstance(after, otio.schema.Transition)
            assert item.duration().value > 0
            check_handles(item, before, after)
        else:
            head = track[index - 1] if index else None
            tail = track[index + 1] if index + 1 < len(track) else None
            taken = head.out_offset.value if isinstance(head, otio.schema.Transition) else 0
            taken += tail.in_offset.value if isinstance(tail, otio.schema.Transition) else 0
            assert taken <= item.duration().value


def check_handles(item: otio.schema.Transition, before: otio.core.Item, after: otio.core.Item) -> None:
    if item.out_offset.value:
        spare = before.available_range().end_time_exclusive() - before.trimmed_range().end_time_exclusive()
        assert isinstance(before.media_reference, otio.schema.GeneratorReference) or spare >= item.out_offset
    if item.in_offset.value:
        spare = after.trimmed_range().start_time - after.available_range().start_time
        assert isinstance(after.media_reference, otio.schema.GeneratorReference) or spare >= item.in_offset


@settings(max_examples=40, deadline=None)
@given(edits())
def test_every_edit_is_a_sound_timeline_of_its_own_length(edit: Edit) -> None:
    try:
        segments = cut(*edit)
    except UserError:
        assume(False)
    track = read(segments).video_tracks()[0]
    assert track.duration().to_frames() == edit_length(segments)
    check_transitions(track)
    assert otio.algorithms.track_with_expanded_transitions(track)


def test_a_dissolve_is_cut_at_its_middle_and_keeps_its_handles() -> None:
    timeline = read(cut([24, 48, 20], [CUT, transition("dissolve", 9), CUT]))
    before, joined, after, _ = timeline.video_tracks()[0]
    assert joined.transition_type == otio.schema.TransitionTypes.SMPTE_Dissolve
    assert (joined.in_offset.value, joined.out_offset.value) == (4, 5)
    assert before.available_range().end_time_exclusive() - before.source_range.end_time_exclusive() == joined.out_offset
    assert after.source_range.start_time - after.available_range().start_time == joined.in_offset


@pytest.mark.parametrize("direction", ["left", "right", "up", "down"])
def test_a_wipe_says_where_it_goes(direction: str) -> None:
    track = read(cut([24, 24], [CUT, transition("wipe", 6, direction)])).video_tracks()[0]
    assert track[1].transition_type == "SMPTE_Wipe"
    assert track[1].metadata["ex4d"] == {"kind": "wipe", "direction": direction}


def test_a_fade_is_two_dissolves_against_the_frames_that_are_black() -> None:
    """5 out, of which the last is black, and 5 in, of which the first is: 4 + 2 + 4."""
    track = read(cut([24, 24], [CUT, transition("fade", 10)])).video_tracks()[0]
    assert names(track) == ["s0", "Transition", "black", "Transition", "s1"]
    first, out, black, into, second = track
    assert [first.duration().value, black.duration().value, second.duration().value] == [23, 2, 23]
    assert (out.in_offset.value, out.out_offset.value) == (4, 0)
    assert (into.in_offset.value, into.out_offset.value) == (0, 4)


def test_a_film_that_opens_and_closes_in_white() -> None:
    track = read(cut([24], [transition("dip-white", 6)], transition("dip-white", 4))).video_tracks()[0]
    assert names(track) == ["white", "Transition", "s0", "Transition", "white"]
    assert track[0].media_reference.parameters["color"] == "white"
    assert track[2].source_range.start_time.value == 1


def test_clips_refer_to_relative_files_and_carry_our_notes() -> None:
    clip = read(cut([24], [CUT])).video_tracks()[0][0]
    assert clip.media_reference.target_url == "film.takes/s0/result/colour.mkv"
    assert clip.metadata["ex4d"] == {"seed": 7}


@settings(max_examples=20, deadline=None)
@given(edits())
def test_the_sound_lies_on_tracks_as_long_as_the_film(edit: Edit) -> None:
    try:
        segments = cut(*edit)
    except UserError:
        assume(False)
    tracks = read(segments, sound=True).audio_tracks()
    assert 1 <= len(tracks) <= 2
    for track in tracks:
        assert track.duration().value == sample_at(edit_length(segments) / RATE)
        for item, following in pairwise(track):
            assert not isinstance(item, otio.schema.Transition) or not isinstance(following, otio.schema.Transition)
        for clip in track.find_clips():
            assert clip.media_reference.target_url == "../talk.mp4"


def test_where_sound_crosses_over_each_track_has_its_half() -> None:
    timeline = read(cut([24, 24], [CUT, transition("wipe", 12, "left")]), sound=True)
    one, other = timeline.audio_tracks()
    assert names(one) == ["talk.mp4", "Transition", "Gap"]
    assert names(other) == ["Gap", "Transition", "talk.mp4"]
    assert (one[1].in_offset.value, one[1].out_offset.value) == (24_000, 0)
    assert (other[1].in_offset.value, other[1].out_offset.value) == (0, 24_000)
    assert one[0].source_range.start_time.value == 96_000


def test_without_sound_there_is_no_track_for_it() -> None:
    assert not read(cut([24], [CUT])).audio_tracks()
