"""What is particular to Depth Pro: its metres follow from one lens, and that from all frames."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ex4d.errors import ReconstructionError
from ex4d.reconstruction import depth_pro
from ex4d.reconstruction.depth_pro import DepthPro
from tests.reconstruction.estimator_kinds import filmed, pictures
from tests.tiny_depth_pro import SIDE, write_tiny_depth_pro

SIZE = (62, 46)
TRUE = depth_pro._Model.inverse_and_angle


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_depth_pro(tmp_path_factory.mktemp("models"))


@pytest.fixture
def model(weights: Path) -> depth_pro._Model:
    return depth_pro._load(weights, "cpu")


def answer(monkeypatch: pytest.MonkeyPatch, *answers: tuple[float, float]) -> None:
    """Have each frame's inverse depth multiplied, and its angle said, in degrees."""
    coming = iter(answers)

    def answered(model: depth_pro._Model, *arguments: object) -> tuple[np.ndarray, float]:
        scale, angle = next(coming)
        return np.float32(scale) * TRUE(model, *arguments)[0], angle  # type: ignore[arg-type]

    monkeypatch.setattr(depth_pro._Model, "inverse_and_angle", answered)


@pytest.mark.parametrize("size", [SIZE, (48, 80), (SIDE, SIDE), (400, 300)])
def test_metres_and_lens_of_a_frame_follow_from_what_the_network_says(
    weights: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    """1/z is C times width / focal length, and the angle is that of the width (section 3.1 of its paper)."""
    import torch
    from torch.nn.functional import interpolate
    from transformers import DepthProForDepthEstimation

    (frame,) = pictures(1, size)
    network = DepthProForDepthEstimation.from_pretrained(weights)
    with torch.inference_mode():
        square = interpolate(
            torch.tensor(frame.transpose(2, 0, 1)[None] / 127.5 - 1).float(), (SIDE, SIDE), mode="bilinear"
        )
        seen = network(pixel_values=square)
    depth = DepthPro(weights, "cpu").estimate(filmed(tmp_path / "a.mkv", [frame]), tmp_path / "depth")
    focal_px = size[0] / 2 / math.tan(math.radians(float(seen.field_of_view)) / 2)
    assert depth.lens is not None
    assert depth.lens.focal_px == pytest.approx(focal_px, rel=1e-5)
    given = (depth.height, depth.width)
    canonical = interpolate(seen.predicted_depth[None], given, mode="bilinear")[0, 0].numpy()
    ((metres, _),) = depth.frames([0])
    np.testing.assert_allclose(metres, focal_px / size[0] / np.maximum(canonical, 1e-4), rtol=1e-3)


@pytest.mark.parametrize(
    ("size", "given"), [(SIZE, SIZE), ((256, 256), (256, 256)), ((512, 288), (341, 192)), ((200, 800), (128, 512))]
)
def test_depth_has_as_many_pixels_as_the_network_looks_at_and_no_more_than_the_clip(
    model: depth_pro._Model, tmp_path: Path, size: tuple[int, int], given: tuple[int, int]
) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(1, size))
    assert model.size_for(clip) == given
    assert given[0] * given[1] <= SIDE * SIDE


def test_one_lens_is_taken_for_the_clip_and_all_metres_are_by_it(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE) * 5)
    answer(monkeypatch, *((1.0, angle) for angle in (120.0, 50.0, 10.0, 60.0, 45.0)))
    depth = DepthPro(weights, "cpu").estimate(clip, tmp_path / "depth")
    assert depth.lens is not None
    assert math.degrees(depth.lens.horizontal_angle) == pytest.approx(50.0)
    answer(monkeypatch, (1.0, 50.0))
    alone = DepthPro(weights, "cpu").estimate(filmed(tmp_path / "b.mkv", pictures(1, SIZE)), tmp_path / "alone")
    ((expected, _),) = alone.frames([0])
    for metres, _ in depth.frames(range(5)):
        np.testing.assert_allclose(metres, expected, rtol=1e-4)


def test_the_scale_of_the_clip_is_that_which_half_of_its_frames_exceed(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE) * 5)
    plain = DepthPro(weights, "cpu").estimate(clip, tmp_path / "plain")
    assert plain.lens is not None
    angle = math.degrees(plain.lens.horizontal_angle)
    answer(monkeypatch, *((scale, angle) for scale in (3.0, 1.0, 0.5, 1.0, 1.0)))
    steady = DepthPro(weights, "cpu").estimate(clip, tmp_path / "steady")
    for (ours, _), (theirs, _) in zip(steady.frames(range(5)), plain.frames(range(5)), strict=True):
        near = theirs < 100
        np.testing.assert_allclose(ours[near], theirs[near], rtol=1e-3)


def test_half_precision_says_the_same_but_for_its_digits(model: depth_pro._Model) -> None:
    (frame,) = pictures(1, SIZE)
    whole, angle = model.inverse_and_angle(frame, SIZE)
    half, its_angle = replace(model, network=model.network.half()).inverse_and_angle(frame, SIZE)
    assert its_angle == pytest.approx(angle, rel=1e-3)
    assert np.median(np.abs(half / whole - 1)) < 2e-3
    assert half.dtype == np.float32


@pytest.mark.parametrize("angle", [0.0, -3.0, 180.0, math.nan])
def test_an_angle_that_no_lens_has_is_refused(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, angle: float
) -> None:
    answer(monkeypatch, (1.0, angle))
    with pytest.raises(ReconstructionError, match=r"under \S+ degrees; no lens does"):
        DepthPro(weights, "cpu").estimate(filmed(tmp_path / "a.mkv", pictures(1, SIZE)), tmp_path / "depth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv"]


def test_weights_without_the_head_for_the_lens_know_neither_lens_nor_metres(tmp_path: Path, weights: Path) -> None:
    clip = filmed(tmp_path / "a.mkv", pictures(2, SIZE))
    without = write_tiny_depth_pro(tmp_path, "without", lens=False)
    depth = DepthPro(without, "cpu").estimate(clip, tmp_path / "depth")
    assert (depth.lens, depth.metric) == (None, False)
    assert "no head for the lens" in depth.assumed[1]
    for values, known in depth.frames(range(2)):
        assert known.all()
        assert values.min() > 0
