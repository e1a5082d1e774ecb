"""Shots cut together into one stream of frames, a frame at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

from ex4d.edit.transitions import Frame, fade_in, fade_out, mixed
from ex4d.errors import UserError
from ex4d.shotlist.joins import Join, ends_of
from ex4d.shotlist.model import Transition
from ex4d.shotlist.overlaps import Overlap, Timing, impossible_overlaps

FrameReader = Callable[[int, int], Iterator[Frame]]
"""Yields the frames start..stop-1 of one shot in order, as ``Video.frames`` does."""
CUT = Join()
HARD_END = Transition()


@dataclass(frozen=True)
class Segment:
    """One shot's place in the edit."""

    name: str
    frame_count: int
    """Frames of the shot, those of its transitions included."""
    head: Join = CUT
    """How it is entered, in frames of this shot."""
    tail: Join = CUT
    """How it is left; where both shots are on screen, the same as the next one's head."""

    @property
    def overlap(self) -> int:
        """Frames it shares with the shot before."""
        return self.head.shared


def lay_out(
    names: Sequence[str],
    frame_counts: Sequence[int],
    transitions: Sequence[Transition],
    rate: Fraction,
    end: Transition = HARD_END,
) -> tuple[Segment, ...]:
    """Place the shots one after the other.

    Args:
        names: of the shots, in order.
        frame_counts: of each shot.
        transitions: how each shot is entered.
        rate: of the film, frames a second.
        end: how the film closes.

    Raises:
        UserError: transitions that shots have no room for, all of them; names both shots and the longest that fits.
    """
    shots = zip(names, frame_counts, transitions, strict=True)
    timings = [Timing(name, count / rate, entering, rate) for name, count, entering in shots]
    faults = [_in_words(fault, names) for fault in impossible_overlaps(timings, rate, end)]
    if faults:
        raise UserError("\n".join(faults))
    ends = ends_of(transitions, end)
    return tuple(
        Segment(name, count, head.at(rate), tail.at(rate))
        for name, count, (head, tail) in zip(names, frame_counts, ends, strict=True)
    )


def _in_words(fault: Overlap, names: Sequence[str]) -> str:
    if fault.shot == len(names):
        return f"the film's end, shot '{names[-1]}': {fault.message}"
    before = f"from shot '{names[fault.shot - 1]}' " if fault.shot else ""
    return f"transition {before}to shot '{names[fault.shot]}': {fault.message}"


def edit_length(segments: Sequence[Segment]) -> int:
    """Count the frames of the edit: every shot's, less what they share."""
    return sum(segment.frame_count - segment.overlap for segment in segments)


def starts_of(segments: Sequence[Segment]) -> list[int]:
    """Return at which frame of the edit each shot's first frame lies."""
    ends = accumulate((segment.frame_count - segment.overlap for segment in segments), initial=0)
    return [end - segment.overlap for end, segment in zip(ends, segments, strict=False)]


def edit_as_json(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Return for programs where each shot lies, and how it is entered and left."""
    return [
        {"shot": segment.name, "start": start, "frames": segment.frame_count}
        | {"head": asdict(segment.head), "tail": asdict(segment.tail)}
        for segment, start in zip(segments, starts_of(segments), strict=True)
    ]


def play(segments: Sequence[Segment], shots: Sequence[FrameReader]) -> Iterator[Frame]:
    """Yield the frames of the edit in order; at most two shots are open at a time."""
    for index, (segment, shot) in enumerate(zip(segments, shots, strict=True)):
        if segment.overlap:
            yield from _overlapping(segment, segments[index - 1], shot, shots[index - 1])
        yield from _own(segment, shot)


def _overlapping(segment: Segment, before: Segment, shot: FrameReader, shot_before: FrameReader) -> Iterator[Frame]:
    tail = shot_before(before.frame_count - segment.overlap, before.frame_count)
    head = shot(0, segment.overlap)
    for step, (leaving, entering) in enumerate(zip(tail, head, strict=True)):
        yield mixed(segment.head, leaving, entering, step)


def _own(segment: Segment, shot: FrameReader) -> Iterator[Frame]:
    """Yield the frames that no neighbour shares, faded in and out."""
    start, stop = segment.head.shared, segment.frame_count - segment.tail.shared
    fading = segment.frame_count - segment.tail.faded
    for index, frame in enumerate(shot(start, stop), start):
        if index < segment.head.faded:
            yield fade_in(frame, segment.head, index)
        elif index >= fading and segment.tail.faded:
            yield fade_out(frame, segment.tail, index - fading)
        else:
            yield frame
