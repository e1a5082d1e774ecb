"""The preset library on disk: ``trajectories/NAME/vN.yaml``, built in or a project's, and its lock file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.arithmetic import NAME
from ex4d.shotlist.faults import faults_of
from ex4d.shotlist.fields import Whole, Words, near, shown
from ex4d.shotlist.lock_file import LOCK_FILE, read_lock
from ex4d.shotlist.nodes import Listed, Mapped, Text
from ex4d.shotlist.parameters import Parameter
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Report
from ex4d.shotlist.shipped import shipped
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.units import quoted
from ex4d.shotlist.yaml_text import compose

PRESET_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION_FILE = re.compile(r"v([1-9][0-9]{0,5})\.yaml")
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


@dataclass(frozen=True)
class Library:
    """The presets that a shot list can use."""

    built_in: Path
    projects: tuple[Path, ...] = ()
    """Folders ``trajectories``, nearest first."""
    making: bool = False
    """Whether versions may be built in that are not released yet: only while they are made."""
    _read: dict[Path, Preset] = field(default_factory=dict, repr=False, compare=False)
    _found: dict[str, dict[int, Path]] = field(default_factory=dict, repr=False, compare=False)
    _names: list[str] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def beside(cls, shot_file: Path) -> Library:
        """Return the built-in presets with those in the shot file's folder and its parent."""
        built_in = shipped("trajectories")
        folder = shot_file.parent
        homes = [Path(os.path.normpath(home)) / "trajectories" for home in (folder, folder / "..")]
        projects = [home for home in homes if home.is_dir() and not home.samefile(built_in)]
        return cls(built_in, tuple(projects))

    @classmethod
    def of_home(cls, home: Path) -> Library:
        """Return what the presets of a folder ``trajectories`` can use, they themselves among it."""
        built_in = shipped("trajectories")
        if home.samefile(built_in):
            return cls(home, making=True)
        further = [other for other in cls.beside(home.parent / "any.yaml").projects if not other.samefile(home)]
        return cls(built_in, (home, *further))

    def names(self) -> tuple[str, ...]:
        """Return the names of all presets, sorted."""
        if not self._names:
            homes = (self.built_in, *self.projects)
            folders = (folder for home in homes for folder in home.iterdir())
            self._names.extend(sorted({folder.name for folder in folders if self._versions(folder)}))
        return tuple(self._names)

    def versions(self, name: str) -> dict[int, Path]:
        """Return the files of a preset by version; empty where there is no such preset.

        Raises:
            ValueError: where a project's preset has a built-in's name.
        """
        if not PRESET_NAME.fullmatch(name):
            return {}
        if name not in self._found:
            self._found[name] = self._looked_up(name)
        return self._found[name]

    def _looked_up(self, name: str) -> dict[int, Path]:
        built_in = self._versions(self.built_in / name)
        own = next((found for home in self.projects if (found := self._versions(home / name))), {})
        if built_in and own:
            clash = next(iter(own.values())).parent
            raise ValueError(f"{clash} has the name of a built-in preset; rename the project's own")
        return built_in or own

    @staticmethod
    def _versions(folder: Path) -> dict[int, Path]:
        if not folder.is_dir() or not PRESET_NAME.fullmatch(folder.name):
            return {}
        found = ((_VERSION_FILE.fullmatch(file.name), file) for file in folder.iterdir())
        return dict(sorted((int(match[1]), file) for match, file in found if match and file.is_file()))

    def preset(self, name: str, version: int | None) -> Preset:
        """Return a version of a preset, the newest where None is asked for.

        Raises:
            ValueError: for an unknown name or version, a name clash, a released version that was changed.
            ShotFileError: for faults in its file.
        """
        versions = self.versions(name)
        if not versions:
            hint = near(name, self.names()) or f"; ex4d presets list names the {len(self.names())} there are"
            raise ValueError(f"unknown preset {quoted(name)}{hint}")
        if version is not None and version not in versions:
            raise ValueError(f"preset {name!r} has no version {version}; versions: {', '.join(map(str, versions))}")
        file = versions[max(versions) if version is None else version]
        if file not in self._read:
            self._read[file] = self._locked(read_preset(file))
        return self._read[file]

    def is_released(self, preset: Preset) -> bool:
        """Return whether a version may never change.

        Raises:
            ValueError: it has changed since it was released, or the lock file is none.
        """
        released = read_lock(preset.home / LOCK_FILE).get(preset.identity)
        if released not in (None, preset.sha256):
            following = max([*self.versions(preset.preset), preset.version]) + 1
            raise ValueError(
                f"preset {preset.identity} has changed since it was released; "
                f"restore {preset.file}, or make the change v{following}.yaml"
            )
        return released is not None

    def _locked(self, preset: Preset) -> Preset:
        if not self.is_released(preset) and preset.home == self.built_in and not self.making:
            where = preset.home / LOCK_FILE
            raise ValueError(f"preset {preset.identity} is built in but not in {where}; install ex4d again")
        return preset


def lock_text(home: Path) -> str:
    """Return what the lock file of a folder of presets says when all of its versions are released."""
    library = Library(home)
    presets = [read_preset(file) for name in library.names() for file in library.versions(name).values()]
    return json.dumps({preset.identity: preset.sha256 for preset in presets}, indent=2) + "\n"
