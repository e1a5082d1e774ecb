"""Frames that chose scale and shift for themselves become one clip again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.media.depth_files import open_raw_depth
from ex4d.reconstruction.steadying import Steadying, aligning
from tests.shared_data import shared_data

FRAMES, HEIGHT, WIDTH = 40, 60, 80


def relief(seed: int = 1) -> np.ndarray:
    """Disparity of a sloping floor with boxes on it."""
    random = np.random.default_rng(seed)
    scene = np.linspace(0.2, 1.0, HEIGHT)[:, None] * np.ones(WIDTH)
    for _ in range(12):
        row, column = random.integers(0, HEIGHT - 10), random.integers(0, WIDTH - 10)
        scene[row : row + 10, column : column + 10] = random.uniform(0.2, 2.0)
    return scene.astype(np.float32)


def with_passer_by(scene: np.ndarray) -> list[np.ndarray]:
    """A tall figure, an eighth of the picture, walks through it and comes nearer."""
    frames = []
    for index in range(FRAMES):
        frame = scene.copy()
        frame[10:, index : index + 12] = 2.0 + 0.05 * index
        frames.append(frame)
    return frames


def disturbed(frames: list[np.ndarray], seed: int = 4) -> list[np.ndarray]:
    """Give each frame a scale within 0.5 to 2 and a shift within -1 to 1, all but the first."""
    random = np.random.default_rng(seed)
    pairs = [(1.0, 0.0), *((float(2 ** random.uniform(-1, 1)), random.uniform(-1, 1)) for _ in frames[1:])]
    return [(scale * frame + shift).astype(np.float32) for frame, (scale, shift) in zip(frames, pairs, strict=True)]


def steadied(frames: list[np.ndarray]) -> np.ndarray:
    steadying = Steadying()
    return np.stack([steadying.steadied(frame) for frame in frames])


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(0.05, 20), st.floats(-50, 50), st.integers(0, 1000))
def test_scale_and_shift_are_found_whatever_a_quarter_of_the_points_does(scale: float, shift: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(1, 5, 4000)
    reference = scale * points + shift
    reference[random.permutation(4000)[:1000]] += scale * random.uniform(0.5, 30)
    assert aligning(points, reference) == pytest.approx((scale, shift), rel=1e-6, abs=1e-6 * max(1, scale))


def test_what_needs_no_change_gets_none() -> None:
    points = relief().astype(np.float64).ravel()
    assert aligning(points, points) == pytest.approx((1, 0))


def test_without_relief_the_scale_stays() -> None:
    assert aligning(np.full(50, 3.0), np.full(50, 5.0)) == (1.0, 2.0)


def test_the_first_frame_is_the_measure() -> None:
    np.testing.assert_array_equal(Steadying().steadied(relief()), relief())


def test_disturbance_is_removed_from_a_clip_in_which_somebody_walks() -> None:
    true = with_passer_by(relief())
    np.testing.assert_allclose(steadied(disturbed(true)), np.stack(true), atol=1e-4)


def test_noise_does_not_shrink_the_scale_over_time() -> None:
    """Ordinary least squares would lose 0.4 % a frame here, and half of all relief in 160."""
    random = np.random.default_rng(2)
    noise = 0.03
    frames = [relief() + random.normal(0, noise, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(160)]
    last = steadied(disturbed(frames))[-1]
    assert last.std() == pytest.approx(frames[0].std(), rel=0.1)


def flicker(clip: np.ndarray) -> float:
    """Median change from frame to frame, in shares of the clip's own spread."""
    return float(np.median(np.abs(np.diff(clip, axis=0))) / clip.std())


def test_real_disparity_is_the_same_after_steadying_whether_it_was_disturbed_or_not() -> None:
    raw = open_raw_depth(shared_data("redkitchen") / "*.depth.png")
    depth = np.stack([frame[::4, ::4] for frame in raw.read(range(raw.frame_count))]).astype(np.float32)
    known = (depth > 0) & (depth < 20_000)
    true = np.float32(1000) / np.where(known, depth, np.median(depth[known])).astype(np.float32)
    spoiled = np.stack(disturbed(list(true)))
    made = steadied(list(spoiled))
    np.testing.assert_allclose(made, steadied(list(true)), atol=1e-3 * true.std())
    assert flicker(spoiled) > 10 * flicker(true)
    assert flicker(made) < flicker(true)
