"""Numbers and quantities mean what is written, exactly."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.shotlist import units
from ex4d.shotlist.film_format import frame_rate
from ex4d.shotlist.model import Dolly, Pan, Position
from ex4d.shotlist.units import Quantity, read_number, read_quantity

LAWS = settings(derandomize=True, deadline=None, max_examples=300)

decimals = st.builds(
    lambda digits, places: Fraction(digits, 10**places), st.integers(-(10**12) + 1, 10**12 - 1), st.integers(0, 11)
).filter(lambda value: len(units.format_number(value).strip("-").replace(".", "")) <= units.MAX_DIGITS)
unit_words = st.sampled_from(["", "deg", "rad", "%", "x", "s", "f", "Hz", "px", "mm"])


@LAWS
@given(decimals, unit_words)
def test_reading_what_was_formatted_gives_it_back(value: Fraction, unit: str) -> None:
    """parse ∘ format = identity, for every number of at most 12 digits and every unit."""
    quantity = Quantity(value, unit)

    assert read_quantity(str(quantity)) == quantity


@LAWS
@given(st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", fullmatch=True).filter(lambda text: text.isascii()))
def test_a_number_is_the_decimal_that_is_written(text: str) -> None:
    """No octal, no sexagesimal, no rounding."""

    assert read_number(text) == Fraction(text)


@LAWS
@given(st.fractions(max_denominator=10**6, min_value=-(10**6), max_value=10**6))
def test_formatting_rounds_to_twelve_digits_at_most(value: Fraction) -> None:
    """A computed value shows what can be read again, next to it."""
    again = read_number(units.format_number(value))

    assert abs(again - value) <= Fraction(1, 2 * 10**5)


@pytest.mark.parametrize(
    "text",
    ["", "-", ".5", "5.", "+5", "1e3", "1_000", "0x10", "٣", "1.2.3", "--1", " 1", "1 ", "1,5", "inf", "nan", "½"],
)
def test_what_is_no_number_of_the_language_is_refused(text: str) -> None:
    """Python would read many of these."""
    with pytest.raises(ValueError, match=r"number|written|space"):
        read_number(text)


def test_a_number_has_at_most_twelve_digits() -> None:
    """Longer ones are refused before anything is computed."""

    assert read_number("123456789012") == 123456789012
    with pytest.raises(ValueError, match="more than 12 digits"):
        read_number("1" * 1_000_000)


@pytest.mark.parametrize("text", ["30:00", "on", "010", "no", "1e2", "0o7"])
def test_yaml_types_never_apply(text: str) -> None:
    """A quantity is read from the text; YAML 1.1 would make 1800, True, 8, False of these."""
    with pytest.raises(ValueError, match=r"is not|no unit"):
        Pan(angle=text)  # type: ignore[arg-type]


def test_units_of_one_dimension_agree() -> None:
    """A half turn and pi, 40 % and 0.4 of the way, are the same."""

    assert Pan(angle="180deg") == Pan(angle=math.pi)  # type: ignore[arg-type]
    assert Dolly(distance="40%") == Dolly(distance="0.4x") == Dolly(distance=0.4)  # type: ignore[arg-type]
    assert Position.model_validate("1.6s").value == Fraction(8, 5)


@pytest.mark.parametrize(
    ("text", "rate"), [("24", Fraction(24)), ("30000/1001", Fraction(30000, 1001)), ("12.5", Fraction(25, 2))]
)
def test_rates_are_exact(text: str, rate: Fraction) -> None:
    """A rate is a fraction; decimals that are no rounding of a film rate are what they say."""

    assert frame_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "offer"),
    [("29.97", "30000/1001"), ("23.976", "24000/1001"), ("59.94", "60000/1001"), ("14.985", "15000/1001")],
)
def test_a_rounded_rate_is_answered_with_the_exact_one(text: str, offer: str) -> None:
    """29.97 is not a rate of anything."""
    with pytest.raises(ValueError, match=f"rounded rate; write {offer}"):
        frame_rate(text)


def test_a_rate_far_too_low_is_no_rounding_of_one() -> None:
    """Of no frames at all."""
    with pytest.raises(ValueError, match=r"'0\.001' is out of range: a frame rate is 1 to 1000"):
        frame_rate("0.001")
