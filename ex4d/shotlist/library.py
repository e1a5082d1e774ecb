"""The preset library on disk: ``trajectories/NAME/vN.yaml``, built in or a project's, and its lock file."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ex4d.shotlist.fields import near
from ex4d.shotlist.lock_file import LOCK_FILE, read_lock
from ex4d.shotlist.preset_file import PRESET_NAME, Preset, read_preset
from ex4d.shotlist.shipped import shipped
from ex4d.shotlist.units import quoted

_VERSION_FILE = re.compile(r"v([1-9][0-9]{0,5})\.yaml")


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
