"""What the records that live in folders share: a small JSON file that says what the folder holds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ex4d.errors import MediaError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.probe import MediaInfo, probe

FORMAT = 1
"""Of the folders; raised when what they hold changes its meaning."""

_LARGEST_RECORD = 64 << 20

Image = TypeVar("Image", bound=np.ndarray)


@dataclass(frozen=True)
class StoredLayer:
    """One video file of a folder, with a checksum of each frame: decoders pass over damage in silence."""

    media: MediaInfo
    checksums: tuple[int, ...] = field(repr=False)

    def checked(self, frames: Iterator[Image], start: int) -> Iterator[Image]:
        """Pass frames on, from number ``start``, while they are what was written.

        Raises:
            MediaError: one is not.
        """
        for index, frame in enumerate(frames, start):
            if checksum(frame) != self.checksums[index]:
                raise damaged(self.media.path.parent, f"frame {index} of {self.media.path.name}")
            yield frame


def checksum(frame: np.ndarray) -> int:
    """Return the CRC-32 of an image's pixels."""
    return zlib.crc32(np.ascontiguousarray(frame).data)


def write_record(folder: Path, kind: str, fields: dict[str, Any]) -> None:
    """Write ``KIND.json`` into a folder."""
    text = json.dumps({"kind": kind, "format": FORMAT, **fields}, indent=1, allow_nan=False)
    (folder / f"{kind}.json").write_text(text + "\n", encoding="utf-8")


def read_record(folder: Path, kind: str) -> dict[str, Any]:
    """Read ``KIND.json`` of a folder.

    Raises:
        MediaError: there is none, it is damaged, or it is of another format.
    """
    path = folder / f"{kind}.json"
    try:
        if path.stat().st_size > _LARGEST_RECORD:
            raise ValueError("larger than any record")
        fields = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(fields, dict) or fields["kind"] != kind or fields["format"] != FORMAT:
            raise ValueError("of another kind or format")
    except (OSError, ValueError, KeyError, RecursionError) as cause:
        raise damaged(folder, f"{path.name}: {cause}") from cause
    return fields


def damaged(folder: Path, what: str) -> MediaError:
    """Return the error for a folder that is not what it should be."""
    return MediaError(f"{folder} is damaged ({what}); delete it, and it is made again")


def open_layer(folder: Path, name: str, size: tuple[int, int], checksums: object) -> StoredLayer:
    """Open a video of a folder and check that it is whole.

    Raises:
        MediaError: missing, damaged, cut short, or of another size than recorded.
    """
    if not isinstance(checksums, list) or not all(isinstance(each, int) for each in checksums):
        raise damaged(folder, f"no checksums of {name}")
    try:
        info = probe(folder / name)
    except MediaError as cause:
        raise damaged(folder, f"{name} cannot be read") from cause
    if info.size != size or info.frame_count != len(checksums):
        raise damaged(
            folder,
            f"{name} has {info.frame_count} frames of {info.width}x{info.height}, "
            f"not {len(checksums)} of {size[0]}x{size[1]}",
        )
    return StoredLayer(info, tuple(checksums))


def lens_fields(lens: Pinhole) -> dict[str, Any]:
    """Return a lens as JSON values; floats keep all their bits."""
    return {"width": lens.width, "height": lens.height, "focal_px": lens.focal_px, "center_px": list(lens.center_px)}


def lens_from(fields: dict[str, Any]) -> Pinhole:
    """Return the lens that :func:`lens_fields` described; raises KeyError, TypeError or ValueError otherwise."""
    x, y = fields["center_px"]
    return Pinhole(int(fields["width"]), int(fields["height"]), float(fields["focal_px"]), (float(x), float(y)))


def rate_from(text: str) -> Fraction:
    """Return a positive rate from its text, as in 30000/1001; raises ValueError otherwise."""
    if len(text) > 40 or not set(text) <= set("0123456789/"):
        raise ValueError(f"{text[:40]!r} is not a rate")
    rate = Fraction(text)
    if rate <= 0:
        raise ValueError(f"{text} is not above 0")
    return rate
