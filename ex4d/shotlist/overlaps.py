"""Dissolves that leave nothing of a shot, as far as the file tells lengths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from ex4d.shotlist.model import Transition
from ex4d.shotlist.units import format_number

USUAL_RATES = tuple(map(Fraction, (10, 12, 15, 24, 25, 30, 48, 50, 60, 120)))
"""Frames a second of a source that does not say; a dissolve that fits at one of them is no fault of the file."""


class Timing(NamedTuple):
    """What a file tells of a shot's length."""

    name: str
    length: Fraction | None
    """Seconds; None where only the media can tell."""
    entering: Transition
    rate: Fraction | None
    """Of the source, frames a second, if stated."""


class Overlap(NamedTuple):
    """A dissolve that does not fit."""

    shot: int
    """The shot that it enters, from 0."""
    message: str


def impossible_overlaps(shots: Sequence[Timing], rate: Fraction | None, end: Transition) -> Iterator[Overlap]:
    """Find the dissolves after which a shot would have no frame of its own.

    Args:
        shots: in order.
        rate: of the output, frames a second; None where the file does not state it.
        end: how the film closes.
    """
    if shots and shots[0].entering.kind == "dissolve":
        yield Overlap(0, "the first shot has no shot before it to dissolve from")
    for index, shot in enumerate(shots):
        entering = shot.entering if index else Transition()
        leaving = shots[index + 1].entering if index + 1 < len(shots) else Transition()
        if shot.length is not None:
            yield from _against(index, shot.name, shot.length, entering, leaving, rate or shot.rate)


def _against(
    index: int, name: str, length: Fraction, entering: Transition, leaving: Transition, rate: Fraction | None
) -> Iterator[Overlap]:
    """Check one shot against the dissolves at its two ends."""
    alone = [
        Overlap(place, _too_long(dissolve.duration, name, length, rate))
        for place, dissolve in ((index, entering), (index + 1, leaving))
        if dissolve.kind == "dissolve" and not _fits(dissolve.duration, Fraction(0), length, rate)
    ]
    yield from alone
    if not alone and not _fits(entering.duration, leaving.duration, length, rate):
        into, out = _seconds(entering.duration), _seconds(leaving.duration)
        own = f"shot {name!r} ({_seconds(length)})"
        yield Overlap(index + 1, f"a dissolve of {into} into and one of {out} out of {own} leave nothing of it")


def _too_long(duration: Fraction, name: str, length: Fraction, rate: Fraction | None) -> str:
    longest = _longest(length, rate)
    remedy = f"at most {_seconds(longest)}" if longest > 0 else "write cut"
    return f"a dissolve of {_seconds(duration)} leaves nothing of shot {name!r} ({_seconds(length)}); {remedy}"


def _frames(seconds: Fraction, rate: Fraction) -> int:
    return math.floor(seconds * rate + Fraction(1, 2))


def _fits(entering: Fraction, leaving: Fraction, length: Fraction, rate: Fraction | None) -> bool:
    if rate is None:
        # Rounding to frames may leave one where seconds leave none: 0.1s and 0.1s of 0.2s are 2, 2 and 5 at 24.
        return entering + leaving < length or any(_fits(entering, leaving, length, usual) for usual in USUAL_RATES)
    overlap = sum(max(1, _frames(seconds, rate)) for seconds in (entering, leaving) if seconds > 0)
    return overlap == 0 or overlap < _frames(length, rate)


def _longest(length: Fraction, rate: Fraction | None) -> Fraction:
    """Return the longest single dissolve that fits, in round tenths or else hundredths of a second."""
    for step in (Fraction(1, 10), Fraction(1, 100)):
        longest = math.ceil(length / step) * step
        while longest > 0 and not _fits(longest, Fraction(0), length, rate):
            longest -= step
        if longest > 0:
            return longest
    return Fraction(0)


def _seconds(duration: Fraction) -> str:
    return f"{format_number(duration)}s"
