"""What plays of the source: a range, or parts that are slowed, reversed and frozen."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.fields import quantity, shown, whole
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Reading
from ex4d.shotlist.timing import MAX_FRAMES, Position, ends
from ex4d.shotlist.units import quoted

SLOWEST, FASTEST = Fraction(1, 100), Fraction(100)
"""Seconds of source a second, that a part may play at."""
MOST_PARTS = 100
"""Parts of one shot."""


class Clip(Record):
    """A range of the source; backwards where it ends before it begins."""

    start: Position
    """Seconds or frames of the source."""
    end: Position | None = None
    """Seconds or frames of the source; None runs to its end."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``0s..1.6s``, ``96f..48f`` or ``3s..``."""
        start, end = ends(node, units.SOURCE_TIME, "0s..1.6s, 48f..96f or 3s..")
        if end is not None and start == end:
            raise ValueError(f"{shown(node)} is empty: it begins where it ends")
        return cls(start=start, end=end)

    def duration(self, source_rate: Fraction | None) -> Fraction | None:
        """Return the seconds of source that it plays, or None where only the media can tell."""
        if self.end is None:
            return None
        moments = [_seconds(position, source_rate) for position in (self.start, self.end)]
        return None if moments[0] is None or moments[1] is None else abs(moments[1] - moments[0])


WHOLE_SOURCE = Clip(start=Position(value=Fraction(0), unit="s"))
"""From the first frame to the last."""


def _seconds(position: Position, rate: Fraction | None) -> Fraction | None:
    if position.unit == "s":
        return position.value
    return position.value / rate if rate else None


class Speed(Record):
    """How fast a part plays: evenly, or from one speed to another, changing evenly in the time of the film."""

    start: Fraction = Fraction(1)
    """Seconds of source a second of film, at the part's beginning."""
    end: Fraction = Fraction(1)
    """The same at its end."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``0.5`` or ``1..0.25``."""
        if not isinstance(node, Text) or node.missing:
            raise ValueError(f"needs a speed, as in 0.5, or a ramp, as in 1..0.25, but got {shown(node)}")
        start, dots, end = node.partition("..")
        first = _speed(Text(start, node.where))
        return cls(start=first, end=_speed(Text(end, node.where)) if dots else first)


def _speed(text: Text) -> Fraction:
    found = quantity(text, units.SPEED, misused=MISUSED_SPEEDS).value
    if found < 0:
        raise ValueError(f"{quoted(text)}: to play backwards, write the later end of the range first, as in 9s..8s")
    if found == 0:
        raise ValueError(f"{quoted(text)}: a speed of 0 never ends; to hold a frame write freeze: 1.6s")
    if not SLOWEST <= found <= FASTEST:
        raise ValueError(f"{quoted(text)} is out of range: a speed is 0.01 to 100")
    return found


MISUSED_SPEEDS = {
    "%": "a speed is a plain number: half as fast is 0.5",
    "s": "a speed is a plain number, 0.5 for half as fast; how long a part plays follows from it",
    "f": "a speed is a plain number, 0.5 for half as fast; frames a second are output.fps",
}


class Play(Record):
    """A part of the source that plays."""

    example: ClassVar[str] = "{play: 8s..9s, speed: 0.5}"
    play: Clip
    """Which part of the source; backwards where the later end stands first."""
    speed: Speed = Speed()
    """How fast: 0.5 is slow motion at half speed, ``1..0.25`` slows down evenly on the way."""

    def duration(self, source_rate: Fraction | None) -> Fraction | None:
        """Return the seconds of film that it lasts, or None where only the media can tell."""
        length = self.play.duration(source_rate)
        return None if length is None else length * 2 / (self.speed.start + self.speed.end)


def _held(value: Any) -> Any:
    if not isinstance(value, Text | Listed | Mapped):
        return value
    found = quantity(value, units.DURATION).value
    if found <= 0:
        raise ValueError(f"{shown(value)} takes no time; a frame is held for a duration above 0s")
    return found


def _moment(value: Any) -> Any:
    return Position.read(value, units.SOURCE_TIME) if isinstance(value, Node) else value


Held = Annotated[Fraction, BeforeValidator(_held)]
SourceMoment = Annotated[Position | None, BeforeValidator(_moment)]


class Freeze(Record):
    """A frame of the source that is held: bullet time, as the world stops and the camera does not."""

    example: ClassVar[str] = "{freeze: 1.6s}"
    freeze: Held
    """How long it is held in the film."""
    of: SourceMoment = None
    """The moment of the source whose frame is held; if not stated, the last frame shown before."""

    def duration(self, source_rate: Fraction | None) -> Fraction | None:
        """Return the seconds of film that it lasts."""
        return self.freeze


Part = Play | Freeze


def _part(value: Any, info: Reading) -> Any:
    if not isinstance(value, Node):
        return value
    words: dict[str, type[Part]] = {"play": Play, "freeze": Freeze}
    stated = [word for word in words if isinstance(value, Mapped) and word in value]
    if len(stated) != 1:
        if stated:
            raise ValueError("has both play and freeze; write each as an item of its own")
        raise ValueError(f"needs a part, as in {Play.example} or {Freeze.example}, but got {shown(value)}")
    return words[stated[0]].model_validate(value, context=info.context)


def _parts(value: Any) -> Any:
    if not isinstance(value, Node):
        return value
    if not isinstance(value, Listed) or not value:
        raise ValueError(f"needs a list of parts, each as in - play: 8s..9s or - freeze: 1.6s, but got {shown(value)}")
    if len(value) > MOST_PARTS:
        raise ValueError(f"has {len(value)} parts; a shot has at most {MOST_PARTS}")
    return value


Parts = Annotated[tuple[Annotated[Part, BeforeValidator(_part)], ...] | None, BeforeValidator(_parts)]
"""The parts of a retimed source, in order; None where it is not retimed."""


def _count(value: Any) -> Any:
    if isinstance(value, Text) and value.endswith("f") and value[:-1].isdigit():
        raise ValueError(f"{quoted(value)}: frames of the film are counted without a unit; write {value[:-1]}")
    if isinstance(value, Text) and value.endswith("s") and value[:1].isdigit():
        raise ValueError(f"{quoted(value)}: frames counts frames of the film, as in 49; seconds are clip: 0s..2s")
    found = whole(value)
    if isinstance(found, int) and not 1 <= found <= MAX_FRAMES:
        raise ValueError(f"{shown(value)} is out of range: a shot has 1 to {MAX_FRAMES} frames")
    return found


Count = Annotated[int, BeforeValidator(_count)]
"""Frames of the film, at least 1."""
