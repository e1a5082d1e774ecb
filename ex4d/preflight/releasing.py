"""A preset version released: tried over its ranges, then written into the lock file; from then on it never changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ex4d.errors import Fault, ShotFileError, UserError
from ex4d.preflight.preset_trials import faults_of_trials
from ex4d.shotlist.fields import near
from ex4d.shotlist.library import Library
from ex4d.shotlist.lock_file import LOCK_FILE, add_to_lock
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.trials import trial_of
from ex4d.shotlist.units import quoted


@dataclass(frozen=True)
class Release:
    """A released version."""

    preset: Preset
    lock: Path
    """The file that says so."""
    before: bool
    """Whether it was released already; then nothing was written."""
    following: Path
    """Where a change goes: the file of the next version."""


def release(name: str, version: int | None, project: Path) -> Release:
    """Release a version of a project's preset, the newest where None is asked for.

    Args:
        name: of the preset.
        version: of its file.
        project: the folder that has ``trajectories``, or that folder itself; nothing is written outside it.

    Raises:
        UserError: there is no such version; or it has changed since it was released.
        ShotFileError: it is not fit to be released, with all that is wrong with it.
        OutputError: the lock file cannot be written.
    """
    home = _home(name, project)
    library = Library.of_home(home)
    try:
        preset = library.preset(name, version)
        released = library.is_released(preset)
    except ValueError as error:
        raise UserError(str(error)) from error
    if not released:
        faults = [*faults_of_trials(preset, library)]
        faults += () if faults else _open_uses(preset, library)
        if faults:
            raise ShotFileError(tuple(faults))
        add_to_lock(home, preset.identity, preset.sha256)
    following = home / name / f"v{max(library.versions(name)) + 1}.yaml"
    return Release(preset, home / LOCK_FILE, released, following)


def _home(name: str, project: Path) -> Path:
    """Find the folder of presets that has a preset."""
    homes = [home for home in (project / "trajectories", project) if home.is_dir()]
    for home in homes:
        if Library(home).versions(name):
            return home
    if not project.is_dir():
        raise UserError(f"{project} is not a folder; name the one that has trajectories")
    names = tuple(dict.fromkeys(each for home in homes for each in Library(home).names()))
    hint = near(name, names) or f"; presets there: {', '.join(names) or 'none'}"
    raise UserError(f"no preset {quoted(name)} in {homes[0]}{hint}")


def _open_uses(preset: Preset, library: Library) -> Iterator[Fault]:
    """Find presets inside it that can still change: then it would change with them."""
    (shot,) = trial_of(preset, library).shots
    for use in shot.presets:
        identity = f"{use.name}@{use.version}"
        message = None
        if not use.pinned:
            message = f"takes the newest {use.name}, and would change with it; pin it: ex4d presets pin {preset.file}"
        elif identity != preset.identity and not library.is_released(library.preset(use.name, use.version)):
            message = f"uses {identity}, which is not released; release that first: ex4d presets release {identity}"
        if message is not None:
            yield Fault(str(preset.file), 1, 1, "camera", message)
