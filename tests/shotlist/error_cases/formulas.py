"""Faults of the formulas of a path."""

from __future__ import annotations

from tests.shotlist.reading import one_shot


def _path(formula: str) -> str:
    return one_shot(f'- path: {{right: "{formula}"}}')


CASES = {
    "a formula of nothing": one_shot("- path: {right: }"),
    "a formula that is a list": one_shot("- path: {right: [s, s]}"),
    "parameters that are no names": one_shot("- path: {right: s, parameters: 3}"),
    "a formula too long": _path("s + " * 300 + "s"),
    "a formula too deep": _path("(" * 30 + "s" + ")" * 30),
    "powers of powers": _path("s" + " ^ s" * 30),
    "two values without an operator": _path("2 s"),
    "a sign of another language": _path("s ** 2"),
    "a character of no formula": _path("s % 2"),
    "code": _path("__import__('os').system('ls')"),
    "a function of two values that has one": _path("min(s)"),
    "a function of one value that has two": _path("sin(s, 2)"),
    "a function of nothing": _path("sin()"),
    "a number with an exponent": _path("1e9 * s"),
    "too many digits in a formula": _path("1234567890123 * s"),
}
