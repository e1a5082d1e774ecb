"""Still images: their size from the header, their pixels from imageio."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ex4d.array_types import Shaped, UInt8, UInt16
from ex4d.errors import MediaError
from ex4d.media.containers import check_size

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
# Start-of-frame markers of JPEG: C0..CF without the tables C4, C8, CC.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class ImageHeader:
    """What the first bytes of an image say of it."""

    width: int
    """Pixels, as stored: before an orientation that a camera noted."""
    height: int
    """Pixels, as stored."""
    bits: int
    """A sample."""
    channels: int


def read_header(path: Path) -> ImageHeader:
    """Read the size of a PNG or JPEG without decoding it.

    Raises:
        MediaError: neither PNG nor JPEG, cut short, or larger than 16,384 pixels a side.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
            header = _jpeg_header(file) if start == b"\xff\xd8" else _png_header(start + file.read(24))
    except (OSError, struct.error, ValueError) as cause:
        raise MediaError(f"{path} is not a PNG or JPEG image, or it is cut short") from cause
    check_size(path, header.width, header.height)
    return header


def read_colour(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Decode an image to R'G'B', turned as its camera noted.

    Raises:
        MediaError: the image cannot be decoded.
    """
    return _decoded(path, mode="RGB", rotate=True)


def read_gray16(path: Path) -> UInt16[np.ndarray, "height width"]:
    """Decode a 16-bit PNG of one channel.

    Raises:
        MediaError: the image is not of that kind, or cannot be decoded.
    """
    header = read_header(path)
    if (header.bits, header.channels) != (16, 1):
        raise MediaError(
            f"{path} has {header.channels} channel(s) of {header.bits} bits; depth images are PNG with one of 16 bits"
        )
    return _decoded(path, mode=None, rotate=False).astype(np.uint16)


def _decoded(path: Path, *, mode: str | None, rotate: bool) -> Shaped[np.ndarray, "height width *channels"]:
    import imageio.v3 as iio

    options = {"mode": mode} if mode else {}
    try:
        return np.asarray(iio.imread(path, plugin="pillow", index=0, rotate=rotate, **options))
    except Exception as cause:  # Pillow raises whatever its decoders raise: SyntaxError, OSError, struct.error, ...
        raise MediaError(f"{path} cannot be decoded: {cause}") from cause


def _png_header(start: bytes) -> ImageHeader:
    if start[:8] != _PNG_SIGNATURE or start[12:16] != b"IHDR":
        raise ValueError("no PNG signature")
    width, height, bits, colour_type = struct.unpack(">IIBB", start[16:26])
    return ImageHeader(width, height, bits, _PNG_CHANNELS[colour_type])


def _jpeg_header(file: BinaryIO) -> ImageHeader:
    while True:
        marker, length = struct.unpack(">HH", file.read(4))
        if not 0xFF01 <= marker <= 0xFFFE or length < 2:
            raise ValueError("no JPEG segment")
        if marker & 0xFF in _JPEG_FRAMES:
            bits, height, width, channels = struct.unpack(">BHHB", file.read(6))
            return ImageHeader(width, height, bits, channels)
        file.seek(length - 2, 1)
