"""The parts of a shot, each placed in the film and on the source, and checked against the source's length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import Clip, Freeze, Part, Play, Shot, Speed
from ex4d.trajectory.source_frames import SourceFrames


@dataclass(frozen=True)
class Run:
    """A stretch of the film in which a range of the source plays."""

    start: Fraction
    """Seconds of the shot."""
    begin: Fraction
    """Where in the source it begins, seconds."""
    end: Fraction
    """Where it ends; before its beginning where it plays backwards."""
    speed: Speed

    @property
    def backwards(self) -> bool:
        """Whether it plays backwards."""
        return self.end < self.begin

    @property
    def plain(self) -> bool:
        """Whether it plays as it was filmed, forwards at speed 1."""
        return not self.backwards and self.speed.start == self.speed.end == 1

    @property
    def duration(self) -> Fraction:
        """Seconds of film: the range at the mean speed, as speed changes evenly in the time of the film."""
        return 2 * abs(self.end - self.begin) / (self.speed.start + self.speed.end)

    def moments(self, frames: range, rate: Fraction) -> tuple[list[int] | range, int]:
        """Return the source moments at frames of the shot: numerators, and the seconds' one denominator.

        With u = frame / rate - start, a moment is begin +- (v0 u + (v1 - v0) u^2 / (2 duration)).
        """
        step, speed, way = 1 / rate, self.speed, -1 if self.backwards else 1
        bend = (speed.end - speed.start) / (2 * self.duration)
        fixed = self.begin + way * self.start * (bend * self.start - speed.start)
        linear = way * step * (speed.start - 2 * bend * self.start)
        square = way * step * step * bend
        whole = math.lcm(fixed.denominator, linear.denominator, square.denominator)
        a, b, c = (part.numerator * (whole // part.denominator) for part in (fixed, linear, square))
        if c == 0:
            return range(a + b * frames.start, a + b * frames.stop, b), whole
        return [a + index * (b + index * c) for index in frames], whole


@dataclass(frozen=True)
class Hold:
    """A stretch of the film in which one frame stands still."""

    start: Fraction
    """Seconds of the shot."""
    duration: Fraction
    """Seconds of film."""
    moment: Fraction | None
    """Seconds of the source at which the frame is on screen; None holds what the film showed before."""


Stretch = Run | Hold


def stretches_of(shot: Shot, source: SourceFrames) -> tuple[Stretch, ...]:
    """Place a shot's parts one after the other.

    Raises:
        TrajectoryError: Parts that leave the source, or in which nothing plays.
    """
    faults = [TrajectoryError(f"shot {shot.name!r}: {what}", part=place) for place, what in _faults(shot, source)]
    if faults:
        raise TrajectoryError.together(faults)
    placed: list[Stretch] = []
    start = Fraction(0)
    for part in shot.parts:
        placed.append(_placed(part, start, source))
        start += placed[-1].duration
    return tuple(placed)


def _placed(part: Part, start: Fraction, source: SourceFrames) -> Stretch:
    if isinstance(part, Freeze):
        return Hold(start, part.freeze, None if part.of is None else source.seconds(part.of))
    return Run(start, *_range(part.play, source), part.speed)


def _range(clip: Clip, source: SourceFrames) -> tuple[Fraction, Fraction]:
    return source.seconds(clip.start), source.duration if clip.end is None else source.seconds(clip.end)


def _faults(shot: Shot, source: SourceFrames) -> Iterator[tuple[str, str]]:
    """Yield the place and the words of what is wrong with each part."""
    length = f"the source is {shown_seconds(source.duration)} long ({source.count} frames)"
    for index, part in enumerate(shot.parts):
        place = "clip" if shot.time is None else f"time[{index}]"
        if isinstance(part, Play):
            wrong = _wrong_with(*_range(part.play, source), source.duration)
            written = f"its {'clip' if shot.time is None else 'part'} {_words(part.play)}"
            if wrong:
                yield place, f"{written} {wrong}; {length}"
        elif part.of is not None and not 0 <= source.seconds(part.of) < source.duration:
            yield place, f"it freezes the frame of {part.of}, and there is none; {length}"


def _wrong_with(begin: Fraction, end: Fraction, duration: Fraction) -> str:
    """Return what is wrong with a range, or nothing."""
    if min(begin, end) < 0 or min(begin, end) >= duration or max(begin, end) > duration:
        return "leaves the source"
    return "begins where it ends and is empty" if begin == end else ""


def _words(clip: Clip) -> str:
    return f"{clip.start}.." + ("" if clip.end is None else str(clip.end))


def shown_seconds(value: Fraction) -> str:
    """Return seconds in words, to six digits."""
    return f"{float(value):.6g}s"
