"""When each frame of the source comes on screen, in whole numbers too: fractions in bulk are slow."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ex4d.artifacts.scene import Scene
from ex4d.shotlist.model import Position


@dataclass(frozen=True)
class SourceFrames:
    """The frames of a source in time.

    A tick is a part of a second so small that every frame begins at a whole number of them.
    """

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

    def time(self, frame: int) -> Fraction:
        """Return when a frame begins, in seconds."""
        return Fraction(frame) / self.rate if self.times is None else self.times[frame]

    @cached_property
    def ticks_a_second(self) -> int:
        """How many ticks a second has."""
        if self.times is None:
            return self.rate.numerator
        return math.lcm(self.duration.denominator, *{time.denominator for time in self.times})

    @cached_property
    def _ticks(self) -> tuple[int, ...]:
        """When each frame of a variable rate begins, and when the last ends."""
        scale, moments = self.ticks_a_second, (*(self.times or ()), self.duration)
        return tuple(moment.numerator * (scale // moment.denominator) for moment in moments)

    def begins(self, frame: int) -> int:
        """Return the tick at which a frame begins; of the one after the last, when the last ends."""
        return frame * self.rate.denominator if self.times is None else self._ticks[frame]

    def on_screen(self, tick: int) -> int:
        """Return the frame that began last, by a tick >= 0."""
        if self.times is None:
            return tick // self.rate.denominator
        return bisect_right(self._ticks, tick, hi=len(self._ticks) - 1) - 1
