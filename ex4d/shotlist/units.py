"""Numbers and quantities of the language: ``40%``, ``30deg``, ``0.4s``, exactly as written.

A number is ``-?digits[.digits]`` with at most 12 digits and no exponent; a quantity is a number and a unit without
a space between them. Values are exact fractions until a record turns them into its canonical unit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

MAX_DIGITS = 12
"""Enough for anything a camera does; keeps hostile numbers cheap."""

NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_QUANTITY = re.compile(rf"({NUMBER.pattern})([A-Za-z%]*)")
_SPACED = re.compile(rf"{NUMBER.pattern}(deg|rad|%|x|s|f|Hz|px|mm|m)?")
_ALMOST_NUMBER = re.compile(r"[+-]?(?:[0-9_]+\.?|[0-9_]*\.[0-9_]+)(?:[eE][+-]?[0-9]+)?[A-Za-z%]*")
_CLOCK = re.compile(r"[0-9]{1,4}(?::[0-9]{1,2}){1,2}(?:\.[0-9]{1,6})?")
"""Hours, minutes and seconds, or the last two of them."""


@dataclass(frozen=True)
class Quantity:
    """An exact number with its unit as written; the unit may be empty."""

    value: Fraction
    unit: str

    def __str__(self) -> str:
        return format_number(self.value) + self.unit

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.unit)


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: how it is called, its units, an example for error texts."""

    noun: str
    units: tuple[str, ...]
    example: str

    def check(self, found: Quantity, written: str) -> Quantity:
        """Return ``found`` if it has one of the units.

        Raises:
            ValueError: naming what was written and what is allowed.
        """
        if found.unit in self.units:
            return found
        if not found.unit:
            raise ValueError(f"{quoted(written)} has no unit; write {self._with_unit(found)}")
        if found.unit == "m" and self is DISTANCE:
            raise ValueError(
                f"{quoted(written)}: metres need to know how far the subject is; write source.subject_distance, as in "
                "2.4m, or a share of that distance, as in 40%"
            )
        raise ValueError(f"{quoted(written)} is not {self.noun}; write {self.allowed}, as in {self.example}")

    def _with_unit(self, found: Quantity) -> str:
        """Say what a bare number may have meant: 0.5 is half to some, and 35 the lens of a photographer."""
        likely = f"{found}{self.units[0]}"
        if self.units[0] == "%" and 0 < abs(found.value) < 1:
            return f"{Quantity(found.value * 100, '%')}, or {likely}"
        return f"{likely}, or {found}mm" if "mm" in self.units else likely

    @property
    def allowed(self) -> str:
        """The units in words: ``deg or rad``."""
        return " or ".join(unit or "no unit" for unit in self.units) if any(self.units) else "a number without a unit"


ANGLE = Dimension("an angle", ("deg", "rad"), "60deg")
DISTANCE = Dimension("a distance", ("%", "x"), "40%")
RADIUS = Dimension("a share of the radius", ("%", "x"), "20%")
FACTOR = Dimension("a factor", ("x",), "2x")
SHARE = Dimension("a share", ("%",), "5%")
DURATION = Dimension("a duration", ("s",), "0.4s")
METRES = Dimension("a length in metres", ("m",), "2.4m")
SPEED = Dimension("a speed", ("", "x"), "0.5")
FREQUENCY = Dimension("a frequency", ("Hz",), "1.5Hz")
POSITION = Dimension("a position in time", ("%", "s", "f"), "40%, 1.6s or 12f")
SOURCE_TIME = Dimension("a time of the source", ("s", "f"), "1.6s or 48f")
FRAMES = Dimension("a number of frames", ("f",), "60f")
PIXELS = Dimension("a place in pixels", ("px",), "256px")
LENS = Dimension("a lens", ("deg", "rad", "mm", "px"), "54deg, 35mm or 500px")
CONSTANT = Dimension("a constant", ("", "deg", "rad", "%", "x"), "0.5, 30deg or 40%")
PLAIN = Dimension("a plain number", ("",), "0.5")


def quoted(text: str) -> str:
    """Quote what a user wrote for an error text, shortened and with control characters spelt out."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def format_number(value: Fraction) -> str:
    """Write a number in the language's grammar, exactly where 12 digits suffice and else rounded to 12."""
    whole_digits = len(str(abs(value.numerator) // value.denominator))
    places = max(0, MAX_DIGITS - whole_digits)
    scaled = round(abs(value) * 10**places)
    whole, part = divmod(scaled, 10**places)
    decimals = f"{part:0{places}d}".rstrip("0") if places else ""
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def read_number(text: str) -> Fraction:
    """Read ``-?digits[.digits]`` of at most 12 digits.

    Raises:
        ValueError: saying what is wrong with the number.
    """
    found = NUMBER.fullmatch(text)
    if not found:
        raise ValueError(_not_a_number(text))
    if sum(map(str.isdigit, text)) > MAX_DIGITS:
        raise ValueError(f"{quoted(text)} has more than {MAX_DIGITS} digits")
    return Fraction(text)


def read_quantity(text: str) -> Quantity:
    """Read a number and its unit, whatever the unit.

    Raises:
        ValueError: where it does not begin with a number or something follows the unit.
    """
    found = _QUANTITY.fullmatch(text)
    if not found:
        raise ValueError(_not_a_number(text))
    return Quantity(read_number(found[1]), found[2])


def _not_a_number(text: str) -> str:
    if _ALMOST_NUMBER.fullmatch(text):
        return f"{quoted(text)} is not written as numbers are here: digits with an optional '.' inside, as in 0.5"
    if _CLOCK.fullmatch(text):
        in_seconds = f"a time is in seconds, as in {_seconds(text)}s, or in frames"
        return f"{quoted(text)} is not a number, but read off a clock; {in_seconds}"
    if text.endswith("°") and NUMBER.fullmatch(text[:-1]):
        return f"{quoted(text)}: degrees are written deg, as in {text[:-1][:40]}deg"
    joined = "".join(text.split())
    if joined != text and _SPACED.fullmatch(joined):
        return f"{quoted(text)} has a space in it; write {joined[:40]}"
    return f"{quoted(text)} is not a number"


def _seconds(clock: str) -> str:
    total = Fraction(0)
    for part in clock.split(":"):
        total = 60 * total + Fraction(part)
    return format_number(total)


def radians(found: Quantity) -> float:
    """Convert ``deg`` or ``rad`` to radians."""
    return math.radians(found.value) if found.unit == "deg" else float(found.value)


def part(found: Quantity) -> float:
    """Convert ``40%`` or ``0.4x`` to 0.4."""
    return float(found.value / 100) if found.unit == "%" else float(found.value)


def plain(found: Quantity) -> float:
    """Drop the unit."""
    return float(found.value)


def exact(found: Quantity) -> Fraction:
    """Drop the unit and keep the exact value."""
    return found.value
