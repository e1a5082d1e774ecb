"""Media as phones write them: videos with their lens in the track's own notes, photographs with EXIF."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import numpy as np
from PIL import Image

FILM_KEY = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
SIZE = (64, 36)
TEXT, SIGNED, UNSIGNED, FLOAT32, FLOAT64 = 1, 21, 22, 23, 24
"""Well-known types of QuickTime's values."""
EXIF_IFD, ON_FILM = 0x8769, 0xA405
FULL_WIDTH = 0.8 * math.hypot(36, 24)
"""Millimetres: a sensor of 4:3 with the diagonal of film."""

Item = tuple[str, int, bytes]
"""A key, the type of its value, the value."""


def write_video(
    path: Path,
    keys: Mapping[str, str] | None = None,
    size: tuple[int, int] = SIZE,
    *,
    turn: int = 0,
    frames: int = 3,
    rate: int = 24,
) -> Path:
    """Write dark frames, with keys in the notes of the whole movie."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"} if path.suffix != ".mkv" else {}) as output:
        output.metadata.update(keys or {})
        stream = output.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if turn:
            stream.set_display_rotation(turn)
        for _ in range(frames):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), "rgb24")))
        output.mux(stream.encode(None))
    return path


def write_phone_video(
    path: Path,
    *items: Item,
    movie: Mapping[str, str] | None = None,
    iso: bool = False,
    size: tuple[int, int] = SIZE,
    **shape: int,
) -> Path:
    """Write the same, with keys in the notes of the track, as iPhones do; ``iso`` as MP4 has such notes."""
    whole = write_video(path, movie, size, **shape).read_bytes()
    at = whole.rindex(b"moov")
    notes = track_notes(*items, iso=iso)
    parts = [box(kind, part + notes if kind == b"trak" else part) for kind, part in boxes(whole[at + 4 :])]
    head = whole[: at - 4]
    path.write_bytes(head + box(b"moov", b"".join(parts)))
    return path


def track_notes(*items: Item, iso: bool = False) -> bytes:
    """Return a box of keys and their values."""
    names = b"".join(box(b"mdta", key.encode()) for key, _, _ in items)
    values = b"".join(
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", kind, 0) + value))
        for number, (_, kind, value) in enumerate(items, 1)
    )
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    notes = handler + box(b"keys", struct.pack(">II", 0, len(items)) + names) + box(b"ilst", values)
    return box(b"meta", (bytes(4) if iso else b"") + notes)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    while content:
        size = struct.unpack(">I", content[:4])[0]
        yield content[4:8], content[8:size]
        content = content[size:]


def write_photographs(
    folder: Path,
    *tags: Mapping[int, object],
    size: tuple[int, int] = (32, 24),
    suffix: str = ".jpg",
    orientation: int = 1,
) -> Path:
    """Write an image for each of the given EXIF."""
    folder.mkdir(exist_ok=True)
    for index, each in enumerate(tags):
        exif = Image.Exif()
        exif[0x0112] = orientation
        exif.get_ifd(EXIF_IFD).update(each)
        Image.new("RGB", size, (index, 90, 90)).save(folder / f"{index}{suffix}", exif=exif)
    return folder
