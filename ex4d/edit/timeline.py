"""The edit as an OpenTimelineIO timeline, so that it opens in an editor with its handles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ex4d.edit.sequence import Segment


def timeline_json(
    title: str,
    segments: Sequence[Segment],
    media: Mapping[str, str],
    rate: Fraction,
    notes: Mapping[str, Mapping[str, Any]],
) -> str:
    """Describe the edit in OTIO's JSON.

    Each clip refers to its shot's whole file. A dissolve of n frames is cut at its middle: the clip before gives up
    its last n - n//2 frames and the clip after its first n//2; both keep them as the handles the transition needs.

    Args:
        title: of the timeline.
        segments: the shots in order.
        media: of each shot's name, the file that holds it, relative to where the timeline will stand.
        rate: frames a second.
        notes: of each shot's name, what stands in the clip's metadata under ``ex4d``.
    """
    import opentimelineio as otio

    speed = float(rate)
    track = otio.schema.Track(name="shots", kind=otio.schema.TrackKind.Video)
    for index, segment in enumerate(segments):
        if segment.overlap:
            track.append(_transition(otio, segment.overlap, speed))
        leaving = segments[index + 1].overlap if index + 1 < len(segments) else 0
        track.append(_clip(otio, segment, leaving, media[segment.name], speed, dict(notes[segment.name])))
    timeline = otio.schema.Timeline(name=title)
    timeline.tracks.append(track)
    text: str = timeline.to_json_string(indent=2)
    return text


def _transition(otio: Any, overlap: int, speed: float) -> Any:
    return otio.schema.Transition(
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(overlap // 2, speed),
        out_offset=otio.opentime.RationalTime(overlap - overlap // 2, speed),
    )


def _clip(otio: Any, segment: Segment, leaving: int, url: str, speed: float, note: dict[str, Any]) -> Any:
    """Trim the shot's file at the cuts: overlap // 2 frames off its head, the rest of the next overlap off its tail."""
    first = segment.overlap // 2
    end = segment.frame_count - (leaving - leaving // 2)

    def span(start: int, stop: int) -> Any:
        time = otio.opentime.RationalTime
        return otio.opentime.TimeRange(time(start, speed), time(stop - start, speed))

    reference = otio.schema.ExternalReference(target_url=url, available_range=span(0, segment.frame_count))
    return otio.schema.Clip(
        name=segment.name, media_reference=reference, source_range=span(first, end), metadata={"ex4d": note}
    )
