"""Writes EXR images as the format says it, right ones and wrong ones, for tests of their reader."""

import struct
import zlib
from itertools import pairwise

import numpy as np

KINDS = {"<u4": 0, "<f2": 1, "<f4": 2}
NONE, RLE, ZIPS, ZIP = 0, 1, 2, 3


def attribute(name, kind, value):
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value


def channel_list(channels, sampling=1):
    fields = [
        name.encode() + b"\0" + struct.pack("<iIii", KINDS[image.dtype.str], 0, sampling, 1)
        for name, image in channels.items()
    ]
    return b"".join(fields) + b"\0"


def packed(raw):
    """As the format says it: the even bytes, then the odd ones; differences; deflate; unless it grows by that."""
    halves = raw[0::2] + raw[1::2]
    differences = bytes([halves[0], *((b - a + 128) % 256 for a, b in pairwise(halves))])
    content = zlib.compress(differences)
    return content if len(content) < len(raw) else raw


def exr(images, compression=ZIP, window=None, flags=0, top=0, sampling=1, **replaced):
    """An image of these channels, by the names of channels."""
    height, width = next(iter(images.values())).shape
    box = struct.pack("<4i", 0, top, width - 1, top + height - 1)
    fields = {
        "channels": ("chlist", channel_list(images, sampling)),
        "compression": ("compression", bytes([compression])),
        "dataWindow": ("box2i", box),
        "displayWindow": ("box2i", window or box),
        "lineOrder": ("lineOrder", b"\0"),
        "comments": ("string", b"rendered at noon"),
    }
    fields |= {name: (fields[name][0], value) for name, value in replaced.items() if value is not None}
    gone = {name for name, value in replaced.items() if value is None}
    head = struct.pack("<iI", 20_000_630, 2 | flags)
    head += b"".join(attribute(name, *field) for name, field in fields.items() if name not in gone) + b"\0"
    blocks, lines = [], 16 if compression == ZIP else 1
    for row in range(0, height, lines):
        raw = b"".join(image[at].tobytes() for at in range(row, min(height, row + lines)) for image in images.values())
        content = packed(raw) if compression in (ZIPS, ZIP) else raw
        blocks.append(struct.pack("<ii", top + row, len(content)) + content)
    places = np.cumsum([len(head) + 8 * len(blocks), *map(len, blocks)])[:-1]
    return head + struct.pack(f"<{len(blocks)}Q", *places) + b"".join(blocks)


def write(path, *arguments, **options):
    path.write_bytes(exr(*arguments, **options))
    return path


Z = (np.arange(18 * 5, dtype=np.float32) / 8 + 1).reshape(18, 5)
