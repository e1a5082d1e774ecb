"""Formulas compute what Python's own arithmetic computes, and nothing else gets in."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.shotlist.formulas import MAX_DEPTH, MAX_LENGTH, Formula

LAWS = settings(derandomize=True, deadline=None, max_examples=400)


@dataclass(frozen=True)
class Term:
    """A random expression: as written with every parenthesis, and as Python computes it."""

    text: str
    value: Callable[[float], float]


def _binary(symbol: str, left: Term, right: Term) -> Term:
    compute = {"+": operator.add, "-": operator.sub, "*": operator.mul}[symbol]
    return Term(f"({left.text} {symbol} {right.text})", lambda s: compute(left.value(s), right.value(s)))


def _call(name: str, inner: Term) -> Term:
    compute = {"sin": math.sin, "cos": math.cos, "atan": math.atan, "abs": abs}[name]
    return Term(f"{name}({inner.text})", lambda s: compute(inner.value(s)))


leaves = st.one_of(
    st.integers(0, 99).map(lambda number: Term(str(number), lambda s: float(number))),
    st.sampled_from([Term("s", lambda s: s), Term("pi", lambda s: math.pi), Term("e", lambda s: math.e)]),
    st.just(Term("30deg", lambda s: math.radians(30))),
)
terms = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(_binary, st.sampled_from("+-*"), inner, inner),
        st.builds(_call, st.sampled_from(["sin", "cos", "atan", "abs"]), inner),
        inner.map(lambda term: Term(f"-{term.text}", lambda s: -term.value(s))),
        st.builds(lambda a, b: Term(f"max({a.text}, {b.text})", lambda s: max(a.value(s), b.value(s))), inner, inner),
    ),
    max_leaves=12,
)


@LAWS
@given(terms, st.floats(0, 1))
def test_a_formula_is_pythons_arithmetic(term: Term, s: float) -> None:
    """Random trees, written out and computed twice."""
    value = Formula(term.text).evaluate({"s": s})

    assert float(value) == pytest.approx(term.value(s), rel=1e-9, abs=1e-9)


@LAWS
@given(st.lists(st.tuples(st.sampled_from(["+", "-", "*", "/"]), st.integers(1, 9)), max_size=12), st.integers(1, 9))
def test_precedence_and_order_are_those_of_arithmetic(rest: list[tuple[str, int]], first: int) -> None:
    """Without parentheses, products bind tighter than sums and both read from the left, as in Python."""
    text = str(first) + "".join(f" {symbol} {number}" for symbol, number in rest)

    assert float(Formula(text).evaluate({})) == pytest.approx(eval(text), rel=1e-12)  # noqa: S307 - digits and + - * /


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", -4.0),
        ("2^-1", 0.5),
        ("2^3^2", 512.0),
        ("(-2)^2", 4.0),
        ("- -3", 3.0),
        ("+3", 3.0),
        ("2--3", 5.0),
        ("180deg", math.pi),
        ("40%", 0.4),
        ("1.5x * 2", 3.0),
        ("min(3, 1, 2)", 1.0),
        ("sqrt(16) + log(e) + exp(0)", 6.0),
        ("asin(1) + acos(1) + tan(0)", math.pi / 2),
    ],
)
def test_what_formulas_mean(text: str, value: float) -> None:
    """Powers bind to the right and before a sign; units make radians and fractions."""

    assert float(Formula(text).evaluate({})) == pytest.approx(value)


def test_evaluation_has_the_shape_of_its_variables() -> None:
    """A constant formula gives a value a frame too."""
    s = np.linspace(0, 1, 7)

    assert Formula("1").evaluate({"s": s}).shape == (7,)
    assert np.array_equal(Formula("r * s").evaluate({"s": s, "r": 2.0}), 2 * s)
    assert Formula("r * s + pi").names == {"r", "s"}


def test_what_is_not_finite_is_an_error_that_names_s() -> None:
    """The first such frame is named; nothing is warned on the way."""
    with pytest.raises(TrajectoryError, match=r"'1 / \(s - 0\.5\)' has no finite value at s = 0\.5"):
        Formula("1 / (s - 0.5)").evaluate({"s": np.linspace(0, 1, 5)})


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "s s", "2 3", "2s", "sin", "sin()", "sin(s, s)", "min(s)", "(s", "s)", "s +", "* s", "s ** 2", "1e3",
        "s.real", "__import__('os')", "s[0]", "lambda: 0",
        "s = 1", "s; s", "max(s,)", ",", "1..2", "s\x00", "sin s", "3degs",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    """With the text and the place in it, never by a crash."""
    with pytest.raises(ValueError, match=r"^formula .*, character \d+: "):
        Formula(text)


@pytest.mark.parametrize("opening", ["(", "-", "sin(", "2^", "1+("])
def test_nesting_is_bounded(opening: str) -> None:
    """A formula can exhaust no stack."""
    with pytest.raises(ValueError, match=f"nested more than {MAX_DEPTH} deep"):
        Formula(opening * 100 + "s")


def test_length_is_bounded_and_a_long_chain_is_no_deep_one() -> None:
    """A sum of many is a loop, not a recursion."""

    assert float(Formula("+".join("1" * 500)).evaluate({})) == 500
    with pytest.raises(ValueError, match=f"at most {MAX_LENGTH} characters"):
        Formula("s" + " " * MAX_LENGTH)


@LAWS
@given(st.text(alphabet="s0123456789.+-*/^(),pie \tsinmaxdeg%$_'\"é", max_size=40))
def test_any_text_is_a_formula_or_a_value_error(text: str) -> None:
    """Nothing else ever comes out, and what is a formula can be run or names s."""
    try:
        formula = Formula(text)
    except ValueError:
        return
    try:
        formula.evaluate(dict.fromkeys(formula.names, 0.5) | {"s": 0.5})
    except TrajectoryError:
        return
