"""The two schemas: of shot lists, and of presets, in which ``$name`` and ``$(arithmetic)`` stand for quantities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ex4d.shotlist.load import HEADING, MAX_SHOTS, WORDS
from ex4d.shotlist.model import ShotList, Source
from ex4d.shotlist.preset_file import PRESET_NAME, Preset
from ex4d.shotlist.schema.definitions import definitions, mapping
from ex4d.shotlist.schema.keys import attribute_docs, keys
from ex4d.shotlist.schema.spelling import Json, ref, told

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
FILES: Final = ("shots/shot-list.schema.json", "trajectories/preset.schema.json")
"""Where the two are shipped."""
WIDTH: Final = 110
"""Characters of a line of the shipped files."""
REFERENCE: Final = r"|\$[a-z(]"
"""What a pattern also allows in the moves of a preset."""

LANGUAGE: Final[Json] = {
    "type": ["integer", "string"], "minimum": 1, "maximum": 1, "pattern": "^1$", "default": 1,
    "description": "The version of the language; always 1.", "errorMessage": "this ex4d reads ex4d: 1",
}  # fmt: skip
_HAS_VIDEO: Final[Json] = {"required": ["source"], "properties": {"source": {"type": "object", "required": ["video"]}}}


def shot_list() -> Json:
    """Return the schema of a shot list."""
    defined = definitions()
    defined["source"] = mapping(Source, required=False) | {"type": ["object", "null"]}
    defined["shot"]["required"] = ["name"]
    heading = {key.word: key.schema for key in keys(ShotList, (*HEADING, "output"))}
    shots = {
        "type": "array", "items": ref("shot"), "minItems": 1, "maxItems": MAX_SHOTS,
        **told("The shots, in the order of the film."),
        "errorMessage": "needs a list of shots, each as in - name: swing",
    }  # fmt: skip
    stated = {
        "ex4d": LANGUAGE, **heading, "shots": shots,
        "source": ref("source") | told("What was filmed: the default of every shot, key by key."),
        "synthesis": ref("synthesis") | told("Who completes the picture: the default of every shot, key by key."),
    }  # fmt: skip
    return _document("A shot list of ex4d", {word: stated[word] for word in WORDS}, ["ex4d", "shots"], defined) | {
        "if": _HAS_VIDEO,
        "else": {"properties": {"shots": {"items": _HAS_VIDEO}}},
    }


def preset() -> Json:
    """Return the schema of a preset."""
    camera = _with_references(definitions())
    names = {"propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"}, "additionalProperties": ref("parameter")}
    docs = attribute_docs(Preset)
    stated = {
        "preset": {"type": "string", "pattern": f"^{PRESET_NAME.pattern}$", **told(docs["preset"])},
        "version": {"type": ["integer", "string"], "minimum": 1, "pattern": "^[1-9][0-9]*$", **told(docs["version"])},
        "ex4d": LANGUAGE,
        "about": ref("words") | told(docs["about"]),
        "params": {"type": ["object", "null"], **names, **told(docs["params"])},
        "camera": {"type": "array", "items": ref("camera-item"), **told(docs["camera"])},
    }
    stated = {word: stated[word] for word in Preset.words()}
    required = [word for word in stated if Preset.model_fields[word].is_required()]
    return _document("A preset of ex4d", stated, required, camera | {"parameter": definitions()["parameter"]})


def _with_references(schema: Any) -> Any:
    """Return a schema whose texts may hold references; names of parameters may not."""
    if isinstance(schema, list):
        return [_with_references(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {word: value if word == "propertyNames" else _with_references(value) for word, value in schema.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] += REFERENCE
    return found


def _document(title: str, properties: Json, required: list[str], defined: dict[str, Json]) -> Json:
    body = {
        "$schema": DIALECT, "title": title, "type": "object", "properties": properties, "required": required,
        "additionalProperties": False,
    }  # fmt: skip
    return body | {"definitions": _used(body, defined)}


def _used(body: Json, defined: dict[str, Json]) -> dict[str, Json]:
    """Return the definitions that are referred to, in their order."""
    found: set[str] = set()
    waiting = _references(body)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(defined[name])
    return {name: schema for name, schema in defined.items() if name in found}


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in _references(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].rpartition("/")[2]] if isinstance(schema.get("$ref"), str) else []
    return own + [name for value in schema.values() for name in _references(value)]


def texts() -> dict[str, str]:
    """Return what the shipped files hold, by their paths in the project."""
    return {file: laid_out(made()) + "\n" for file, made in zip(FILES, (shot_list, preset), strict=True)}


def laid_out(value: Any, indent: str = "") -> str:
    """Return JSON in which what fits on a line stands on a line."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= WIDTH:
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        inner = [f"{deeper}{json.dumps(word)}: {laid_out(item, deeper)}" for word, item in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + laid_out(item, deeper) for item in value) + f"\n{indent}]"


def write(root: Path) -> None:
    """Write the shipped files anew."""
    for file, text in texts().items():
        (root / file).write_text(text, encoding="utf-8")
