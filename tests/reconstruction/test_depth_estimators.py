"""The contract of every depth model, and what is particular to one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.depth_adapters import ADAPTERS
from ex4d.errors import MissingPart, ReconstructionError
from ex4d.media.probe import MediaInfo, probe
from ex4d.media.writing import LosslessWriter
from ex4d.reconstruction.depth_anything import DepthAnything
from ex4d.reconstruction.depth_estimator import DepthEstimator
from ex4d.shotlist.model import DepthModel
from tests.tiny_depth_model import write_tiny_weights

COUNT, SIZE = 4, (62, 46)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("models"))


def filmed(file: Path, frames: list[np.ndarray]) -> MediaInfo:
    with LosslessWriter(file, (frames[0].shape[1], frames[0].shape[0]), Fraction(12)) as video:
        for frame in frames:
            video.write(frame)
    return probe(file)


def pictures(count: int = COUNT, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    random = np.random.default_rng(8)
    blocks = random.integers(0, 255, (count, -(-size[1] // 8), -(-size[0] // 8), 3)).astype(np.uint8)
    return list(blocks.repeat(8, axis=1).repeat(8, axis=2)[:, : size[1], : size[0]])


class Counting:
    """A listener that counts."""

    def __init__(self) -> None:
        self.frames = 0
        self.said: list[str] = []

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None:
        self.frames += 1

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize("name", ADAPTERS)
class TestDepthEstimators:
    @pytest.fixture
    def estimator(self, name: str, weights: Path) -> DepthEstimator:
        return ADAPTERS[name].open((weights,), DepthModel(model=name), None)

    @pytest.mark.parametrize(("count", "size"), [(COUNT, SIZE), (1, SIZE), (2, (16, 48)), (2, (130, 34))])
    def test_there_is_depth_for_every_pixel_of_every_frame(
        self, estimator: DepthEstimator, tmp_path: Path, count: int, size: tuple[int, int]
    ) -> None:
        depth = estimator.estimate(filmed(tmp_path / "a.mkv", pictures(count, size)), tmp_path / "depth")
        assert (depth.width, depth.height, depth.frame_count) == (*size, count)
        frames = list(depth.frames(range(count)))
        assert len(frames) == count
        for values, known in frames:
            assert known.all()
            assert np.isfinite(values).all()
            assert values.min() > 0

    def test_the_same_clip_gives_the_same_bytes(self, estimator: DepthEstimator, tmp_path: Path) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures())
        for folder in ("one", "two"):
            estimator.estimate(clip, tmp_path / folder)
        for file in ("depth.zip", "depth.json"):
            assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()

    def test_the_folder_is_whole_and_nothing_is_left_beside_it(self, estimator: DepthEstimator, tmp_path: Path) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures())
        depth = estimator.estimate(clip, tmp_path / "made" / "depth")
        assert DepthVideo.load(tmp_path / "made" / "depth").statistics == depth.statistics
        assert [path.name for path in (tmp_path / "made").iterdir()] == ["depth"]

    def test_progress_is_told_of_each_frame_and_of_the_device(self, estimator: DepthEstimator, tmp_path: Path) -> None:
        listener = Counting()
        depth = estimator.estimate(filmed(tmp_path / "a.mkv", pictures()), tmp_path / "depth", progress=listener)
        assert listener.frames == COUNT
        assert tuple(listener.said) == depth.assumed
        assert depth.assumed[0].endswith((" on the CPU", " on the GPU"))

    def test_another_picture_has_another_depth(self, estimator: DepthEstimator, tmp_path: Path) -> None:
        depth = estimator.estimate(filmed(tmp_path / "a.mkv", pictures()), tmp_path / "depth")
        first, second = (values for values, _ in depth.frames([0, 1]))
        assert (first != second).mean() > 0.5

    def test_without_its_weights_nothing_is_made(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(MissingPart, match="cannot be loaded"):
            ADAPTERS[name].open((tmp_path / "nowhere",), DepthModel(model=name), None).estimate(
                filmed(tmp_path / "a.mkv", pictures()), tmp_path / "depth"
            )
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv"]


def test_a_checkpoint_that_lacks_a_tensor_is_refused_rather_than_filled_by_chance(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    file = write_tiny_weights(tmp_path) / "model.safetensors"
    tensors = load_file(file)
    tensors.pop("head.conv3.weight")
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(MissingPart, match=r"1 tensors .*head\.conv3\.weight"):
        DepthAnything(file.parent).estimate(filmed(tmp_path / "a.mkv", pictures()), tmp_path / "depth")


def test_a_clip_without_depth_is_said_to_have_none(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ex4d.reconstruction.depth_anything._Model.disparity",
        lambda _, frame: np.full(frame.shape[:2], 0.5, np.float32),
    )
    with pytest.raises(ReconstructionError, match="finds no depth"):
        DepthAnything(weights, "cpu").estimate(filmed(tmp_path / "a.mkv", pictures()), tmp_path / "depth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv"]


def test_frames_whose_disparity_is_disturbed_become_the_same_depth(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(1) * 3)
    plain = DepthAnything(weights, "cpu").estimate(clip, tmp_path / "plain")
    seen = iter([(1.0, 0.0), (0.4, 100.0), (3.0, -50.0)])
    from ex4d.reconstruction import depth_anything

    disparity = depth_anything._Model.disparity

    def disturbed(model: depth_anything._Model, frame: np.ndarray) -> np.ndarray:
        scale, shift = next(seen)
        return (scale * disparity(model, frame) + shift).astype(np.float32)

    monkeypatch.setattr(depth_anything._Model, "disparity", disturbed)
    steady = DepthAnything(weights, "cpu").estimate(clip, tmp_path / "steady")
    for (ours, _), (theirs, _) in zip(steady.frames(range(3)), plain.frames(range(3)), strict=True):
        near = theirs < 100
        np.testing.assert_allclose(ours[near], theirs[near], rtol=1e-3)
