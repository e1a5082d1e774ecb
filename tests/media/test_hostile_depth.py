"""Depth files that lie: code, false headers and bombs are refused before anything large is made."""

import io
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

from ex4d.errors import MediaError
from ex4d.media.depth_files import open_raw_depth


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("code in a depth file was run",)


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_pickled_objects_are_refused_unopened(tmp_path, suffix):
    path, trap = tmp_path / f"depth{suffix}", np.array([Trap()], dtype=object)
    np.save(path, trap) if suffix == ".npy" else np.savez(path, depth=trap)
    with pytest.raises(MediaError, match="Python objects"):
        open_raw_depth(path)


def test_a_bare_pickle_is_refused_unopened(tmp_path):
    (tmp_path / "depth.npy").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(MediaError, match="not a numpy file"):
        open_raw_depth(tmp_path / "depth.npy")


def npy_head(shape, dtype="<f4", fortran=False) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"shape": shape, "fortran_order": fortran, "descr": dtype})
    return buffer.getvalue()


LIES = {
    "longer than the file": npy_head((10**9, 4000, 4000)) + bytes(64),
    "shorter than the file": npy_head((1, 2, 2)) + bytes(64),
    "negative": npy_head((-1, -4, 4)) + bytes(64),
    "overflowing": npy_head((2**62, 2**62, 2**62)) + bytes(64),
    "Fortran": npy_head((2, 3, 4), fortran=True) + bytes(96),
    "no numbers": npy_head((2, 3, 4), "<U1") + bytes(96),
    "records": npy_head((2, 3), [("a", "<f4")]) + bytes(24),
    "bytes": npy_head((2, 3, 4), "|u1") + bytes(24),
    "empty": npy_head((0, 3, 4)),
    "flat": npy_head((24,)) + bytes(96),
    "4-D": npy_head((2, 3, 4, 1)) + bytes(96),
    "too wide": npy_head((1, 1, 20_000)) + bytes(80_000),
    "no head": b"\x93NUMPY\x01\x00\xff\xff",
    "version": b"\x93NUMPY\x09\x00" + bytes(100),
    "code": b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + b"__import__('os').abort()".ljust(117) + b"\n",
    "deep": b"\x93NUMPY\x01\x00" + (3000).to_bytes(2, "little") + b"(" * 2999 + b"\n",
    "nothing": b"",
}


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
@pytest.mark.parametrize("lie", sorted(LIES))
def test_a_lying_header_is_refused(tmp_path, lie, suffix):
    path = tmp_path / f"depth{suffix}"
    if suffix == ".npy":
        path.write_bytes(LIES[lie])
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("depth.npy", LIES[lie])
    with pytest.raises(MediaError, match=r"depth\.np[yz]"):
        open_raw_depth(path)


def test_a_zip_bomb_costs_what_is_read_of_it(tmp_path):
    """64 MiB of zeros in 64 KiB; one frame of it is a kilobyte."""
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("depth.npy", "w", force_zip64=True) as member,
    ):
        head = npy_head((1 << 16, 16, 16))
        member.write(head)
        for _ in range(4):
            member.write(bytes(16 << 20))
    tracemalloc.start()
    raw = open_raw_depth(path)
    assert raw.frame_count == 1 << 16
    next(raw.read([3]))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_a_bomb_that_hides_its_size_is_refused(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, depth=np.zeros((64, 64, 64), np.float32))
    content = path.read_bytes()
    real = (64**3 * 4 + 128).to_bytes(4, "little")
    assert real in content
    path.write_bytes(content.replace(real, (64 * 4 + 128).to_bytes(4, "little")))
    with pytest.raises(MediaError):
        raw = open_raw_depth(path)
        list(raw.read(range(raw.frame_count)))


def test_many_members_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "many.npz", "w") as archive:
        for index in range(200):
            archive.writestr(f"{index}.npy", b"")
    with pytest.raises(MediaError, match="holds 200 arrays"):
        open_raw_depth(tmp_path / "many.npz")
