"""Depth files: the numbers that were stored, streamed; and what is told of files that are damaged or none."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import MediaError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.writing import LosslessWriter
from tests.media.footage import write_depth_png, write_images

COUNT, HEIGHT, WIDTH = 9, 5, 7
MILLIMETRES = np.random.default_rng(3).integers(0, 65_536, (COUNT, HEIGHT, WIDTH)).astype(np.uint16)


def write_npz(path, depth):
    np.savez(path, depth=depth)


def write_compressed(path, depth):
    np.savez_compressed(path, depth=depth, unit=np.array("mm"), unknown=np.array(7))


def write_folder(path, depth):
    path.mkdir()
    for index, frame in enumerate(depth):
        write_depth_png(path / f"{index}.depth.png", frame)


def write_video(path, depth):
    with LosslessWriter(path, (depth.shape[2], depth.shape[1]), Fraction(24), "gray16") as video:
        for frame in depth:
            video.write(frame)


KINDS = {
    "stored.npz": write_npz,
    "deflated.npz": write_compressed,
    "plain.npy": np.save,
    "folder": write_folder,
    "video.mkv": write_video,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("depth")
    for name, write in KINDS.items():
        write(folder / name, MILLIMETRES)
    return folder


@settings(max_examples=40, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(KINDS)), indices=st.lists(st.integers(0, COUNT - 1), max_size=12))
def test_any_kind_gives_back_the_frames_asked_for(files, name, indices):
    raw = open_raw_depth(files / name)
    assert (raw.width, raw.height, raw.frame_count, raw.is_integer) == (WIDTH, HEIGHT, COUNT, True)
    got = list(raw.read(indices))
    assert len(got) == len(indices)
    for frame, index in zip(got, indices, strict=True):
        assert np.array_equal(frame, MILLIMETRES[index])


def test_a_glob_is_a_folder(files):
    assert open_raw_depth(files / "folder" / "*.depth.png").frame_count == COUNT


def test_a_file_may_state_its_unit(files):
    raw = open_raw_depth(files / "deflated.npz")
    assert (raw.unit, raw.unknown) == ("mm", 7)
    assert open_raw_depth(files / "stored.npz").unit is None


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<u2", ">u2", "<i4"])
def test_number_types_of_either_byte_order_are_read(tmp_path, dtype):
    depth = np.arange(60).reshape(3, 4, 5).astype(dtype)
    np.savez(tmp_path / "depth.npz", depth=depth)
    raw = open_raw_depth(tmp_path / "depth.npz")
    assert raw.is_integer is (depth.dtype.kind in "iu")
    assert np.array_equal(np.stack(list(raw.read([0, 1, 2]))), depth)


def test_the_only_array_needs_no_name_but_two_do(tmp_path):
    np.savez(tmp_path / "one.npz", anything=MILLIMETRES)
    assert open_raw_depth(tmp_path / "one.npz").frame_count == COUNT
    np.savez(tmp_path / "two.npz", a=MILLIMETRES, b=MILLIMETRES)
    with pytest.raises(MediaError, match="holds the arrays a, b; name the one 'depth'"):
        open_raw_depth(tmp_path / "two.npz")


def test_a_single_image_is_one_frame(tmp_path):
    np.save(tmp_path / "depth.npy", MILLIMETRES[0])
    assert open_raw_depth(tmp_path / "depth.npy").frame_count == 1


def test_memory_does_not_grow_with_the_length(tmp_path):
    peaks = []
    for count in (4, 64):
        path = tmp_path / f"{count}.npz"
        np.savez_compressed(path, depth=np.ones((count, 128, 128), np.float32))
        tracemalloc.start()
        for frame in open_raw_depth(path).read(range(count)):
            assert frame[0, 0] == 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0] + 10_000


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["stored.npz", "deflated.npz", "plain.npy"])
def test_a_file_cut_short_is_an_error(files, tmp_path, name, share):
    content = (files / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(MediaError):
        list(open_raw_depth(tmp_path / name).read(range(COUNT)))


def test_a_flipped_bit_is_an_error(files, tmp_path):
    content = bytearray((files / "deflated.npz").read_bytes())
    content[200] ^= 16
    (tmp_path / "depth.npz").write_bytes(content)
    with pytest.raises(MediaError):
        list(open_raw_depth(tmp_path / "depth.npz").read(range(COUNT)))


def test_what_is_not_16_bit_gray_is_refused(tmp_path):
    with pytest.raises(MediaError, match=r"has 3 channel\(s\) of 8 bits"):
        open_raw_depth(write_images(tmp_path / "colour", 2))
    with LosslessWriter(tmp_path / "gray.mkv", (8, 8), Fraction(24), "gray") as video:
        video.write(np.zeros((8, 8), np.uint8))
    with pytest.raises(MediaError, match="stores gray; depth video is lossless 16-bit gray: ffmpeg"):
        open_raw_depth(tmp_path / "gray.mkv")


def test_depth_images_of_two_sizes_name_the_odd_one_out(tmp_path):
    write_folder(tmp_path / "depth", MILLIMETRES)
    write_depth_png(tmp_path / "depth" / "99.png", np.ones((3, 3)))
    with pytest.raises(MediaError, match=r"99\.png is 3x3, the first is 7x5"):
        open_raw_depth(tmp_path / "depth")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("depth.exr", "is not an EXR image, or damaged"),
        ("depth.txt", "is not a depth file"),
        ("gone.npz", "no such file"),
    ],
)
def test_other_files_are_told_what_is_read(tmp_path, name, says):
    if "gone" not in name:
        (tmp_path / name).write_bytes(b"1")
    with pytest.raises(MediaError, match=says):
        open_raw_depth(tmp_path / name)
