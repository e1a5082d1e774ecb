"""Lenses as users write them: an angle, millimetres, or pixels."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from ex4d.geometry.pinhole import NARROWEST, WIDEST
from ex4d.shotlist import units
from ex4d.shotlist.fields import quantity, shown
from ex4d.shotlist.nodes import Mapped, Node
from ex4d.shotlist.records import Record
from ex4d.shotlist.units import radians

FILM_WIDTH_MM = 36.0
"""The width that millimetres refer to: full-frame film."""


class LensSpec(Record):
    """A focal length or angle of view."""

    kind: Literal["angle", "mm", "px"]
    """How it is stated."""
    value: Annotated[float, Field(gt=0)]
    """angle: horizontal, radians. mm: on a width of 36 mm. px: focal length in pixels of the source as delivered."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``54deg``, ``35mm`` or ``500px``."""
        found = quantity(node, units.LENS)
        spec = {"kind": "angle", "value": radians(found)}
        if found.unit in ("mm", "px"):
            spec = {"kind": found.unit, "value": float(found.value)}
        if found.value <= 0:
            raise ValueError(f"{shown(node)} is not a lens; it must be above 0")
        lens = cls.model_validate(spec)
        angle = lens.horizontal_angle
        if angle is not None and not NARROWEST * (1 - 1e-12) <= angle <= WIDEST * (1 + 1e-12):
            raise ValueError(f"{shown(node)} sees {math.degrees(angle):.4g}deg across; a lens sees 2deg to 150deg")
        return lens

    @property
    def horizontal_angle(self) -> float | None:
        """The horizontal angle of view in radians; None for pixels, which need the source's width."""
        if self.kind == "angle":
            return self.value
        return 2.0 * math.atan(0.5 * FILM_WIDTH_MM / self.value) if self.kind == "mm" else None


DEFAULT_LENS = LensSpec(kind="angle", value=math.radians(54.0))
"""EX-4D's 500 px at 512, in round numbers."""
