"""The parameters of a preset: typed by their default's unit, within a range."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, model_validator

from ex4d.shotlist import units
from ex4d.shotlist.arithmetic import evaluate, references
from ex4d.shotlist.fields import Words, shown
from ex4d.shotlist.nodes import Listed, Mapped, Mark, Text
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Report
from ex4d.shotlist.units import Quantity


def _any_quantity(value: Any) -> Any:
    if isinstance(value, Listed | Mapped) or (isinstance(value, Text) and value.missing):
        raise ValueError(f"needs a number with or without a unit, as in 45deg, but got {shown(value)}")
    return (value.quantity or units.read_quantity(value)) if isinstance(value, Text) else value


AnyQuantity = Annotated[Quantity, BeforeValidator(_any_quantity)]


class Parameter(Record):
    """A number that a preset takes from who uses it."""

    example: ClassVar[str] = "{default: 45deg, min: -180deg, max: 180deg, about: how far round}"
    default: AnyQuantity
    """Its value where none is given; its unit is the parameter's."""
    min: AnyQuantity | None = None
    """The least that is allowed."""
    max: AnyQuantity | None = None
    """The most that is allowed."""
    about: Words = ""
    """What it means, in a few words."""

    @model_validator(mode="after")
    def _consistent(self) -> Parameter:
        for bound in (self.min, self.max):
            if bound is not None and bound.unit != self.default.unit:
                raise ValueError(f"{bound} and the default {self.default} have different units")
        if not self.allows(self.default):
            raise ValueError(f"the default {self.default} is outside {self.range}")
        return self

    def allows(self, value: Quantity) -> bool:
        """Return whether a value of the parameter's unit is within its range."""
        above = self.min is None or value.value >= self.min.value
        return above and (self.max is None or value.value <= self.max.value)

    @property
    def range(self) -> str:
        """The allowed values, in words."""
        if self.min is None or self.max is None:
            return f"{self.min} or more" if self.min else f"{self.max} or less" if self.max else "any"
        return f"{self.min} to {self.max}"

    def read(self, node: Any, subject_distance: Fraction | None = None) -> Quantity:
        """Read a value that a user gives; metres become shares where the subject's distance is known in metres.

        Raises:
            ValueError: where it is no quantity of this unit, or out of range.
        """
        value = _in_unit(_any_quantity(node), self.default.unit, subject_distance)
        if value is None:
            kind = (
                f"{self.default.unit}, as in {self.default}" if self.default.unit else f"no unit, as in {self.default}"
            )
            raise ValueError(f"{shown(node)} has another unit; this parameter has {kind}")
        if not self.allows(value):
            raise ValueError(f"{shown(node)} is out of range: {self.range}")
        return value


def _in_unit(found: Quantity, unit: str, subject_distance: Fraction | None) -> Quantity | None:
    """Convert between the two units of an angle, and the three of a distance."""
    scales = {
        ("rad", "deg"): Fraction(180 / math.pi), ("deg", "rad"): Fraction(math.pi / 180),
        ("x", "%"): Fraction(100), ("%", "x"): Fraction(1, 100),
    }  # fmt: skip
    if subject_distance is not None:
        scales |= {
            ("m", "%"): 100 / subject_distance, ("m", "x"): 1 / subject_distance,
            ("%", "m"): subject_distance / 100, ("x", "m"): subject_distance,
        }  # fmt: skip
    scale = Fraction(1) if found.unit == unit else scales.get((found.unit, unit))
    return None if scale is None else Quantity(found.value * scale, unit)


def substituted(node: Any, values: dict[str, Quantity], used_at: str, report: Report, *, formula: bool = False) -> Any:
    """Return a copy of a preset's node with its references replaced, marked with the place where it is used.

    Args:
        node: of the preset's document.
        values: of its parameters.
        used_at: in the shot list.
        report: takes what is wrong with references.
        formula: whether scalars are formulas, where a negative value needs parentheses.
    """
    where = replace(node.where, used_at=used_at)
    if isinstance(node, Mapped):
        items = {
            key: substituted(value, values, used_at, report, formula=formula or key == "path")
            for key, value in node.items()
        }
        return Mapped(items, where)
    if isinstance(node, Listed):
        return Listed([substituted(item, values, used_at, report, formula=formula) for item in node], where)
    return _filled(node, where, values, report, formula=formula)


def _filled(node: Text, where: Mark, values: dict[str, Quantity], report: Report, *, formula: bool) -> Text:
    try:
        parts = list(references(node))
        found = [evaluate(part[1], values) if isinstance(part, tuple) else part for part in parts]
    except ValueError as error:
        report.add(where, str(error))
        return Text("", where)
    if len(found) == 1 and isinstance(found[0], Quantity):
        return Text(str(found[0]), where, quantity=found[0])
    text = "".join(part if isinstance(part, str) else f"({part})" if formula else str(part) for part in found)
    return Text(text, where, plain=node.plain)
