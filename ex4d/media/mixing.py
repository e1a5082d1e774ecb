"""Mix pictures on their encoded values, as editors do: in whole numbers, so that they are the same everywhere."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ex4d.array_types import UInt8

_APART = range(-255, 256)
"""By how much two encoded values may differ."""


def mix(
    one: UInt8[np.ndarray, "*pixels"], other: UInt8[np.ndarray, "*pixels"], weight: Fraction
) -> UInt8[np.ndarray, "*pixels"]:
    """Return ``weight`` of the other, 0 to 1, and the rest of the one, rounded half up.

    How far each value goes is looked up by how far the two are apart, so that no weight is too finely written.
    """
    whole = weight.denominator
    steps = np.array([(2 * apart * weight.numerator + whole) // (2 * whole) for apart in _APART], np.int16)
    return (one + steps.take(other.astype(np.int16) - one - _APART.start)).astype(np.uint8)
