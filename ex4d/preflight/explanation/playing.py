"""Which part of the source a shot plays, and how fast, in words."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ex4d.preflight.explanation.quantities import counted_as, number, seconds
from ex4d.progress import counted
from ex4d.shotlist.model import WHOLE_SOURCE, Clip, Freeze, Part, Play, Position, Shot, Speed


def playing(shot: Shot) -> Iterator[str]:
    """Yield sentences that say what plays."""
    parts = [_part(part) for part in shot.parts]
    if len(parts) == 1:
        yield f"it plays {parts[0]}"
    else:
        yield f"it plays, one after the other: {'; '.join(parts)}"
    if shot.boomerang:
        yield "then all of that plays backwards, without the frame at which it turns a second time"
    if shot.frames is not None:
        yield f"of this {'only the first frame is' if shot.frames == 1 else f'the first {shot.frames} frames are'} used"
    if shot.blend:
        yield "moments between two frames of the source show both, mixed"


def _open(shot: Shot) -> str:
    """Say how long a shot is whose length only the media can tell."""
    clips = [part.play for part in shot.parts if isinstance(part, Play)]
    if clips == [WHOLE_SOURCE]:
        return "as long as the source"
    return (
        "to the end of the source" if any(clip.end is None for clip in clips) else "as long as that part of the source"
    )


def _part(part: Part) -> str:
    return _freeze(part) if isinstance(part, Freeze) else _played(part)


def _freeze(part: Freeze) -> str:
    which = "the frame shown last" if part.of is None else f"the frame at {_moment(part.of)}"
    return f"{which}, held for {seconds(part.freeze)} while the camera goes on"


def _played(part: Play) -> str:
    ramp = part.speed
    if ramp.start == ramp.end == 1:
        return _range(part.play)
    length = part.duration(None)
    lasting = f", which takes {seconds(length)}" if length is not None else ""
    return f"{_range(part.play)} {_speed(ramp)}{lasting}"


def _range(clip: Clip) -> str:
    if clip == WHOLE_SOURCE:
        return "the whole source"
    if clip.end is None:
        return f"the source from {_moment(clip.start)} to its end"
    if clip.start.unit == clip.end.unit and clip.end.value < clip.start.value:
        return f"the source backwards, from {_moment(clip.start)} to {_moment(clip.end)}"
    return f"the source from {_moment(clip.start)} to {_moment(clip.end)}"


def _moment(position: Position) -> str:
    return seconds(position.value) if position.unit == "s" else f"frame {number(position.value, 6)}"


def _speed(speed: Speed) -> str:
    if speed.start == speed.end:
        return f"at {_times(speed.start)}"
    verb = "slowing down" if speed.end < speed.start else "speeding up"
    return f"{verb} evenly, from {_times(speed.start)} to {_times(speed.end)}"


def _times(speed: Fraction) -> str:
    named = {
        Fraction(1): "its own speed", Fraction(1, 2): "half its speed", Fraction(1, 4): "a quarter of its speed",
        Fraction(2): "twice its speed",
    }  # fmt: skip
    return named.get(speed) or f"{counted_as(speed, 'time')} its speed"


def length_in_words(shot: Shot, source_rate: Fraction | None, rate: Fraction | None) -> str:
    """Say how long a shot is, in frames where the file says at which rate."""
    lasts = shot.duration(source_rate, rate)
    if lasts is None and shot.frames is not None:
        lasting = f", {seconds(shot.frames / rate)}" if rate is not None else ""
        return counted(shot.frames, "frame") + lasting
    if lasts is None:
        return _open(shot)
    if rate is None:
        return seconds(lasts)
    return f"{counted(int(lasts * rate + Fraction(1, 2)), 'frame')}, {seconds(lasts)}"
