"""Transitions that a shot has no room for, as far as lengths are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from ex4d.shotlist.joins import ShotEnd, ends_of, has_room
from ex4d.shotlist.model import Transition
from ex4d.shotlist.units import format_number

USUAL_RATES = (
    *map(Fraction, (10, 12, 15, 16, 24, 25, 30, 48, 50, 60, 120, 240)),
    *(Fraction(1000 * rate, 1001) for rate in (24, 30, 60, 120)),
)
"""Frames a second of a source that does not say; a transition that fits at one of them is no fault of the file."""
_CUT = Transition()
_NOTHING = ShotEnd(_CUT, "out")


class Timing(NamedTuple):
    """What is known of a shot's length."""

    name: str
    length: Fraction | None
    """Seconds; None where only the media can tell."""
    entering: Transition
    rate: Fraction | None
    """Of the source, frames a second, if stated."""


class Overlap(NamedTuple):
    """A transition that does not fit."""

    shot: int
    """The shot that it enters, from 0; the number of shots for the film's end."""
    message: str


def impossible_overlaps(shots: Sequence[Timing], rate: Fraction | None, end: Transition) -> Iterator[Overlap]:
    """Find the transitions that a shot has no room for.

    Overlaps leave every shot at least one frame of its own; fades and overlaps at a shot's two ends do not lie on each
    other.

    Args:
        shots: in order.
        rate: of the output, frames a second; None where the file does not state it.
        end: how the film closes.
    """
    entering = [shot.entering for shot in shots]
    if shots and entering[0].overlaps:
        way_out = "let it fade up with fade 0.5s or dip-white 0.5s"
        yield Overlap(0, f"the first shot has no shot before it to {entering[0].kind} from; {way_out}")
        entering[0] = _CUT
    found: dict[int, list[_Excess]] = {}
    for index, (shot, ends) in enumerate(zip(shots, ends_of(entering, end), strict=True)):
        if shot.length is not None:
            for excess in _Room(shot.name, shot.length, rate or shot.rate).faults(index, *ends):
                found.setdefault(excess.shot, []).append(excess)
    for place in sorted(found):
        tightest = min(reversed(found[place]), key=lambda excess: excess.longest)
        yield Overlap(place, tightest.message)


class _Excess(NamedTuple):
    """A transition that is too long for one of its shots."""

    shot: int
    """The shot that it enters, as in an Overlap."""
    longest: Fraction
    """Seconds that it may be; 0 for a cut."""
    message: str


class _Room(NamedTuple):
    """One shot, which transitions at its two ends have to share."""

    name: str
    length: Fraction
    """Seconds."""
    rate: Fraction | None
    """Of the film, frames a second."""

    def faults(self, index: int, head: ShotEnd, tail: ShotEnd) -> Iterator[_Excess]:
        """Find what does not fit shot ``index``: each transition alone, else both together."""
        alone = [
            self._too_long(place, end)
            for place, end in ((index, head), (index + 1, tail))
            if not self._fits(end, _NOTHING)
        ]
        yield from alone
        if not alone and not self._fits(head, tail):
            yield self._meeting(index + 1, head, tail)

    @property
    def _shot(self) -> str:
        return f"shot {self.name!r} ({_seconds(round(self.length, 3))})"

    def _fits(self, head: ShotEnd, tail: ShotEnd) -> bool:
        if self.rate is not None:
            return has_room(_frames(self.length, self.rate), head.at(self.rate), tail.at(self.rate))
        # Rounding to frames may leave one where seconds leave none: 0.1s and 0.1s of 0.2s are 2, 2 and 5 at 24.
        roomy = head.seconds + tail.seconds < self.length
        return roomy or any(self._replace(rate=usual)._fits(head, tail) for usual in USUAL_RATES)

    def _too_long(self, place: int, end: ShotEnd) -> _Excess:
        what = f"a {end.transition.kind} of {_seconds(end.transition.duration)}"
        longest = self._longest(end, _NOTHING)
        remedy = f"at most {_seconds(longest)}" if longest else "write cut"
        if end.transition.overlaps:
            return _Excess(place, longest, f"{what} leaves nothing of {self._shot}; {remedy}")
        part = f"half of {what}" if end.halved else what
        return _Excess(place, longest, f"{part} is longer than {self._shot}; {remedy}")

    def _meeting(self, place: int, head: ShotEnd, tail: ShotEnd) -> _Excess:
        into = f"a {head.transition.kind} of {_seconds(head.transition.duration)} into"
        out = f"a {tail.transition.kind} of {_seconds(tail.transition.duration)} out of"
        both = head.transition.overlaps and tail.transition.overlaps
        longest = self._longest(tail, head)
        remedy = f"at most {_seconds(longest)} out of it" if longest else "shorten both"
        clash = "leave nothing of it" if both else "lie on each other"
        return _Excess(place, longest, f"{into} and {out} {self._shot} {clash}; {remedy}")

    def _longest(self, end: ShotEnd, other: ShotEnd) -> Fraction:
        """Return the longest that ``end`` may be beside the other, in round tenths or else hundredths of a second."""

        def fits(seconds: Fraction) -> bool:
            return self._fits(ShotEnd(end.transition.model_copy(update={"duration": seconds}), end.side), other)

        longest = (_largest(fits, step, 2 * self.length) for step in (Fraction(1, 10), Fraction(1, 100)))
        return next(filter(None, longest), Fraction(0))


def _largest(fits: Callable[[Fraction], bool], step: Fraction, limit: Fraction) -> Fraction:
    """Return the largest multiple of ``step`` that fits, 0 if none does; what is shorter than one that fits, fits."""
    low, high = 0, math.ceil(limit / step) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle * step) else (low, middle)
    return low * step


def _frames(seconds: Fraction, rate: Fraction) -> int:
    return math.floor(seconds * rate + Fraction(1, 2))


def _seconds(duration: Fraction) -> str:
    return f"{format_number(duration)}s"
