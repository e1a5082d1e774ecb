"""EX-4D's camera files: what is written is read, what they wrote is understood, what is no such file is refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.artifacts.scene import Scene
from ex4d.errors import UserError
from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import head_rotation, rigid
from ex4d.shotlist.load import parse
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.exchange.ex4d_npz import CameraFile, read_camera_file, write_camera_file
from tests.shared_data import shared_data

LENS = Pinhole(640, 480, 500.0, (320.0, 240.0))


def cameras(count: int = 5, seed: int = 1, lens: Pinhole = LENS, reach: float = 3.0) -> CameraFile:
    draws = np.random.default_rng(seed)
    turned = head_rotation(*draws.uniform(-1.5, 1.5, (3, count)))
    return CameraFile(rigid(turned, draws.uniform(-reach, reach, (count, 3))), lens)


def arrays(count: int = 3) -> dict[str, np.ndarray]:
    """Sound arrays of a file."""
    extrinsics = np.tile(np.diag([1.0, -1.0, -1.0, 1.0]), (count, 1, 1)).astype(np.float32)
    return {"extrinsics": extrinsics, "intrinsics": np.array([[500, 0, 32], [0, 500, 24], [0, 0, 1]], np.float32)}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    count=st.integers(1, 12), seed=st.integers(0, 2**32 - 1), focal=st.floats(20, 5000), width=st.integers(1, 4000),
    height=st.integers(1, 4000), reach=st.sampled_from([1e-3, 1.0, 1e4]),
)  # fmt: skip
def test_what_is_written_is_read_to_the_precision_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, count: int, seed: int, focal: float, width: int, height: int, reach: float
) -> None:
    lens = Pinhole(width, height, focal, (width / 2, height / 2))
    written = cameras(count, seed, lens, reach)
    file = tmp_path_factory.mktemp("cameras") / "camera_x.npz"
    write_camera_file(written, file)
    read = read_camera_file(file)

    np.testing.assert_allclose(read.world_from_camera[:, :3, :3], written.world_from_camera[:, :3, :3], atol=1.2e-7)
    np.testing.assert_allclose(read.world_from_camera[:, :3, 3], written.world_from_camera[:, :3, 3], atol=4e-7 * reach)
    assert (read.lens.width, read.lens.height, read.lens.center_px) == (width, height, (width / 2, height / 2))
    assert read.lens.focal_px == np.float32(focal)
    rotation = read.world_from_camera[:, :3, :3]
    np.testing.assert_allclose(rotation @ np.swapaxes(rotation, 1, 2), np.tile(np.eye(3), (count, 1, 1)), atol=1e-14)


def test_the_same_cameras_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_camera_file(cameras(), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_references_own_file_is_its_preset() -> None:
    """Its distance, 2.7401088, is recovered from the file's own poses."""
    text = "ex4d: 1\nsource: {video: a.mp4}\nshots:\n  - name: a\n    camera: [{use: ex4d-180@1}]\n"
    scene = Scene(LENS, (0.0, 0.0, 1.0), Fraction(15), Fraction(15), Fraction(49, 15))
    path = compile_shot(parse(text, Path("a.yaml")).shots[0], scene)
    read = read_camera_file(shared_data("ex4d_flower/camera_180.npz"))

    np.testing.assert_allclose(read.world_from_camera, path.translated_in_depth_units(2.7401088), rtol=0, atol=2e-7)
    assert read.lens == Pinhole(512, 512, 500.0, (256.0, 256.0))


def test_what_the_reference_wrote_is_written_again_to_a_float32s_last_digits(tmp_path: Path) -> None:
    theirs = shared_data("ex4d_flower/camera_180.npz")
    write_camera_file(read_camera_file(theirs), tmp_path / "ours.npz")
    with np.load(theirs) as wanted, np.load(tmp_path / "ours.npz") as got:
        assert sorted(got.files) == sorted(wanted.files)
        for name in wanted.files:
            assert got[name].dtype == wanted[name].dtype
            np.testing.assert_allclose(got[name], wanted[name], rtol=0, atol=1.5e-7)


def test_a_file_saved_before_its_first_render_means_the_same(tmp_path: Path) -> None:
    write_camera_file(cameras(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as stored:
        mirrored = stored["extrinsics"].copy()
        mirrored[:, :3] *= -1
        np.savez(tmp_path / "b.npz", extrinsics=mirrored, intrinsics=stored["intrinsics"])

    first, second = (read_camera_file(tmp_path / name) for name in ("a.npz", "b.npz"))
    np.testing.assert_array_equal(first.world_from_camera, second.world_from_camera)
    assert (first.mirrored, second.mirrored) == (False, True)


def changed(name: str, index: object, value: float) -> dict[str, np.ndarray]:
    made = arrays()
    made[name][index] = value
    return made


def without(name: str) -> dict[str, np.ndarray]:
    made = arrays()
    del made[name]
    return made


WRONG: dict[str, tuple[Callable[[], dict[str, np.ndarray]], str]] = {
    "no extrinsics": (lambda: without("extrinsics"), r"holds the arrays intrinsics; there is no extrinsics"),
    "other keys": (
        lambda: {"poses": np.eye(4)},
        r"holds the arrays poses; there is no extrinsics and no intrinsics",
    ),
    "one matrix": (
        lambda: {**arrays(), "extrinsics": np.eye(4)},
        r"extrinsics is \(4, 4\) of float64; an EX-4D camera file has \(frames, 4, 4\)",
    ),
    "whole numbers": (
        lambda: {**arrays(), "intrinsics": np.eye(3, dtype=np.int32)},
        r"intrinsics is \(3, 3\) of int32; an EX-4D camera file has \(3, 3\) of float32",
    ),
    "two faults": (
        lambda: {"extrinsics": np.eye(3), "intrinsics": np.eye(4)},
        r"(?s)extrinsics is \(3, 3\).*\n.*intrinsics is \(4, 4\)",
    ),
    "objects": (
        lambda: {**arrays(), "extrinsics": np.array([{}, {}], dtype=object)},
        r"holds Python objects, which could run code.*the array 'extrinsics'",
    ),
    "Fortran order": (
        lambda: {**arrays(), "extrinsics": np.asfortranarray(arrays()["extrinsics"])},
        r"in Fortran order; save what np\.ascontiguousarray makes of it \(the array 'extrinsics'\)",
    ),
    "no cameras": (lambda: arrays(0), r"holds 0 cameras; from 1 to 100000 are read"),
    "not a number": (
        lambda: changed("extrinsics", (slice(1, 3), 0, 3), np.nan),
        r"the camera of frame 1 \(and of 1 other frames\) is not finite",
    ),
    "column by column": (lambda: changed("extrinsics", (2, 3, 0), 0.5), r"frame 2 does not end in the row 0 0 0 1"),
    "scaled": (lambda: changed("extrinsics", (0, 0, 0), 1.001), r"frame 0 is not rigid"),
    "huge": (lambda: changed("extrinsics", (0, 0, 0), 1e38), r"frame 0 is not rigid"),
    "several": (
        lambda: {**changed("extrinsics", (1, 0, 0), np.inf), "intrinsics": np.zeros((3, 3))},
        r"(?s)intrinsics is \[\[0.*frame 1 is not finite",
    ),
    "no lens": (lambda: changed("intrinsics", ([0, 1], [0, 1]), 0.0), r"focal lengths 0 and 0; one above 0"),
    "two lenses": (lambda: changed("intrinsics", (0, 0), 400.0), r"focal lengths 400 and 500; one above 0 for both"),
    "skewed": (lambda: changed("intrinsics", (0, 1), 3.0), r"an EX-4D camera file has f 0 x, 0 f y, 0 0 1"),
    "no picture": (lambda: changed("intrinsics", (0, 2), -5.0), r"principal point at \[-5, 24\], the middle of no"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_camera_file_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    make, reason = WRONG[name]
    file = tmp_path / "camera.npz"
    np.savez(file, **make(), allow_pickle=True)
    with pytest.raises(UserError) as caught:
        read_camera_file(file)
    assert re.search(reason, str(caught.value)), caught.value
    assert str(file) in str(caught.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "words.npz").write_text("no archive")
    for file, reason in (("none.npz", "no such file"), ("words.npz", "not an .npz file, or damaged")):
        with pytest.raises(UserError, match=re.escape(reason)):
            read_camera_file(tmp_path / file)


def test_arrays_without_the_ending_are_read_as_numpy_reads_them(tmp_path: Path) -> None:
    """An archive's members may be named as the arrays are."""
    with zipfile.ZipFile(tmp_path / "camera.npz", "w") as archive:
        for name, array in arrays().items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(name, content.getvalue())
    assert len(read_camera_file(tmp_path / "camera.npz").world_from_camera) == 3


def test_a_header_that_promises_more_than_there_is_costs_nothing(tmp_path: Path) -> None:
    """A terabyte is neither allocated nor read."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (2**36, 4, 4)})
    with zipfile.ZipFile(tmp_path / "camera.npz", "w") as archive:
        archive.writestr("extrinsics.npy", head.getvalue() + bytes(64))
        archive.writestr("intrinsics.npy", b"")
    with pytest.raises(UserError, match=r"(?s)its header asks for 4398046511232.*'intrinsics'"):
        read_camera_file(tmp_path / "camera.npz")
