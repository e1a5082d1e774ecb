"""Types of single values: text in the language's words becomes a number in its canonical unit.

A value that is not text is taken as canonical already, so that records can be built from Python:
``Pan(angle=0.3)`` is in radians, ``Pan(angle="20deg")`` in the words of the language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.nodes import IN_PYTHON, Listed, Mapped, PlacedError, Text
from ex4d.shotlist.other_words import meaning
from ex4d.shotlist.report import Reading, Report
from ex4d.shotlist.units import Dimension, Quantity, quoted

NOTHING: Mapping[str, str] = {}


def shown(value: Any) -> str:
    """Show a value in an error text, shortened."""
    if isinstance(value, Mapped):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, Listed):
        return f"a list of {len(value)}"
    return "nothing" if isinstance(value, Text) and value.missing else quoted(str(value))


def nearest(word: str, allowed: tuple[str, ...]) -> str | None:
    """Return the allowed word that is closest to ``word``, None where none is close."""
    return next(iter(get_close_matches(word[:64].lower(), allowed, n=1, cutoff=0.6)), None)


def near(word: str, allowed: tuple[str, ...]) -> str:
    """Return ``; did you mean 'orbit'?`` where an allowed word is close to ``word``, else nothing."""
    close = nearest(word, allowed)
    return f"; did you mean '{close}'?" if close else ""


def quantity(value: Any, dimension: Dimension, *, misused: Mapping[str, str] = NOTHING) -> Quantity:
    """Read a scalar as a quantity of one dimension.

    Args:
        value: what was written.
        dimension: what is allowed.
        misused: what to answer to units that people write where they mean something else.

    Raises:
        ValueError: saying what was written and what is allowed; with its place, where it stands in a file.
    """
    try:
        return _quantity(value, dimension, misused)
    except ValueError as error:
        if (where := getattr(value, "where", IN_PYTHON)) == IN_PYTHON:
            raise
        raise PlacedError(str(error), where) from error


def _quantity(value: Any, dimension: Dimension, misused: Mapping[str, str]) -> Quantity:
    if not isinstance(value, str) or (isinstance(value, Text) and value.missing):
        raise ValueError(f"needs {dimension.noun}, as in {dimension.example}, but got {shown(value)}")
    if isinstance(value, Text) and value.quantity is not None:
        found = value.quantity
    elif value[:1] in {"-", ".", "+"} or value[:1].isdigit():
        found = units.read_quantity(value)
    else:
        raise ValueError(
            f"{quoted(value)} is not {dimension.noun}; write {dimension.allowed}, as in {dimension.example}"
        )
    if found.unit in misused:
        raise ValueError(f"{quoted(value)}: {misused[found.unit]}")
    checked = dimension.check(found, value)
    return -checked if isinstance(value, Text) and value.negated else checked


@dataclass(frozen=True, eq=False)  # typing takes equal metadata for the same
class QuantityReader:
    """Reads one kind of quantity; ``low`` and ``high`` are bounds in the language's words."""

    dimension: Dimension
    convert: Callable[[Quantity], Any]
    """To the canonical unit."""
    low: str | None = None
    high: str | None = None
    positive: bool = False
    misused: Mapping[str, str] = field(default_factory=dict)
    """What to answer to units that people write where they mean something else."""

    def __call__(self, value: Any, info: Reading) -> Any:
        """Return the canonical value of what is written; what is no node is only checked.

        Raises:
            ValueError: where it is no such quantity, or out of range.
        """
        canonical = value
        if isinstance(value, str | Listed | Mapped):
            written = in_shares(value, info.context) if self.dimension is units.DISTANCE else value
            canonical = self.convert(quantity(written, self.dimension, misused=self.misused))
        if isinstance(canonical, int | float | Fraction):
            self._check(canonical, value)
        return canonical

    def _check(self, canonical: Any, written: Any) -> None:
        if self.low is not None and canonical < self._bound(self.low):
            raise ValueError(f"{shown(written)} is out of range: it must be at least {self.low}")
        if self.high is not None and canonical > self._bound(self.high):
            raise ValueError(f"{shown(written)} is out of range: it must be at most {self.high}")
        if self.positive and not canonical > 0:
            raise ValueError(f"{shown(written)} is out of range: it must be above 0")

    def _bound(self, written: str) -> Any:
        return self.convert(units.read_quantity(written))


def reader(
    dimension: Dimension,
    convert: Callable[[Quantity], Any],
    low: str | None = None,
    high: str | None = None,
    *,
    positive: bool = False,
    misused: Mapping[str, str] = NOTHING,
) -> BeforeValidator:
    """Build the reader of one kind of quantity; ``low`` and ``high`` are bounds in the language's words."""
    return BeforeValidator(QuantityReader(dimension, convert, low, high, positive, misused))


def in_shares(value: Any, context: Any) -> Any:
    """Turn metres into a share of the subject's distance, where the shot's source states that in metres."""
    metres = context.subject_distance if isinstance(context, Report) else None
    if metres is None or not isinstance(value, str) or not value.endswith("m") or value.endswith("mm"):
        return value
    found = value.quantity if isinstance(value, Text) and value.quantity else units.read_quantity(value)
    share = Quantity(found.value / metres * 100, "%")
    where = value.where if isinstance(value, Text) else IN_PYTHON
    return Text(value, where, quantity=share, negated=isinstance(value, Text) and value.negated)


@dataclass(frozen=True, eq=False)  # as above
class Choice:
    """Reads one of some words; others are answered with the nearest."""

    words: tuple[str, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """What is said to words of other programs."""

    def __call__(self, value: Any) -> str:
        """Return the word.

        Raises:
            ValueError: where it is none of them.
        """
        if isinstance(value, str) and value in self.words:
            return str(value)
        hint = meaning(value, self.elsewhere) or near(value, self.words) if isinstance(value, str) else ""
        raise ValueError(f"{shown(value)} is not one of {', '.join(self.words)}{hint}")


def choice(*words: str, elsewhere: Mapping[str, str] = NOTHING) -> BeforeValidator:
    """Accept one of the words; ``elsewhere`` has what is said to words of other programs."""
    return BeforeValidator(Choice(words, elsewhere))


def switch(value: Any) -> Any:
    """Read ``true`` or ``false``; what is not written passes.

    Raises:
        ValueError: where it is neither.
    """
    if not isinstance(value, Text | Listed | Mapped):
        return value
    if not isinstance(value, Text) or value not in {"true", "false"}:
        raise ValueError(f"{shown(value)} is neither true nor false; write one of them")
    return value == "true"


def whole(value: Any) -> Any:
    """Read a whole number from 0 up; what is not written passes.

    Raises:
        ValueError: where it is none.
    """
    if isinstance(value, Text | Listed | Mapped):
        found = quantity(value, units.PLAIN).value
        if found.denominator != 1 or found < 0:
            raise ValueError(f"{shown(value)} is not a whole number from 0 up; write 7")
        return int(found)
    return value


def _words(value: Any) -> Any:
    if isinstance(value, Listed | Mapped):
        raise ValueError(f"needs text, but got {shown(value)}")
    return str(value) if isinstance(value, str) else value


def listed(value: Any, counts: tuple[int, ...], example: str) -> Any:
    """Check that a written value is a list of one of the lengths; what is no node passes."""
    if isinstance(value, Text | Mapped) or (isinstance(value, Listed) and len(value) not in counts):
        raise ValueError(f"needs a list, as in {example}, but got {shown(value)}")
    return value


Angle = Annotated[float, reader(units.ANGLE, units.radians)]
"""Radians."""
Distance = Annotated[float, reader(units.DISTANCE, units.part)]
"""Fraction of the subject's distance."""
Factor = Annotated[float, reader(units.FACTOR, units.plain, positive=True)]
"""Magnification, > 0."""
Duration = Annotated[Fraction, reader(units.DURATION, units.exact, "0s")]
"""Seconds, exact."""
Frequency = Annotated[float, reader(units.FREQUENCY, units.plain, "0.01Hz", "100Hz")]
"""Hertz."""
ImageShare = Annotated[float, reader(units.SHARE, units.part, "0%", "100%")]
"""Fraction of the picture's width or height, 0 to 1."""
Overscan = Annotated[float, reader(units.SHARE, units.part, "0%", "50%")]
"""Fraction by which the crop is enlarged, 0 to 0.5."""
Pixel = Annotated[float, reader(units.PIXELS, units.plain, "0px")]
"""Pixels of the source as delivered."""
Number = Annotated[float, reader(units.PLAIN, units.plain)]
Positive = Annotated[float, reader(units.PLAIN, units.plain, positive=True)]
Amount = Annotated[float, reader(units.PLAIN, units.plain, "0", "100")]
Weight = Annotated[float, reader(units.PLAIN, units.plain, "0", "1")]
Whole = Annotated[int, BeforeValidator(whole)]
Switch = Annotated[bool, BeforeValidator(switch)]
Words = Annotated[str, BeforeValidator(_words)]
