"""The timeline opens in OTIO with the edit's length and the handles its transitions need."""

from fractions import Fraction

import opentimelineio as otio
import pytest

from ex4d.edit.sequence import Segment, edit_length
from ex4d.edit.timeline import timeline_json
from ex4d.shotlist.joins import Join

DISSOLVE = Join("dissolve", None, 9)
SEGMENTS = (Segment("wide", 24, tail=DISSOLVE), Segment("swing", 48, DISSOLVE), Segment("close", 20))
MEDIA = {name: f"film.takes/{name}/result/colour.mkv" for name in ("wide", "swing", "close")}


@pytest.fixture
def timeline() -> otio.schema.Timeline:
    notes = {name: {"seed": 7} for name in MEDIA}
    return otio.adapters.read_from_string(timeline_json("Film", SEGMENTS, MEDIA, Fraction(24), notes), "otio_json")


def test_the_timeline_is_as_long_as_the_edit(timeline: otio.schema.Timeline) -> None:
    assert timeline.duration().to_frames() == edit_length(SEGMENTS)


def test_every_transition_finds_its_handles_in_the_media(timeline: otio.schema.Timeline) -> None:
    items = list(timeline.tracks[0])
    kinds = [type(item).__name__ for item in items]
    assert kinds == ["Clip", "Transition", "Clip", "Clip"]
    before, transition, after, _ = items
    tail = before.available_range().end_time_exclusive() - before.source_range.end_time_exclusive()
    head = after.source_range.start_time - after.available_range().start_time
    assert tail == transition.out_offset
    assert head == transition.in_offset
    assert (transition.in_offset + transition.out_offset).to_frames() == 9


def test_clips_refer_to_relative_files_and_carry_our_notes(timeline: otio.schema.Timeline) -> None:
    clip = timeline.tracks[0][0]
    assert clip.media_reference.target_url == "film.takes/wide/result/colour.mkv"
    assert clip.metadata["ex4d"] == {"seed": 7}
