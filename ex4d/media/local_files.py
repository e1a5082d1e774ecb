"""Which file a user's path means: local, regular, and nothing else."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from ex4d.errors import MediaError

MOST_FILES = 1_000_000
"""Images or frames of one source; more is taken for a mistake."""

_PROTOCOL = re.compile(r"(^|/)[A-Za-z][A-Za-z0-9+.\-]+(:|,,)")
_GLOB_SIGNS = re.compile(r"[*?\[]")


def local_file(path: Path) -> Path:
    """Return the absolute path of an existing regular file, links resolved.

    An absolute path names a file to every library, whatever its name looks like, so nothing that is opened through it
    can be a protocol.

    Raises:
        MediaError: no such file, a folder, a pipe, a device, or a URL.
    """
    try:
        resolved = path.resolve(strict=True)
        mode = resolved.stat().st_mode
    except (OSError, ValueError, RuntimeError) as cause:
        raise MediaError(_why_not_there(path)) from cause
    if not stat.S_ISREG(mode):
        raise MediaError(f"{path} is not a regular file; give a video file, or a folder or glob of images")
    return resolved


def is_collection(path: Path) -> bool:
    """Tell a folder or a glob of images from a single file, without opening anything."""
    # Not Path's own methods: on names that cannot exist, as too long ones, they raise.
    return os.path.isdir(path) or (not os.path.exists(path) and is_pattern(path))  # noqa: PTH110, PTH112


def is_pattern(path: Path) -> bool:
    """Tell whether a path's last part can stand for several names; in the folder before it signs mean themselves."""
    return bool(_GLOB_SIGNS.search(path.name))


def is_there(path: Path) -> bool:
    """Tell whether a file or folder exists; of a glob, whether it matches anything."""
    return os.path.exists(path) or (is_pattern(path) and next(_globbed(path), None) is not None)  # noqa: PTH110


def files_of(path: Path, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the regular files of a folder or a glob in natural order (frame 2 before frame 10).

    Raises:
        MediaError: none match; more than one kind of image matches; a match is not a regular file.
    """
    found = [match for match in _matches(path) if match.suffix.lower() in suffixes and match.name[0] != "."]
    if not found:
        raise MediaError(f"{path} holds no {' or '.join(suffixes)} files")
    kinds = sorted({_kind(match) for match in found})
    if len(kinds) > 1:
        example = path.parent if is_pattern(path) else path
        raise MediaError(
            f"{path} holds {' and '.join(kinds)} files; say which with a glob, as in {example}/*.{kinds[0].lstrip('.')}"
        )
    return tuple(local_file(match) for match in sorted(found, key=lambda match: natural_key(str(match))))


def matching_files(path: Path) -> tuple[Path, ...]:
    """Return all regular files of a folder or glob, by name."""
    return tuple(sorted(match for match in _matches(path) if match.is_file()))


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key under which runs of digits compare as numbers."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)


def _matches(path: Path) -> Iterable[Path]:
    if path.is_dir():
        matches = list(path.iterdir())
    else:
        if _PROTOCOL.search(str(path)):
            raise MediaError(_why_not_there(path))
        matches = list(_globbed(path))
    if len(matches) > MOST_FILES:
        raise MediaError(f"{path} holds {len(matches)} files; at most {MOST_FILES} are read")
    return matches


def _globbed(path: Path) -> Iterator[Path]:
    """Yield what a glob matches: only its last part is a pattern."""
    try:
        # Not Path.glob, which finds hidden files too.
        names = glob.iglob(path.name, root_dir=path.parent)  # noqa: PTH207
        yield from (path.parent / name for name in names)
    except (OSError, ValueError):  # a name that no file can have
        return


def _kind(path: Path) -> str:
    """Name the kind of an image by its suffix; .jpg and .jpeg are one kind."""
    return ".jpg" if path.suffix.lower() == ".jpeg" else path.suffix.lower()


def _why_not_there(path: Path) -> str:
    if _PROTOCOL.search(str(path)):
        return f"{path} is not a local file; URLs and protocols are not read: download it and give its path"
    return f"{path}: no such file"
