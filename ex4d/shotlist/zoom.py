"""The zoom: the lens only."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from ex4d.shotlist import units
from ex4d.shotlist.base_moves import MoveRecord
from ex4d.shotlist.fields import Factor, quantity, shown
from ex4d.shotlist.lens import LensSpec
from ex4d.shotlist.nodes import Mapped, Node, Text, unwrapped
from ex4d.shotlist.records import Record

_EXAMPLE = "zoom: 2x, zoom: {out: 2x}, zoom: 35mm..70mm or zoom: ..70mm"


class Zoom(MoveRecord):
    """Change the focal length; magnification grows evenly. By a factor, or from one lens to another."""

    key: ClassVar[str] = "zoom"
    example: ClassVar[str] = _EXAMPLE
    factor: Factor | None = None
    """Magnification at the end, > 0; None for an absolute zoom."""
    start: LensSpec | None = None
    """Of an absolute zoom; None begins at the source's lens."""
    end: LensSpec | None = None
    """Of an absolute zoom."""

    @property
    def absolute(self) -> bool:
        """Whether it states lenses instead of a factor; then it is the shot's only lens move."""
        return self.end is not None

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        return ("in", "out")

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``2x``, ``{in: 2x}``, ``{out: 2x}``, ``35mm..70mm`` or ``..70mm``."""
        value = unwrapped(node, cls.key)
        if isinstance(value, Mapped) and value:
            return value
        if not isinstance(value, Text) or value.missing:
            raise ValueError(f"needs a factor or lenses, as in {_EXAMPLE}, but got {shown(value)}")
        start, dots, end = value.partition("..")
        if not dots:
            return Mapped({"in": value}, value.where)
        if not end:
            raise ValueError(f"{shown(value)} does not say where the zoom ends; write {_EXAMPLE}")
        lenses = {name: Text(part, value.where) for name, part in (("start", start), ("end", end)) if part}
        return cls.model_validate(lenses)

    @classmethod
    def spelled(cls, node: Mapped) -> dict[str, Any]:
        """Turn ``in`` and ``out`` into a factor."""
        if len(node) != 1:
            raise ValueError(f"needs one of 'in' and 'out', as in {_EXAMPLE}")
        word, value = next(iter(node.items()))
        factor = quantity(value, units.FACTOR, misused=MISUSED).value
        if factor <= 0:
            raise ValueError(f"{shown(value)} is not a zoom; a factor is above 0, and zooming out is zoom: {{out: 2x}}")
        return {"factor": float(factor if word == "in" else 1 / factor)}

    @model_validator(mode="after")
    def _one_kind(self) -> Zoom:
        if (self.factor is None) == (self.end is None) or (self.start is not None and self.end is None):
            raise ValueError(f"needs either a factor or the lens at its end, as in {_EXAMPLE}")
        return self


MISUSED = {
    "%": "a zoom changes the lens and takes a factor, as in 1.2x; moving in is dolly",
    "deg": "a zoom to an angle is written ..30deg, or 54deg..30deg; turning is pan, tilt or roll",
    "rad": "a zoom to an angle is written ..0.5rad; turning is pan, tilt or roll",
    "mm": "a zoom to a focal length is written ..70mm, or 35mm..70mm",
    "px": "a zoom to a focal length is written ..700px, or 500px..700px",
}
