"""Values of each key of the schema: what it offers is accepted, and what is accepted it does not refuse."""

from __future__ import annotations

# ruff: noqa: E501 - a table of values is easier to read than to wrap
import re
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import ValidationError

from ex4d.errors import ShotFileError
from ex4d.shotlist import model
from ex4d.shotlist.camera import MOVES
from ex4d.shotlist.nodes import IN_PYTHON, Mapped, Text
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Report
from ex4d.shotlist.schema import patterns
from ex4d.shotlist.schema.keys import keys, name_of
from ex4d.shotlist.yaml_text import compose
from tests.shotlist.editor import KEYED, PRESET, SHOT_LIST, errors, read, schema
from tests.shotlist.reading import one_shot, outcome

MINIMAL: dict[type[Record], dict[str, Any]] = {
    model.Orbit: {"closer": "20%"},
    model.Path: {"up": "s"},
    model.Spline: {"keys": [{"at": "0%"}, {"at": "100%"}]},
    model.SplineKey: {"at": "40%"},
}
"""What must be there besides the keys without a default."""


@settings(derandomize=True, deadline=None, max_examples=60)
@given(most=st.integers(1, 99999), number=st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,2})?", fullmatch=True))
def test_the_pattern_of_a_range_is_the_range(most: int, number: str) -> None:
    assert bool(re.fullmatch(patterns.at_most(most), number)) == (Fraction(number) <= most)


def _read(record: type[Record], written: dict[str, Any]) -> Record:
    """Read a record as it stands in a file; what is reported is raised too."""
    faults: list[Any] = []
    node = compose(yaml.safe_dump(written), "demo.yaml", faults) if written else Mapped({}, IN_PYTHON)
    return _validated(record, node)


def _validated(record: type[Record], node: Any) -> Record:
    report = Report(Fraction(2))
    found = record.model_validate(node, context=report)
    if report.found:
        raise ValueError(report.found)
    return found


def _base(record: type[Record], word: str) -> dict[str, Any]:
    """The least that a record needs beside a key."""
    base = dict(MINIMAL.get(record, {}))
    if not base:
        needed = [key for key in keys(record) if key.required and key.word != word]
        base = {key.word: _examples(key.schema)[0] for key in needed}
        signed = [pair[0] for pair in record.pairs.values()]
        if signed and issubclass(record, model.MoveRecord) and not any(word in pair for pair in record.pairs.values()):
            base[signed[0]] = "20deg"
    opposites = {one: other for pair in record.pairs.values() for one, other in (pair, pair[::-1])}
    return {key: value for key, value in base.items() if key not in (word, opposites.get(word))}


def _examples(found: dict[str, Any]) -> list[Any]:
    """All examples of a schema, those of its alternatives among them."""
    inner = schema(SHOT_LIST).schema["definitions"] | schema(PRESET).schema["definitions"]
    if "$ref" in found:
        return _examples(inner[found["$ref"].rpartition("/")[2]])
    alternatives = [example for each in found.get("anyOf", ()) for example in _examples(each)]
    if "items" in found and "minItems" in found and "examples" not in found:
        alternatives.append(_examples(found["items"])[:1] * found["minItems"])
    plain = {"words": "text", "local-path": "media/a.mp4"}
    return found.get("enum") or found.get("examples") or alternatives or [plain.get("words")]


CASES = [(record, key) for record in KEYED for key in keys(record)]


@pytest.mark.parametrize(("record", "key"), CASES, ids=[f"{name_of(record)}.{key.word}" for record, key in CASES])
def test_what_the_schema_offers_is_accepted(record: type[Record], key: Any) -> None:
    """Every example of every key; and writing a default down says what leaving it out does."""
    if record is model.Shot and key.word in ("source", "synthesis", "camera"):
        return  # read with the list
    examples = (
        [MINIMAL[model.Spline]["keys"]] if (record, key.word) == (model.Spline, "keys") else _examples(key.schema)
    )
    for example in examples:
        base = {"default": example} if key.word in ("min", "max") else _base(record, key.word)
        _read(record, base | {key.word: example})
    if key.default is not None:
        base = _base(record, key.word)
        assert _read(record, base | {key.word: key.schema["default"]}) == _read(record, base)


@pytest.mark.parametrize("kind", MOVES.values(), ids=lambda kind: kind.key)
def test_every_example_of_a_move_is_accepted(kind: type[Record]) -> None:
    definition = schema(SHOT_LIST).schema["definitions"][name_of(kind)]
    found = [definition, *definition.get("anyOf", ())]
    examples = [example for each in found for example in each.get("examples", ())]

    assert examples or name_of(kind) == "hold"
    for example in examples:
        text = one_shot(f"- {yaml.safe_dump({name_of(kind): example}, default_flow_style=True)}")
        assert not isinstance(outcome(text), ShotFileError), outcome(text)
        assert errors(text) == []


VALUES = """
40% | 0.4x | -20% | 200% | 20deg | 0.5rad | -20deg | 90deg | 200deg | 2x | 0.5x | 0 | 1 | 0.5 | 7 | -3 | 010 | 1.0 | 24 | 49
29.97 | 23.98 | 30000/1001 | 12f | 216f | 1.5f | 1.6s | 0s | 100s | 0.5m | 2.4m | 1.5Hz | 0.02Hz | 256px | 500px | 35mm
0s..1.6s | 48f..96f | 9s..8s | 3s.. | 20%..60% | 50%.. | 0f..12f | 35mm..70mm | ..70mm | 54deg..30deg | 1..0.25 | 2x..1x
linear | in | in-out | out 3 | in 11 | {in: 3} | {out: 2.5} | {bezier: [0, 0.5, 1, 1]} | {bezier: [0, 2, 1, 1]}
cut | dissolve 0.4s | wipe left 0.4s | fade 0.5s | dip-white 1s | wipe 1s | center | nearest | subject | auto | random
true | false | no | on | yes | null | ~ | '' | 'null' | 'true' | '24' | '0.5' | 512x384 | 511x384 | 16x16 | 8x8 | 1984 | 2020-01-01
media/a.mp4 | a film.mp4 | A.MP4 | .mp4 | a/b.mp4 | https://a/b | "a\\nb" | frames/*.png | swing | a b | mm | relative | smooth | constant
crop | pad | mesh | vace | surfaces | append | timed
[50%, 60%] | [20%, 0%, 1x] | [50%] | [256px, 256px] | [] | {} | {depth: 2.7} | {right: 20deg} | {up: 5deg} | {down: 12deg}
{clockwise: 3deg} | {in: 2x} | {pan: 5deg} | {target: subject} | {file: a.npz} | {model: auto} | {radius: 40%} | {e: 1}
s | sin(s) + 20% | 2 * pi * s | 1 - cos(60deg * s) | a: b | [{at: 0%}, {at: 100%}] | [{at: 0%}, {}] | [{play: 0s..1s}, {freeze: 1s}]
""".replace("\n", " | ")


def _both_ways() -> list[tuple[Any, Any]]:
    """Values as the reading of a file and as an editor see them."""
    found = []
    for written in VALUES.strip(" |").split(" | "):
        quoted = f'"{written}"' if written == "a: b" else written
        node = compose(f"value: {quoted}", "demo.yaml", [])["value"]
        found.append((node, read(f"value: {quoted}")["value"]))
    return [*found, (Text("", IN_PYTHON), None)]


def _accepted(record: type[Record], base: Mapped, word: str, node: Any) -> bool:
    try:
        _validated(record, Mapped({**base, word: node}, IN_PYTHON))
    except (ValidationError, ValueError):
        return False
    return True


ONE_OF_EACH = {key.spelling.name or str(key.spelling.schema): (record, key) for record, key in CASES}
"""A key of each type of value."""


def test_what_is_right_is_right_in_an_editor_too() -> None:
    """Every type with some of many values: what the reading of a file accepts the schema does; and it catches most of the rest."""
    values, accepted, refused, caught = _both_ways(), 0, 0, 0
    definitions = schema(PRESET).schema["definitions"] | schema(SHOT_LIST).schema["definitions"]
    for turn, (record, key) in enumerate(ONE_OF_EACH.values()):
        if record is model.Shot and key.word in ("source", "synthesis", "camera"):
            continue
        base = _base(record, key.word) | ({"source": {"video": "a.mp4"}} if record is model.Shot else {})
        validator = Draft7Validator({"definitions": definitions, "$ref": f"#/definitions/{name_of(record)}"})
        node_of_base = compose(yaml.safe_dump(base), "demo.yaml", []) if base else Mapped({}, IN_PYTHON)
        for node, seen in values[turn % 3 :: 3]:
            if (seen is None and not node.missing) or (key.word == record.__dict__.get("key") and "file" in node):
                continue  # the text null, which an editor takes for nothing at all; file: {file: …} once too often
            right = _accepted(record, node_of_base, key.word, node)
            finds = not validator.is_valid(base | {key.word: seen})
            assert not (right and finds), (name_of(record), key.word, node, seen)
            accepted, refused, caught = accepted + right, refused + (not right), caught + (not right and finds)

    assert accepted > 150
    assert caught > 0.9 * refused, (accepted, refused, caught)
