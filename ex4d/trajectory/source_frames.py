"""When each frame of the source comes on screen, in whole numbers too: fractions in bulk are slow."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ex4d.artifacts.scene import Scene
from ex4d.shotlist.model import Position

Phase = tuple[int, int, int]
"""A frame, how much of its time on screen has passed, and the whole of it, in some unit."""


@dataclass(frozen=True)
class SourceFrames:
    """The frames of a source in time."""

    rate: Fraction
    """Frames a second; of a variable rate, the nearest usual one to the mean."""
    duration: Fraction
    """Seconds, from the start of the first frame to the end of the last."""
    times: tuple[Fraction, ...] | None = None
    """When each frame begins, seconds, where the rate varies; None where frame k begins at k / rate."""

    @classmethod
    def of(cls, scene: Scene) -> SourceFrames:
        """Return the frames of the source that a shot is compiled for."""
        return cls(scene.source_rate, scene.source_duration, scene.source_times)

    @property
    def count(self) -> int:
        """How many frames there are."""
        return math.ceil(self.duration * self.rate) if self.times is None else len(self.times)

    def seconds(self, position: Position) -> Fraction:
        """Return a moment of the source in seconds; ``f`` counts its frames, and may count on beyond the last."""
        if position.unit == "s":
            return position.value
        if self.times is None:
            return position.value / self.rate
        frame = int(position.value)
        beyond = frame - len(self.times)
        return self.times[frame] if beyond < 0 else self.duration + beyond / self.rate

    def times_of(self, frames: Sequence[int]) -> list[Fraction]:
        """Return when frames begin, in seconds; equal frames share one number."""
        if self.times is not None:
            return [self.times[frame] for frame in frames]
        step, scale = self.rate.denominator, self.rate.numerator
        found = {frame: Fraction(frame * step, scale) for frame in set(frames)}
        return [found[frame] for frame in frames]

    def on_screen(self, numerators: Sequence[int], denominator: int) -> list[Phase]:
        """Return the frame on screen at moments of the source, and how much of its time has passed."""
        scale = self._ticks_a_second
        if self.times is None:
            whole = self.rate.denominator * denominator
            return [(*divmod(moment * scale, whole), whole) for moment in numerators]
        return [self._passed(moment * scale, denominator) for moment in numerators]

    def on_screen_before(self, numerators: Sequence[int], denominator: int) -> list[Phase]:
        """Return the frame on screen just before moments, and how much of its time is left: it has passed backwards."""
        scale = self._ticks_a_second
        if self.times is None:
            whole = self.rate.denominator * denominator
            mirrored = (divmod(-moment * scale, whole) for moment in numerators)
            return [(-frame - 1, left, whole) for frame, left in mirrored]
        return [self._left(moment * scale, denominator) for moment in numerators]

    def _passed(self, moment: int, denominator: int) -> Phase:
        frame = bisect_right(self._ticks, moment // denominator, hi=len(self._ticks) - 1) - 1
        begins, ends = self._ticks[frame], self._ticks[frame + 1]
        return frame, moment - begins * denominator, (ends - begins) * denominator

    def _left(self, moment: int, denominator: int) -> Phase:
        frame = bisect_left(self._ticks, -(-moment // denominator), hi=len(self._ticks) - 1) - 1
        begins, ends = self._ticks[frame], self._ticks[frame + 1]
        return frame, ends * denominator - moment, (ends - begins) * denominator

    @cached_property
    def _ticks_a_second(self) -> int:
        if self.times is None:
            return self.rate.numerator
        return math.lcm(self.duration.denominator, *{time.denominator for time in self.times})

    @cached_property
    def _ticks(self) -> tuple[int, ...]:
        """When each frame of a variable rate begins, and when the last ends, in whole ticks.

        A tick is a part of a second so small that every frame begins at a whole number of them.
        """
        scale, moments = self._ticks_a_second, (*(self.times or ()), self.duration)
        return tuple(moment.numerator * (scale // moment.denominator) for moment in moments)
