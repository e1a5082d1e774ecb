"""A user's depth file as z-depth: units, unknown values, statistics, and what is refused."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ex4d.errors import MediaError
from ex4d.media.probe import probe
from ex4d.reconstruction.depth_file import open_depth_file
from ex4d.reconstruction.depth_statistics import StreamStatistics
from ex4d.shotlist.model import DepthFile
from tests.reconstruction.depth_file_clips import COUNT, HEIGHT, WIDTH, clip, everything, opened, ramp
from tests.shared_data import shared_data


@pytest.mark.parametrize(
    ("dtype", "unit", "scale", "metric"),
    [
        (np.uint16, None, 1e-3, True),
        (np.uint16, "mm", 1e-3, True),
        (np.float32, "mm", 1e-3, True),
        (np.float32, "m", 1.0, True),
        (np.uint16, "m", 1.0, True),
        (np.float64, None, 1.0, False),
        (np.float32, "relative", 1.0, False),
        (np.uint16, "relative", 1.0, False),
    ],
)
def test_units(tmp_path, dtype, unit, scale, metric):
    video = opened(tmp_path, ramp(dtype), unit)
    depth, known = everything(video)
    assert known.all()
    assert depth.dtype == np.float32
    assert np.allclose(depth, ramp() * scale, rtol=1e-6)
    assert video.metric is metric
    assert bool(video.assumed) is (unit is None)


def test_the_file_may_state_its_unit(tmp_path):
    assert opened(tmp_path, ramp(), unit=None).assumed
    np.savez(tmp_path / "depth.npz", depth=ramp(), unit="mm")
    for stated in ({}, {"unit": "mm"}):
        video = open_depth_file(DepthFile(file=tmp_path / "depth.npz", **stated), clip(tmp_path))
        assert video.statistics.smallest == pytest.approx(0.1)
        assert (video.metric, video.assumed) == (True, ())
    np.savez(tmp_path / "depth.npz", depth=ramp(), unit="furlong")
    with pytest.raises(MediaError, match="'furlong'; known are mm, m, relative, disparity"):
        open_depth_file(DepthFile(file=tmp_path / "depth.npz"), clip(tmp_path))


def test_a_user_who_contradicts_the_file_is_told_both(tmp_path):
    with pytest.raises(MediaError, match=r"depth\.npz says its unit is m; you wrote mm: leave it out"):
        open_stated(tmp_path, {"unit": "m"}, unit="mm")
    says = r"depth\.npz says that -1 stands for unknown; you wrote 0: leave it out"
    with pytest.raises(MediaError, match=says):
        open_stated(tmp_path, {"unknown": -1.0}, unknown=0.0)
    assert open_stated(tmp_path, {"unit": "m", "unknown": 0}, unit="m", unknown=0.0).metric


def open_stated(tmp_path, stored, **stated):
    np.savez(tmp_path / "depth.npz", depth=ramp(), **{name: np.array(value) for name, value in stored.items()})
    return open_depth_file(DepthFile(file=tmp_path / "depth.npz", **stated), clip(tmp_path))


@pytest.mark.parametrize(("dtype", "unit", "times", "says"), [
    (np.uint16, "m", 10, "whole numbers, half of them above 196., as millimetres are; .* its unit is m: write mm$"),
    (np.float32, "mm", 0.01, "point numbers, half of them below 1.96, as metres are; .* its unit is mm: write m$"),
    (np.uint16, "m", 5, None),
    (np.uint16, "relative", 10, None),
    (np.uint16, None, 10, None),
    (np.float32, "m", 10, None),
    (np.float32, "mm", 0.3, None),
    (np.float32, "relative", 0.01, None),
    (np.float32, None, 0.01, None),
    (np.uint16, "mm", 0.1, None),
])  # fmt: skip
def test_metres_and_millimetres_are_told_apart_where_numbers_cannot_be_both(tmp_path, dtype, unit, times, says):
    depth = (ramp(np.float64) * times).astype(dtype)
    if says is None:
        assert opened(tmp_path, depth, unit).frame_count == COUNT
        return
    with pytest.raises(MediaError, match=says):
        opened(tmp_path, depth, unit)


def test_a_file_that_states_its_unit_is_believed(tmp_path):
    np.savez(tmp_path / "depth.npz", depth=(ramp() * 10).astype(np.uint16), unit="m")
    for stated in ({}, {"unit": "m"}):
        assert open_depth_file(DepthFile(file=tmp_path / "depth.npz", **stated), clip(tmp_path)).metric


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (2 * WIDTH, 2 * HEIGHT)])
def test_the_files_lens_is_that_of_the_clip_in_its_pixels(tmp_path, size):
    np.savez(tmp_path / "depth.npz", depth=ramp(), horizontal_angle_deg=60.0)
    depth = DepthFile(file=tmp_path / "depth.npz", upsample="surfaces")
    lens = open_depth_file(depth, clip(tmp_path, size=size)).lens
    assert (lens.width, lens.height, lens.center_px) == (*size, (size[0] / 2, size[1] / 2))
    assert lens.horizontal_angle == pytest.approx(math.radians(60))
    assert opened(tmp_path, ramp()).lens is None


def test_unknown_may_be_no_number(tmp_path):
    depth = ramp()
    depth[:, 2, 3:5] = np.nan
    np.savez(tmp_path / "depth.npz", depth=depth, unknown=np.nan)
    video = open_depth_file(DepthFile(file=tmp_path / "depth.npz"), clip(tmp_path))
    got, known = everything(video)
    assert np.array_equal(known, np.isfinite(depth))
    assert np.array_equal(got[known], depth[known])


@pytest.mark.parametrize(("unknown", "value"), [(None, 0), (-1.0, -1), (65_535.0, 65_535), (None, np.inf)])
def test_unknown_values_are_no_depth(tmp_path, unknown, value):
    depth = ramp()
    depth[:, 2, 3:5] = value
    video = opened(tmp_path, depth, "m", unknown)
    got, known = everything(video)
    assert np.array_equal(known, depth != value)
    assert (got[~known] == 0).all()
    assert video.statistics.largest == ramp().max()
    assert video.statistics.known_share == pytest.approx(1 - 2 / 48)


def test_disparity_is_spread_as_the_reference_spreads_it(tmp_path):
    disparity = ramp()
    video = opened(tmp_path, disparity, "disparity")
    share = (disparity - disparity.min()) / (disparity.max() - disparity.min())
    wanted = np.clip(10_000 / np.maximum(3900 * share, 1e-5), 1e-4, 1e4)
    depth, known = everything(video)
    assert known.all()
    assert np.allclose(depth, wanted, rtol=1e-5)
    assert video.statistics.smallest == pytest.approx(2.5641, abs=1e-4)
    assert (video.statistics.largest, video.metric) == (1e4, False)
    assert video.statistics.median == pytest.approx(np.median(wanted), rel=0.02)


def test_disparity_without_a_difference_is_refused(tmp_path):
    with pytest.raises(MediaError, match="same disparity everywhere"):
        opened(tmp_path, np.ones((COUNT, HEIGHT, WIDTH), np.float32), "disparity")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda depth: depth[:, :, 1:], "is 7x6, but the video clip.mp4 is 8x6"),
        (
            lambda depth: np.repeat(depth, 2, axis=2),
            "is 16x6, but the video clip.mp4 is 8x6; .* every pixel of the video$",
        ),
        (lambda depth: depth.swapaxes(1, 2), "is 6x8, but the video clip.mp4 is 8x6; .* lies on its side: turn it"),
        (lambda depth: depth[:, ::2], "is 8x3, but .* every pixel of the video, or fewer in the same shape$"),
        (lambda depth: depth[:, ::2, ::2], "is 4x3, but .* cover the whole picture, write 'upsample: guided'"),
        (lambda depth: depth[1:], "has 3 frames, but the video clip.mp4 has 4"),
        (
            lambda depth: np.where(depth == 130, np.nan, depth),
            "holds nan at column 6, row 3 of frame 0, which is no number",
        ),
        (
            lambda depth: np.where(depth == 130, -2, depth),
            r"holds -2.0 at column 6, row 3 of frame 0, but depth is above 0",
        ),
        (lambda depth: depth * [[[1]], [[0]], [[1]], [[1]]], "in frame 1 no depth is known"),
    ],
    ids=["size", "larger", "turned", "other shape", "smaller", "length", "nan", "negative", "nothing known"],
)
def test_what_cannot_be_depth_is_named(tmp_path, change, says):
    with pytest.raises(MediaError, match=says):
        opened(tmp_path, change(ramp(np.float64)), "m")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    hnp.arrays(np.float32, st.integers(1, 400), elements=st.floats(-1e6, 1e6, width=32)),
    st.floats(0, 1),
    st.integers(1, 5),
)
def test_stream_statistics_are_those_of_all_numbers_at_once(values, share, parts):
    counted = StreamStatistics()
    for part in np.array_split(values, parts):
        counted.add(part)
    assert (counted.count, counted.smallest, counted.largest) == (len(values), values.min(), values.max())
    wanted = np.sort(values)[min(int(share * len(values)), len(values) - 1)]
    assert counted.quantile(share) == pytest.approx(float(wanted), rel=5e-4, abs=1e-37)


def test_real_depth(tmp_path):
    video_info = probe(shared_data("redkitchen") / "*.rgb.jpg", Fraction(6))
    depth = DepthFile(file=shared_data("redkitchen") / "*.depth.png", unit="mm", unknown=0)
    video = open_depth_file(depth, video_info)
    assert (video.frame_count, video.width, video.height, video.metric) == (60, 640, 480, True)
    assert 0.5 < video.statistics.smallest < video.statistics.median < video.statistics.largest < 10
    assert 0.8 < video.statistics.known_share < 1


@pytest.mark.parametrize("unit", ["m", "disparity"])
def test_depth_of_the_first_frames_alone_is_as_that_of_a_shorter_clip(tmp_path, unit):
    """Whether the file ends with them or goes on; its range is theirs."""
    shorter = DepthFile(file=tmp_path / "shorter.npz", unit=unit)
    whole = DepthFile(file=tmp_path / "whole.npz", unit=unit)
    np.savez(shorter.file, depth=ramp()[:3])
    np.savez(whole.file, depth=ramp())
    expected = open_depth_file(shorter, clip(tmp_path, count=3))
    for stated in (shorter, whole):
        video = open_depth_file(stated, clip(tmp_path), 3)

        assert video.frame_count == 3
        assert video.statistics == expected.statistics
        for ours, theirs in zip(video.frames(range(3)), expected.frames(range(3)), strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])


def test_depth_of_neither_length_is_refused_with_both(tmp_path):
    """Nobody can say which frames it is of."""
    np.savez(tmp_path / "depth.npz", depth=ramp()[:3])
    with pytest.raises(MediaError, match=r"has 3 frames.*has 4;.*or for the 2 of them that are asked for"):
        open_depth_file(DepthFile(file=tmp_path / "depth.npz", unit="m"), clip(tmp_path), 2)
