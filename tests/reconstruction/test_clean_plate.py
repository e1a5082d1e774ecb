"""What one frame hides, another shows: and only where the source's camera stands still."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.reconstruction.clean_plate import gather_plate

HEIGHT, WIDTH = 36, 48
Frame = tuple[np.ndarray, np.ndarray, np.ndarray]


def wall(seed: int = 3) -> np.ndarray:
    """A texture of 4-pixel squares."""
    squares = np.random.default_rng(seed).integers(30, 220, (HEIGHT // 4, WIDTH // 4, 3)).astype(np.uint8)
    return squares.repeat(4, axis=0).repeat(4, axis=1)


def frame(left: int, texture: np.ndarray, depth_noise: np.ndarray | None = None) -> Frame:
    """The wall at 4, and before it a red square at 2 whose left side is at column ``left``."""
    colour, depth = texture.copy(), np.full((HEIGHT, WIDTH), 4.0, np.float32)
    if depth_noise is not None:
        depth *= depth_noise
    colour[10:26, left : left + 12] = (250, 10, 10)
    depth[10:26, left : left + 12] = 2.0
    return colour, depth, np.ones((HEIGHT, WIDTH), bool)


@given(st.lists(st.integers(0, WIDTH - 12), min_size=2, max_size=8), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_plate_is_the_wall_wherever_any_frame_showed_it(lefts: list[int], seed: int) -> None:
    texture = wall(seed)
    plate = gather_plate(frame(left, texture) for left in lefts)
    assert plate is not None
    ever = np.zeros((HEIGHT, WIDTH), bool)
    for left in lefts:
        ever |= frame(left, texture)[1] > 3
    sightings = sum((frame(left, texture)[1] > 3).astype(int) for left in lefts)
    sure = ever & (sightings >= 2)
    np.testing.assert_array_equal(plate.colour[sure], texture[sure])
    np.testing.assert_allclose(plate.depth[sure], 4.0, rtol=1e-5)


def test_noise_of_depth_and_colour_is_averaged() -> None:
    rng = np.random.default_rng(1)
    texture = wall()
    frames = []
    for left in (0, 12, 24, 36) * 4:
        colour, depth, known = frame(left, texture, 1 + 0.01 * rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32))
        noisy = np.clip(colour + rng.normal(0, 6, colour.shape), 0, 255).astype(np.uint8)
        frames.append((noisy, depth, known))
    plate = gather_plate(frames)
    assert plate is not None
    assert np.abs(plate.colour.astype(int) - texture).mean() < 2.5
    assert np.abs(plate.depth / 4 - 1).mean() < 0.01


def test_one_slip_of_the_depth_far_behind_the_wall_is_not_believed() -> None:
    texture = wall()
    frames = [frame(left, texture) for left in (0, 12, 24, 36)]
    frames[2][1][3, 5] = 40.0
    plate = gather_plate(frames)
    assert plate is not None
    assert abs(plate.depth[3, 5] - 4) < 0.01
    np.testing.assert_array_equal(plate.colour[3, 5], texture[3, 5])


def test_what_was_never_known_stays_unknown() -> None:
    frames = [frame(left, wall()) for left in (0, 24)]
    for _, _, known in frames:
        known[30:, 40:] = False
    plate = gather_plate(frames)
    assert plate is not None
    np.testing.assert_array_equal(plate.known, frames[0][2])


def test_a_camera_that_moves_has_no_plate() -> None:
    texture = wall()
    frames = [frame(10, np.roll(texture, shift, axis=1)) for shift in (0, 7, 14)]
    assert gather_plate(frames) is None


def test_a_cut_in_the_source_has_no_plate() -> None:
    assert gather_plate([frame(0, wall(1)), frame(12, wall(1)), frame(0, wall(2))]) is None


def test_no_frames_have_no_plate() -> None:
    assert gather_plate([]) is None


def test_the_plate_takes_on_the_exposure_of_a_frame_also_behind_what_moves() -> None:
    texture = wall()
    plate = gather_plate(frame(left, texture) for left in (0, 12, 24, 36))
    assert plate is not None
    colour, depth, known = frame(20, texture)
    lit_wall = np.clip(texture * np.array([1.25, 1.0, 0.8]), 0, 255)
    lit = plate.in_light_of(np.where((depth > 3)[..., None], lit_wall, colour).astype(np.uint8), depth, known)
    assert np.abs(lit.astype(float) - lit_wall)[lit_wall.max(axis=-1) < 250].max() <= 3


def test_in_its_own_light_the_plate_stays_as_it_is() -> None:
    texture = wall()
    plate = gather_plate(frame(left, texture) for left in (0, 24))
    assert plate is not None
    lit = plate.in_light_of(*frame(10, texture))
    assert np.abs(lit.astype(int) - plate.colour).max() <= 1
