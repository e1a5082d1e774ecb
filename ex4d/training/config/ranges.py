"""Ranges that values are drawn from, ``20deg to 90deg``, and a camera's words with a value in the place of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ex4d.errors import Fault
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text
from ex4d.shotlist.units import MAX_DIGITS, Quantity, quoted, read_quantity

FINENESS = 1000
"""Steps that a range has at least, where the digits of the language's numbers suffice."""

_RANGE = re.compile(r"\s*([-.+0-9]\S*)\s+to\s+(\S+)\s*")


@dataclass(frozen=True)
class Range:
    """Evenly spaced values from one to another, all of which can be written as the language's numbers."""

    low: Quantity
    high: Quantity
    places: int
    """Decimals of its values."""

    @property
    def steps(self) -> int:
        """How many there are from its first value to its last."""
        return int((self.high.value - self.low.value) * 10**self.places)

    def at(self, share: float) -> Quantity:
        """Return its value at a share of the way from its first value, 0, to its last, 1."""
        step = min(int(share * (self.steps + 1)), self.steps)
        return Quantity(self.low.value + Fraction(step, 10**self.places), self.low.unit)


def range_in(text: str) -> Range | None:
    """Read ``20deg to 90deg``; None where a text is none.

    Raises:
        ValueError: it begins as one, but is none.
    """
    found = _RANGE.fullmatch(text)
    if not found:
        return None
    try:
        low, high = read_quantity(found[1]), read_quantity(found[2])
    except ValueError as error:
        raise ValueError(f"{quoted(text)} is no range: {error}") from error
    if not low.unit and high.unit:
        raise ValueError(f"{quoted(text)}: both ends have their unit; write {low}{high.unit} to {high}")
    if low.unit != high.unit:
        raise ValueError(f"{quoted(text)}: both ends need the same unit, as in 20deg to 90deg")
    if low.value > high.value:
        raise ValueError(f"{quoted(text)} ends before it begins; write {high} to {low}")
    return Range(low, high, _places(found[1], found[2], high.value - low.value))


def _places(low: str, high: str, span: Fraction) -> int:
    """Return the fewest decimals that both ends have and that make the range fine enough."""
    digits = [re.sub("[^0-9.]", "", end) for end in (low, high)]
    places = max(len(end.partition(".")[2]) for end in digits)
    most = MAX_DIGITS - max(len(end.partition(".")[0]) for end in digits)
    while 0 < span * 10**places < FINENESS and places < most:
        places += 1
    return places


def ranges_of(node: Node, faults: list[Fault]) -> list[tuple[Text, Range]]:
    """Find all ranges among the values of a node, in the order of writing; what begins as one is a fault."""
    found = []
    for text in texts_of(node):
        try:
            written = range_in(text)
        except ValueError as error:
            faults.append(text.where.fault(str(error)))
            continue
        if written is not None:
            found.append((text, written))
    return found


def texts_of(node: Node) -> Iterator[Text]:
    """Yield all values inside a node, in the order of writing."""
    if isinstance(node, Text):
        yield node
    for inner in node.values() if isinstance(node, Mapped) else node if isinstance(node, Listed) else ():
        yield from texts_of(inner)


def settled(node: Node, share: Callable[[], float]) -> Node:
    """Return a node with a value in the place of each range, at the share of it that ``share`` says anew each time.

    Raises:
        ValueError: something begins as a range and is none.
    """
    if isinstance(node, Mapped):
        return Mapped({key: settled(value, share) for key, value in node.items()}, node.where)
    if isinstance(node, Listed):
        return Listed([settled(item, share) for item in node], node.where)
    written = range_in(node)
    return node if written is None else Text(str(written.at(share())), node.where)
