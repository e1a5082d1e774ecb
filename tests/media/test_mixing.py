"""Mixes are exact, whatever the weight, and rounded half up."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ex4d.media.mixing import mix

VALUES = np.arange(256, dtype=np.uint8)
EVERY_PAIR = np.repeat(VALUES, 256), np.tile(VALUES, 256)


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.fractions(0, 1, max_denominator=10**20))
@example(Fraction(1, 2))
@example(Fraction(1, 510))
@example(Fraction(1))
def test_every_pair_of_values_is_mixed_exactly_and_rounded_half_up(weight: Fraction) -> None:
    one, other = EVERY_PAIR
    apart = [floor(weight * step + Fraction(1, 2)) for step in range(-255, 256)]
    exact = [int(a) + apart[int(b) - int(a) + 255] for a, b in zip(one, other, strict=True)]

    np.testing.assert_array_equal(mix(one, other, weight), exact)


def test_pictures_keep_their_form() -> None:
    leaving, entering = np.full((2, 3, 4, 3), 10, np.uint8), np.full((2, 3, 4, 3), 21, np.uint8)

    np.testing.assert_array_equal(mix(leaving, entering, Fraction(1, 2)), np.full((2, 3, 4, 3), 16, np.uint8))
