"""Cameras of a preset in a standard scene, and whether it has some over all of its parameters' ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ex4d.artifacts.camera_path import CameraPath
from ex4d.errors import Fault, ShotFileError, TrajectoryError
from ex4d.shotlist.library import Library
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.trials import AT_DEFAULTS, ends_of, trial_of
from ex4d.shotlist.units import Quantity
from ex4d.trajectory.assumed import compile_assumed


def compiled(preset: Preset, library: Library, values: Mapping[str, Quantity] = AT_DEFAULTS) -> CameraPath:
    """Return the cameras of two seconds of a preset, through the default lens.

    Raises:
        ShotFileError: it has none, with these values of its parameters and else the defaults.
    """
    film = trial_of(preset, library, values)
    try:
        return compile_assumed(film.shots[0], film.output)
    except TrajectoryError as error:
        raise ShotFileError((Fault(str(preset.file), 1, 1, "", f"{_with(values)}{error}"),)) from error


def faults_of_trials(preset: Preset, library: Library) -> Iterator[Fault]:
    """Find what is wrong with a preset: with its defaults, or else at an end of one of its ranges."""
    try:
        compiled(preset, library)
    except ShotFileError as error:
        yield from error.faults
        return
    for values in ends_of(preset):
        try:
            compiled(preset, library, values)
        except ShotFileError as error:
            told = (_told(preset, fault, values) for fault in error.faults)
            yield from told


def _told(preset: Preset, fault: Fault, values: Mapping[str, Quantity]) -> Fault:
    """Point a fault that shows only at the end of a range at the preset, and say which range."""
    reason = fault.message.removeprefix(_with(values))
    message = f"{_with(values)}{reason}; make the range of {', '.join(values)} smaller"
    return Fault(str(preset.file), 1, 1, ", ".join(f"params.{name}" for name in values), message)


def _with(values: Mapping[str, Quantity]) -> str:
    return f"with {', '.join(f'{name}: {value}' for name, value in values.items())}: " if values else ""
