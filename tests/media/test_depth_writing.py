"""Depth that ex4d writes is read again, by ex4d and by numpy: exactly, or within half a step of its codes."""

import contextlib
import json
import math
import subprocess
import sys
import tracemalloc
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ex4d.errors import MediaError, OutputError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.depth_meaning import TAG, DepthCodes, DepthMeaning, read_tag, tag_of
from ex4d.media.depth_writing import DepthNpzWriter, DepthVideoWriter
from ex4d.media.lossless import read_gray16_video
from ex4d.media.probe import probe
from ex4d.media.writing import LosslessWriter

METRES, RELATIVE = DepthMeaning("m", 54.43), DepthMeaning("relative")
LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).tiny)

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


def known_of(depth):
    return (depth > 0) & np.isfinite(depth)


def write(path, depth, meaning, bounds=None):
    """Write frames where they are finite and above 0, as .npz or as video."""
    size, known = (depth.shape[2], depth.shape[1]), known_of(depth)
    if path.suffix == ".npz":
        writer = DepthNpzWriter(path, size, len(depth), meaning)
    else:
        low, high = bounds or ((depth[known].min(), depth[known].max()) if known.any() else (1, 2))
        writer = DepthVideoWriter(path, size, Fraction(24), meaning, float(low), float(high))
    with writer as file:
        for frame, where in zip(depth, known, strict=True):
            file.write(frame, where)
    return writer


def writer_of(path, size, count):
    """Return a writer of depth between 1 and 2, by the kind of the file."""
    if path.suffix == ".npz":
        return DepthNpzWriter(path, size, count, METRES)
    return DepthVideoWriter(path, size, Fraction(24), METRES, 1.0, 2.0)


def stack(raw):
    return np.stack(list(raw.read(range(raw.frame_count))))


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


bounds = st.tuples(st.floats(1e-3, 1e5), st.floats(1e-3, 1e5)).map(sorted)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bounds)
def test_codes_are_of_a_uniform_relative_step(bounds):
    codes = DepthCodes(*bounds)
    depth = codes.decode(np.arange(65_536, dtype=np.uint16)[None])[0].astype(np.float64)
    assert (depth[0], depth[1], depth[-1]) == (0, np.float32(bounds[0]), np.float32(bounds[1]))
    steps = np.diff(np.log(depth[1:]))
    assert np.allclose(steps, math.log(bounds[1] / bounds[0]) / 65_534, rtol=0, atol=2.5e-7)
    assert codes.worst_error == pytest.approx((bounds[1] / bounds[0]) ** (0.5 / 65_534) - 1, rel=1e-6, abs=1e-15)


@pytest.mark.parametrize(("near", "far", "worst"), [(2.5, 1e4, 6.33e-5), (0.5, 10.0, 2.29e-5), (1.0, 1.0, 0)])
def test_the_worst_error_is_reached_and_not_passed(near, far, worst):
    codes = DepthCodes(near, far)
    assert codes.worst_error == pytest.approx(worst, rel=0.005)
    depth = np.exp(np.random.default_rng(5).uniform(math.log(near), math.log(far), (1, 200_000))).astype(np.float32)
    depth = np.clip(depth, np.float32(near), np.float32(far))
    got = codes.decode(codes.encode(depth, depth > 0)).astype(np.float64)
    error = np.abs(got / depth - 1).max()
    assert error <= codes.worst_error + 6e-8
    assert error >= 0.99 * codes.worst_error


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bounds, st.integers(0, 2**32 - 1))
def test_depth_that_was_read_from_codes_is_written_as_it_is(bounds, seed):
    codes = DepthCodes(*bounds)
    chosen = np.random.default_rng(seed).integers(0, 65_536, (4, 9)).astype(np.uint16)
    chosen[0, :3] = 0, 1, 65_535
    depth = codes.decode(chosen)
    again = codes.encode(depth, depth > 0)
    assert codes.decode(again).tobytes() == depth.tobytes()
    if bounds[1] > 1.02 * bounds[0]:  # steps that float32 can tell
        assert np.array_equal(again, chosen)


def test_constant_depth_is_one_code(tmp_path):
    depth = np.full((2, 3, 4), 2.7, np.float32)
    depth[1, 1, 2] = 0
    assert write(tmp_path / "flat.mkv", depth, METRES).worst_error == 0
    assert stack(open_raw_depth(tmp_path / "flat.mkv")).tobytes() == depth.tobytes()


@pytest.mark.parametrize("bounds", [(1.0, 8.0), (2.0, 2.0)])
@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_depth_beyond_its_bounds_is_refused_not_moved(tmp_path, bounds, factor):
    depth = np.full((1, 3, 4), bounds[0] if factor < 1 else bounds[1], np.float32)
    write(tmp_path / "inside.mkv", depth, METRES, bounds)
    with pytest.raises(OutputError, match=r"beyond\.mkv, frame 0: a depth of .* is not between"):
        write(tmp_path / "beyond.mkv", depth * np.float32(factor), METRES, bounds)
    assert [path.name for path in tmp_path.iterdir()] == ["inside.mkv"]


@pytest.mark.parametrize(
    "bounds", [(0, 1), (-1, 1), (2, 1), (1, np.inf), (np.nan, 1), (1, np.nan), (1, 1e39), (1e-60, 1)]
)
def test_bounds_that_depth_cannot_have_are_refused(bounds):
    with pytest.raises(MediaError, match="no range above 0"):
        DepthCodes(*map(float, bounds))


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


@pytest.mark.parametrize("angle", [1.9, 150.1, math.nan])
def test_an_angle_that_no_lens_sees_is_refused(angle):
    with pytest.raises(MediaError, match=f"its lens sees {angle:g} degrees across"):
        DepthMeaning("m", angle)


GOOD = {"version": 1, "codes": "log", "nearest": 1.5, "farthest": 4, "unit": "m", "horizontal_angle_deg": 60}


def test_the_tag_says_all_of_it():
    text = tag_of(DepthMeaning("m", 60.0), DepthCodes(1.5, 4.0))
    assert json.loads(text) == GOOD
    assert read_tag(text) == (DepthMeaning("m", 60.0), DepthCodes(1.5, 4.0))
    assert json.loads(tag_of(RELATIVE, DepthCodes(1.0, 2.0))) == {
        "version": 1, "codes": "log", "nearest": 1, "farthest": 2, "unit": "relative",
    }  # fmt: skip


def changed(**fields):
    return json.dumps({**GOOD, **fields})


def without(name):
    return json.dumps({key: value for key, value in GOOD.items() if key != name})


DAMAGED = {
    "nothing": ("", "damaged"),
    "no JSON": ("{'version': 1}", "damaged"),
    "cut short": (changed()[:-4], "damaged"),
    "a list": ("[1, 2]", "no record with a version"),
    "a number": ("1", "no record with a version"),
    "deep": ("[" * 500, "damaged"),
    "deep in place of a number": (changed().replace("1.5", "[" * 300 + "]" * 300), "is no number"),
    "long": (changed(more="x" * 2000), "has 2114 characters; such a tag has at most 1024"),
    "a later version": (changed(version=2), "has version 2; this ex4d reads version 1: take a newer one"),
    "a version of words": (changed(version="1"), "no record with a version"),
    "a version that is true": (changed(version=True), "no record with a version"),
    "a huge version": (changed(version=10**400), "has version 10000000000000000000;"),
    "no version": (without("version"), "there is no 'version'"),
    "no bounds": (without("nearest"), "there is no 'nearest'"),
    "no far bound": (without("farthest"), "there is no 'farthest'"),
    "no unit": (without("unit"), "there is no 'unit'"),
    "no codes": (without("codes"), "there is no 'codes'"),
    "other codes": (changed(codes="linear"), "codes 'linear' are not known"),
    "bounds the wrong way": (changed(nearest=5), "from 5 to 4; that is no range above 0"),
    "a bound at 0": (changed(nearest=0), "no range above 0"),
    "a negative bound": (changed(nearest=-1), "no range above 0"),
    "NaN": (changed(nearest=math.nan), "NaN is no number"),
    "infinity": (changed(farthest=math.inf), "Infinity is no number"),
    "infinity in disguise": (changed().replace("4,", "1e999,"), "no range above 0"),
    "beyond float32": (changed(farthest=1e300), "no range above 0"),
    "below float32": (changed(nearest=1e-300), "no range above 0"),
    "beyond float64": (changed(farthest=10**400), "too large|no range"),
    "a bound of words": (changed(nearest="1.5"), "'1.5' is no number"),
    "a bound that is true": (changed(nearest=True), "'True' is no number"),
    "a bound that is nothing": (changed(farthest=None), "'None' is no number"),
    "another unit": (changed(unit="mm"), "its unit is 'mm'; known are m and relative"),
    "a unit that is a list": (changed(unit=[]), r"its unit is \'\[\]\'"),
    "too wide a lens": (changed(horizontal_angle_deg=170), "sees 170 degrees across"),
    "a lens of words": (changed(horizontal_angle_deg="60"), "'60' is no number"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_tag_that_cannot_be_believed_is_an_error_that_names_the_file(tmp_path, name):
    tag, says = DAMAGED[name]
    path = tmp_path / "depth.mkv"
    with LosslessWriter(path, (8, 8), Fraction(24), "gray16", tags={TAG: tag}) as video:
        video.write(np.ones((8, 8), np.uint16))
    with pytest.raises(MediaError, match=rf"depth\.mkv: its tag EX4D_DEPTH.*({says})"):
        open_raw_depth(path)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([*GOOD.values()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD]), inner, max_size=6),
    max_leaves=12,
))  # fmt: skip
def test_whatever_a_tag_holds_it_is_read_or_refused(value):
    with contextlib.suppress(MediaError):
        meaning, codes = read_tag(json.dumps(value))
        assert meaning.unit in {"m", "relative"}
        assert 0 < codes.nearest <= codes.farthest <= LARGEST


def test_gray_video_without_the_tag_is_whole_numbers_as_ever(tmp_path):
    codes = np.arange(65_536 - 64, 65_536, dtype=np.uint16).reshape(8, 8)
    with LosslessWriter(tmp_path / "plain.mkv", (8, 8), Fraction(24), "gray16") as video:
        video.write(codes)
    raw = open_raw_depth(tmp_path / "plain.mkv")
    assert (raw.is_integer, raw.unit, raw.unknown, raw.horizontal_angle_deg) == (True, None, None, None)
    assert np.array_equal(next(raw.read([0])), codes)


def test_the_coding_of_the_codes_is_lossless(tmp_path):
    depth = np.exp(np.random.default_rng(2).uniform(0, 5, (2, 24, 40))).astype(np.float32)
    depth[:, 3] = 0
    write(tmp_path / "depth.mkv", depth, METRES, (1.0, 200.0))
    stored = read_gray16_video(probe(tmp_path / "depth.mkv"), [0, 1])
    for codes, frame in zip(stored, depth, strict=True):
        assert np.array_equal(codes, DepthCodes(1.0, 200.0).encode(frame, frame > 0))


@pytest.mark.parametrize(("stored", "says"), [
    ({"horizontal_angle_deg": np.array("wide")}, "'horizontal_angle_deg' is 'wide', not a number"),
    ({"horizontal_angle_deg": np.array(0.5)}, "its lens sees 0.5 degrees across"),
    ({"horizontal_angle_deg": np.array(np.nan)}, "its lens sees nan degrees across"),
    ({"horizontal_angle_deg": np.array([50.0, 60.0])}, "not one number or word"),
    ({"unknown": np.array("none")}, "'unknown' is 'none', not a number"),
])  # fmt: skip
def test_what_an_npz_says_of_itself_is_checked(tmp_path, stored, says):
    np.savez(tmp_path / "depth.npz", depth=np.ones((1, 2, 3), np.float32), **stored)
    with pytest.raises(MediaError, match=rf"depth\.npz: .*{says}"):
        open_raw_depth(tmp_path / "depth.npz")
