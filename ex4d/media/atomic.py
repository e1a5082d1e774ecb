"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ex4d.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a temporary name in the same folder; when the block ends well the file there takes the name ``path``.

    After an error the temporary file is gone and whatever was at ``path`` is as it was. Only a process that is killed
    leaves the temporary file (its name begins with a dot and ends with ``.part``), never a half-written ``path``.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as cause:
        raise OutputError(f"{path} cannot be written: {cause.strerror}") from cause
    temporary = Path(name)
    try:
        yield temporary
        _settle(temporary)
        temporary.replace(path)
    except OSError as cause:
        raise OutputError(f"{path} cannot be written: {cause.strerror or cause}") from cause
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Lend a temporary folder beside ``path``; when the block ends well it takes its place, contents and all.

    Raises:
        OutputError: the place cannot be written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    except OSError as cause:
        raise OutputError(f"{path} cannot be written: {cause.strerror}") from cause
    try:
        yield temporary
        old = temporary.with_suffix(".old")
        if path.exists():
            path.replace(old)  # a folder with contents cannot be replaced in one step
        temporary.replace(path)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as cause:
        raise OutputError(f"{path} cannot be written: {cause.strerror or cause}") from cause
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _settle(path: Path) -> None:
    """Have the disk hold the bytes before the name points to them, with the permissions of an ordinary file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)
