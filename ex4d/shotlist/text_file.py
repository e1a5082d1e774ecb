"""The bytes of a shot list or preset: of a regular file only, and no more than may be read."""

from __future__ import annotations

import stat
from pathlib import Path

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.yaml_text import MAX_BYTES


def bytes_of(file: Path) -> bytes:
    """Return a file's bytes, at most one more than a shot list may have.

    Raises:
        ShotFileError: it cannot be read, or is a folder, a pipe or a device, which might never end.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            what = "a folder" if file.is_dir() else "no regular file"
            raise _fault(file, f"it is {what}; name a YAML file")
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _fault(file, reason) from error


def _fault(file: Path, reason: str) -> ShotFileError:
    return ShotFileError((Fault(str(file), 1, 1, "", f"the file cannot be read: {reason}"),))
