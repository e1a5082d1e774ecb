"""A preset tried out: the one shot that uses it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ex4d.errors import ShotFileError
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import ShotList
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.units import Quantity

_LIST = """\
ex4d: 1
source: {{video: any.mp4, lens: 54deg, subject_distance: 2m}}
output: {{size: 512x512, fps: 24}}
shots:
  - name: {name}
    clip: 0s..2s
    camera:
      - use: {identity}
        with: {{{values}}}
"""
"""A standard scene: the default lens, a square picture, two seconds; metres mean something."""

AT_DEFAULTS: Mapping[str, Quantity] = {}


def trial_of(preset: Preset, library: Library, values: Mapping[str, Quantity] = AT_DEFAULTS) -> ShotList:
    """Return a film of one shot that uses a version of a preset; the other parameters have their defaults.

    Raises:
        ShotFileError: what is wrong inside the preset, or in those that it uses.
    """
    written = ", ".join(f"{name}: {value}" for name, value in values.items())
    text = _LIST.format(name=preset.preset, identity=preset.identity, values=written)
    try:
        return parse(text, preset.home.parent / _NOWHERE, library=library)
    except ShotFileError as error:
        # Where the trial uses the preset is no place that its author knows.
        raise ShotFileError(
            tuple(replace(fault, message=_without_trial(fault.message)) for fault in error.faults)
        ) from error


def ends_of(preset: Preset) -> Iterator[dict[str, Quantity]]:
    """Yield each end of each parameter's range, one at a time."""
    for name, parameter in preset.params.items():
        for end in (parameter.min, parameter.max):
            if end is not None:
                yield {name: end}


_NOWHERE = "trial.yaml"


def _without_trial(message: str) -> str:
    """Leave out of a message the trial's own place, the last of those at which something is used."""
    before, used, places = message.rpartition(" (used at ")
    if not used or _NOWHERE not in places:
        return message
    kept = [place for place in places.removesuffix(")").split(", ") if _NOWHERE not in place]
    return f"{before} (used at {', '.join(kept)})" if kept else before
