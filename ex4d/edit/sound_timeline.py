"""The film's sound in a timeline: what overlaps or meets lies on tracks of its own, as editors lay it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ex4d.edit.soundtrack import Piece, sample_at
from ex4d.media.sound_frames import SOUND_RATE


def sound_tracks(pieces: Sequence[Piece], length: Fraction, sources: Mapping[Path, str]) -> Iterator[Any]:
    """Yield tracks as long as the film, on which each piece lies at its sample; none where nothing is heard.

    A piece that swells or dies away does so by a dissolve against the gap beside it.

    Args:
        pieces: what is heard, as it begins.
        length: of the film, seconds.
        sources: of each file that is heard, how it is called from where the timeline will stand.
    """
    import opentimelineio as otio

    for index, laid in enumerate(_laid(pieces), 1):
        track = otio.schema.Track(name=f"sound {index}", kind=otio.schema.TrackKind.Audio)
        track.extend(_items(otio, laid, sample_at(length), sources))
        yield track


def _laid(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Lay each piece on the first track that is free: for a while, as two dissolves may not touch."""
    tracks: list[list[Piece]] = []
    for piece in pieces:
        free = (track for track in tracks if track[-1].stop < piece.start)
        track = next(free, None)
        if track is None:
            tracks.append([piece])
        else:
            track.append(piece)
    return tracks


def _items(otio: Any, pieces: Sequence[Piece], last: int, sources: Mapping[Path, str]) -> Iterator[Any]:
    at = 0
    for piece in pieces:
        swell, fall = _offsets(piece)
        if piece.start > at:
            yield otio.schema.Gap(source_range=_span(otio, 0, piece.start - at))
        if swell:
            yield _dissolve(otio, 0, swell)
        reference = otio.schema.ExternalReference(target_url=sources[piece.sound.path])
        span = _span(otio, piece.source, piece.count)
        yield otio.schema.Clip(name=piece.sound.path.name, media_reference=reference, source_range=span)
        if fall:
            yield _dissolve(otio, fall, 0)
        at = piece.stop
    if last > at:
        yield otio.schema.Gap(source_range=_span(otio, 0, last - at))


def _offsets(piece: Piece) -> tuple[int, int]:
    """Return over how many samples a piece swells from its beginning, and dies away to its end."""
    swell = max((ramp.stop - piece.start for ramp in piece.ramps if ramp.swells), default=0)
    fall = max((piece.stop - ramp.start for ramp in piece.ramps if not ramp.swells), default=0)
    swell = min(max(0, swell), piece.count)
    return swell, min(max(0, fall), piece.count - swell)


def _dissolve(otio: Any, before: int, after: int) -> Any:
    time = otio.opentime.RationalTime
    return otio.schema.Transition(
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=time(before, SOUND_RATE),
        out_offset=time(after, SOUND_RATE),
    )


def _span(otio: Any, start: int, count: int) -> Any:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, SOUND_RATE), time(count, SOUND_RATE))
