"""Frame rates and sizes, as users write them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator

from ex4d.shotlist.fields import shown
from ex4d.shotlist.nodes import Listed, Mapped
from ex4d.shotlist.units import quoted

_DECIMAL_RATE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_EXACT_RATE = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,6})")


def frame_rate(value: Any) -> Any:
    """Read ``24`` or ``30000/1001``; what is not written passes.

    Raises:
        ValueError: where it is no frame rate, or a rounded one.
    """
    if not isinstance(value, str | Listed | Mapped):
        return value
    found = _EXACT_RATE.fullmatch(value) if isinstance(value, str) else None
    if found:
        rate = Fraction(int(found[1]), int(found[2]))
    elif isinstance(value, str) and _DECIMAL_RATE.fullmatch(value):
        rate = Fraction(value)
        _refuse_rounded_rate(value, rate)
    else:
        raise ValueError(f"{shown(value)} is not a frame rate; write 24 or 30000/1001")
    if not 1 <= rate <= 1000:
        raise ValueError(f"{shown(value)} is out of range: a frame rate is 1 to 1000 frames a second")
    return rate


def _refuse_rounded_rate(text: str, rate: Fraction) -> None:
    """Refuse 29.97 and its like: they are roundings of n x 1000/1001."""
    base = round(rate * 1001 / 1000)
    if base and rate.denominator != 1 and abs(rate - Fraction(base * 1000, 1001)) < Fraction(6, 1000):
        raise ValueError(f"{quoted(text)} is a rounded rate; write {base * 1000}/1001")


_SIZE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
MAX_SIDE = 16384
"""Pixels; larger pictures are refused everywhere."""


def _size(value: Any) -> Any:
    if not isinstance(value, str | Listed | Mapped):
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{shown(value)} is not a size; write width x height, as in 512x512")
    width, height = int(found[1]), int(found[2])
    if not (16 <= width <= MAX_SIDE and 16 <= height <= MAX_SIDE):
        raise ValueError(f"{shown(value)} is out of range: a side is 16 to {MAX_SIDE} pixels")
    if width % 2 or height % 2:
        raise ValueError(f"{shown(value)} has an odd side, which video cannot hold; write {width & ~1}x{height & ~1}")
    return width, height


Rate = Annotated[Fraction, BeforeValidator(frame_rate)]
"""Frames a second, exact."""
Size = Annotated[tuple[int, int], BeforeValidator(_size)]
"""(width, height), pixels, even."""
