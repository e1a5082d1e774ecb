"""Versions written into references to presets: ``use: orbit-right`` becomes ``use: orbit-right@1``.

Nothing else of a file changes, byte for byte: the version is inserted where the reference ends, and what comes out is
read again and compared before it is written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ex4d.errors import Fault, OutputError, ShotFileError
from ex4d.media.atomic import replacing
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import PresetUse
from ex4d.shotlist.nodes import Listed, Mapped, Mark
from ex4d.shotlist.preset_file import PRESET_NAME, Preset, read_preset
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.trials import trial_of
from ex4d.shotlist.yaml_text import LOADER, compose

BOM = "\ufeff"


@dataclass(frozen=True)
class Pin:
    """A reference that takes the newest version of a preset."""

    name: str
    version: int
    """The newest."""
    where: Mark


@dataclass(frozen=True)
class Pinning:
    """A file with its references, as it is and as it would be."""

    file: Path
    pins: tuple[Pin, ...]
    before: bytes
    after: bytes
    inside: tuple[PresetUse, ...]
    """What presets take that it uses: newest versions too, which are pinned in their own files."""


@dataclass(frozen=True)
class _Reference:
    """Where a text names a preset without a version."""

    name: str
    end: int
    """Of the name, in characters of the text."""
    where: Mark


def pinning_of(file: Path) -> Pinning:
    """Find the references of a shot list or of a preset that take the newest version.

    Raises:
        ShotFileError: the file has faults, all of which are told; or it is a released preset.
    """
    data = bytes_of(file)
    faults: list[Fault] = []
    preset = read_preset(_anchored(file)) if "preset" in compose(data, str(file), faults) else None
    uses = _uses_of_shots(file, data) if preset is None else _uses_of_preset(preset)
    newest = {use.name: use.version for use in uses if not use.pinned}
    text = data.decode("utf-8")
    references = list(_references(text, str(file)))
    if references and preset is not None:
        _require_unreleased(preset)
    after = _inserted(text, references, newest).encode("utf-8")
    _require_same(file, data, after, newest)
    pins = tuple(Pin(found.name, newest[found.name], found.where) for found in references)
    own = {pin.name for pin in pins} if preset is not None else set()
    left = uses if preset is not None else _uses_of_shots(file, after)
    return Pinning(file, pins, data, after, tuple(use for use in left if not use.pinned and use.name not in own))


def _anchored(file: Path) -> Path:
    """Return the path with its folder and the folder of that, which say which preset it is."""
    return file if len(file.parts) > 2 else file.absolute()


def write_pins(pinning: Pinning) -> None:
    """Write the versions into the file: whole or not at all, with its permissions, through links.

    Raises:
        OutputError: it cannot be written, or has changed since it was read.
    """
    real = pinning.file.resolve()
    if not os.access(real, os.W_OK):
        raise OutputError(f"{pinning.file} cannot be written: it is read-only")
    with replacing(real, mode=stat.S_IMODE(real.stat().st_mode)) as partial:
        partial.write_bytes(pinning.after)
        if bytes_of(real) != pinning.before:
            raise OutputError(f"{pinning.file} has changed meanwhile and was not pinned; run this again")


def _uses_of_shots(file: Path, data: bytes) -> tuple[PresetUse, ...]:
    return tuple(dict.fromkeys(use for shot in parse(data, file).shots for use in shot.presets))


def _uses_of_preset(preset: Preset) -> tuple[PresetUse, ...]:
    (shot,) = trial_of(preset, Library.of_home(preset.home)).shots
    return shot.presets


def _require_unreleased(preset: Preset) -> None:
    library = Library.of_home(preset.home)
    try:
        released = library.is_released(preset)
    except ValueError as error:
        raise ShotFileError((Fault(str(preset.file), 1, 1, "", str(error)),)) from error
    if released:
        following = max(library.versions(preset.preset)) + 1
        message = f"preset {preset.identity} is released and never changes; pin its references in v{following}.yaml"
        raise ShotFileError((Fault(str(preset.file), 1, 1, "", message),))


def _references(text: str, file: str) -> Iterator[_Reference]:
    """Find the references without a version; the text is a sound shot list or preset."""
    body = text.removeprefix(BOM)
    root = dict(_entries(yaml.compose(body, Loader=LOADER)))
    cameras = {f"shots[{index}].camera": dict(_entries(shot)).get("camera")
               for index, shot in enumerate(_items(root.get("shots")))}  # fmt: skip
    for path, camera in {**cameras, "camera": root.get("camera")}.items():
        for index, item in enumerate(_items(camera)):
            used = dict(_entries(item)).get("use")
            if isinstance(used, yaml.ScalarNode) and PRESET_NAME.fullmatch(used.value):
                line, column = used.start_mark.line + 1, used.start_mark.column + 1
                where = Mark(file, line, column, f"{path}[{index}].use")
                yield _Reference(used.value, len(text) - len(body) + _end(body, used), where)


def _entries(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)


def _items(node: Any) -> list[Any]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _end(body: str, scalar: Any) -> int:
    """Return where the words of a scalar end: before its closing quote, or the line breaks of a block."""
    written = body[scalar.start_mark.index : scalar.end_mark.index].rstrip()
    quotes = 1 if scalar.style in ("'", '"') else 0
    return scalar.start_mark.index + len(written) - quotes


def _inserted(text: str, references: list[_Reference], newest: Mapping[str, int]) -> str:
    pieces, at = [], 0
    for found in sorted(references, key=lambda reference: reference.end):
        pieces += [text[at : found.end], f"@{newest[found.name]}"]
        at = found.end
    return "".join([*pieces, text[at:]])


def _require_same(file: Path, before: bytes, after: bytes, newest: Mapping[str, int]) -> None:
    """Refuse an edit that would change more than references."""
    faults: list[Fault] = []
    wanted = _pinned(compose(before, str(file), faults), newest)
    try:
        found = compose(after, str(file), faults)
    except ShotFileError:
        found = Mapped({}, wanted.where)
    if found != wanted or faults:
        message = "a reference is written in a way that cannot be pinned in its place; write use: NAME on a line"
        raise ShotFileError((wanted.where.fault(message),))


def _pinned(document: Mapped, newest: Mapping[str, int]) -> Mapped:
    """Return what a document is to say when it is pinned."""
    pinned = Mapped(dict(document), document.where)
    if isinstance(shots := document.get("shots"), Listed):
        pinned["shots"] = [_pinned(shot, newest) if isinstance(shot, Mapped) else shot for shot in shots]
    if isinstance(camera := document.get("camera"), Listed):
        pinned["camera"] = [_pinned_item(item, newest) for item in camera]
    return pinned


def _pinned_item(item: Any, newest: Mapping[str, int]) -> Any:
    name = item.get("use") if isinstance(item, Mapped) else None
    return {**item, "use": f"{name}@{newest[name]}"} if isinstance(name, str) and name in newest else item
