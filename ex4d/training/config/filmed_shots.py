"""The camera of a shot that a shot list has, ``shots/scene.yaml#swing``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.fields import near
from ex4d.shotlist.load import load
from ex4d.shotlist.local_files import missing_file
from ex4d.shotlist.model import Shot, ShotList
from ex4d.shotlist.nodes import Text
from ex4d.shotlist.origin import Origin
from ex4d.shotlist.units import quoted
from ex4d.training.config.cameras import ReadCamera, require_shares


@dataclass(frozen=True)
class FilmedShots:
    """Shots by where they are written; each list is read once."""

    _lists: dict[Path, ShotList | None] = field(default_factory=dict, repr=False, compare=False)

    def camera_of(self, written: Text, faults: list[Fault]) -> ReadCamera | None:
        """Return the camera of ``FILE#SHOT``; None where something is wrong, which is added to ``faults``."""
        shot = self._shot(written, faults)
        if shot is None:
            return None
        try:
            for item in shot.camera:
                require_shares(item)
        except ValueError as error:
            faults.append(written.where.fault(f"{quoted(written)}: {error}"))
            return None
        if not shot.camera:
            faults.append(written.where.fault(f"{quoted(written)} is locked off, so that it uncovers nothing"))
        return ReadCamera(shot.camera, Origin(written.where, {}, (written.where,) * len(shot.camera)), shot.presets)

    def _shot(self, written: Text, faults: list[Fault]) -> Shot | None:
        name = written.rpartition("#")[2]
        film = self._film(written, faults)
        if film is None:
            return None
        shots = {shot.name: shot for shot in film.shots}
        if name not in shots:
            hint = near(name, tuple(shots)) or f"; shots: {', '.join(shots)}"
            faults.append(written.where.fault(f"{quoted(written)}: there is no shot {quoted(name)}{hint}"))
        return shots.get(name)

    def _film(self, written: Text, faults: list[Fault]) -> ShotList | None:
        path = Text(written.rpartition("#")[0], written.where)
        file = Path(written.where.file).parent / path
        if file not in self._lists:
            missing = list(missing_file(path))
            faults += missing
            self._lists[file] = None if missing else _loaded(file, written, faults)
        return self._lists[file]


def _loaded(file: Path, written: Text, faults: list[Fault]) -> ShotList | None:
    try:
        return load(file, must_exist=False)
    except ShotFileError as error:
        faults += [replace(fault, message=f"{fault.message} (used at {written.where})") for fault in error.faults]
        return None
