"""One version of a preset, as its file states it, and what a preset may be called."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.arithmetic import NAME
from ex4d.shotlist.faults import faults_of
from ex4d.shotlist.fields import Whole, Words, shown
from ex4d.shotlist.nodes import Listed, Mapped, Text
from ex4d.shotlist.parameters import Parameter
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Report
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.units import quoted
from ex4d.shotlist.yaml_text import compose

PRESET_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
LANGUAGE_VERSION = "1"


def _parameters(value: Any) -> Any:
    if isinstance(value, Text) and value.missing:
        return {}
    if isinstance(value, Text | Listed):
        raise ValueError(
            f"needs a mapping from names to parameters, each as in {Parameter.example}, but got {shown(value)}"
        )
    for name in value:
        if not NAME.fullmatch(name):
            raise ValueError(f"a parameter cannot be called {quoted(name)}; use a-z, 0-9 and _")
    return dict(value)


def _moves(value: Any) -> Any:
    if isinstance(value, Text | Mapped):
        raise ValueError(f"needs a list of moves, but got {shown(value)}")
    return value


class Preset(Record):
    """One version of a preset, as its file states it."""

    example: ClassVar[str] = "preset: orbit-right"
    preset: Words
    """Its name, which its folder has too: a-z, 0-9 and -."""
    version: Whole
    """From 1; its file is called v1.yaml. A version that was released never changes."""
    ex4d: Whole
    """The version of the language; always 1."""
    about: Words
    """What it does, in one sentence."""
    params: Annotated[dict[str, Parameter], BeforeValidator(_parameters)] = Field(default_factory=dict)
    """Numbers that whoever uses it may set, by their names: a-z, 0-9 and _."""
    camera: Annotated[Any, BeforeValidator(_moves)]
    """Its moves, in which $name stands for a parameter and $(-name / 2) for arithmetic with them; windows are in %."""
    file: Path = Path()
    """Where it was read from."""
    sha256: str = ""
    """Of the parsed document, as canonical JSON."""
    size: int = 0
    """How many values its moves have."""

    @property
    def identity(self) -> str:
        """Its name with its version, as a shot list pins it."""
        return f"{self.preset}@{self.version}"

    @property
    def home(self) -> Path:
        """The folder ``trajectories`` that has it."""
        return self.file.parent.parent

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        return tuple(word for word in super().words() if word not in ("file", "sha256", "size"))


def canonical_sha256(document: Mapped) -> str:
    """Return the SHA-256 of a parsed document: canonical JSON, so comments and line ends are free."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _size(node: Any) -> int:
    inner = node.values() if isinstance(node, Mapped) else node if isinstance(node, Listed) else ()
    return 1 + sum(map(_size, inner))


def read_preset(file: Path) -> Preset:
    """Read one preset file.

    Raises:
        ShotFileError: with all of its faults.
    """
    faults: list[Fault] = []
    document = compose(bytes_of(file), str(file), faults, begins="preset: its-name")
    report = Report()
    preset = None
    try:
        read = Preset.model_validate(document, context=report)
        found = {"file": file, "sha256": canonical_sha256(document), "size": _size(read.camera)}
        preset = read.model_copy(update=found)
    except ValidationError as error:
        faults += faults_of(error, document.where)
    faults += [where.fault(message) for where, message in report.found]
    if preset is not None:
        faults += _identity_faults(preset, document)
    if preset is None or faults:
        raise ShotFileError(tuple(faults))
    return preset


def _identity_faults(preset: Preset, document: Mapped) -> list[Fault]:
    folder, file = preset.file.parent.name, preset.file.name
    wrong = {
        "preset": preset.preset != folder and f"is not the name of its folder, {folder!r}",
        "version": f"v{preset.version}.yaml" != file and f"is not the number of its file, {file}",
        "ex4d": str(preset.ex4d) != LANGUAGE_VERSION and "is not a version of the language; this ex4d reads ex4d: 1",
    }
    return [
        document[key].where.fault(f"{shown(document[key])} {why}")
        for key, why in wrong.items()
        if why and key in document  # one that is misspelt is a fault already
    ]
