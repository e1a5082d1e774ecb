"""Depth in EXR images: what other programs write is read, to the bit."""

import base64
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ex4d.errors import MediaError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.exr import read_exr, read_exr_header
from tests.media.exr_images import KINDS, NONE, ZIP, ZIPS, Z, attribute, exr, packed, write

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
