"""Shoot a file of shots beside it, and tell what lies there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ex4d.production import Production, shoot
from ex4d.shotlist.load import load


def shot_in(file: Path, folder: str = "out", **options: object) -> Production:
    return shoot(load(file), folder=file.parent / folder, **options)  # type: ignore[arg-type]


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def written_at(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.m*") if path.is_file()
    }
