"""The definitions of the schema: one for each type of value, record and move."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import yaml

from ex4d.shotlist import model
from ex4d.shotlist.camera import MOVES, WITHOUT_EASE, CameraItem
from ex4d.shotlist.depth import DepthFile, DepthModel
from ex4d.shotlist.library import Library
from ex4d.shotlist.moves import SignedMove
from ex4d.shotlist.parameters import Parameter
from ex4d.shotlist.playing import Freeze, Play
from ex4d.shotlist.records import Record
from ex4d.shotlist.schema import patterns
from ex4d.shotlist.schema.keys import Key, about, keys, name_of
from ex4d.shotlist.schema.spelling import Json, Spelling, ref, told
from ex4d.shotlist.schema.spellings import CONSTANT, QUANTITIES, RECORDS, TYPES, USE, spelling_of_reader
from ex4d.shotlist.shipped import shipped

MAPPINGS: Final[tuple[type[Record], ...]] = (
    model.Source, DepthFile, DepthModel, model.SubjectDepth, model.Output, model.Synthesis, model.Shot, Play, Freeze,
    model.SplineKey, model.Rotation, Parameter,
)  # fmt: skip
"""Records that are written as mappings and are no moves."""
SOLITARY: Final = ("hold", "handheld")
"""Moves that need no value, so that the word alone is a whole item."""

RULES: Final[dict[type[Record], Json]] = {
    model.Orbit: {"anyOf": [{"required": [word]} for pair in model.Orbit.pairs.values() for word in pair]},
    model.Path: {"anyOf": [{"required": [word]} for word in ("right", "up", "in", "pan", "tilt", "roll", "lens")]},
    model.SplineKey: {"dependencies": {"look_at": {"properties": {"rotation": False}}}},
    model.Spline: {
        "if": {"properties": {"pace": {"const": "constant"}}, "required": ["pace"]},
        "else": {"properties": {"keys": {"items": {"type": "object", "required": ["at"]}}}},
    },
    model.Shot: {
        "dependencies": {"time": {"properties": {"clip": False}}},
        "properties": {"time": {"items": [{"dependencies": {"freeze": ["of"]}}]}},
    },
}
"""What the keys of a record demand of each other."""


def definitions() -> dict[str, Json]:
    """Return all definitions, values first, then records, then moves."""
    found: dict[str, Json] = {}
    for spelling in _spellings():
        if spelling.name and spelling.schema != ref(spelling.name):
            found.setdefault(spelling.name, spelling.schema)
    found |= {name_of(record): mapping(record) for record in MAPPINGS}
    found |= {key: move(kind) for key, kind in MOVES.items()}
    return found | {"camera-item": _camera_item()}


def _spellings() -> Iterator[Spelling]:
    for kind in QUANTITIES.values():
        spelling = spelling_of_reader(kind.__metadata__[0])
        assert spelling is not None
        yield spelling
    yield from (spelling for _, spelling in TYPES)
    yield from (spelling for record, spelling in RECORDS.items() if record not in MOVES.values())
    yield from (CONSTANT, USE)
    every = chain(MAPPINGS, (kind for kind in MOVES.values() if kind not in RECORDS))
    yield from (key.spelling for record in every for key in keys(record))


def mapping(record: type[Record], *, required: bool = True) -> Json:
    """Return the schema of a record that is written as a mapping.

    Args:
        record: whose keys are allowed.
        required: whether those that have no default must be there.
    """
    every = keys(record)
    needed = [key.word for key in every if key.required and required]
    schema: Json = {"type": "object" if needed or not _empty(record) else ["object", "null"], **told(about(record))}
    if record.example:
        schema["examples"] = [_example(record)]
    schema["properties"] = {key.word: key.schema for key in every}
    schema["additionalProperties"] = False
    return schema | ({"required": needed} if needed else {}) | _rules(record, schema)


def _empty(record: type[Record]) -> bool:
    """Return whether a mapping without keys is allowed, as then nothing at all is."""
    return not any(key.required for key in keys(record)) and record not in (model.Orbit, model.Path)


def _example(record: type[Record]) -> Any:
    """Return what stands in a record's example, as an editor reads it."""
    found = yaml.safe_load(record.example)
    word = next(iter(found))
    return found[word] if word == getattr(record, "key", None) or word not in record.words() else found


def _rules(record: type[Record], schema: Json) -> Json:
    rules = dict(RULES.get(record, {}))
    pairs = {other: {"properties": {word: False}} for word, other in record.pairs.values()}
    dependencies = pairs | rules.pop("dependencies", {})
    if nested := rules.pop("properties", {}):
        rules["allOf"] = [{"properties": nested}]
    return ({"dependencies": dependencies} if dependencies else {}) | rules


def move(kind: type[Any]) -> Json:
    """Return the schema of the value of a move: ``20deg`` or ``{right: 20deg}`` of a pan."""
    if kind in RECORDS:
        return RECORDS[kind].schema | told(about(kind))
    schema = mapping(kind)
    if issubclass(kind, SignedMove):
        return _signed(kind, keys(kind)[0], schema)
    forms = {"look-at": "place", "file": "local-path"}
    if kind.key not in forms:
        return schema
    told_of = {word: schema.pop(word) for word in ("description", "markdownDescription") if word in schema}
    return told_of | {"anyOf": [ref(forms[kind.key]), schema]}


def _signed(kind: type[SignedMove], first: Key, schema: Json) -> Json:
    """Let a move of one amount be written without a direction."""
    one = {"minProperties": 1, "maxProperties": 1}
    short = {"type": ["string", "object"], "pattern": first.spelling.schema["pattern"]}
    says = f"{first.spelling.says.replace('`', '')}, or a direction with it"
    example = kind.dimension.example
    texts = {"errorMessage": f"needs {says}, as in {example} or {{{first.word}: {example}}}"}
    return schema | short | texts | {"examples": [example, {first.word: example}, {keys(kind)[1].word: example}]} | one


def _camera_item() -> Json:
    moves = {word: ref(word) | told(about(kind)) for word, kind in MOVES.items()}
    use = {
        "use": ref(USE.name) | {
            **told("The moves of a preset; without a version the newest is taken."), "examples": _presets(),
        },
        "with": {
            "type": ["object", "null"], **told("The preset's parameters; those left out have their defaults."),
            "additionalProperties": ref("quantity"),
        },
    }  # fmt: skip
    common = {key.word: key.schema for key in keys(CameraItem)}
    without_ease = {word: {"properties": {"ease": False}} for word in (*WITHOUT_EASE, "use")}
    return {
        "type": ["object", "string"], **told(about(CameraItem)),
        "pattern": patterns.whole_text(f"(?:{'|'.join(SOLITARY)})"),
        "errorMessage": "needs one move with its amount, as in pan: 20deg",
        "properties": moves | use | common, "additionalProperties": False,
        "if": {"type": "object"}, "then": {"oneOf": [{"required": [word]} for word in (*MOVES, "use")]},
        "dependencies": {"with": ["use"], **without_ease},
    }  # fmt: skip


def _presets() -> list[str]:
    """Return every built-in preset at its newest version."""
    library = Library(shipped("trajectories"))
    return [f"{name}@{max(library.versions(name))}" for name in library.names()]
