"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ex4d.errors import OutputError

_SET_ASIDE = ".old.part"


@contextmanager
def replacing(path: Path, *, mode: int | None = None) -> Iterator[Path]:
    """Lend a temporary name in the same folder; when the block ends well the file there takes the name ``path``.

    It has the permissions ``mode``, or those of an ordinary new file.

    After an error the temporary file is gone and whatever was at ``path`` is as it was. Only a process that is killed
    leaves the temporary file (its name begins with a dot and ends with ``.part``), never a half-written ``path``; the
    next one to write ``path`` removes it.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    with _naming(path):
        prefix = _ready(path)
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=path.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        with _naming(path):
            yield temporary
            _settle(temporary, mode)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Lend a temporary folder beside ``path``; when the block ends well it takes its place, contents and all.

    Raises:
        OutputError: the place cannot be written, or the disk is full.
    """
    with _naming(path):
        temporary = Path(tempfile.mkdtemp(prefix=_ready(path), suffix=".part", dir=path.parent))
    old = temporary.with_name(temporary.name.removesuffix(".part") + _SET_ASIDE)
    try:
        with _naming(path):
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            if path.exists():
                path.replace(old)  # a folder with contents cannot be replaced in one step
            temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def lent_folder(path: Path) -> Iterator[Path]:
    """Lend a temporary folder beside ``path`` for work on it; it is gone when the block ends, however that is.

    What a killed process left is removed by the next one to write ``path``.

    Raises:
        OutputError: the place cannot be written.
    """
    with _naming(path):
        temporary = Path(tempfile.mkdtemp(prefix=_ready(path), suffix=".part", dir=path.parent))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn the system's errors into one that names the place."""
    try:
        yield
    except OSError as cause:
        raise OutputError(f"{path} cannot be written: {cause.strerror or cause}") from cause


def _ready(path: Path) -> str:
    """Make the folder, remove what killed processes of this machine left there for ``path``; return our own prefix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ours = f".{path.name}.{socket.gethostname()}-"
    for left in path.parent.iterdir():
        if left.name.startswith(ours) and left.name.endswith(".part"):
            process = left.name.removeprefix(ours).partition("-")[0]
            if process.isdecimal() and not _runs(int(process)):
                if left.name.endswith(_SET_ASIDE) and not path.exists():
                    left.replace(path)  # killed between the two steps of replacing a folder
                    continue
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    return f"{ours}{os.getpid()}-"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _settle(path: Path, mode: int | None) -> None:
    """Have the disk hold the bytes before the name points to them, with its permissions."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.chmod(0o666 & ~_umask() if mode is None else mode)


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
