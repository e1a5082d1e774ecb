"""Depth files in place of a model: those that ex4d wrote itself, and the folders of depth made from any."""

import math
from fractions import Fraction

import numpy as np
import pytest

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import MediaError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.depth_meaning import DepthMeaning
from ex4d.media.depth_writing import DepthNpzWriter, DepthVideoWriter
from ex4d.reconstruction.depth_estimator import DepthEstimator
from ex4d.reconstruction.depth_file import DepthFromFile, open_depth_file
from ex4d.shotlist.model import DepthFile
from tests.reconstruction.depth_file_clips import COUNT, HEIGHT, WIDTH, clip, everything, ramp


def written(folder, suffix, depth, meaning):
    """Write depth as ex4d does, and return what is read of it again."""
    path, size, known = folder / f"depth{suffix}", (WIDTH, HEIGHT), depth > 0
    if suffix == ".npz":
        writer = DepthNpzWriter(path, size, len(depth), meaning)
    else:
        writer = DepthVideoWriter(path, size, Fraction(24), meaning, float(depth[known].min()), float(depth.max()))
    with writer as file:
        for frame, where in zip(depth, known, strict=True):
            file.write(frame, where)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".mkv"])
@pytest.mark.parametrize(("unit", "angle"), [("m", 70.0), ("relative", None)])
def test_what_ex4d_writes_needs_no_word_by_the_user(tmp_path, suffix, unit, angle):
    depth = ramp() / np.float32(1000)
    depth[:, 1, 2] = 0
    path = written(tmp_path, suffix, depth, DepthMeaning(unit, angle))
    video = open_depth_file(DepthFile(file=path), clip(tmp_path))
    got, known = everything(video)
    assert (video.metric, video.assumed) == (unit == "m", ())
    assert (video.lens is None) is (angle is None)
    assert np.array_equal(known, depth > 0)
    assert np.allclose(got, depth, rtol=0 if suffix == ".npz" else 1e-5)
    with pytest.raises(MediaError, match=f"says its unit is {unit}; you wrote mm"):
        open_depth_file(DepthFile(file=path, unit="mm"), clip(tmp_path))


class Listener:
    def __init__(self):
        self.frames, self.said = 0, []

    def begin(self, task, total): ...

    def advance(self):
        self.frames += 1

    def say(self, text):
        self.said.append(text)


class TestDepthFromFile:
    """The laws of every depth estimator."""

    @pytest.fixture(params=[{"unit": "disparity"}, {"unit": "m"}, {}])
    def estimator(self, request, tmp_path) -> DepthEstimator:
        np.savez(tmp_path / "depth.npz", depth=ramp())
        return DepthFromFile(DepthFile(file=tmp_path / "depth.npz", **request.param))

    def test_the_folder_holds_what_the_file_means_and_nothing_is_left_beside_it(self, estimator, tmp_path):
        listener = Listener()
        depth = estimator.estimate(clip(tmp_path), tmp_path / "made" / "depth", progress=listener)
        loaded = DepthVideo.load(tmp_path / "made" / "depth")
        direct = open_depth_file(estimator.file, clip(tmp_path))
        assert [path.name for path in (tmp_path / "made").iterdir()] == ["depth"]
        assert (depth.width, depth.height, depth.frame_count) == (WIDTH, HEIGHT, COUNT)
        assert depth.statistics == loaded.statistics == direct.statistics
        assert depth.metric is direct.metric
        for ours, theirs in zip(everything(loaded), everything(direct), strict=True):
            assert np.array_equal(ours, theirs)
        assert listener.frames == COUNT
        assert depth.assumed == ("depth from depth.npz", *direct.assumed)
        assert listener.said == ["depth from depth.npz"]

    def test_the_same_file_gives_the_same_bytes(self, estimator, tmp_path):
        for folder in ("one", "two"):
            estimator.estimate(clip(tmp_path), tmp_path / folder)
        for name in ("depth.zip", "depth.json"):
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()

    def test_a_file_that_cannot_be_used_leaves_nothing(self, estimator, tmp_path):
        with pytest.raises(MediaError, match="has 4 frames"):
            estimator.estimate(clip(tmp_path, count=COUNT + 1), tmp_path / "folder")
        assert [path.name for path in tmp_path.iterdir()] == ["depth.npz"]

    def test_the_files_lens_stays(self, tmp_path):
        np.savez(tmp_path / "depth.npz", depth=ramp(), horizontal_angle_deg=60.0)
        made = DepthFromFile(DepthFile(file=tmp_path / "depth.npz")).estimate(clip(tmp_path), tmp_path / "folder")
        assert made.lens == Pinhole.from_horizontal_angle(WIDTH, HEIGHT, math.radians(60))
