"""What a QuickTime or MP4 file notes of one of its tracks: keys and values in the track's own ``meta`` box.

Phones say there through which lens they filmed (Apple calls it track-level metadata; ExifTool's table of it is
``VideoKeys``). FFmpeg reads such keys of the whole movie only, so these few boxes are read here. Layout: QuickTime File
Format Specification, "Metadata": ``moov/trak/meta`` holds ``keys``, a list of names, and ``ilst``, whose boxes are
named by the number of their key and hold a ``data`` box: a type, a locale, the value.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ex4d.media.local_files import local_file

MOST_BOXES = 10_000
"""Side by side; of more, the first are looked at."""
LARGEST_META = 1 << 20
"""Bytes; a larger box is not read."""
_UTF8, _SIGNED, _UNSIGNED, _FLOAT32, _FLOAT64 = 1, 21, 22, 23, 24
"""Well-known types of values."""


class Box(NamedTuple):
    """A part of a file."""

    kind: bytes
    start: int
    """Where its content begins, bytes from the start of the file."""
    end: int


def track_keys(path: Path, track: int) -> dict[str, str]:
    """Return the keys and values of the track of this number, values as text.

    Empty where the file has none, is no such file, or is damaged there: the keys are remarks, and the video plays
    without them.

    Raises:
        MediaError: not a local regular file.
    """
    with local_file(path).open("rb") as file:
        try:
            return _keys_of(file, track)
        except (OSError, ValueError, IndexError, struct.error):
            return {}


def _keys_of(file: io.BufferedIOBase, track: int) -> dict[str, str]:
    movie = _first(file, Box(b"", 0, file.seek(0, io.SEEK_END)), b"moov")
    for box in _boxes(file, movie):
        if box.kind == b"trak" and _number(file, _first(file, box, b"tkhd")) == track:
            meta = _first(file, box, b"meta")
            file.seek(meta.start)
            return _values(io.BytesIO(file.read(min(meta.end - meta.start, LARGEST_META))))
    return {}


def _boxes(file: io.BufferedIOBase, within: Box) -> Iterator[Box]:
    """Yield the boxes in a box; a size that cannot be is a ValueError."""
    start = within.start
    for _ in range(MOST_BOXES):
        if within.end - start < 8:
            return
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        content = start + 8
        if size == 1:
            (size,), content = struct.unpack(">Q", file.read(8)), start + 16
        end = start + size if size else within.end
        if not content <= end <= within.end:
            raise ValueError("a box ends beyond the box that it is in")
        yield Box(kind, content, end)
        start = end


def _first(file: io.BufferedIOBase, within: Box, kind: bytes) -> Box:
    for box in _boxes(file, within):
        if box.kind == kind:
            return box
    raise ValueError(f"no {kind!r} box")


def _number(file: io.BufferedIOBase, header: Box) -> int:
    """Return a track's number from its header: after two times, which version 1 writes in 64 bits."""
    file.seek(header.start)
    version = file.read(4)[0]
    file.seek(16 if version == 1 else 8, io.SEEK_CUR)
    return int(struct.unpack(">I", file.read(4))[0])


def _values(meta: io.BufferedIOBase) -> dict[str, str]:
    """Read a ``meta`` box: QuickTime's is a plain box, that of MP4 begins with a version."""
    whole = meta.seek(0, io.SEEK_END)
    meta.seek(4)
    inside = Box(b"meta", 0 if meta.read(4) == b"hdlr" else 4, whole)
    names = _names(meta, _first(meta, inside, b"keys"))
    found = {}
    for item in _boxes(meta, _first(meta, inside, b"ilst")):
        number = int.from_bytes(item.kind, "big")
        if 1 <= number <= len(names):
            found[names[number - 1]] = _value(meta, _first(meta, item, b"data"))
    return found


def _names(meta: io.BufferedIOBase, keys: Box) -> list[str]:
    """Read the names of keys, each after its size and its namespace; a version and a count come first."""
    meta.seek(keys.start)
    rest = io.BytesIO(meta.read(keys.end - keys.start))
    rest.seek(8)
    names = []
    while size := rest.read(4):
        names.append(rest.read(struct.unpack(">I", size)[0] - 4)[4:].decode("utf-8", "replace"))
    return names


def _value(meta: io.BufferedIOBase, data: Box) -> str:
    """Return a value as text; empty where it is neither text nor a number."""
    meta.seek(data.start)
    kind, _ = struct.unpack(">II", meta.read(8))
    stored = meta.read(data.end - data.start - 8)
    if kind == _UTF8:
        return stored.decode("utf-8", "replace")
    if kind in (_SIGNED, _UNSIGNED):
        return str(int.from_bytes(stored[:8], "big", signed=kind == _SIGNED))
    if kind in (_FLOAT32, _FLOAT64):
        return str(struct.unpack(">f" if kind == _FLOAT32 else ">d", stored)[0])
    return ""
