"""Depth that ex4d writes is read again, by ex4d and by numpy, and what is not written whole leaves nothing."""

import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ex4d.errors import OutputError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.depth_meaning import DepthMeaning
from ex4d.media.depth_writing import DepthNpzWriter
from tests.media.written_depth import METRES, known_of, stack, write, writer_of

meanings = st.builds(
    DepthMeaning,
    st.sampled_from(["m", "relative"]),
    st.none() | st.floats(2, 150),
)
anything = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)),
    elements=st.floats(width=32) | st.floats(0.125, 128, width=32),
)
"""Depth with zeros, negative and infinite numbers and NaN in it, which are not known."""


@settings(max_examples=60, deadline=None, derandomize=True)
@given(depth=anything, meaning=meanings)
def test_npz_gives_back_every_bit_and_its_meaning(tmp_path_factory, depth, meaning):
    path = tmp_path_factory.getbasetemp() / "exact.npz"
    write(path, depth, meaning)
    wanted = np.where(known_of(depth), depth, np.float32(0))
    raw = open_raw_depth(path)
    got = stack(raw)
    assert got.dtype == np.float32
    assert got.tobytes() == wanted.tobytes()
    assert (raw.unit, raw.unknown, raw.horizontal_angle_deg) == (meaning.unit, 0, meaning.horizontal_angle_deg)
    assert not raw.is_integer
    with np.load(path, allow_pickle=False) as plain:
        assert plain["depth"].tobytes() == wanted.tobytes()
        assert (plain["depth"].dtype, plain["depth"].shape) == (np.float32, depth.shape)
        assert (str(plain["unit"]), float(plain["unknown"])) == (meaning.unit, 0)
        assert ("horizontal_angle_deg" in plain) is (meaning.horizontal_angle_deg is not None)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(depth=anything, meaning=meanings)
def test_video_gives_back_depth_within_half_a_step_and_its_meaning(tmp_path_factory, depth, meaning):
    path = tmp_path_factory.getbasetemp() / "codes.mkv"
    worst = write(path, depth, meaning).worst_error
    raw, known = open_raw_depth(path), known_of(depth)
    got = stack(raw)
    assert got.dtype == np.float32
    assert np.array_equal(got > 0, known)
    assert np.allclose(got[known], depth[known], rtol=worst + 6e-8, atol=1e-44)  # the smallest floats have few bits
    assert (raw.unit, raw.unknown, raw.horizontal_angle_deg) == (meaning.unit, 0, meaning.horizontal_angle_deg)
    assert (raw.is_integer, raw.frame_count, raw.width, raw.height) == (False, *depth.shape[:1], *depth.shape[:0:-1])


@pytest.mark.parametrize("suffix", [".npz", ".mkv"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
def test_known_depth_that_is_none_is_refused(tmp_path, suffix, value):
    path = tmp_path / f"depth{suffix}"
    with pytest.raises(OutputError, match="is said to be a known depth"), writer_of(path, (2, 1), 1) as file:
        file.write(np.array([[1, value]], np.float32), np.array([[True, True]]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npz", ".mkv"])
def test_the_same_depth_gives_the_same_bytes(tmp_path, suffix):
    depth = np.random.default_rng(1).uniform(1, 9, (3, 16, 20)).astype(np.float32)
    for name in ("a", "b"):
        write(tmp_path / f"{name}{suffix}", depth, METRES)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_no_member_has_a_time_of_day(tmp_path):
    write(tmp_path / "a.npz", np.ones((1, 2, 2), np.float32), METRES)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [member.filename.removesuffix(".npy") for member in archive.infolist()] == [
            "unit", "unknown", "horizontal_angle_deg", "depth",
        ]  # fmt: skip


def test_depth_of_more_than_4_gib_has_room_for_its_size(tmp_path, monkeypatch):
    """With the limit of plain zip files put at 3000 bytes, a small file needs what a large one does."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 3000)
    depth = np.random.default_rng(1).uniform(1, 9, (4, 16, 20)).astype(np.float32)
    write(tmp_path / "large.npz", depth, METRES)
    monkeypatch.undo()
    content = (tmp_path / "large.npz").read_bytes()
    entry = content[content.rindex(b"PK\x01\x02") :]
    assert entry[20:28] == b"\xff" * 8  # both sizes stand in the 64-bit field of the directory
    assert stack(open_raw_depth(tmp_path / "large.npz")).tobytes() == depth.tobytes()
    with np.load(tmp_path / "large.npz") as plain:
        assert plain["depth"].tobytes() == depth.tobytes()


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_frames_than_was_said_leaves_nothing(tmp_path, count):
    with (
        pytest.raises(OutputError, match=rf"{count} of its 2 frames were written"),
        DepthNpzWriter(tmp_path / "depth.npz", (3, 2), 2, METRES) as file,
    ):
        for _ in range(count):
            file.write(np.ones((2, 3), np.float32), np.ones((2, 3), bool))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npz", ".mkv"])
@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (3, 2)])
def test_a_frame_of_another_size_leaves_nothing(tmp_path, suffix, shape):
    path = tmp_path / f"depth{suffix}"
    writer = writer_of(path, (3, 2), 1)
    with pytest.raises(OutputError, match=r"is 3x2, its frame 0 is"), writer as file:
        file.write(np.ones(shape, np.float32), np.ones(shape, bool))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npz", ".mkv"])
def test_an_error_midway_leaves_what_was_there(tmp_path, suffix):
    path = tmp_path / f"depth{suffix}"
    path.write_bytes(b"what was there")
    writer = writer_of(path, (3, 2), 2)
    with pytest.raises(KeyboardInterrupt), writer as file:
        file.write(np.ones((2, 3), np.float32), np.ones((2, 3), bool))
        raise KeyboardInterrupt
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"what was there"


KILLED = """
import os, resource, signal, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from ex4d.errors import OutputError
from ex4d.media.depth_meaning import DepthMeaning
from ex4d.media.depth_writing import DepthNpzWriter, DepthVideoWriter
folder, meaning = Path(sys.argv[1]), DepthMeaning("m")
noise, known = np.random.default_rng(0).uniform(1, 2, (9, 64, 64)).astype(np.float32), np.ones((64, 64), bool)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for writer in (
    DepthNpzWriter(folder / "full.npz", (64, 64), 9, meaning),
    DepthVideoWriter(folder / "full.mkv", (64, 64), Fraction(24), meaning, 1.0, 2.0),
):
    try:
        with writer as full:
            for frame in noise:
                full.write(frame, known)
    except OutputError as error:
        print(error)
with DepthNpzWriter(folder / "a.npz", (64, 64), 9, meaning) as a:
    with DepthVideoWriter(folder / "a.mkv", (64, 64), Fraction(24), meaning, 1.0, 2.0) as b:
        for file in (a, b):
            file.write(noise[0], known)
        os._exit(9)
"""


def test_a_full_disk_is_told_and_a_killed_process_leaves_nothing_under_a_final_name(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert [line.partition(" cannot be written: ")[0] for line in done.stdout.splitlines()] == [
        str(tmp_path / "full.npz"), str(tmp_path / "full.mkv"),
    ]  # fmt: skip
    left = [path.name for path in tmp_path.iterdir()]
    assert len(left) == 2
    assert all(name.startswith(".a.") and name.endswith(".part") for name in left)


@pytest.mark.parametrize("suffix", [".npz", ".mkv"])
def test_writing_holds_a_frame(tmp_path, suffix):
    peaks = []
    for count in (3, 30):
        frame, known = np.full((128, 128), 2, np.float32), np.ones((128, 128), bool)
        path = tmp_path / f"{count}{suffix}"
        writer = writer_of(path, (128, 128), count)
        tracemalloc.start()
        with writer as file:
            for _ in range(count):
                file.write(frame, known)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0] + 10_000
