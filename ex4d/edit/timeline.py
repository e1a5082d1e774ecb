"""The edit as an OpenTimelineIO timeline, so that it opens in an editor with its handles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ex4d.edit.sequence import Segment, edit_length
from ex4d.edit.sound_timeline import sound_tracks
from ex4d.edit.soundtrack import Piece
from ex4d.shotlist.joins import Join

WIPE = "SMPTE_Wipe"
"""As OTIO's own EDL adapter calls wipes; which way one goes stands in its metadata."""
NO_SOURCES: Mapping[Path, str] = MappingProxyType({})
_COLOURS = {"fade": "black", "dip-white": "white"}


def timeline_json(
    title: str,
    segments: Sequence[Segment],
    media: Mapping[str, str],
    rate: Fraction,
    notes: Mapping[str, Mapping[str, Any]],
    pieces: Sequence[Piece] = (),
    sources: Mapping[Path, str] = NO_SOURCES,
) -> str:
    """Describe the edit in OTIO's JSON.

    Each clip refers to its shot's whole file. A dissolve or wipe of n frames is cut at its middle: the clip before
    gives up its last n - n//2 frames and the clip after its first n//2; both keep them as the handles the transition
    needs. A fade is a dissolve against plain colour: the frames that are nothing but colour are a clip of their own,
    which keeps two transitions apart.

    Args:
        title: of the timeline.
        segments: the shots in order.
        media: of each shot's name, the file that holds it, relative to where the timeline will stand.
        rate: frames a second.
        notes: of each shot's name, what stands in the clip's metadata under ``ex4d``.
        pieces: what is heard, on tracks of its own.
        sources: of each file that is heard, how it is called from where the timeline will stand.
    """
    import opentimelineio as otio

    timeline = otio.schema.Timeline(name=title)
    track = otio.schema.Track(name="shots", kind=otio.schema.TrackKind.Video)
    track.extend(_Writing(otio, float(rate)).items(segments, media, notes))
    timeline.tracks.append(track)
    timeline.tracks.extend(sound_tracks(pieces, edit_length(segments) / rate, sources))
    text: str = timeline.to_json_string(indent=2)
    return text


class _Writing:
    """Makes what stands on the track of shots."""

    def __init__(self, otio: Any, rate: float) -> None:
        self._otio, self._rate = otio, rate

    def items(
        self, segments: Sequence[Segment], media: Mapping[str, str], notes: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Any]:
        """Yield the clips, and what lies between them."""
        before = Join()
        for segment in segments:
            yield from self._between(before, segment.head)
            first, end = _head_room(segment.head), segment.frame_count - _tail_room(segment.tail)
            if end > first or segment.head.shared or segment.tail.shared:
                yield self._clip(segment, (first, end), media[segment.name], notes[segment.name])
            before = segment.tail
        yield from self._between(before, Join())

    def _between(self, tail: Join, head: Join) -> Iterator[Any]:
        """Yield what leads from one shot into the next, or into the film or out of it."""
        if head.shared:
            yield self._transition(head, head.frames // 2, head.frames - head.frames // 2)
        if tail.faded > 1:
            yield self._transition(tail, tail.frames - 1, 0)
        if tail.faded or head.faded:
            yield self._colour((tail if tail.faded else head).kind, (tail.faded > 0) + (head.faded > 0))
        if head.faded > 1:
            yield self._transition(head, 0, head.frames - 1)

    def _span(self, start: int, stop: int) -> Any:
        time = self._otio.opentime.RationalTime
        return self._otio.opentime.TimeRange(time(start, self._rate), time(stop - start, self._rate))

    def _transition(self, join: Join, before: int, after: int) -> Any:
        """Return a transition that takes so many frames before the cut and after it."""
        time = self._otio.opentime.RationalTime
        return self._otio.schema.Transition(
            transition_type=WIPE if join.kind == "wipe" else self._otio.schema.TransitionTypes.SMPTE_Dissolve,
            in_offset=time(before, self._rate),
            out_offset=time(after, self._rate),
            metadata={"ex4d": {"kind": join.kind, **({"direction": join.direction} if join.direction else {})}},
        )

    def _colour(self, kind: str, frames: int) -> Any:
        schema, colour = self._otio.schema, _COLOURS[kind]
        reference = schema.GeneratorReference(
            generator_kind="SolidColor", parameters={"color": colour}, available_range=self._span(0, frames)
        )
        return schema.Clip(
            name=colour,
            media_reference=reference,
            source_range=self._span(0, frames),
            metadata={"ex4d": {"kind": kind}},
        )

    def _clip(self, segment: Segment, shown: tuple[int, int], url: str, note: Mapping[str, Any]) -> Any:
        """Return the shot's file, trimmed at the cuts."""
        reference = self._otio.schema.ExternalReference(
            target_url=url, available_range=self._span(0, segment.frame_count)
        )
        return self._otio.schema.Clip(
            name=segment.name,
            media_reference=reference,
            source_range=self._span(*shown),
            metadata={"ex4d": dict(note)},
        )


def _head_room(join: Join) -> int:
    """Frames of a shot that lie before its clip."""
    return join.shared // 2 + (join.faded > 0)


def _tail_room(join: Join) -> int:
    return join.shared - join.shared // 2 + (join.faded > 0)
