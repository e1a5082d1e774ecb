"""Regular expressions of numbers and quantities, in the part that Python and JavaScript agree on."""

from __future__ import annotations

from fractions import Fraction

from ex4d.shotlist.units import Dimension, read_quantity

ANY = "[0-9]+(?:\\.[0-9]+)?"
"""A number from 0 up."""


def at_most(most: int) -> str:
    """Return the expression of decimal numbers from 0 to ``most``."""
    digits = str(most)
    shorter = ["[0-9]" if len(digits) == 2 else f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else []
    same_length = [
        digits[:place] + _digits(int(place == 0 and len(digits) > 1), int(digit) - 1, len(digits) - place - 1)
        for place, digit in enumerate(digits)
        if int(digit) > int(place == 0 and len(digits) > 1)
    ]
    below = "|".join([*shorter, *same_length])
    return rf"0*(?:(?:{below})(?:\.[0-9]+)?|{most}(?:\.0+)?)"


def _digits(low: int, high: int, more: int) -> str:
    first = f"[{low}-{high}]" if low < high else str(low)
    return first + (f"[0-9]{{{more}}}" if more > 1 else "[0-9]" * more)


def number(low: Fraction | None, high: Fraction | None) -> str:
    """Return the expression of the numbers within bounds, each of which is a whole number or ignored but for its sign.

    ``low`` must not be above 0, nor ``high`` below it, except for a small positive ``low``, which is read as 0.
    """
    positive = ANY if high is None else at_most(int(high))
    if low is not None and low >= 0:
        return positive
    negative = ANY if low is None else at_most(-int(low))
    return f"-?{positive}" if negative == positive else f"(?:-{negative}|{positive})"


def quantity(units: tuple[str, ...], low: str | None = None, high: str | None = None, *, positive: bool = False) -> str:
    """Return the expression of a quantity in one of the units; bounds hold for the unit in which they are written.

    Args:
        units: of a dimension; one may be empty.
        low: the least, in the language's words.
        high: the most.
        positive: whether it is above 0.
    """
    bounds = [None if bound is None else read_quantity(bound) for bound in (low, high)]
    bounded = next((bound.unit for bound in bounds if bound is not None), None)
    least, most = (None if bound is None else bound.value for bound in bounds)
    zero = Fraction(0)
    free = number(zero if positive or (least is not None and least >= 0) else None, None)
    others = [unit for unit in units if unit != bounded]
    parts = [f"{number(zero if positive else least, most)}{bounded}"] if bounded is not None else []
    parts += [f"{free}{_either(others)}"] if others else []
    above = r"(?!0+(?:\.0+)?(?:[^0-9.]|$))" if positive else ""
    return above + (parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})")


def of(dimension: Dimension, low: str | None = None, high: str | None = None, *, positive: bool = False) -> str:
    """Return the expression of a dimension's quantities."""
    return quantity(dimension.units, low, high, positive=positive)


def _either(units: list[str]) -> str:
    return units[0] if len(units) == 1 else f"(?:{'|'.join(unit for unit in units if unit)}){'?' * ('' in units)}"


def whole_text(pattern: str) -> str:
    """Return the expression anchored at both ends."""
    return f"^(?:{pattern})$" if "|" in pattern and not _grouped(pattern) else f"^{pattern}$"


def _grouped(pattern: str) -> bool:
    """Return whether every ``|`` stands within parentheses."""
    depth = 0
    for character in pattern:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            return False
    return True
