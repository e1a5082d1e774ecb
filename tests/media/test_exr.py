"""Depth in EXR images: what other programs write, and refusals of what they might."""

import base64
import contextlib
import struct
import tracemalloc
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ex4d.errors import MediaError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.exr import read_exr, read_exr_header

WRITTEN_BY_OPENEXR = base64.b85decode(
    "b}umj0ssI2V`yP+Ze?t90ApxuX>)V{B>(^bK>z^&000000003100031003G50ssI2000000RR910RR910Ap`$aB^jHb7^mG0Ap`$aB^jHb7^"
    "mG0096100U%UbYWL%Ze(wF0Ag==GHC!10000000000000040000H0001FX>)LFVR=_+Ze(wF0Ag==GHC!10000000000000040000H0001NX"
    ">Mgta%5$40BmV)WlwTsWpV%k00000aA|mDY(aByWn*+wVRUJ40A_4&VRQfl000000DwPpV{&C>ZdYk;WN&vvWo~q3asYNRW&j8P000000000"
    "00047ia%E+1S7~l!Z+BN|WOQf%W^8X^bN~bZ00000fIoD3aAg2<baH8KX8;WV0047iVQy?`Ze?k0VP|CkQ~>}000000Ndf=>0000000000?E"
    "nA(cwS>@009ODfe#7~3@$hv0CNL2BrGVH(9qCP0p?C9n31s{VMWA-05Erl#{q{E78eX|Xn?s76kbSt5ct8tzyRj5{Neb)^F`o;$Qv+M;)To;"
    "g$F8kG;V;oI#&!Xn4GaVVRHn`bvWR%$76@jmVgalZpfO56){T^7NpDpb2Db-OevU9(o@j^=GL?{G&I$<)U;KBxg8Z<Wj!T*MH33Z+(~&;a;9"
    "a?$e5J|=FUl(m$V>ZQQVRkFn3whiilNVYeLrbfp{+a9igxmiF?4|Kn<7+WI*6Ra}U~sVKtZw<&ek)080z)!Vmxe04o3h0C-+wXaIo?0h|1`_"
    "-ymq;Q{9Ea@*sw&*^}}p(+s1<)A$jR-<wOe1#pt"
)
"""By the reference library, 3.5.3: channels A (half, 1) and Z (float, 1 + n / 8 for pixel n), 5x18, ZIP."""
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


def test_a_long_manifest_in_the_head_does_no_harm(tmp_path):
    """Renderers store which object is which, by name, in megabytes."""
    names = attribute("cryptomatte/manifest", "string", b"x" * (3 << 20))
    content = exr({"Z": Z}, NONE)
    shifted = content.replace(attribute("comments", "string", b"rendered at noon"), names)
    grown = len(shifted) - len(content)
    table = shifted.index(struct.pack("<Q", content.index(struct.pack("<ii", 0, 20))))
    places = np.frombuffer(shifted[table : table + 8 * 18], "<u8") + np.uint64(grown)
    (tmp_path / "a.exr").write_bytes(shifted[:table] + places.tobytes() + shifted[table + 8 * 18 :])
    tracemalloc.start()
    assert np.array_equal(read_exr(tmp_path / "a.exr"), Z)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_what_the_reference_library_writes_is_read(tmp_path):
    (tmp_path / "a.exr").write_bytes(WRITTEN_BY_OPENEXR)
    image = read_exr(tmp_path / "a.exr")
    assert image.dtype == np.float32
    assert np.array_equal(image, Z)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 9)),
    kind=st.sampled_from(sorted(KINDS)),
    compression=st.sampled_from([NONE, ZIPS, ZIP]),
    others=st.lists(st.sampled_from(sorted(KINDS)), max_size=3),
    at=st.integers(0, 3),
    top=st.integers(-5, 5),
    noisy=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_channel_is_read_wherever_it_lies(tmp_path_factory, shape, kind, compression, others, at, top, noisy, seed):
    random = np.random.default_rng(seed)

    def image(dtype):
        values = random.uniform(0, 1000, shape) if noisy else np.full(shape, random.integers(1, 9))
        return values.astype(dtype)

    depth = image(kind)
    channels = {f"side{n}": image(other) for n, other in enumerate(others)}
    named = [*channels.items()]
    named.insert(min(at, len(named)), ("Depth.Z", depth))
    path = write(tmp_path_factory.getbasetemp() / "any.exr", dict(named), compression, top=top)
    got = read_exr(path)
    assert got.dtype == depth.dtype
    assert got.tobytes() == depth.tobytes()


@pytest.mark.parametrize(("names", "chosen"), [
    (["Y"], "Y"), (["R"], "R"), (["Z"], "Z"), (["depth.V"], "depth.V"), (["anything"], "anything"),
    (["A", "B", "G", "R", "Z"], "Z"), (["View.Combined.R", "View.Depth.Z"], "View.Depth.Z"),
    (["Depth.V", "normal.V"], "Depth.V"),
])  # fmt: skip
def test_the_channel_is_the_only_one_or_the_only_depth(tmp_path, names, chosen):
    path = write(tmp_path / "a.exr", {name: Z if name == chosen else Z[::-1] for name in names})
    assert read_exr_header(path).channel == chosen
    assert np.array_equal(read_exr(path), Z)


@pytest.mark.parametrize("names", [["B", "G", "R"], ["a.Z", "b.Z"], ["U", "V"]])
def test_which_channel_is_depth_must_be_clear(tmp_path, names):
    path = write(tmp_path / "a.exr", dict.fromkeys(names, Z))
    with pytest.raises(MediaError, match=rf"holds the channels {', '.join(names)}; depth is the only one, or the only"):
        read_exr_header(path)


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


def test_a_folder_of_images_is_depth(tmp_path):
    for index, dtype in enumerate(["<f4"] * 3):
        write(tmp_path / f"{index}.exr", {"Z": (Z + index).astype(dtype)}, top=index)
    raw = open_raw_depth(tmp_path)
    assert (raw.width, raw.height, raw.frame_count, raw.is_integer) == (5, 18, 3, False)
    assert np.array_equal(np.stack(list(raw.read([0, 2]))), np.stack([Z, Z + 2]))
    assert np.array_equal(next(open_raw_depth(tmp_path / "1.exr").read([0])), Z + 1)
    assert open_raw_depth(write(tmp_path / "whole.exr", {"Z": Z.astype("<u4")})).is_integer


@pytest.mark.parametrize(("other", "says"), [
    ({"Z": Z[1:]}, r"2\.exr is 5x17, the first is 5x18"),
    ({"Z": Z.astype("<f2")}, r"2\.exr has its depth in Z, float16; the first has it in Z, float32"),
    ({"Y": Z}, r"2\.exr has its depth in Y, float32; the first has it in Z, float32"),
])  # fmt: skip
def test_images_of_two_kinds_name_the_odd_one_out(tmp_path, other, says):
    for name, channels in (("1.exr", {"Z": Z}), ("2.exr", other)):
        write(tmp_path / name, channels)
    with pytest.raises(MediaError, match=says):
        open_raw_depth(tmp_path)


def test_an_image_that_changes_is_an_error(tmp_path):
    raw = open_raw_depth(write(tmp_path / "1.exr", {"Z": Z}))
    write(tmp_path / "1.exr", {"Z": Z[1:]})
    with pytest.raises(MediaError, match=r"1\.exr changed while it was read"):
        next(raw.read([0]))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(hnp.arrays(np.uint8, st.integers(2, 200)))
def test_blocks_are_unpacked_as_they_are_packed(values):
    from ex4d.media.exr import _unpacked

    raw = values.tobytes()
    assert _unpacked(packed(raw), len(raw)).tobytes() == raw
