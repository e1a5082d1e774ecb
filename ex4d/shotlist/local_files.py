"""Whether the media that a file names are there; nothing is opened."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ex4d.errors import Fault
from ex4d.shotlist.nodes import Mapped, Text
from ex4d.shotlist.units import quoted


def missing_files(source: Mapped) -> Iterator[Fault]:
    """Find the video and depth of a source, as written, that are not on this machine."""
    depth = source.get("depth")
    for written in (source.get("video"), depth.get("file") if isinstance(depth, Mapped) else depth):
        if (
            isinstance(written, Text)
            and written
            and not _scheme_or_control(written)
            and not is_there(_resolved(written))
        ):
            yield written.where.fault(f"{quoted(written)} is not there{_nearest(_resolved(written))}")


def missing_rates(source: Any) -> Iterator[Fault]:
    """Find images, as written, that have no frame rate."""
    video = source.get("video") if isinstance(source, Mapped) else None
    if isinstance(video, Text) and "fps" not in source and is_glob(Path(video)):
        yield video.where.fault(f"{quoted(video)} are images, which have no rate of their own; write fps: 24")


def is_glob(path: Path) -> bool:
    """Return whether a path stands for several images."""
    return any(sign in path.name for sign in "*?[")


def is_there(path: Path) -> bool:
    """Return whether a file or folder exists; of a glob, whether it matches anything."""
    if path.exists() or not is_glob(path):
        return path.exists()
    return path.parent.is_dir() and next(path.parent.glob(path.name), None) is not None


def _resolved(written: Text) -> Path:
    return Path(written.where.file).parent / str(written)


def _scheme_or_control(written: Text) -> bool:
    """Return whether the path is refused elsewhere already."""
    return ":" in written.split("/", maxsplit=1)[0] or any(ord(character) < 32 for character in written)


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; neither is the folder {quoted(str(path.parent))}"
    names = sorted(entry.name for _, entry in zip(range(10_000), path.parent.iterdir(), strict=False))
    close = get_close_matches(path.name, names, n=1)
    return f"; did you mean {quoted(close[0])}?" if close else f"; it was looked for in {quoted(str(path.parent))}"
