"""Moments of a shot and of its source, and the windows in which moves happen."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.fields import Duration, choice, quantity, shown
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.other_words import FITS_ELSEWHERE
from ex4d.shotlist.records import Record
from ex4d.shotlist.units import Dimension

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
        return cls.read(node, units.POSITION)

    @classmethod
    def read(cls, node: Any, dimension: Dimension) -> Position:
        """Read a moment in one of the units of ``dimension``.

        Raises:
            ValueError: where it is none, or lies outside 0..100%.
        """
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


def ends(node: Node, dimension: Dimension, example: str) -> tuple[Position, Position | None]:
    """Read ``a..b`` or ``a..``, whose end is None.

    Raises:
        ValueError: where it is no range.
    """
    start, dots, end = node.partition("..") if isinstance(node, Text) else ("", "", "")
    if not dots or not start or not isinstance(node, Text):
        raise ValueError(f"{shown(node)} is not a range; write {example}")
    ends = [Position.read(Text(part, node.where), dimension) for part in (start, end) if part]
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
        start, end = ends(node, units.POSITION, "20%..60%")
        end = end or Position(value=Fraction(100), unit="%")
        if start.unit == end.unit and start.value >= end.value:
            raise ValueError(f"{shown(node)} ends before it begins; a move needs a window of some length")
        return cls(start=start, end=end)


WHOLE_SHOT = Window(start=Position(value=Fraction(0), unit="%"), end=Position(value=Fraction(100), unit="%"))
"""From the first frame to the last."""


def read_seconds(value: Any) -> Any:
    """Read a duration that may be left out."""
    return None if isinstance(value, Text) and value.missing else value


OptionalDuration = Annotated[Duration | None, BeforeValidator(read_seconds)]
Fit = Annotated[Literal["crop", "pad", "squash"], choice("crop", "pad", "squash", elsewhere=FITS_ELSEWHERE)]
