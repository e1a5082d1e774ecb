"""Whether the media that a file names are there; nothing is opened."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from ex4d.errors import Fault
from ex4d.media.local_files import is_collection, is_pattern, is_there
from ex4d.shotlist.nodes import Mapped, Text
from ex4d.shotlist.paths import why_no_path
from ex4d.shotlist.units import quoted

MAX_NAMES = 2000
"""How many names of a folder are compared with a missing one."""


def missing_files(source: Mapped) -> Iterator[Fault]:
    """Find the video and depth of a source, as written, that are not on this machine."""
    depth = source.get("depth")
    for written in (source.get("video"), depth.get("file") if isinstance(depth, Mapped) else depth):
        yield from missing_file(written)


def missing_file(written: Any) -> Iterator[Fault]:
    """Find a path, as written, that is not on this machine; what is no path is none of it."""
    if isinstance(written, Text) and written and not _refused(written) and not is_there(_resolved(written)):
        yield written.where.fault(f"{quoted(written)} is not there{_nearest(_resolved(written))}")


def missing_rates(source: Any, *, look: bool) -> Iterator[Fault]:
    """Find images, as written, that have no frame rate: a glob, and if ``look`` is asked for a folder."""
    video = source.get("video") if isinstance(source, Mapped) else None
    if not isinstance(video, Text) or "fps" in source or _refused(video):
        return
    if is_collection(_resolved(video)) if look else is_pattern(Path(video)):
        yield video.where.fault(f"{quoted(video)} are images, which have no rate of their own; write fps: 24")


def _resolved(written: Text) -> Path:
    return Path(written.where.file).parent / str(written)


def _refused(written: Text) -> bool:
    """Return whether the path is refused already, whatever is there."""
    return why_no_path(written) is not None


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
