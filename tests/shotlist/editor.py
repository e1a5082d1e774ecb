"""What an editor makes of a shot list: YAML 1.2 as yaml-language-server reads it, against a shipped schema."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft7Validator, ValidationError

from ex4d.shotlist.camera import MOVES
from ex4d.shotlist.schema.definitions import MAPPINGS
from ex4d.shotlist.schema.documents import FILES
from ex4d.shotlist.schema.spellings import RECORDS
from ex4d.shotlist.shipped import shipped

ROOT = shipped("shots").parent
SHOT_LIST, PRESET = FILES
KEYED = (*MAPPINGS, *(kind for kind in MOVES.values() if kind not in RECORDS and kind.words()))
"""Records that are written with keys."""


class Core(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2's core schema: ``no`` and ``1:30`` are text, ``010`` is ten."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as PyYAML has it


_CORE = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
}
for _kind, _pattern in _CORE.items():
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), None)
Core.add_constructor(
    "tag:yaml.org,2002:int", lambda loader, node: int(node.value, 0 if node.value[1:2] in "ox" else 10)
)


def read(text: str) -> Any:
    """Parse YAML as an editor does."""
    return yaml.load(text, Loader=Core)  # noqa: S506 - a SafeLoader


@cache
def schema(file: str) -> Draft7Validator:
    """A shipped schema."""
    return Draft7Validator(json.loads((ROOT / file).read_text("utf-8")))


def errors(text: str, file: str = SHOT_LIST) -> list[tuple[str, str]]:
    """All that an editor finds: where, and the keyword that is at fault; of alternatives the likeliest's."""
    return [_told(found) for found in _deepest(text, file)]


def _told(found: ValidationError) -> tuple[str, str]:
    """Draft 7 spells a key that must not be there ``false``; it is found at the mapping that has it."""
    return _shown([*found.absolute_path]), str(found.validator or "false")


def _shown(path: list[Any]) -> str:
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")


def _deepest(text: str, file: str) -> list[ValidationError]:
    found: list[ValidationError] = []
    for error in schema(file).iter_errors(read(text)):
        while error.context:
            branches: dict[int, list[ValidationError]] = {}
            for each in error.context:
                branches.setdefault(each.schema_path[0], []).append(each)
            error = max(min(branches.values(), key=_unlikely), key=lambda each: len(each.absolute_path))  # noqa: PLW2901
        found.append(error)
    return found


def _unlikely(branch: list[ValidationError]) -> tuple[bool, int]:
    """Of alternatives, one whose type is wrong is the least likely to be meant."""
    return any(each.validator in ("type", "enum") and len(each.path) == 0 for each in branch), len(branch)
