"""EXR images that are not read: other kinds, damage, lies and bombs, at little cost."""

import contextlib
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import MediaError
from ex4d.media.exr import read_exr, read_exr_header
from tests.media.exr_images import NONE, RLE, ZIP, Z, attribute, exr, packed

REFUSED = {
    "RLE": (exr({"Z": Z}, RLE), "is compressed by RLE; EXR is read with ZIP, ZIPS or none"),
    "PIZ": (exr({"Z": Z}, 4), "is compressed by PIZ"),
    "another compression": (exr({"Z": Z}, 200), "is compressed by an unknown way"),
    "tiles": (exr({"Z": Z}, flags=0x200), "has tiles, parts or deep pixels"),
    "deep pixels": (exr({"Z": Z}, flags=0x800), "has tiles, parts or deep pixels"),
    "parts": (exr({"Z": Z}, flags=0x1000), "has tiles, parts or deep pixels"),
    "a part of the picture": (exr({"Z": Z}, window=struct.pack("<4i", 0, 0, 9, 17)), "part of its picture, 5x18"),
    "no pixels": (exr({"Z": Z}, dataWindow=struct.pack("<4i", 0, 0, -1, -1)), "sides of 1 to 16384 px"),
    "too wide": (exr({"Z": Z}, dataWindow=struct.pack("<4i", 0, 0, 20_000, 1)), "sides of 1 to 16384 px"),
    "extreme": (exr({"Z": Z}, dataWindow=struct.pack("<4i", -(2**31), 0, 2**31 - 1, 1)), "sides of 1 to 16384 px"),
    "no window": (exr({"Z": Z}, dataWindow=None), "is not an EXR image, or damaged"),
    "no channels": (exr({"Z": Z}, channels=b"\0"), r"holds the channels \(none\)"),
    "channels without an end": (exr({"Z": Z}, channels=b"Z"), "is not an EXR image, or damaged"),
    "many channels": (exr({f"c{n}": Z for n in range(65)}), "is not an EXR image, or damaged"),
    "a channel of half the pixels": (exr({"Z": Z}, sampling=2), "is not an EXR image, or damaged"),
    "another kind of numbers": (exr({"Z": Z}, channels=b"Z\0" + struct.pack("<iIii", 3, 0, 1, 1) + b"\0"), "damaged"),
    "no compression": (exr({"Z": Z}).replace(b"compression\0c", b"compressiom\0c"), "damaged"),
    "an empty compression": (exr({"Z": Z}).replace(b"compression\0\1\0\0\0\3", b"compression\0\0\0\0\0"), "damaged"),
    "an attribute longer than the file": (exr({"Z": Z}).replace(b"\x10\0\0\0rend", b"\xff\xff\xff\x7frend"), "damaged"),
    "an attribute of negative length": (exr({"Z": Z}).replace(b"\x10\0\0\0rend", b"\xff\xff\xff\xffrend"), "damaged"),
    "many attributes": (
        exr({"Z": Z})[:8] + attribute("a", "b", b"") * 2000 + exr({"Z": Z})[8:],
        "is not an EXR image, or damaged",
    ),
    "a name without an end": (exr({"Z": Z})[:8] + b"a" * 3000, "is not an EXR image, or damaged"),
    "another file": (b"\x89PNG" + bytes(100), "is not an EXR image, or damaged"),
    "nothing": (b"", "is not an EXR image, or damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_by_its_head(tmp_path, name):
    content, says = REFUSED[name]
    (tmp_path / "a.exr").write_bytes(content)
    with pytest.raises(MediaError, match=rf"a\.exr.*{says}"):
        read_exr_header(tmp_path / "a.exr")


WHOLE = exr({"A": Z, "Z": Z})


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_image_is_read_or_refused(tmp_path_factory, changes):
    content = bytearray(WHOLE)
    for at, value in changes:
        content[at] = value
    path = tmp_path_factory.getbasetemp() / "damaged.exr"
    path.write_bytes(content)
    with contextlib.suppress(MediaError):
        assert read_exr(path).size > 0


@pytest.mark.parametrize("share", np.linspace(0, 0.999, 23))
@pytest.mark.parametrize("compression", [NONE, ZIP])
def test_an_image_cut_short_is_an_error(tmp_path, share, compression):
    content = exr({"Z": Z}, compression)
    (tmp_path / "a.exr").write_bytes(content[: int(share * len(content))])
    with pytest.raises(MediaError):
        read_exr(tmp_path / "a.exr")


RAW = Z[:2]
"""Two scan lines of 20 bytes; uncompressed, each is a block of its own."""
IN_LINES = exr({"Z": RAW}, NONE)
FIRST, SECOND = len(IN_LINES) - 2 * 28, len(IN_LINES) - 28
"""Where its blocks begin; the table of their places lies before them."""


def with_places(*places):
    return IN_LINES[: FIRST - 16] + struct.pack("<2Q", *places) + IN_LINES[FIRST:]


@pytest.mark.parametrize(("places", "says"), [
    ((SECOND, FIRST), "the block of scan line 0 is not there"), ((FIRST, FIRST), "the block of scan line 1 is not"),
    ((2**64 - 1, SECOND), "damaged or cut short"), ((2**63 - 1, SECOND), "damaged or cut short"),
    ((len(IN_LINES), SECOND), "damaged or cut short"),
])  # fmt: skip
def test_a_block_that_is_not_where_it_should_be_is_an_error(tmp_path, places, says):
    (tmp_path / "a.exr").write_bytes(with_places(FIRST, SECOND))
    assert np.array_equal(read_exr(tmp_path / "a.exr"), RAW)
    (tmp_path / "a.exr").write_bytes(with_places(*places))
    with pytest.raises(MediaError, match=says):
        read_exr(tmp_path / "a.exr")


@pytest.mark.parametrize(("content", "says"), [
    (zlib.compress(RAW.tobytes(), 0), "the block of scan line 0 is not there"),  # right, but longer than its pixels
    (zlib.compress(RAW.tobytes()[:8]), "a block ends early"),
    (b"no deflate", "damaged or cut short"),
    (b"", "the block of scan line 0 is not there"),
])  # fmt: skip
def test_a_block_that_does_not_hold_its_pixels_is_an_error(tmp_path, content, says):
    whole = exr({"Z": RAW})
    begin = whole.rindex(struct.pack("<Q", len(whole) - 8 - len(packed(RAW.tobytes())))) + 8
    (tmp_path / "a.exr").write_bytes(whole[:begin] + struct.pack("<ii", 0, len(content)) + content)
    with pytest.raises(MediaError, match=says):
        read_exr(tmp_path / "a.exr")


@pytest.mark.parametrize("head", [
    b"a" * (4 << 20),
    attribute("channels", "chlist", b"")[:-4] + struct.pack("<i", -1) + bytes(4 << 20),
    attribute("channels", "chlist", bytes(4 << 20)),
], ids=["a name without an end", "a negative size", "megabytes of channels"])  # fmt: skip
def test_a_head_that_lies_costs_little(tmp_path, head):
    (tmp_path / "a.exr").write_bytes(exr({"Z": Z})[:8] + head)
    tracemalloc.start()
    with pytest.raises(MediaError, match="is not an EXR image"):
        read_exr_header(tmp_path / "a.exr")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_bomb_costs_a_block(tmp_path):
    """A block that unpacks to 30 MB, where the head promises 32 kB."""
    content = exr({"Z": np.zeros((16, 500), np.float32)})
    at = content.index(b"\x78\x9c")
    bomb = zlib.compress(bytes(64 << 20), 9)[:30_000]
    (tmp_path / "a.exr").write_bytes(content[: at - 4] + struct.pack("<i", len(bomb)) + bomb)
    tracemalloc.start()
    read_exr(tmp_path / "a.exr")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
