"""What is particular to Depth Anything: how it sees pictures, its metres, and its frames made one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ReconstructionError
from ex4d.reconstruction import depth_anything
from ex4d.reconstruction.depth_anything import DepthAnything
from tests.reconstruction.estimator_kinds import filmed, pictures
from tests.tiny_depth_model import METRIC, write_tiny_weights

SIZE = (62, 46)
SIDES = st.integers(40, 300)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("relative"))


@pytest.fixture(scope="session")
def metric_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("metric"), metric=True)


@pytest.fixture(scope="session")
def model(weights: Path) -> depth_anything._Model:
    return depth_anything._load(weights, "cpu")


@settings(max_examples=25, deadline=None)
@given(SIDES, SIDES)
def test_pictures_are_prepared_to_the_bit_as_the_library_prepares_them(
    weights: Path, model: depth_anything._Model, width: int, height: int
) -> None:
    from transformers import DPTImageProcessorPil

    (frame,) = pictures(1, (width, height))
    theirs = DPTImageProcessorPil.from_pretrained(weights)(images=frame, return_tensors="pt")["pixel_values"]
    ours = model.prepared(depth_anything.resized(frame, model.size_for((width, height), None))[None])
    assert ours.shape == theirs.shape
    assert (ours == theirs).all()


@pytest.mark.parametrize("count", [1, 3, 5])
def test_frames_that_are_seen_together_are_seen_as_if_alone(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """As on a GPU: in batches, the last of which may be fewer."""
    clip = filmed(tmp_path / "a.mkv", pictures(count, SIZE))
    alone = DepthAnything(weights, "cpu").estimate(clip, tmp_path / "alone")
    sizes = []
    true = depth_anything._Model.disparities

    def counted(model: depth_anything._Model, seen: np.ndarray, given: tuple[int, int]) -> np.ndarray:
        sizes.append(len(seen))
        return true(model, seen, given)

    monkeypatch.setattr(depth_anything._Model, "together", 3)
    monkeypatch.setattr(depth_anything._Model, "disparities", counted)
    together = DepthAnything(weights, "cpu").estimate(clip, tmp_path / "together")
    assert sizes == {1: [1], 3: [3], 5: [3, 2]}[count]
    for (ours, _), (theirs, _) in zip(together.frames(range(count)), alone.frames(range(count)), strict=True):
        np.testing.assert_allclose(1 / ours, 1 / theirs, rtol=0, atol=1e-4)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8000), st.integers(1, 8000), st.integers(64, 16384))
def test_the_longest_side_is_what_is_asked_for_and_the_other_in_its_shape(
    model: depth_anything._Model, width: int, height: int, longest: int
) -> None:
    seen = model.size_for((width, height), longest)
    assert max(seen) == longest // 14 * 14
    assert all(side % 14 == 0 and side > 0 for side in seen)
    wanted = (max(seen) * side / max(width, height) for side in (width, height))
    assert all(abs(side - want) <= 7 or side == 14 for side, want in zip(seen, wanted, strict=True))


def test_more_pixels_are_seen_and_given_where_they_are_asked_for(weights: Path, tmp_path: Path) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(1, (300, 200)))
    for longest, size in ((None, (84, 56)), (140, (140, 98)), (64, (56, 42)), (1000, (300, 200))):
        depth = DepthAnything(weights, "cpu", longest).estimate(clip, tmp_path / "depth")
        assert (depth.width, depth.height) == size


def test_a_clip_without_depth_is_said_to_have_none(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        depth_anything._Model, "disparities", lambda _, seen, size: np.full((len(seen), *size[::-1]), 0.5, np.float32)
    )
    with pytest.raises(ReconstructionError, match="finds no depth"):
        DepthAnything(weights, "cpu").estimate(filmed(tmp_path / "a.mkv", pictures(2, SIZE)), tmp_path / "depth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv"]


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused_with_their_frame(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: float
) -> None:
    true = depth_anything._Model.disparities
    seen = iter([False, True, False])

    def spoiled(model: depth_anything._Model, *arguments: object) -> np.ndarray:
        disparity = true(model, *arguments)  # type: ignore[arg-type]
        disparity[0, 3, 5] = number if next(seen) else disparity[0, 3, 5]
        return disparity

    monkeypatch.setattr(depth_anything._Model, "disparities", spoiled)
    with pytest.raises(ReconstructionError, match="frame 1 are not finite"):
        DepthAnything(weights, "cpu").estimate(filmed(tmp_path / "a.mkv", pictures(3, SIZE)), tmp_path / "depth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv"]


def disturb(monkeypatch: pytest.MonkeyPatch, *by: tuple[float, float]) -> None:
    """Have each frame's disparity, or 1 / metres, multiplied and shifted."""
    true, coming = depth_anything._Model.disparities, iter(by)

    def disturbed(model: depth_anything._Model, *arguments: object) -> np.ndarray:
        scale, shift = next(coming)
        return (scale * true(model, *arguments) + shift).astype(np.float32)  # type: ignore[arg-type]

    monkeypatch.setattr(depth_anything._Model, "disparities", disturbed)


def test_frames_whose_disparity_is_disturbed_become_the_same_depth(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE) * 3)
    plain = DepthAnything(weights, "cpu").estimate(clip, tmp_path / "plain")
    disturb(monkeypatch, (1.0, 0.0), (0.4, 100.0), (3.0, -50.0))
    steady = DepthAnything(weights, "cpu").estimate(clip, tmp_path / "steady")
    for (ours, _), (theirs, _) in zip(steady.frames(range(3)), plain.frames(range(3)), strict=True):
        near = theirs < 100
        np.testing.assert_allclose(ours[near], theirs[near], rtol=1e-3)


def test_metres_are_what_the_network_says(metric_weights: Path, tmp_path: Path) -> None:
    import torch
    from transformers import DepthAnythingForDepthEstimation, DPTImageProcessorPil

    (frame,) = pictures(1, (300, 200))
    network = DepthAnythingForDepthEstimation.from_pretrained(metric_weights)
    with torch.inference_mode():
        pixels = DPTImageProcessorPil.from_pretrained(metric_weights)(images=frame, return_tensors="pt")["pixel_values"]
        expected = network(pixel_values=pixels).predicted_depth[0].numpy()
    depth = DepthAnything(metric_weights, "cpu").estimate(filmed(tmp_path / "a.mkv", [frame]), tmp_path / "depth")
    ((metres, _),) = depth.frames([0])
    np.testing.assert_allclose(metres, expected, rtol=1e-5)
    assert depth.metric
    assert 0 < metres.min() < metres.max() <= METRIC["max_depth"]


def test_the_metres_of_a_clip_are_those_that_half_of_its_frames_exceed(
    metric_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first frame's are wrong by a factor of 3, the last one's by 0.7; the three between agree."""
    clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE) * 5)
    plain = DepthAnything(metric_weights, "cpu").estimate(clip, tmp_path / "plain")
    disturb(monkeypatch, *((scale, 0.0) for scale in (3.0, 1.0, 1.0, 1.0, 0.7)))
    steady = DepthAnything(metric_weights, "cpu").estimate(clip, tmp_path / "steady")
    for (ours, _), (theirs, _) in zip(steady.frames(range(5)), plain.frames(range(5)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)
