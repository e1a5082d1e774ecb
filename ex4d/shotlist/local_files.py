"""Whether the media that a file names are there; nothing is opened."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from ex4d.errors import Fault
from ex4d.shotlist.nodes import Mapped, Text
from ex4d.shotlist.units import quoted

MAX_NAMES = 2000
"""How many names of a folder are compared with a missing one."""


def missing_files(source: Mapped) -> Iterator[Fault]:
    """Find the video and depth of a source, as written, that are not on this machine."""
    depth = source.get("depth")
    for written in (source.get("video"), depth.get("file") if isinstance(depth, Mapped) else depth):
        if isinstance(written, Text) and written and not _refused(written) and not is_there(_resolved(written)):
            yield written.where.fault(f"{quoted(written)} is not there{_nearest(_resolved(written))}")


def missing_rates(source: Any, *, look: bool) -> Iterator[Fault]:
    """Find images, as written, that have no frame rate: a glob, and if ``look`` is asked for a folder."""
    video = source.get("video") if isinstance(source, Mapped) else None
    if not isinstance(video, Text) or "fps" in source or _refused(video):
        return
    if is_glob(Path(video)) or (look and is_there(_resolved(video)) and _resolved(video).is_dir()):
        yield video.where.fault(f"{quoted(video)} are images, which have no rate of their own; write fps: 24")


def is_glob(path: Path) -> bool:
    """Return whether a path stands for several images."""
    return any(sign in path.name for sign in "*?[")


def is_there(path: Path) -> bool:
    """Return whether a file or folder exists; of a glob, whether it matches anything."""
    try:
        return path.exists() or (is_glob(path) and next(path.parent.glob(path.name), None) is not None)
    except (OSError, ValueError):  # a name that no file can have, a pattern that no name can match
        return False


def _resolved(written: Text) -> Path:
    return Path(written.where.file).parent / str(written)


def _refused(written: Text) -> bool:
    """Return whether the path is refused elsewhere already."""
    return ":" in written.split("/", maxsplit=1)[0] or any(ord(character) < 32 for character in written)


def _nearest(path: Path) -> str:
    if not is_there(path.parent):
        return f"; neither is the folder {quoted(str(path.parent))}"
    close = get_close_matches(path.name[:256], _names(path.parent), n=1)
    return f"; did you mean {quoted(close[0])}?" if close else f"; it was looked for in {quoted(str(path.parent))}"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in islice(folder.iterdir(), MAX_NAMES))
    except OSError:  # a file in the place of a folder, or one that may not be listed
        return []
