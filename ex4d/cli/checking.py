"""What ``ex4d check`` prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ex4d.errors import ShotFileError, UserError
from ex4d.preflight.check import Checked, check
from ex4d.progress import counted


def report_checks(files: Sequence[Path], *, as_json: bool) -> bool:
    """Check every file and print what was found; return whether all are sound."""
    found = {str(file): _checked(file) for file in files}
    if as_json:
        sys.stdout.write(json.dumps({file: _as_json(result) for file, result in found.items()}, indent=2) + "\n")
    else:
        for file, result in found.items():
            _print(file, result)
    return all(isinstance(result, Checked) for result in found.values())


def _checked(file: Path) -> Checked | UserError:
    try:
        return check(file)
    except UserError as error:
        return error


def _print(file: str, result: Checked | UserError) -> None:
    if isinstance(result, UserError):
        sys.stderr.write(f"{result}\n" if isinstance(result, ShotFileError) else f"{file}: {result}\n")
        return
    frames = sum(map(len, result.paths))
    shots = counted(len(result.paths), "shot")
    sys.stdout.write(f"{file}: sound; {shots}, {counted(frames, 'frame')} before transitions\n")
    for shot in result.film.shots:
        for use in shot.presets:
            if not use.pinned:
                sys.stdout.write(f"  shot '{shot.name}' takes the newest {use.name}, version {use.version}; "
                                 f"pin it as {use.name}@{use.version}\n")  # fmt: skip
    if result.assumed:
        sys.stdout.write(f"  assumed, as no media was opened: {'; '.join(result.assumed)}\n")


def _as_json(result: Checked | UserError) -> dict[str, Any]:
    if isinstance(result, Checked):
        shots = [
            {"name": shot.name, "frames": len(path)} for shot, path in zip(result.film.shots, result.paths, strict=True)
        ]
        return {"sound": True, "shots": shots, "assumed": result.assumed}
    if isinstance(result, ShotFileError):
        faults = [
            {"line": fault.line, "column": fault.column, "path": fault.path, "message": fault.message}
            for fault in result.faults
        ]
        return {"sound": False, "faults": faults}
    return {"sound": False, "faults": [{"message": str(result)}]}
