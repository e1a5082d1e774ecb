"""How a move's progress runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ex4d.shotlist import units
from ex4d.shotlist.fields import near, quantity, shown
from ex4d.shotlist.nodes import Mapped, Node, Text
from ex4d.shotlist.other_words import meant_ease
from ex4d.shotlist.records import Record

Power = Annotated[float, Field(ge=1, le=10)]
Handle = Annotated[float, Field(ge=0, le=1)]


class Ease(Record):
    """How a move's progress runs: from 0 to 1 in its window."""

    kind: Literal["smooth", "linear", "in", "out", "in-out", "bezier"] = "smooth"
    """``smooth`` is 10t³-15t⁴+6t⁵, which the language writes ``in-out`` without a power."""
    power: Power = 2.0
    """Of ``in``, ``out`` and ``in-out``."""
    points: tuple[Handle, Handle, Handle, Handle] | None = None
    """Of ``bezier``: x1, y1, x2, y2, as in CSS."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``linear``, ``in``, ``out 3``, ``in-out``, ``{in: 3}`` or ``{bezier: [0.3, 0, 0.7, 1]}``."""
        if isinstance(node, Mapped) and len(node) == 1:
            word, value = next(iter(node.items()))
            if word == "bezier":
                return cls(kind="bezier", points=_handles(value))
            return cls._powered(node, word, value)
        word, *power = (node.split() if isinstance(node, Text) else []) or [""]
        if len(power) > 1 or not isinstance(node, Text):
            word, power = "", []
        return cls._powered(node, word, Text(power[0], node.where) if power else None)

    @classmethod
    def _powered(cls, node: Node, word: str, power: Any) -> Ease:
        if word == "linear" and power is None:
            return cls(kind="linear")
        if word == "in-out" and power is None:
            return cls(kind="smooth")
        if word not in ("in", "out", "in-out"):
            if isinstance(node, Text) and (meant := meant_ease(node)):
                raise ValueError(f"{shown(node)} is not an ease here{meant}")
            hint = near(word, ("linear", "in", "out", "in-out", "bezier"))
            raise ValueError(
                f"{shown(node)} is not an ease; write linear, in, out, in-out, one of the last three with a power "
                f"as in 'in 3', or {{bezier: [0.3, 0, 0.7, 1]}}{hint}"
            )
        exponent = 2.0 if power is None else float(quantity(power, units.PLAIN).value)
        if not 1 <= exponent <= 10:
            raise ValueError(f"{shown(power)} is out of range: the power of an ease is 1 to 10")
        return cls.model_validate({"kind": word, "power": exponent})


def _handles(node: Any) -> tuple[float, float, float, float]:
    if not isinstance(node, list) or len(node) != 4:
        raise ValueError(f"{shown(node)} is not a bezier; write {{bezier: [0.3, 0, 0.7, 1]}}")
    x1, y1, x2, y2 = (float(quantity(item, units.PLAIN).value) for item in node)
    if not all(0 <= value <= 1 for value in (x1, y1, x2, y2)):
        raise ValueError("the four numbers of a bezier must each be 0 to 1")
    return x1, y1, x2, y2
