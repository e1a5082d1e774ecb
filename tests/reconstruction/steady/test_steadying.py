"""Frames that chose scale and shift for themselves become one clip again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.geometry.pinhole import Pinhole
from ex4d.media.depth_files import open_raw_depth
from ex4d.reconstruction.steady.metric_steadying import MetricSteadying
from ex4d.reconstruction.steady.scale_and_shift import aligning
from ex4d.reconstruction.steady.steadying import Steadying
from tests.reconstruction.steady.moving_camera import Filmed, filmed, walk
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


def pattern(seed: int = 1) -> np.ndarray:
    """Colours of twice as many pixels as the relief, with a corner everywhere."""
    random = np.random.default_rng(seed)
    return np.kron(random.integers(0, 256, (HEIGHT // 3, WIDTH // 3 + 1, 3)), np.ones((6, 6, 1))).astype(np.uint8)[
        : 2 * HEIGHT, : 2 * WIDTH
    ]


PLAIN = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def with_passer_by(scene: np.ndarray) -> list[np.ndarray]:
    """A tall figure, an eighth of the picture, walks through it and comes nearer."""
    frames = []
    for index in range(FRAMES):
        frame = scene.copy()
        frame[10:, index : index + 12] = 2.0 + 0.05 * index
        frames.append(frame)
    return frames


def passer_by_filmed() -> list[np.ndarray]:
    frames = []
    for index in range(FRAMES):
        frame = pattern()
        frame[20:, 2 * index : 2 * index + 24] = pattern(seed=2)[20:, :24]
        frames.append(frame)
    return frames


def disturbed(frames: list[np.ndarray], seed: int = 4) -> list[np.ndarray]:
    """Give each frame a scale within 0.5 to 2 and a shift within -1 to 1, all but the first."""
    random = np.random.default_rng(seed)
    pairs = [(1.0, 0.0), *((float(2 ** random.uniform(-1, 1)), random.uniform(-1, 1)) for _ in frames[1:])]
    return [(scale * frame + shift).astype(np.float32) for frame, (scale, shift) in zip(frames, pairs, strict=True)]


def steadied(frames: list[np.ndarray], colours: list[np.ndarray] | None = None) -> np.ndarray:
    steadying = Steadying()
    colours = colours or [PLAIN] * len(frames)
    return np.stack([steadying.steadied(frame, colour) for frame, colour in zip(frames, colours, strict=True)])


def rules(clip: Filmed, **options: object) -> list[str]:
    steadying = Steadying(**options)
    for disparity, colour in zip(clip.disparity, clip.colour, strict=True):
        steadying.steadied(disparity, colour)
    return [each.rule for each in steadying.alignments]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(0.05, 20), st.floats(-50, 50), st.integers(0, 1000))
def test_scale_and_shift_are_found_whatever_a_quarter_of_the_points_does(scale: float, shift: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(1, 5, 4000)
    reference = scale * points + shift
    reference[random.permutation(4000)[:1000]] += scale * random.uniform(0.5, 30)
    assert aligning(points, reference) == pytest.approx((scale, shift), rel=1e-6, abs=1e-6 * max(1, scale))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.floats(0.05, 20), st.integers(0, 1000))
def test_metres_are_only_scaled_whatever_a_quarter_of_the_points_does(scale: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(1, 5, 4000)
    reference = scale * points
    reference[random.permutation(4000)[:1000]] += scale * random.uniform(0.5, 30)
    assert aligning(points, reference, metric=True) == pytest.approx((scale, 0), rel=1e-6)


def test_what_needs_no_change_gets_none() -> None:
    points = relief().astype(np.float64).ravel()
    assert aligning(points, points) == pytest.approx((1, 0))


def test_without_relief_the_scale_stays() -> None:
    assert aligning(np.full(50, 3.0), np.full(50, 5.0)) == (1.0, 2.0)


def test_the_first_frame_is_the_measure() -> None:
    np.testing.assert_array_equal(Steadying().steadied(relief(), pattern()), relief())


@pytest.mark.parametrize("textured", [True, False])
def test_disturbance_is_removed_from_a_clip_in_which_somebody_walks(textured: bool) -> None:
    true = with_passer_by(relief())
    colours = passer_by_filmed() if textured else None
    np.testing.assert_allclose(steadied(disturbed(true), colours), np.stack(true), atol=1e-4)


def test_noise_does_not_shrink_the_scale_over_time() -> None:
    """Ordinary least squares would lose 0.4 % a frame here, and half of all relief in 160."""
    random = np.random.default_rng(2)
    noise = 0.03
    frames = [relief() + random.normal(0, noise, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(160)]
    for colours in (None, [pattern()] * 160):
        last = steadied(disturbed(frames), colours)[-1]
        assert last.std() == pytest.approx(frames[0].std(), rel=0.1)


def test_a_camera_that_stands_still_is_compared_with_its_first_frame_for_ever() -> None:
    steadying = Steadying()
    random = np.random.default_rng(3)
    pairs = [(1.0, 0.0), *((float(random.uniform(0.5, 2)), float(random.uniform(-1, 1))) for _ in range(29))]
    for scale, shift in pairs:
        noisy = pattern() // 2 + random.integers(0, 9, pattern().shape).astype(np.uint8)
        made = steadying.steadied((scale * relief() + shift).astype(np.float32), noisy)
    assert [each.rule for each in steadying.alignments[1:]] == ["still"] * 29
    np.testing.assert_allclose(made, relief(), atol=1e-5)


def test_a_camera_that_walks_is_followed() -> None:
    clip = filmed(walk(12))
    made = steadied(disturbed(list(clip.disparity)), list(clip.colour))
    assert np.median(np.abs(made / clip.disparity - 1)) < 0.02
    assert np.median(np.abs(steadied(disturbed(list(clip.disparity))) / clip.disparity - 1)) > 0.05
    assert rules(clip) == ["first", *["moving"] * 11]
    assert rules(Filmed(clip.disparity, np.full_like(clip.colour, 99))) == ["first", *["place"] * 11]


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.floats(0.1, 10), st.floats(-3, 3), st.floats(0.1, 10), st.integers(1, 5))
def test_the_numbers_a_frame_chose_do_not_show(scale: float, shift: float, unit: float, which: int) -> None:
    """Whatever one frame's scale and shift were, and in whatever unit all are, the result is the same."""
    clip = filmed(walk(6))
    colours, plain = list(clip.colour), [each.astype(np.float32) for each in clip.disparity]
    spoiled = [np.float32(unit) * each for each in plain]
    spoiled[which] = (scale * spoiled[which] + shift * unit).astype(np.float32)
    np.testing.assert_allclose(steadied(spoiled, colours) / unit, steadied(plain, colours), rtol=2e-3, atol=2e-4)


def test_the_disparity_of_infinity_is_told_by_the_camera_s_motion() -> None:
    clip = filmed(walk(12))
    steadying = Steadying()
    for disparity, colour in zip(clip.disparity + np.float32(0.7), clip.colour, strict=True):
        steadying.steadied(disparity, colour)
    assert steadying.infinity == pytest.approx(0.7, abs=0.05)


def test_metres_come_back_by_the_median_frame() -> None:
    clip = filmed(walk(9))
    steadying = MetricSteadying()
    scales = np.array([2.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0, 0.7, 1.0])
    made = [
        steadying.steadied((each * np.float32(scale)), colour)
        for each, scale, colour in zip(clip.disparity, scales, clip.colour, strict=True)
    ]
    np.testing.assert_allclose(np.stack(made) / 2, clip.disparity, rtol=0.02)
    assert steadying.factor == pytest.approx(2.0, rel=0.01)


def test_the_same_clip_is_steadied_to_the_same_bits() -> None:
    clip = filmed(walk(6))
    once, again = (steadied(disturbed(list(clip.disparity)), list(clip.colour)) for _ in range(2))
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize(("lens_deg", "most"), [(45.0, 0.03), (54.0, 0.01), (70.0, 0.045)])
def test_a_wrong_lens_is_better_than_no_motion(lens_deg: float, most: float) -> None:
    """After one scale and shift for the clip; the same pixels are 5 % off."""
    clip = filmed(walk(12))
    steadying = Steadying(Pinhole.from_horizontal_angle(1920, 1440, np.radians(lens_deg)))
    given = disturbed(list(clip.disparity))
    made = np.stack([steadying.steadied(*each) for each in zip(given, clip.colour, strict=True)])
    assert off_truth(made, clip) < most
    assert off_truth(steadied(given), clip) > 0.05


def off_truth(made: np.ndarray, clip: Filmed) -> float:
    scale, shift = aligning(made.astype(np.float64).ravel(), clip.disparity.astype(np.float64).ravel())
    return float(np.median(np.abs((scale * made + shift) / clip.disparity - 1)))


@pytest.mark.parametrize("metric", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (4, 200), (14, 14)])
def test_pictures_too_small_to_follow_are_compared_by_their_pixels(size: tuple[int, int], metric: bool) -> None:
    random = np.random.default_rng(7)
    steadying = Steadying(metric=metric)
    for _ in range(3):
        disparity = random.uniform(0.5, 1, size).astype(np.float32)
        assert np.isfinite(steadying.steadied(disparity, random.integers(0, 256, (*size, 3)).astype(np.uint8))).all()
    assert steadying.unfollowed == 2


@pytest.mark.parametrize("metric", [False, True])
def test_frames_without_relief_stay_as_they_are(metric: bool) -> None:
    steadying, clip = Steadying(metric=metric), filmed(walk(3))
    for colour in clip.colour:
        np.testing.assert_array_equal(steadying.steadied(np.zeros((30, 40), np.float32), colour), 0)


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
