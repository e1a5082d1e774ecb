"""Shots cut together into one stream of frames, a frame at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from ex4d.edit.transitions import Frame, dissolve, overlap_frames
from ex4d.errors import UserError
from ex4d.shotlist.model import Transition

FrameReader = Callable[[int, int], Iterator[Frame]]
"""Yields the frames start..stop-1 of one shot in order, as ``Video.frames`` does."""


@dataclass(frozen=True)
class Segment:
    """One shot's place in the edit."""

    name: str
    frame_count: int
    """Frames of the shot, those of its transitions included."""
    overlap: int
    """Frames it shares with the shot before; 0 for a cut and for the first shot."""


def lay_out(
    names: Sequence[str], frame_counts: Sequence[int], transitions: Sequence[Transition], rate: Fraction
) -> tuple[Segment, ...]:
    """Place the shots one after the other.

    Raises:
        UserError: an overlap leaves a shot no frame of its own; names both shots and the longest that fits.
    """
    overlaps = [0, *(overlap_frames(transition, rate) for transition in transitions[1:])]
    segments = tuple(map(Segment, names, frame_counts, overlaps))
    for earlier, later in pairwise(segments):
        _require_own_frames(earlier, later, rate)
    return segments


def _require_own_frames(earlier: Segment, later: Segment, rate: Fraction) -> None:
    room = min(earlier.frame_count - earlier.overlap, later.frame_count) - 1
    if later.overlap > max(room, 0):
        longest = f"at most {float(room / rate):.3g}s fits" if room > 0 else "cut instead"
        raise UserError(
            f"the dissolve from shot '{earlier.name}' ({earlier.frame_count} frames) to shot '{later.name}' "
            f"({later.frame_count} frames) takes {later.overlap} frames and leaves one of them no frame of its own; "
            f"{longest}"
        )


def edit_length(segments: Sequence[Segment]) -> int:
    """Count the frames of the edit: every shot's, less what they share."""
    return sum(segment.frame_count - segment.overlap for segment in segments)


def play(segments: Sequence[Segment], shots: Sequence[FrameReader]) -> Iterator[Frame]:
    """Yield the frames of the edit in order; at most two shots are open at a time."""
    for index, (segment, shot) in enumerate(zip(segments, shots, strict=True)):
        if segment.overlap:
            yield from _overlapping(segment, segments[index - 1], shot, shots[index - 1])
        following = segments[index + 1].overlap if index + 1 < len(segments) else 0
        yield from shot(segment.overlap, segment.frame_count - following)


def _overlapping(segment: Segment, before: Segment, shot: FrameReader, shot_before: FrameReader) -> Iterator[Frame]:
    tail = shot_before(before.frame_count - segment.overlap, before.frame_count)
    head = shot(0, segment.overlap)
    for step, (leaving, entering) in enumerate(zip(tail, head, strict=True)):
        yield dissolve(leaving, entering, step, segment.overlap)
