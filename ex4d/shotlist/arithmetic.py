"""``$name`` and ``$(arithmetic)`` in a preset: exact quantities in, an exact quantity out.

sum     = product {("+" | "-") product}
product = signed {("*" | "/") signed}
signed  = "-" signed | quantity | name | "(" sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from ex4d.shotlist.fields import near
from ex4d.shotlist.units import MAX_DIGITS, Quantity, quoted, read_quantity

MAX_LENGTH = 200
"""Characters of one ``$(…)``; bounds its nesting and the size of its fractions too."""
MAX_DEPTH = 20
"""Nested parentheses and signs."""
NAME = re.compile(r"[a-z][a-z0-9_]*")

_TOKEN = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?[A-Za-z%]*|[a-z][a-z0-9_]*|[-+*/()])")


def references(text: str) -> Iterator[str | tuple[str, str]]:
    """Split a text into plain parts and references ``(as written, expression)``.

    Raises:
        ValueError: for a ``$`` that begins no reference.
    """
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        if dollar > at:
            yield text[at:dollar]
        end = _reference_end(text, dollar)
        yield text[dollar:end], text[dollar + 1 : end]
        at = end
    if at < len(text):
        yield text[at:]


def _reference_end(text: str, dollar: int) -> int:
    name = NAME.match(text, dollar + 1)
    if name:
        return name.end()
    depth = 0
    for index in range(dollar + 1, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            break
        if index + 1 - dollar > MAX_LENGTH:
            raise ValueError(f"{quoted(text[dollar:])} has more than {MAX_LENGTH} characters")
    else:
        index = dollar
    if index == dollar or text[index] != ")":
        raise ValueError(f"{quoted(text)}: '$' begins a parameter, as in $angle, or arithmetic, as in $(-angle / 2)")
    return index + 1


def evaluate(expression: str, values: Mapping[str, Quantity]) -> Quantity:
    """Return the value of a name or of arithmetic.

    Raises:
        ValueError: for what is no arithmetic, an unknown name, units that do not go together, division by zero.
    """
    return _Evaluation(expression, values).result()


class _Evaluation:
    """One pass over the expression, from left to right."""

    def __init__(self, expression: str, values: Mapping[str, Quantity]) -> None:
        self._expression = expression
        self._values = values
        self._at = 0
        self._next = ""
        self._depth = 0
        self._advance()

    def result(self) -> Quantity:
        """Evaluate the whole."""
        value = self._sum()
        if self._next:
            raise self._error(f"{quoted(self._next)} was not expected")
        if abs(value.value) >= 10**MAX_DIGITS:
            raise self._error(f"amounts to more than {MAX_DIGITS} digits")
        return value

    def _error(self, message: str) -> ValueError:
        return ValueError(f"'${self._expression}': {message}")

    def _advance(self) -> None:
        found = _TOKEN.match(self._expression, self._at)
        if not found and self._expression[self._at :].strip():
            raise self._error(f"{quoted(self._expression[self._at :].strip())} was not expected; + - * / and () are")
        self._next = found[1] if found else ""
        self._at = found.end() if found else len(self._expression)

    def _sum(self) -> Quantity:
        value = self._product()
        while self._next in ("+", "-"):
            sign = self._next
            self._advance()
            other = self._product()
            if value.unit != other.unit:
                raise self._error(f"{value} and {other} have different units")
            value = Quantity(value.value + (other.value if sign == "+" else -other.value), value.unit)
        return value

    def _product(self) -> Quantity:
        value = self._signed()
        while self._next in ("*", "/"):
            combine = self._times if self._next == "*" else self._over
            self._advance()
            value = combine(value, self._signed())
        return value

    def _times(self, value: Quantity, other: Quantity) -> Quantity:
        if value.unit and other.unit:
            raise self._error(f"{value} times {other}: one of them must be without a unit")
        return Quantity(value.value * other.value, value.unit or other.unit)

    def _over(self, value: Quantity, other: Quantity) -> Quantity:
        if other.value == 0:
            raise self._error("division by zero")
        if other.unit not in ("", value.unit):
            raise self._error(f"{value} over {other} have different units")
        return Quantity(value.value / other.value, "" if other.unit else value.unit)

    def _signed(self) -> Quantity:
        symbol = self._next
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} deep")
        value = self._operand(symbol)
        self._depth -= 1
        return value

    def _operand(self, symbol: str) -> Quantity:
        read: Callable[[str], Quantity] = self._named if NAME.fullmatch(symbol) else read_quantity
        if not symbol or symbol in "+*/)":
            raise self._error(
                f"a value is missing before {quoted(symbol)}" if symbol else "a value is missing at the end"
            )
        self._advance()
        if symbol == "-":
            return -self._signed()
        if symbol != "(":
            return read(symbol)
        value = self._sum()
        if self._next != ")":
            raise self._error("')' is missing")
        self._advance()
        return value

    def _named(self, name: str) -> Quantity:
        if name not in self._values:
            known = ", ".join(self._values) or "none"
            raise self._error(f"no parameter {name!r}{near(name, tuple(self._values)) or f'; parameters: {known}'}")
        return self._values[name]
