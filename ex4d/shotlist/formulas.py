"""Formulas of a path: arithmetic, a few functions, and names; parsed here and run by numpy, never by ``eval``.

    sum     = product {("+" | "-") product}
    product = signed {("*" | "/") signed}
    signed  = ["-" | "+"] signed | power
    power   = atom ["^" signed]                       binds to the right, tighter than a sign before it
    atom    = number [unit] | name | function "(" sum {"," sum} ")" | "(" sum ")"

Units of numbers: ``deg`` and ``rad`` give radians, ``%`` and ``x`` fractions. Trigonometry is in radians.
A formula becomes a program for a stack machine, so that running it needs no recursion.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ex4d.array_types import Float64
from ex4d.errors import TrajectoryError
from ex4d.shotlist.units import quoted, read_number

MAX_LENGTH = 1000
"""Characters."""
MAX_DEPTH = 20
"""Nested parentheses, functions, signs and powers."""

CONSTANTS = {"pi": math.pi, "e": math.e}
SCALE = {"": 1.0, "deg": math.pi / 180.0, "rad": 1.0, "%": 0.01, "x": 1.0}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "abs": np.abs, "min": np.minimum, "max": np.maximum,
}  # fmt: skip
OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power, "negate": np.negative,
}  # fmt: skip

_TOKEN = re.compile(
    r"\s*(?:([0-9]+(?:\.[0-9]+)?)(deg|rad|%|x)?(?![A-Za-z0-9_.])|([A-Za-z_][A-Za-z0-9_]*)|([-+*/^(),]))"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Step = float | str | tuple[str, int]
"""Push a number; push a name's value (``"s"``) ; apply an operator or function to so many values."""


@dataclass(frozen=True)
class Formula:
    """A formula of ``s`` and of named parameters.

    Raises:
        ValueError: when built from a text that is no formula; the message says where.
    """

    text: str
    program: tuple[Step, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "program", _Parser(self.text).program())

    @property
    def names(self) -> frozenset[str]:
        """The variables it needs, ``s`` among them where it is named."""
        return frozenset(step for step in self.program if isinstance(step, str) and step not in CONSTANTS)

    def evaluate(self, variables: Mapping[str, Any]) -> Float64[np.ndarray, "*frames"]:
        """Return its value, of the common shape of the variables.

        Args:
            variables: a number or an array for each of ``names``; others may be there too.

        Raises:
            TrajectoryError: where a value is not finite, naming s.
        """
        values = {name: np.asarray(value, dtype=np.float64) for name, value in (CONSTANTS | dict(variables)).items()}
        shape = np.broadcast_shapes(*(value.shape for value in values.values()))
        with np.errstate(all="ignore"):  # what is not finite is reported below, with its s
            result = np.broadcast_to(_run(self.program, values), shape).astype(np.float64)
        finite = np.isfinite(result)
        if not finite.all():
            at = np.broadcast_to(values["s"], shape)[~finite].flat[0] if "s" in values else math.nan
            raise TrajectoryError(f"the formula {quoted(self.text)} has no finite value at s = {at:.6g}")
        return result

    @staticmethod
    def check_name(name: str) -> None:
        """Check that a parameter may be called so.

        Raises:
            ValueError: saying why not.
        """
        if not _NAME.fullmatch(name) or name == "s" or name in CONSTANTS or name in FUNCTIONS:
            raise ValueError(
                f"a parameter cannot be called {quoted(name)}; use letters, digits and _, and no word of formulas"
            )


def _run(program: tuple[Step, ...], values: Mapping[str, Any]) -> Any:
    stack: list[Any] = []
    for step in program:
        if isinstance(step, tuple):
            operation, count = step
            arguments = stack[-count:]
            del stack[-count:]
            stack.append(_apply(operation, arguments))
        else:
            stack.append(values[step] if isinstance(step, str) else np.float64(step))
    return stack.pop()


def _apply(operation: str, arguments: list[Any]) -> Any:
    function = OPERATORS.get(operation) or FUNCTIONS[operation]
    result, *rest = arguments
    if operation not in ("min", "max"):
        return function(result, *rest)
    for value in rest:
        result = function(result, value)
    return result


class _Parser:
    """One pass over the text, from left to right; writes the program as it goes."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ValueError(f"a formula has at most {MAX_LENGTH} characters, this one has {len(text)}")
        self._text = text
        self._at = 0
        self._depth = 0
        self._steps: list[Step] = []
        self._advance()

    def program(self) -> tuple[Step, ...]:
        """Parse the whole text."""
        self._sum()
        if self._symbol:
            raise self._error(f"{quoted(self._symbol)} was not expected")
        return tuple(self._steps)

    def _advance(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        self._start = self._at
        self._number = self._unit = self._symbol = ""
        if found:
            self._number, self._unit = found[1] or "", found[2] or ""
            self._symbol = found[1] or found[3] or found[4]
            self._at = found.end()
        elif rest := self._text[self._at :].strip():
            if rest[0].isdigit():
                number = re.split(r"[^\w.%]", rest)[0]
                raise self._error(f"{quoted(number)} is no number; write digits, as in 0.5, and deg, rad, % or x")
            raise self._error(f"{quoted(rest[:20])} was not expected")

    def _error(self, message: str) -> ValueError:
        return ValueError(f"formula {quoted(self._text)}, character {self._start + 1}: {message}")

    def _sum(self) -> None:
        self._chain(self._product, "+-")

    def _product(self) -> None:
        self._chain(self._signed, "*/")

    def _chain(self, operand: Callable[[], None], operators: str) -> None:
        operand()
        while self._symbol and self._symbol in operators:
            operator = self._symbol
            self._advance()
            operand()
            self._steps.append((operator, 2))

    def _signed(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} deep")
        if self._symbol in ("-", "+"):
            negative = self._symbol == "-"
            self._advance()
            self._signed()
            self._steps += [("negate", 1)] if negative else []
        else:
            self._power()
        self._depth -= 1

    def _power(self) -> None:
        self._atom()
        if self._symbol == "^":
            self._advance()
            self._signed()
            self._steps.append(("^", 2))

    def _atom(self) -> None:
        symbol, number, unit = self._symbol, self._number, self._unit
        if number:
            self._steps.append(float(read_number(number)) * SCALE[unit])
            self._advance()
        elif symbol in FUNCTIONS:
            self._call(symbol)
        elif _NAME.fullmatch(symbol):
            self._steps.append(symbol)
            self._advance()
        elif symbol == "(":
            self._advance()
            self._sum()
            self._expect(")")
        else:
            raise self._error("a number, a name or '(' is missing" + (f" before {quoted(symbol)}" if symbol else ""))

    def _call(self, function: str) -> None:
        self._advance()
        self._expect("(")
        self._sum()
        count = 1
        while self._symbol == ",":
            self._advance()
            self._sum()
            count += 1
        if (count < 2) if function in ("min", "max") else (count != 1):
            raise self._error(f"{function} takes {'two values or more' if function in ('min', 'max') else 'one value'}")
        self._expect(")")
        self._steps.append((function, count))

    def _expect(self, symbol: str) -> None:
        if self._symbol != symbol:
            got = quoted(self._symbol) if self._symbol else "the end"
            raise self._error(f"{symbol!r} is missing before {got}")
        self._advance()
