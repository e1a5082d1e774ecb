"""What a source may be in time, as far as a shot leaves it open: rates and lengths at which its moments fit.

Whether a shot's windows fit depends on its own rate and length alone. Its length rises evenly with what is open: the
length of a source that plays to its end, or the time that its frames take where they are counted. So lengths are tried
between any two at which moments change places, and the source is what gives the shot that length.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

from ex4d.shotlist.model import Clip, Freeze, Output, Play, Position, Shot, Spline, Window

RATES = tuple(map(Fraction, (24, 25, 30, 50, 60, 15, 12, 10, 5, 120, 240, 1000)))
"""Frames a second of a source that was not opened, the likeliest first."""
WHOLE_RATES = tuple(map(Fraction, range(1, 61)))
"""What else a film may have."""
LENGTH_OF_A_SOURCE, LENGTH_OF_A_REST = Fraction(10), Fraction(1)
"""Seconds that play of a source without a clip, and of a range that runs to the end, if windows need no more."""
MOST_MOMENTS = 12
"""Moments of each unit that are compared to find lengths and rates."""


class Timing(NamedTuple):
    """What a source may be in time: rates in frames a second, a length in seconds."""

    frame_rate: Fraction
    source_rate: Fraction
    duration: Fraction


def likely_timings(shot: Shot, output: Output) -> Iterator[Timing]:
    """Yield what is left open of rates and length, the likeliest first."""
    stated = output.fps or shot.source.fps
    rates = [stated] if stated else list(dict.fromkeys((*RATES, *_rates_between(shot), *WHOLE_RATES)))
    for rate in rates:
        yield from _with_rates(shot, rate, shot.source.fps or rate)
    if shot.source.fps is None and counts_frames(shot):  # which its rate, or a rate that varies, may stretch
        for rate in rates:
            for source_rate in _source_rates(shot, rate):
                yield from _with_rates(shot, rate, source_rate)


def counts_frames(shot: Shot) -> bool:
    """Return whether a shot counts frames of the source."""
    return any(position.unit == "f" for position in _places(shot))


def is_open(shot: Shot) -> bool:
    """Return whether a part of a shot runs to the end of the source."""
    return any(clip.end is None for clip, _ in _ranges(shot))


def _places(shot: Shot) -> Iterator[Position]:
    """Yield the moments of the source that a shot names."""
    for part in shot.parts:
        if isinstance(part, Freeze):
            yield from () if part.of is None else (part.of,)
        else:
            yield from (part.play.start, *(() if part.play.end is None else (part.play.end,)))


def _ranges(shot: Shot) -> list[tuple[Clip, Fraction]]:
    """Return the ranges that play, and how many seconds of film a second of each takes."""
    plays = [part for part in shot.parts if isinstance(part, Play)]
    return [(part.play, 2 / (part.speed.start + part.speed.end)) for part in plays]


def _seconds(position: Position, source_rate: Fraction) -> Fraction:
    return position.value / source_rate if position.unit == "f" else position.value


def _with_rates(shot: Shot, rate: Fraction, source_rate: Fraction) -> Iterator[Timing]:
    return (Timing(rate, source_rate, duration) for duration in _durations(shot, rate, source_rate))


def _source_rates(shot: Shot, rate: Fraction) -> Iterator[Fraction]:
    """Yield rates of a source whose frames are counted: the usual ones, and those that give the shot a length."""
    yield from RATES
    counted = _closed_length(shot, Fraction(1, 2)) - _closed_length(shot, Fraction(1))
    others = _closed_length(shot, Fraction(1)) - counted
    if counted > 0 and not is_open(shot):
        yield from (counted / (length - others) for length in _lengths(shot, rate, others) if length > others)


def _closed_length(shot: Shot, source_rate: Fraction) -> Fraction:
    """Return the seconds of film that a shot's parts last, but for those that run to the source's end."""
    held = sum((part.freeze for part in shot.parts if isinstance(part, Freeze)), Fraction(0))
    return held + sum(
        (
            slowness * abs(_seconds(clip.end, source_rate) - _seconds(clip.start, source_rate))
            for clip, slowness in _ranges(shot)
            if clip.end is not None
        ),
        Fraction(0),
    )


def _durations(shot: Shot, rate: Fraction, source_rate: Fraction) -> Iterator[Fraction]:
    """Yield how long the source may be: as long as its ranges, or where one is open as long as windows ask for."""
    least = max((_seconds(position, source_rate) for position in _places(shot)), default=Fraction(0))
    held = any(isinstance(part, Freeze) and part.of is not None for part in shot.parts)
    begun = [(_seconds(clip.start, source_rate), slow) for clip, slow in _ranges(shot) if clip.end is None]
    if not begun:
        yield least + (1 / source_rate if held else 0)
        return
    slowness = sum((slow for _, slow in begun), Fraction(0))
    fixed = _closed_length(shot, source_rate) - sum((start * slow for start, slow in begun), Fraction(0))
    for index, length in enumerate(_lengths(shot, rate, fixed + slowness * least)):
        duration = (length - fixed) / slowness
        if duration > least or index == 0:
            yield max(duration, least + 1 / source_rate)


def _lengths(shot: Shot, rate: Fraction, shortest: Fraction) -> Iterator[Fraction]:
    """Yield lengths of a shot's parts, in seconds, one for each order in which its moments can come.

    ``shortest`` is as short as they can be.
    """
    whole = shot.clip is None and shot.time is None
    usual = LENGTH_OF_A_SOURCE if whole else shortest + LENGTH_OF_A_REST
    if shot.frames is not None:
        yield max(usual, (shot.frames + 1) / rate)
        return
    (timed, shares), (counted, _) = _fixed_and_shares(shot, "s"), _fixed_and_shares(shot, "f")
    fixed = {*timed, *(count / rate for count in counted)} - {Fraction(0)}
    yield _parts_of(max(usual, *fixed, Fraction(0)), shot, rate)
    meeting = {*fixed, *(moment / share + 1 / rate for moment, share in product(fixed, shares))}
    lengths = sorted({shortest, *(_parts_of(length, shot, rate) for length in meeting)})
    yield from ((earlier + later) / 2 for earlier, later in pairwise(lengths))
    yield from (lengths[-1] + 1, *lengths) if meeting else ()


def _parts_of(length: Fraction, shot: Shot, rate: Fraction) -> Fraction:
    """Return how long a shot's parts are that is so long, there and back where it is a boomerang."""
    return (length + 1 / rate) / 2 if shot.boomerang else length


def _fixed_and_shares(shot: Shot, unit: str) -> tuple[list[Fraction], list[Fraction]]:
    """Return a shot's moments in a unit, the latest, and those that are shares of it, the earliest."""
    fixed = {moment.value for moment in _moments(shot) if moment.unit == unit}
    shares = {moment.value / 100 for moment in _moments(shot) if moment.unit == "%" and moment.value}
    return sorted(fixed)[-MOST_MOMENTS:], sorted(shares)[:MOST_MOMENTS]


def _rates_between(shot: Shot) -> list[Fraction]:
    """Return rates at which moments in frames and in seconds change places, and such as lie between them."""
    counted, shares = _fixed_and_shares(shot, "f")
    timed, _ = _fixed_and_shares(shot, "s")
    frames, length = _known_count(shot), _known_length(shot)
    counted += [] if frames is None else [share * (frames - 1) for share in shares]
    found = {count / second for count, second in product(counted, timed) if second}
    if length:  # of N = length x rate frames a share is of N - 1, or there and back of 2N - 2
        way = 2 if shot.boomerang else 1
        found |= {(count / (share * way) + 1) / length for count, share in product(counted, shares)}
        found |= {count / length for count in counted}
        spare = {way * length - second / share for second, share in product(timed, shares)}
        found |= {way / seconds for seconds in spare if seconds > 0}
    rates = sorted(rate for rate in found if 1 < rate < 1000)
    between = [(earlier + later) / 2 for earlier, later in pairwise([Fraction(1), *rates, Fraction(1000)])]
    return [*between, *rates]


def _known_count(shot: Shot) -> Fraction | None:
    """Return how many frames a shot has at any rate, where its own or the source's are counted."""
    if shot.frames is not None:
        return Fraction(shot.frames)
    there, at_half_the_rate = _closed_length(shot, Fraction(1)), _closed_length(shot, Fraction(1, 2))
    if is_open(shot) or at_half_the_rate != 2 * there:
        return None
    return 2 * there - 1 if shot.boomerang else there


def _known_length(shot: Shot) -> Fraction | None:
    """Return how many seconds a shot's parts last at any rate, where they are so written."""
    length = _closed_length(shot, Fraction(1))
    return None if is_open(shot) or length != _closed_length(shot, Fraction(1, 2)) else length


def _moments(shot: Shot) -> Iterator[Position]:
    for item in shot.camera:
        window: Window | None = item.at
        while window is not None:
            yield from (window.start, window.end)
            window = window.within
        if isinstance(item.move, Spline):
            yield from (key.at for key in item.move.keys if key.at is not None)
