"""When things happen in a shot: how many frames it has, what each shows, and how far along its window a move is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import Position, Shot, Window
from ex4d.trajectory.playback import Playback, playback_of
from ex4d.trajectory.stretches import shown_seconds


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
    """The moment of the source that its first frame shows, seconds."""
    duration: Fraction
    """Seconds; the frames last within half a frame of it."""

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return self.frames - 1

    @classmethod
    def of(cls, shot: str, playback: Playback) -> Clock:
        """Return the time of the shot of that name, which plays this."""
        return cls(shot, playback.frames, playback.frame_rate, playback.first(), playback.duration)


def clock_of(shot: Shot, scene: Scene) -> Clock:
    """Count a shot's frames; raises as :func:`ex4d.trajectory.playback.playback_of`."""
    return Clock.of(shot.name, playback_of(shot, scene))


def frame_count(shot: Shot, scene: Scene) -> int:
    """Return how many frames a shot has; raises as ``clock_of`` does."""
    return playback_of(shot, scene).frames


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
            f"shot {clock.shot!r}: {_words(position)} lies outside the shot, which is "
            f"{shown_seconds(clock.duration)} long ({clock.frames} frames)"
        )
    return min(frame, Fraction(clock.last))


def _words(position: Position) -> str:
    return f"{float(position.value):g}{position.unit}"
