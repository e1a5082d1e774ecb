"""The command ``ex4d check``, and what it prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.streams import print_json
from ex4d.errors import ShotFileError, UserError
from ex4d.preflight.check import Checked
from ex4d.preflight.check import check as check_film
from ex4d.progress import counted
from ex4d.shotlist.model import PresetUse, Shot


def check(
    files: Annotated[list[Path], typer.Argument(help="Shot lists.", metavar="FILE...")], as_json: Json = False
) -> None:
    """Find every fault of shot lists, from the files alone.

    Example: ex4d check shots/scene.yaml
    """
    if not report_checks(files, as_json=as_json):
        raise typer.Exit(2)


def report_checks(files: Sequence[Path], *, as_json: bool) -> bool:
    """Check every file and print what was found; return whether all are sound."""
    found = {str(file): _checked(file) for file in files}
    if as_json:
        print_json({file: _as_json(result) for file, result in found.items()})
    else:
        for file, result in found.items():
            _print(file, result)
    return all(isinstance(result, Checked) for result in found.values())


def _checked(file: Path) -> Checked | UserError:
    try:
        return check_film(file)
    except UserError as error:
        return error


def _print(file: str, result: Checked | UserError) -> None:
    if isinstance(result, UserError):
        sys.stderr.write(f"{result}\n" if isinstance(result, ShotFileError) else f"{file}: {result}\n")
        return
    sys.stdout.write(f"{file}: sound; {_how_much(result)}\n")
    for shot in result.film.shots:
        for use in shot.presets:
            if not use.pinned:
                sys.stdout.write(f"  shot '{shot.name}' takes the newest {use.name}, version {use.version}; "
                                 f"pin it as {_pinned(use, shot)}\n")  # fmt: skip
    if result.assumed:
        sys.stdout.write(f"  assumed, as no media was opened: {'; '.join(result.assumed)}\n")


def _pinned(use: PresetUse, shot: Shot) -> str:
    """Write a use with its version, and where, if it is not the shot list that names it."""
    identity = f"{use.name}@{use.version}"
    named = any(trail[:1] == (identity,) for trail in shot.origin.presets)
    return identity if named else f"{identity} in the preset that uses it"


def _how_much(result: Checked) -> str:
    """Count shots, and their frames as far as the file tells them."""
    shots, told = counted(len(result.paths), "shot"), result.frames_told
    if not told:
        return f"{shots}, to the end of the source"
    open_ends = len(result.paths) - len(told)
    rest = f", and {counted(open_ends, 'shot')} to the end of the source" if open_ends else ""
    return f"{shots}, {counted(sum(told), 'frame')} before transitions{rest}"


def _as_json(result: Checked | UserError) -> dict[str, Any]:
    if isinstance(result, Checked):
        shots = [
            {"name": shot.name, "frames": len(path)} for shot, path in zip(result.film.shots, result.paths, strict=True)
        ]
        return {"sound": True, "shots": shots, "assumed": result.assumed}
    return faults_as_json(result)


def faults_as_json(error: UserError) -> dict[str, Any]:
    """Return what is wrong with a file, with its places where they are known."""
    if isinstance(error, ShotFileError):
        faults = [
            {"line": fault.line, "column": fault.column, "path": fault.path, "message": fault.message}
            for fault in error.faults
        ]
        return {"sound": False, "faults": faults}
    return {"sound": False, "faults": [{"message": str(error)}]}
