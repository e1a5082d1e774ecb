"""The codes of depth video: of one relative step between their bounds, and lossless once depth is codes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import MediaError, OutputError
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.depth_meaning import DepthCodes
from ex4d.media.lossless import read_gray16_video
from ex4d.media.probe import probe
from tests.media.written_depth import METRES, stack, write

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


def test_the_coding_of_the_codes_is_lossless(tmp_path):
    depth = np.exp(np.random.default_rng(2).uniform(0, 5, (2, 24, 40))).astype(np.float32)
    depth[:, 3] = 0
    write(tmp_path / "depth.mkv", depth, METRES, (1.0, 200.0))
    stored = read_gray16_video(probe(tmp_path / "depth.mkv"), [0, 1])
    for codes, frame in zip(stored, depth, strict=True):
        assert np.array_equal(codes, DepthCodes(1.0, 200.0).encode(frame, frame > 0))
