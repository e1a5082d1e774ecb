"""One channel of an OpenEXR image, in memory of that image: what renderers save depth as.

Read are scan lines that are not compressed, or by ZIP or ZIPS, which is what Blender, Houdini, Nuke and OpenCV write
unless told otherwise. The layout is that of "The OpenEXR file layout" (openexr.com): a head of named attributes, a
table of places, and blocks of scan lines, each with its channels one after the other.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from os import SEEK_CUR
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ex4d.array_types import Shaped, UInt8
from ex4d.errors import MediaError
from ex4d.media.containers import check_size
from ex4d.media.local_files import local_file

_MAGIC = 20_000_630
_LONG_NAMES = 0x400
_LONGEST_NAME = 255
"""Bytes; so, too, the long ones."""
_NEEDED = frozenset({"channels", "compression", "dataWindow", "displayWindow"})
_LONGEST_NEEDED = 1 << 16
"""Bytes."""
_MOST_ATTRIBUTES, _MOST_CHANNELS = 1024, 64
_TYPES: dict[int, np.dtype[np.generic]] = {0: np.dtype("<u4"), 1: np.dtype("<f2"), 2: np.dtype("<f4")}
_LINES = {0: 1, 2: 1, 3: 16}
"""Scan lines a block, by compression: none, ZIPS, ZIP."""
_COMPRESSIONS = ("none", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB")


@dataclass(frozen=True)
class ExrHeader:
    """Where an image's depth lies in its file."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    channel: str
    dtype: np.dtype[np.generic]
    top: int
    """The number of the first scan line."""
    lines: int
    """Scan lines a block."""
    begin: int
    """Bytes before the channel in a scan line."""
    line_size: int
    """Bytes of a scan line, all channels."""
    head_size: int
    """Bytes before the table of places."""


def read_exr_header(path: Path) -> ExrHeader:
    """Read what an image is, and which of its channels is depth.

    Raises:
        MediaError: not such an image, of a kind that is not read, too large, or which channel is depth is not clear.
    """
    try:
        with local_file(path).open("rb") as file:
            fields, head_size = _attributes(file, path), file.tell()
        left, top, right, bottom = struct.unpack("<4i", fields["dataWindow"])
        shown = struct.unpack("<4i", fields["displayWindow"])
        channels, lines = list(_channels(fields["channels"])), _LINES.get(fields["compression"][0])
    except (OSError, EOFError, struct.error, ValueError, KeyError, IndexError) as cause:
        raise MediaError(f"{path} is not an EXR image, or damaged") from cause
    width, height = right - left + 1, bottom - top + 1
    check_size(path, width, height)
    if lines is None:
        name = dict(enumerate(_COMPRESSIONS)).get(fields["compression"][0], "an unknown way")
        raise MediaError(f"{path} is compressed by {name}; EXR is read with ZIP, ZIPS or none: save it so")
    if (left, top, right, bottom) != shown:
        raise MediaError(f"{path} holds a part of its picture, {width}x{height}; save the whole picture")
    index = _depth_channel([name for name, _ in channels], path)
    name, dtype = channels[index]
    begin = width * sum(other.itemsize for _, other in channels[:index])
    line_size = width * sum(other.itemsize for _, other in channels)
    return ExrHeader(width, height, name, dtype, top, lines, begin, line_size, head_size)


def read_exr(path: Path) -> Shaped[np.ndarray, "height width"]:
    """Read the depth of an image, as it is stored.

    Raises:
        MediaError: as :func:`read_exr_header`, or the image ends early or is damaged.
    """
    header = read_exr_header(path)
    image = np.empty((header.height, header.width), header.dtype)
    end = header.begin + header.width * header.dtype.itemsize
    try:
        with local_file(path).open("rb") as file:
            for row, lines in _blocks(file, header):
                values = np.ascontiguousarray(lines[:, header.begin : end]).view(header.dtype)
                image[row : row + len(lines)] = values
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as cause:
        raise MediaError(f"{path} is damaged or cut short: {cause}") from cause
    return image


def _attributes(file: BinaryIO, path: Path) -> dict[str, bytes]:
    """Return the attributes that are needed, by name, and go to where the head ends."""
    magic, version = struct.unpack("<iI", file.read(8))
    if magic != _MAGIC:
        raise ValueError("another magic number")
    if version & 0xFF != 2 or version & ~0xFF & ~_LONG_NAMES:
        raise MediaError(f"{path} has tiles, parts or deep pixels; of EXR, plain scan lines are read: save it so")
    found: dict[str, bytes] = {}
    for _ in range(_MOST_ATTRIBUTES):
        name = _name(file)
        if not name:
            return found
        _name(file)  # of its type
        (size,) = struct.unpack("<i", file.read(4))
        if size < 0 or (name in _NEEDED and size > _LONGEST_NEEDED):
            raise ValueError("an attribute of no such size")
        if name in _NEEDED:
            found[name] = _exactly(file, size)
        else:  # as a renderer's manifest, which may be long
            file.seek(size, SEEK_CUR)
    raise ValueError("too many attributes")


def _name(file: BinaryIO) -> str:
    name = bytearray()
    while (letter := _exactly(file, 1)) != b"\0":
        name += letter
        if len(name) > _LONGEST_NAME:
            raise ValueError("a name of no such length")
    return name.decode("utf-8")


def _channels(content: bytes) -> Iterator[tuple[str, np.dtype[np.generic]]]:
    at = 0
    for _ in range(_MOST_CHANNELS):
        if content[at] == 0:
            return
        name, at = _word(content, at)
        kind, _, across, down = struct.unpack_from("<iIii", content, at)
        if (across, down) != (1, 1) or kind not in _TYPES:
            raise ValueError("a channel of fewer pixels, or of another type")
        yield name, _TYPES[kind]
        at += 16
    raise ValueError("too many channels")


def _word(content: bytes, at: int) -> tuple[str, int]:
    end = content.index(b"\0", at)
    return content[at:end].decode("utf-8"), end + 1


def _depth_channel(names: list[str], path: Path) -> int:
    """Return which channel is depth: the only one, or the only one called Z, or V of a layer called depth."""
    words = [name.lower().split(".") for name in names]
    found = [n for n, word in enumerate(words) if word[-1] == "z" or (word[-1] == "v" and "depth" in word)]
    if len(names) == 1:
        return 0
    if len(found) != 1:
        held = ", ".join(sorted(names)) or "(none)"
        raise MediaError(f"{path} holds the channels {held}; depth is the only one, or the only Z")
    return found[0]


def _blocks(file: BinaryIO, header: ExrHeader) -> Iterator[tuple[int, UInt8[np.ndarray, "lines bytes"]]]:
    """Yield each block's first row and its scan lines."""
    rows = range(0, header.height, header.lines)
    file.seek(header.head_size)
    places = struct.unpack(f"<{len(rows)}Q", file.read(8 * len(rows)))
    for row, place in zip(rows, places, strict=True):
        lines = min(header.lines, header.height - row)
        file.seek(place)
        number, size = struct.unpack("<ii", file.read(8))
        raw = lines * header.line_size
        if number != header.top + row or not 0 < size <= raw:
            raise ValueError(f"the block of scan line {row} is not there")
        yield row, _unpacked(_exactly(file, size), raw).reshape(lines, header.line_size)


def _unpacked(content: bytes, size: int) -> UInt8[np.ndarray, " bytes"]:
    """Undo ZIP: deflate of differences of the even bytes and then the odd ones. What would grow by it is stored."""
    if len(content) == size:
        return np.frombuffer(content, np.uint8)
    unpacked = zlib.decompressobj().decompress(content, size)
    if len(unpacked) != size:
        raise EOFError("a block ends early")
    differences = np.frombuffer(unpacked, np.uint8).copy()
    differences[1:] -= np.uint8(128)
    halves = np.cumsum(differences, dtype=np.uint8)
    joined = np.empty(size, np.uint8)
    joined[0::2], joined[1::2] = halves[: (size + 1) // 2], halves[(size + 1) // 2 :]
    return joined


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise EOFError("it ends early")
    return content
