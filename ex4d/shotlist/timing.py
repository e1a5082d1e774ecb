"""Time: positions, windows, the part of the source that plays, how a shot is entered."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ex4d.shotlist import units
from ex4d.shotlist.fields import Duration, choice, near, quantity, shown
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.records import LATER, Record
from ex4d.shotlist.units import Dimension, quoted

MAX_FRAMES = 100_000
"""Frames a shot may have."""


class Position(Record):
    """A moment of a shot: a percentage of it, seconds, or frames."""

    value: Fraction
    """In the unit: 40 for ``40%``."""
    unit: Literal["%", "s", "f"]

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``40%``, ``1.6s`` or ``12f``."""
        return cls._read(node, units.POSITION)

    @classmethod
    def _read(cls, node: Any, dimension: Dimension) -> Position:
        found = quantity(node, dimension)
        if found.value < 0:
            raise ValueError(f"{shown(node)} is before the beginning; it must be at least 0{found.unit}")
        if found.unit == "%" and found.value > 100:
            raise ValueError(f"{shown(node)} is after the end; it must be at most 100%")
        if found.unit == "f" and found.value.denominator != 1:
            raise ValueError(f"{shown(node)} is not a whole frame")
        return cls(value=found.value, unit=found.unit)

    def __str__(self) -> str:
        return units.format_number(self.value) + self.unit


def _ends(node: Node, dimension: Dimension, example: str) -> tuple[Position, Position | None]:
    """Read ``a..b`` or ``a..``."""
    start, dots, end = node.partition("..") if isinstance(node, Text) else ("", "", "")
    if not dots or not start or not isinstance(node, Text):
        raise ValueError(f"{shown(node)} is not a range; write {example}")
    ends = [Position._read(Text(part, node.where), dimension) for part in (start, end) if part]
    return ends[0], ends[1] if len(ends) == 2 else None


class Window(Record):
    """When a move happens, in the shot's own time or, inside a preset, in that of the preset's use."""

    start: Position
    end: Position
    within: Window | None = None
    """The window that ``%`` is of, where it is not the whole shot."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``20%..60%``; ``20%..`` runs to the end."""
        start, end = _ends(node, units.POSITION, "20%..60%")
        end = end or Position(value=Fraction(100), unit="%")
        if start.unit == end.unit and start.value >= end.value:
            raise ValueError(f"{shown(node)} ends before it begins; a move needs a window of some length")
        return cls(start=start, end=end)


WHOLE_SHOT = Window(start=Position(value=Fraction(0), unit="%"), end=Position(value=Fraction(100), unit="%"))
"""From the first frame to the last."""


class Clip(Record):
    """The part of the source that plays, forwards."""

    start: Position
    """Seconds or frames of the source."""
    end: Position | None = None
    """Seconds or frames of the source; None runs to its end."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``0s..1.6s``, ``48f..96f`` or ``3s..``."""
        start, end = _ends(node, units.SOURCE_TIME, "0s..1.6s, 48f..96f or 3s..")
        if end is not None and start == end:
            raise ValueError(f"{shown(node)} is empty: it begins where it ends")
        if end is not None and start.unit == end.unit and start.value > end.value:
            raise ValueError(f"{shown(node)} plays backwards, which {LATER}; write the earlier end first")
        return cls(start=start, end=end)

    def duration(self, source_rate: Fraction | None) -> Fraction | None:
        """Return the seconds it plays, or None where only the media can tell."""
        if self.end is None:
            return None
        seconds = [_seconds(position, source_rate) for position in (self.start, self.end)]
        return None if seconds[0] is None or seconds[1] is None else max(seconds[1] - seconds[0], Fraction(0))


def _seconds(position: Position, rate: Fraction | None) -> Fraction | None:
    if position.unit == "s":
        return position.value
    return position.value / rate if rate else None


class Transition(Record):
    """How a shot is entered from the one before."""

    kind: Literal["cut", "dissolve"] = "cut"
    duration: Fraction = Fraction(0)
    """Seconds; 0 for a cut."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``cut`` or ``dissolve 0.4s``."""
        kind, *rest = (node.split() if isinstance(node, Text) else []) or [""]
        if kind in ("wipe", "fade", "dip-white"):
            raise ValueError(f"{kind!r} {LATER}; cut and dissolve are")
        if kind == "cut" and not rest:
            return cls()
        if kind == "dissolve" and len(rest) == 1 and isinstance(node, Text):
            return cls(kind="dissolve", duration=_overlap(Text(rest[0], node.where)))
        wrong = near(kind, ("cut", "dissolve")) if kind not in ("cut", "dissolve") else ""
        raise ValueError(f"{shown(node)} is not a transition; write cut or dissolve 0.4s{wrong}")


def _overlap(text: Text) -> Fraction:
    seconds = quantity(text, units.DURATION).value
    if seconds <= 0:
        raise ValueError(f"a dissolve of {quoted(text)} takes no time; write cut, or a duration above 0s")
    return seconds


Power = Annotated[float, Field(ge=1, le=10)]
Handle = Annotated[float, Field(ge=0, le=1)]


class Ease(Record):
    """How a move's progress runs: from 0 to 1 in its window."""

    kind: Literal["smooth", "linear", "in", "out", "in-out", "bezier"] = "smooth"
    """``smooth`` is 10t³-15t⁴+6t⁵, which the language writes ``in-out`` without a power."""
    power: Power = 2.0
    """Of ``in``, ``out`` and ``in-out``."""
    points: tuple[Handle, Handle, Handle, Handle] | None = None
    """Of ``bezier``: x1, y1, x2, y2, as in CSS."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``linear``, ``in``, ``out 3``, ``in-out``, ``{in: 3}`` or ``{bezier: [0.3, 0, 0.7, 1]}``."""
        if isinstance(node, Mapped) and len(node) == 1:
            word, value = next(iter(node.items()))
            if word == "bezier":
                return cls(kind="bezier", points=_handles(value))
            return cls._powered(node, word, value)
        word, *power = (node.split() if isinstance(node, Text) else []) or [""]
        if len(power) > 1 or not isinstance(node, Text):
            word, power = "", []
        return cls._powered(node, word, Text(power[0], node.where) if power else None)

    @classmethod
    def _powered(cls, node: Node, word: str, power: Any) -> Ease:
        if word == "linear" and power is None:
            return cls(kind="linear")
        if word == "in-out" and power is None:
            return cls(kind="smooth")
        if word not in ("in", "out", "in-out"):
            hint = near(word, ("linear", "in", "out", "in-out", "bezier"))
            raise ValueError(
                f"{shown(node)} is not an ease; write linear, in, out, in-out, one of the last three with a power "
                f"as in 'in 3', or {{bezier: [0.3, 0, 0.7, 1]}}{hint}"
            )
        exponent = 2.0 if power is None else float(quantity(power, units.PLAIN).value)
        if not 1 <= exponent <= 10:
            raise ValueError(f"{shown(power)} is out of range: the power of an ease is 1 to 10")
        return cls.model_validate({"kind": word, "power": exponent})


def _handles(node: Any) -> tuple[float, float, float, float]:
    if not isinstance(node, list) or len(node) != 4:
        raise ValueError(f"{shown(node)} is not a bezier; write {{bezier: [0.3, 0, 0.7, 1]}}")
    x1, y1, x2, y2 = (float(quantity(item, units.PLAIN).value) for item in node)
    if not all(0 <= value <= 1 for value in (x1, y1, x2, y2)):
        raise ValueError("the four numbers of a bezier must each be 0 to 1")
    return x1, y1, x2, y2


def read_seconds(value: Any) -> Any:
    """Read a duration that may be left out."""
    return None if isinstance(value, Text) and value.missing else value


OptionalDuration = Annotated[Duration | None, BeforeValidator(read_seconds)]
Fit = Annotated[Literal["crop", "pad", "squash"], choice("crop", "pad", "squash")]
