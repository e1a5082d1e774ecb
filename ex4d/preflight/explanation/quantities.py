"""Amounts in words, rounded as far as one cares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from ex4d.shotlist.model import LensSpec, Source


def number(value: float | Fraction, digits: int = 3) -> str:
    """Round to so many digits, without an exponent and without a sign on nothing."""
    value = float(value)
    places = digits - 1 - math.floor(math.log10(abs(value))) if value else 0
    rounded = f"{value:.{max(0, min(places, 6))}f}"
    rounded = rounded.rstrip("0").rstrip(".") if "." in rounded else rounded
    return "0" if rounded in ("-0", "") else rounded


def counted_as(value: float | Fraction, noun: str) -> str:
    """Return so many of something: 1 degree, 1.5 degrees, 0.5 degrees."""
    said = number(value)
    return f"{said} {noun}" if said == "1" else f"{said} {noun}s"


def degrees(radians: float) -> str:
    """Say the size of an angle; its sign is said by a direction."""
    return counted_as(math.degrees(abs(radians)), "degree")


def seconds(value: float | Fraction) -> str:
    """Say a time, to hundredths; a very short one to three digits."""
    exact = float(value)
    return f"{number(round(exact, 2), 6) if exact >= 0.1 else number(exact)} s"


def share(fraction: float) -> str:
    """Say a share, with its sign."""
    return f"{number(100 * fraction)} %"


def distance(fraction: float, source: Source) -> str:
    """Say the size of a distance, to centimetres too where the source says how far its subject is."""
    metres = ""
    if source.subject_distance is not None:
        metres = f" ({number(round(abs(fraction) * float(source.subject_distance), 2), 6)} m)"
    return f"{share(abs(fraction))} of the subject's distance{metres}"


def side(value: float, positive: str, negative: str) -> str:
    """Return the word for the direction of an amount."""
    return negative if value < 0 else positive


def joined(parts: Sequence[str]) -> str:
    """Join parts as a sentence does: a, b and c."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def magnified(factor: float) -> str:
    """Say what a longer or shorter lens does to the size of things."""
    if factor >= 1:
        return f"{number(factor)} times as large"
    return f"{number(1 / factor)} times smaller"


def lens(spec: LensSpec) -> str:
    """Say a lens as it is written."""
    if spec.kind == "angle":
        return f"{degrees(spec.value)} across"
    return f"{number(spec.value, 4)} mm" if spec.kind == "mm" else f"{number(spec.value, 5)} px"


def told(text: str) -> str:
    """Begin a sentence with a capital letter, and end it."""
    return f"{text[:1].upper()}{text[1:]}."
