"""How presets are shown: in columns for people, as plain data for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from ex4d.cli.columns import beside, wrapped
from ex4d.preflight.explanation.quantities import number
from ex4d.preflight.preset_changes import CameraChange, PresetChanges
from ex4d.progress import counted
from ex4d.shotlist.catalogue import Entry, grouped
from ex4d.shotlist.library import Library
from ex4d.shotlist.parameters import Parameter
from ex4d.shotlist.pinning import Pinning
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.preset_text import camera_text, usage

NAME_COLUMN = 26
"""Where the words of a list begin; longer names have a line of their own."""


def list_in_words(entries: tuple[Entry, ...]) -> Iterator[str]:
    """Yield the lines of a list, group by group."""
    column = min(NAME_COLUMN, 4 + max(len(_label(entry)) for entry in entries))
    for group, members in grouped(entries):
        yield f"{group} ({len(members)})"
        for entry in members:
            yield from beside(f"  {_label(entry)}", _told(entry), column)
        yield ""
    found = counted(len(entries), "preset")
    yield wrapped(f"{found}; ex4d presets list WORD lists fewer, ex4d presets show NAME tells more of one")


def _label(entry: Entry) -> str:
    return entry.newest.identity if entry.newest is not None else entry.name


def _told(entry: Entry) -> list[str]:
    if entry.newest is None:
        return [f"cannot be used: {entry.fault}"]
    params = ", ".join(f"{name} {_rounded(parameter)}" for name, parameter in entry.newest.params.items())
    marks = [
        f"versions {', '.join(map(str, entry.versions))}" if len(entry.versions) > 1 else "",
        "" if entry.released else "not released",
    ]
    return [f"{entry.newest.about} ({params})" if params else entry.newest.about, "; ".join(filter(None, marks))]


def _rounded(parameter: Parameter) -> str:
    return number(parameter.default.value, 4) + parameter.default.unit


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry of a list for programs."""
    newest = entry.newest
    return {
        "name": entry.name,
        "newest": newest.version if newest else None,
        "versions": entry.versions,
        "released": entry.released,
        "group": entry.group,
        "about": newest.about if newest else None,
        "parameters": _parameters_as_json(newest) if newest else None,
        "fault": entry.fault or None,
    }


def preset_in_words(preset: Preset, library: Library) -> Iterator[str]:
    """Yield the lines of one preset: what it is for, what it takes, its moves, how it is used, where it is from."""
    released = "released: it never changes" if library.is_released(preset) else "not released yet: it may change"
    yield f"{preset.identity} ({_whose(preset, library)}; {released})"
    yield wrapped(preset.about)
    yield ""
    if preset.params:
        yield "parameters"
        column = 5 + max(map(len, preset.params))
        for name, parameter in preset.params.items():
            yield from beside(f"  {name}", [_parameter_in_words(parameter)], column)
        yield ""
    yield "its moves"
    yield textwrap.indent(camera_text(preset), "  ")
    yield ""
    yield "to use it"
    yield textwrap.indent(usage(preset), "  ")
    yield ""
    versions = ", ".join(map(str, library.versions(preset.preset)))
    yield from (f"versions  {versions}", f"file      {preset.file}", f"sha256    {preset.sha256}")


def _whose(preset: Preset, library: Library) -> str:
    return "built in" if preset.home == library.built_in else f"in {preset.home}"


def _parameter_in_words(parameter: Parameter) -> str:
    limits = "" if parameter.range == "any" else f", {parameter.range}"
    return f"{parameter.default}{limits}{f': {parameter.about}' if parameter.about else ''}"


def preset_as_json(preset: Preset, library: Library) -> dict[str, Any]:
    """Return one preset for programs."""
    return {
        "name": preset.preset,
        "version": preset.version,
        "versions": list(library.versions(preset.preset)),
        "built_in": preset.home == library.built_in,
        "released": library.is_released(preset),
        "sha256": preset.sha256,
        "file": str(preset.file),
        "about": preset.about,
        "parameters": _parameters_as_json(preset),
        "camera": preset.camera,
        "use": usage(preset),
    }


def _parameters_as_json(preset: Preset) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "default": str(parameter.default),
            "min": str(parameter.min) if parameter.min is not None else None,
            "max": str(parameter.max) if parameter.max is not None else None,
            "unit": parameter.default.unit,
            "about": parameter.about,
        }
        for name, parameter in preset.params.items()
    ]


def pinning_in_words(pinning: Pinning, *, written: bool) -> Iterator[str]:
    """Yield what was pinned in a file, or would be, and what is left."""
    references = counted(len(pinning.pins), "reference")
    if pinning.pins:
        yield f"{pinning.file}: {'pinned' if written else 'not pinned yet:'} {references}"
        yield from (
            f"  {pin.where.line}:{pin.where.column}  {pin.name} → {pin.name}@{pin.version}" for pin in pinning.pins
        )
    else:
        yield f"{pinning.file}: every reference is pinned"
    for use in pinning.inside:
        yield (
            f"  a preset that it uses takes the newest {use.name}, version {use.version}; "
            "pin that in the preset's own file"
        )


def pinning_as_json(pinning: Pinning, *, written: bool) -> dict[str, Any]:
    """Return the same for programs."""
    pins = [
        {"line": pin.where.line, "column": pin.where.column, "path": pin.where.path, "preset": pin.name,
         "version": pin.version}
        for pin in pinning.pins
    ]  # fmt: skip
    inside = [{"preset": use.name, "version": use.version} for use in pinning.inside]
    return {"written": written and bool(pins), "pins": pins, "unpinned_inside_presets": inside}


def changes_in_words(changes: PresetChanges) -> Iterator[str]:
    """Yield what changed from one version of a preset to another."""
    before, after = changes.before.identity, changes.after.identity
    if changes.before.sha256 == changes.after.sha256:
        yield f"{before} and {after} say the same"
    if changes.parameters:
        yield "parameters"
        yield from (f"  {line}" for line in changes.parameters)
        yield ""
    if changes.text:
        yield from (changes.text, "")
    yield wrapped(_camera_in_words(changes.camera))


def _camera_in_words(change: CameraChange) -> str:
    where = "with the parameters' defaults, over two seconds"
    if change.nothing:
        return f"The camera is the same, {where}."
    lens = f"its lens {change.lens:.2f} times longer or shorter" if change.lens > 1.005 else "the same lens"
    return (
        f"The camera differs by up to {change.turn_deg:.1f} degrees of turn, {100 * change.distance:.1f} % of the "
        f"subject's distance in place, and has {lens}, {where}."
    )


def changes_as_json(changes: PresetChanges) -> dict[str, Any]:
    """Return the same for programs."""
    camera = changes.camera
    return {
        "before": changes.before.identity,
        "after": changes.after.identity,
        "parameters": changes.parameters,
        "diff": changes.text,
        "camera": {"turn_deg": camera.turn_deg, "subject_distances": camera.distance, "lens": camera.lens},
    }
