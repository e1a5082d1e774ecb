"""What is written is what is read: exactly, or within what H.264 allows; whole, or not at all."""

import socket
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import OutputError
from ex4d.media.atomic import replacing, replacing_folder
from ex4d.media.lossless import read_gray, read_gray16_video
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.media.writing import H264Writer, LosslessWriter
from tests.media.footage import write_numbered

READERS = {"colour": read_frames, "gray": read_gray, "gray16": read_gray16_video}


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(READERS)),
    width=st.integers(1, 70),
    height=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_lossless_loses_nothing(tmp_path_factory, kind, width, height, seed):
    rng = np.random.default_rng(seed)
    shape = (height, width, 3) if kind == "colour" else (height, width)
    dtype = np.uint16 if kind == "gray16" else np.uint8
    frames = [rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype) for _ in range(3)]
    path = tmp_path_factory.mktemp("lossless") / "clip.mkv"
    with LosslessWriter(path, (width, height), Fraction(24), kind) as video:
        for frame in frames:
            video.write(frame)
    for got, wanted in zip(READERS[kind](probe(path), range(3)), frames, strict=True):
        assert got.dtype == wanted.dtype
        assert np.array_equal(got, wanted)


@pytest.mark.parametrize(
    "colour", [(220, 30, 60), (0, 0, 0), (255, 255, 255), (20, 200, 40), (10, 20, 240), (128, 128, 128)]
)
def test_colours_survive_h264_within_two_levels(tmp_path, colour):
    path = tmp_path / "clip.mp4"
    with H264Writer(path, (64, 48), Fraction(24)) as video:
        for _ in range(5):
            video.write(np.full((48, 64, 3), colour, np.uint8))
    for frame in read_frames(probe(path), range(5)):
        assert np.abs(frame.astype(int) - colour).max() <= 2


def test_h264_is_tagged_and_laid_out_for_browsers(tmp_path):
    path = write_numbered(tmp_path / "clip.mp4", 30, Fraction(30_000, 1001))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.pix_fmt, stream.average_rate) == ("yuv420p", Fraction(30_000, 1001))
        assert (context.colorspace, context.color_range, context.color_trc, context.color_primaries) == (1, 1, 1, 1)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_same_frames_give_the_same_bytes(tmp_path, suffix):
    first = write_numbered(tmp_path / f"a{suffix}", 60).read_bytes()
    assert write_numbered(tmp_path / f"b{suffix}", 60).read_bytes() == first


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_an_error_midway_leaves_what_was_there(tmp_path, suffix, before):
    path = tmp_path / f"clip{suffix}"
    if before:
        path.write_bytes(before)
    writer = H264Writer if suffix == ".mp4" else LosslessWriter
    with pytest.raises(KeyboardInterrupt), writer(path, (16, 16), Fraction(24)) as video:
        video.write(np.zeros((16, 16, 3), np.uint8))
        assert path.exists() is bool(before)
        raise KeyboardInterrupt
    assert [file.name for file in tmp_path.iterdir()] == ([path.name] if before else [])
    assert not before or path.read_bytes() == before


def test_odd_sides_are_refused(tmp_path):
    with pytest.raises(OutputError, match="even sides only, not 15x16"):
        H264Writer(tmp_path / "clip.mp4", (15, 16), Fraction(24))


@pytest.mark.parametrize("shape", [(16, 18, 3), (18, 16, 3)])
def test_a_frame_of_another_size_is_refused(tmp_path, shape):
    path = tmp_path / "clip.mp4"
    with pytest.raises(OutputError, match="its frame 0"), H264Writer(path, (16, 16), Fraction(24)) as video:
        video.write(np.zeros(shape, np.uint8))
    assert not list(tmp_path.iterdir())


def test_a_video_without_frames_is_refused(tmp_path):
    with (
        pytest.raises(OutputError, match="at least one frame"),
        LosslessWriter(tmp_path / "a.mkv", (16, 16), Fraction(24)),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "file" / "clip.mp4"):
        pass


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "take"
    target.mkdir()
    (target / "old").write_text("old")
    with pytest.raises(ValueError, match="midway"), replacing_folder(target) as folder:
        (folder / "new").write_text("half")
        raise ValueError("midway")
    assert [file.name for file in target.iterdir()] == ["old"]
    with replacing_folder(target) as folder:
        (folder / "new").write_text("whole")
    assert [file.name for file in tmp_path.rglob("*")] == ["take", "new"]


KILLED = """
import os, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from ex4d.media.atomic import replacing_folder
from ex4d.media.writing import H264Writer
folder = Path(sys.argv[1])
with replacing_folder(folder / "take"), H264Writer(folder / "clip.mp4", (16, 16), Fraction(24)) as video:
    for _ in range(200):
        video.write(np.zeros((16, 16, 3), np.uint8))
    os._exit(9)
"""


def test_a_killed_process_leaves_nothing_under_a_final_name_and_the_next_clears_up(tmp_path):
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == 9
    left = list(tmp_path.iterdir())
    assert len(left) == 2
    assert all(file.name.startswith(".") and file.name.endswith(".part") for file in left)
    write_numbered(tmp_path / "clip.mp4", 2)
    with replacing_folder(tmp_path / "take"):
        pass
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip.mp4", "take"]


def test_a_folder_that_was_set_aside_when_its_process_was_killed_comes_back(tmp_path):
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    aside = tmp_path / f".take.{socket.gethostname()}-{done.pid}-x.old.part"
    aside.mkdir()
    (aside / "finished").write_text("work")
    with pytest.raises(KeyboardInterrupt), replacing_folder(tmp_path / "take"):
        raise KeyboardInterrupt
    assert [file.name for file in tmp_path.rglob("*")] == ["take", "finished"]


def test_another_writer_of_the_same_file_is_left_alone(tmp_path):
    with replacing(tmp_path / "a") as first:
        with replacing(tmp_path / "a") as second:
            second.write_text("second")
        assert first.exists()
        first.write_text("first")
    assert (tmp_path / "a").read_text() == "first"
