"""When things happen in a shot: how many frames it has, what each shows, and how far along its window a move is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float64

from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import Position, Shot, Window
from ex4d.shotlist.timing import MAX_FRAMES


@dataclass(frozen=True)
class Span:
    """A stretch of a shot, in frames from its first, not necessarily whole ones; start <= end."""

    start: Fraction
    end: Fraction

    def progress(self, frames: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        """Return 0 up to the start, exactly 1 from the end on, and rise evenly between."""
        start, end = float(self.start), float(self.end)
        if start == end:
            return (frames >= end).astype(np.float64)
        return np.where(frames >= end, 1.0, np.clip((frames - start) / (end - start), 0.0, 1.0))


@dataclass(frozen=True)
class Clock:
    """A shot's own time."""

    shot: str
    """The shot's name, for errors."""
    frames: int
    """How many frames the shot has."""
    frame_rate: Fraction
    """Frames a second."""
    start: Fraction
    """The moment of the source at which the shot begins, seconds."""
    duration: Fraction
    """Seconds of source that play; the frames last within half a frame of it."""

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return self.frames - 1

    def source_times(self) -> tuple[Fraction, ...]:
        """Return the moment of the source that each frame shows, exactly, in seconds."""
        step = 1 / self.frame_rate
        denominator = self.start.denominator * step.denominator
        first, stride = self.start.numerator * step.denominator, step.numerator * self.start.denominator
        return tuple(Fraction(first + index * stride, denominator) for index in range(self.frames))


def clock_of(shot: Shot, scene: Scene) -> Clock:
    """Count a shot's frames: N = floor(L x rate + 1/2).

    Raises:
        TrajectoryError: The range is empty, leaves the source, gives no frame at all or more than MAX_FRAMES.
    """
    start, end = _clip_range(shot, scene)
    frames = int((end - start) * scene.frame_rate + Fraction(1, 2))
    length = f"{_seconds(end - start)} at {scene.frame_rate} frames a second"
    if frames < 1:
        raise TrajectoryError(f"shot {shot.name!r}: {length} is less than one frame; lengthen its clip", part="clip")
    if frames > MAX_FRAMES:
        raise TrajectoryError(
            f"shot {shot.name!r}: {length} is {frames} frames, and a shot may have {MAX_FRAMES}; shorten its clip",
            part="clip",
        )
    return Clock(shot.name, frames, scene.frame_rate, start, end - start)


def frame_count(shot: Shot, scene: Scene) -> int:
    """Return how many frames a shot has; raises as ``clock_of`` does."""
    return clock_of(shot, scene).frames


def _clip_range(shot: Shot, scene: Scene) -> tuple[Fraction, Fraction]:
    """Return the part of the source that plays, in seconds, checked against the source's length."""
    if shot.clip is None:
        return Fraction(0), scene.source_duration
    start = _source_seconds(shot.clip.start, scene)
    end = scene.source_duration if shot.clip.end is None else _source_seconds(shot.clip.end, scene)
    written = f"shot {shot.name!r}: its clip {_seconds(start)}..{_seconds(end)}"
    source = f"the source is {_seconds(scene.source_duration)} long ({_source_frames(scene)} frames)"
    if shot.clip.end is not None and start > end:
        raise TrajectoryError(f"{written} plays backwards", part="clip")
    if start >= scene.source_duration or end > scene.source_duration or start < 0:
        raise TrajectoryError(f"{written} leaves the source; {source}", part="clip")
    if start == end:
        raise TrajectoryError(f"{written} begins where it ends and is empty; {source}", part="clip")
    return start, end


def _source_seconds(position: Position, scene: Scene) -> Fraction:
    """Return a place in the source in seconds; ``f`` counts source frames."""
    return position.value / scene.source_rate if position.unit == "f" else Fraction(position.value)


def _source_frames(scene: Scene) -> int:
    return int(scene.source_duration * scene.source_rate + Fraction(1, 2))


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6g}s"


def span_of(window: Window, clock: Clock) -> Span:
    """Place a move's window in the shot's frames.

    A shot of a single frame shows where its moves start from: there every window still lies ahead.

    Raises:
        TrajectoryError: The window leaves the shot or ends before it begins.
    """
    if clock.frames == 1:
        return Span(Fraction(0), Fraction(1))
    outer = Span(Fraction(0), Fraction(clock.last)) if window.within is None else span_of(window.within, clock)
    span = Span(frame_of(window.start, outer, clock), frame_of(window.end, outer, clock))
    if span.start > span.end:
        raise TrajectoryError(
            f"shot {clock.shot!r}: a window runs from {_words(window.start)} to {_words(window.end)}, that is from "
            f"frame {float(span.start):g} to frame {float(span.end):g}; it must end after it begins"
        )
    return span


def frame_of(position: Position, outer: Span, clock: Clock) -> Fraction:
    """Return a position in frames: a share of ``outer``, or seconds or frames from its start.

    What lies between the last frame and the shot's end is the last frame.
    """
    if position.unit == "%":
        return outer.start + position.value / 100 * (outer.end - outer.start)
    frame = outer.start + position.value * (clock.frame_rate if position.unit == "s" else 1)
    if not 0 <= frame <= max(Fraction(clock.frames), clock.duration * clock.frame_rate):
        raise TrajectoryError(
            f"shot {clock.shot!r}: {_words(position)} lies outside the shot, which is {_seconds(clock.duration)} long "
            f"({clock.frames} frames)"
        )
    return min(frame, Fraction(clock.last))


def _words(position: Position) -> str:
    return f"{float(position.value):g}{position.unit}"
