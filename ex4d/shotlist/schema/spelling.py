"""How each type of value is written: its JSON Schema, and a few words about it for the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ex4d.shotlist import units
from ex4d.shotlist.fields import QuantityReader
from ex4d.shotlist.schema import patterns
from ex4d.shotlist.units import Dimension

Json = dict[str, Any]


@dataclass(frozen=True)
class Spelling:
    """How one type of value is written."""

    name: str
    """Of its definition in the schema."""
    says: str
    """What it is, in the words of the reference; Markdown."""
    schema: Json


def text(name: str, says: str, pattern: str, *examples: str, **more: Any) -> Spelling:
    """Return the spelling of what is text to an editor too."""
    told = {"errorMessage": needed(says, examples), "examples": list(examples)} if examples else {}
    return Spelling(name, says, {"type": "string", "pattern": patterns.whole_text(pattern), **told, **more})


def number(name: str, says: str, pattern: str, *examples: Any, kind: str = "number", **bounds: Any) -> Spelling:
    """Return the spelling of what an editor reads as a number, unless it is quoted or has a unit."""
    told = {"errorMessage": needed(says, examples), "examples": list(examples)}
    return Spelling(name, says, {"type": [kind, "string"], **bounds, "pattern": patterns.whole_text(pattern), **told})


def words(name: str, says: str, allowed: tuple[str, ...]) -> Spelling:
    """Return the spelling of one of some words."""
    return Spelling(name, says, {"enum": list(allowed)})


def either(name: str, says: str, *schemas: Json) -> Spelling:
    """Return the spelling of what has several forms."""
    return Spelling(name, says, {"anyOf": list(schemas)})


def listed(items: Json, least: int, most: int | None = None) -> Json:
    """Return the schema of a list."""
    return {"type": "array", "items": items, "minItems": least} | ({"maxItems": most} if most else {})


def ref(name: str) -> Json:
    """Return the schema that stands in the definitions."""
    return {"$ref": f"#/definitions/{name}"}


def told(about: str) -> Json:
    """Return a docstring as the description that editors show: plain, and as Markdown where it quotes code."""
    plain = re.sub("``?([^`]*)``?", r"'\1'", about)
    if not about:
        return {}
    return {"description": plain} | ({"markdownDescription": about.replace("``", "`")} if plain != about else {})


def needed(says: str, examples: tuple[Any, ...]) -> str:
    """Return what an editor answers to anything else."""
    shown = [str(example) for example in examples[:2]]
    return f"needs {says.replace('`', '')}" + ("" if shown[0] in says else f", as in {' or '.join(shown)}")


def of_quantity(name: str, reader: QuantityReader) -> Spelling:
    """Return the spelling of a reader's quantities, derived from its dimension and bounds."""
    dimension = reader.dimension
    allowed = (*dimension.units, "m") if dimension is units.DISTANCE else dimension.units
    pattern = patterns.quantity(allowed, reader.low, reader.high, positive=reader.positive)
    says = f"{kind_of(dimension)}{_range(reader)}"
    if "" not in dimension.units:
        return text(name, says, pattern, *examples_of(dimension))
    examples = [as_read(example) for example in examples_of(dimension)]
    return number(name, says, pattern, *examples, **_limits(reader))


def kind_of(dimension: Dimension) -> str:
    """Return what a quantity is and its units, in words: an angle in `deg` or `rad`."""
    if dimension is units.PIXELS:
        return "pixels, in `px`"
    stated = [f"`{unit}`" for unit in dimension.units if unit]
    return f"{dimension.noun} in {' or '.join(stated)}" if stated and "" not in dimension.units else dimension.noun


def examples_of(dimension: Dimension) -> list[str]:
    """Return the examples of a dimension, one by one."""
    return re.split(r", | or ", dimension.example)


def as_read(written: str) -> Any:
    """Return what an editor reads: a number where nothing else is written."""
    if written in ("true", "false"):
        return written == "true"
    if not units.NUMBER.fullmatch(written):
        return written
    return float(written) if "." in written else int(written)


def _range(reader: QuantityReader) -> str:
    if reader.positive:
        return " above 0"
    if reader.low is not None and reader.high is not None:
        return f", {reader.low} to {reader.high}"
    return f", {reader.high} at most" if reader.high else f", {reader.low} at least" if reader.low else ""


def _limits(reader: QuantityReader) -> Json:
    stated = {"minimum": reader.low, "maximum": reader.high}
    limits = {word: as_read(bound) for word, bound in stated.items() if bound is not None and bound[-1:].isdigit()}
    return limits | ({"exclusiveMinimum": 0} if reader.positive else {})
