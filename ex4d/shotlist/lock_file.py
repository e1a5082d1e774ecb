"""The lock file of a folder of presets: released versions, and the SHA-256 that each must keep."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ex4d.errors import OutputError, UserError
from ex4d.media.atomic import replacing

LOCK_FILE = "lock.json"
MAX_BYTES = 1 << 20
"""Enough for ten thousand versions."""


def read_lock(file: Path) -> dict[str, str]:
    """Return the released versions, ``NAME@N`` → SHA-256; empty where there is no lock file.

    Raises:
        ValueError: where it is not such a file.
    """
    if not os.path.lexists(file):
        return {}
    try:
        if not file.is_file():  # which would unlock all that was released
            raise ValueError("it is no regular file")
        with file.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES >> 20} MiB")
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{file} is not a lock file: it is no JSON from line {error.lineno} on; restore it") from error
    except RecursionError as error:
        raise ValueError(f"{file} is not a lock file: it is nested too deep") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is not a lock file: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"{file} is not a lock file: it maps NAME@N to SHA-256")
    return found


def add_to_lock(home: Path, identity: str, sha256: str) -> None:
    """Write a version into the lock file of a folder of presets, unless it stands there; runs at once wait in line.

    Raises:
        UserError: it stands there with another hash, or the lock file is none.
        OutputError: the folder cannot be written, or its lock file is a link that leads out of it.
    """
    file = home / LOCK_FILE
    if file.resolve().parent != home.resolve():
        raise OutputError(f"{file} is a link that leads out of its folder; put the file itself there")
    with _alone(home):
        try:
            locked = read_lock(file)
        except ValueError as error:
            raise UserError(str(error)) from error
        if locked.setdefault(identity, sha256) != sha256:
            raise UserError(f"{file} has {identity} with another SHA-256; a released version never changes")
        text = json.dumps({name: locked[name] for name in sorted(locked, key=_order)}, indent=2) + "\n"
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else None
        with replacing(file.resolve(), mode=mode) as partial:
            partial.write_text(text, encoding="ascii")


def _order(identity: str) -> tuple[str, int]:
    """Sort by name, then by version: 10 after 9."""
    name, _, version = identity.partition("@")
    return name, int(version) if version.isdecimal() else 0


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep other runs out of a folder: by a lock on the folder itself, which leaves no file behind."""
    import fcntl

    try:
        folder = os.open(home, os.O_RDONLY)
    except OSError as cause:
        raise OutputError(f"{home} cannot be opened: {cause.strerror or cause}") from cause
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
