"""Frames of a model become depth on the disk, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import OutputError, ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.probe import MediaInfo
from ex4d.reconstruction.depth_spool import DepthSpool, SpooledUnit, spooling

ROOT = Path(__file__).parents[2]
SIZE = (7, 5)
FRAMES = np.random.default_rng(3).uniform(0.5, 4.0, (3, 5, 7)).astype(np.float32)


def clip(count: int = 3) -> MediaInfo:
    """A clip that nobody opens, of more pixels than the depth."""
    times = tuple(Fraction(index, 24) for index in range(count))
    return MediaInfo(Path("clip.mp4"), 70, 50, Fraction(24), times, Fraction(count, 24))


def spooled(folder: Path, frames: np.ndarray, unit: SpooledUnit, factor: float = 1.0) -> DepthVideo:
    with spooling(clip(len(frames)), (frames.shape[2], frames.shape[1]), unit, folder) as spool:
        for frame in frames:
            spool.write(frame)
        return spool.depth(("seen by nobody",), factor=factor)


def values(depth: DepthVideo) -> np.ndarray:
    return np.stack([frame for frame, _ in depth.frames(range(depth.frame_count))])


def test_disparity_becomes_depth_by_the_range_of_the_whole_clip(tmp_path: Path) -> None:
    """10000 / (3900 s), where s goes from 0 to 1 over all frames; by hand in double precision."""
    share = (FRAMES.astype(np.float64) - FRAMES.min()) / (FRAMES.max() - FRAMES.min())
    made = values(spooled(tmp_path / "depth", FRAMES, "disparity"))
    expected = np.minimum(10_000 / np.maximum(3900 * share, 1e-5), 1e4)
    np.testing.assert_allclose(1 / made, 1 / expected, rtol=0, atol=1e-6)
    assert made.min() == pytest.approx(10_000 / 3900)
    assert made.max() == 1e4


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    arrays.arrays(np.float32, (2, 3, 4), elements=st.floats(0.125, 1e6, width=32)),
    st.sampled_from(["m", "relative"]),
    st.floats(0.01, 100.0),
)
def test_z_depth_stays_as_it_is_but_for_its_factor(
    tmp_path_factory: pytest.TempPathFactory, frames: np.ndarray, unit: SpooledUnit, factor: float
) -> None:
    depth = spooled(tmp_path_factory.mktemp("spool") / "depth", frames, unit, factor)
    assert depth.metric == (unit == "m")
    np.testing.assert_array_equal(values(depth), frames * np.float32(factor))


def test_lens_and_words_are_kept(tmp_path: Path) -> None:
    lens = Pinhole(70, 50, 60.0, (35.0, 25.0))
    with spooling(clip(), SIZE, "m", tmp_path / "depth") as spool:
        for frame in FRAMES:
            spool.write(frame)
        spool.depth(("seen by nobody",), lens)
    kept = DepthVideo.load(tmp_path / "depth")
    assert (kept.lens, kept.assumed, kept.width, kept.height) == (lens, ("seen by nobody",), *SIZE)


@pytest.mark.parametrize(
    ("unit", "wrong", "words"),
    [
        ("disparity", np.nan, "numbers for frame 1 are not finite"),
        ("disparity", np.inf, "numbers for frame 1 are not finite"),
        ("m", -np.inf, "numbers for frame 1 are not finite"),
        ("m", 0.0, "parts of frame 1 at 0, behind the camera"),
        ("relative", -2.0, "parts of frame 1 at -2, behind the camera"),
    ],
)
def test_what_is_no_depth_is_refused_with_its_frame(
    tmp_path: Path, unit: SpooledUnit, wrong: float, words: str
) -> None:  # fmt: skip
    frames = FRAMES.copy()
    frames[1, 2, 3] = wrong
    with pytest.raises(ReconstructionError, match=words):
        spooled(tmp_path / "depth", frames, unit)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_without_relief_has_no_depth(tmp_path: Path) -> None:
    with pytest.raises(ReconstructionError, match=r"clip\.mp4: the depth model finds no depth in it"):
        spooled(tmp_path / "depth", np.full((3, 5, 7), 2.5, np.float32), "disparity")
    assert list(tmp_path.iterdir()) == []


def test_of_interrupted_work_nothing_is_left(tmp_path: Path) -> None:
    def interrupted() -> None:
        with spooling(clip(), SIZE, "m", tmp_path / "depth") as spool:
            spool.write(FRAMES[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        spool = DepthSpool(clip(), SIZE, "m", tmp_path / "depth", full)
        with pytest.raises(OutputError, match=r"depth cannot be written: No space left"):
            spool.write(FRAMES[0])


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from tests.reconstruction.test_depth_spool import OutputError, clip, spooling
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    with spooling(clip(99), (40, 30), "m", Path(sys.argv[1]) / "depth") as spool:
        for _ in range(99):
            spool.write(np.ones((30, 40), np.float32))
except OutputError as error:
    print(error)
"""


def test_a_disk_that_is_full_before_the_last_frame_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    """What the file still holds cannot be written when it is closed, either."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], check=True, capture_output=True, text=True, cwd=ROOT
    )

    assert done.stdout == f"{tmp_path / 'depth'} cannot be written: File too large\n"
    assert list(tmp_path.iterdir()) == []
