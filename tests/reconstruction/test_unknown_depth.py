"""Unknown depth continues the background, and never becomes a wall at distance 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ReconstructionError
from ex4d.media.image_files import read_gray16
from ex4d.reconstruction.unknown_depth import fill_unknown
from tests.shared_data import shared_data


def scene(seed: int, height: int, width: int, share: float):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.5, 9, (height, width)).astype(np.float32)
    known = rng.uniform(size=depth.shape) < share
    known[rng.integers(height), rng.integers(width)] = True
    return np.where(known, depth, rng.choice([0, -1, np.nan, np.inf])).astype(np.float32), known


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(2, 40), st.floats(0, 1))
def test_known_depth_is_kept_and_the_rest_lies_among_it(seed, height, width, share):
    depth, known = scene(seed, height, width, share)
    filled = fill_unknown(depth, known)
    assert np.array_equal(filled[known], depth[known])
    low, high = depth[known].min(), depth[known].max()
    assert (filled >= low * (1 - 1e-5)).all()
    assert (filled <= high * (1 + 1e-5)).all()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(0.3, 1))
def test_filling_does_not_depend_on_the_unit_or_on_the_side(seed, share):
    depth, known = scene(seed, 20, 30, share)
    filled = fill_unknown(depth, known)
    assert np.allclose(fill_unknown(depth * np.float32(1000), known), filled * 1000, rtol=1e-4)
    mirrored = fill_unknown(np.ascontiguousarray(depth[:, ::-1]), np.ascontiguousarray(known[:, ::-1]))
    assert np.allclose(mirrored[:, ::-1], filled, rtol=1e-4)


def test_where_everything_is_known_nothing_is_touched():
    depth = np.ones((4, 5), np.float32)
    assert fill_unknown(depth, np.ones((4, 5), bool)) is depth


def test_the_argument_is_not_written():
    depth, known = scene(1, 20, 20, 0.5)
    before = depth.copy()
    fill_unknown(depth, known)
    assert np.array_equal(depth, before, equal_nan=True)


def test_nothing_known_is_an_error():
    with pytest.raises(ReconstructionError, match="no depth is known"):
        fill_unknown(np.ones((4, 5), np.float32), np.zeros((4, 5), bool))


def test_a_hole_in_a_plane_continues_the_plane():
    """1/z of a plane is linear in the image, and is carried over linearly."""
    rows, columns = np.mgrid[:60, :80]
    plane = (1 / (0.2 + 0.002 * columns + 0.001 * rows)).astype(np.float32)
    known = (rows - 30) ** 2 + (columns - 40) ** 2 > 15**2
    filled = fill_unknown(np.where(known, plane, 0).astype(np.float32), known)
    assert np.abs(filled / plane - 1).max() < 0.02


@pytest.mark.parametrize("side", ["left", "right", "above", "below"])
def test_a_shadow_beside_a_near_thing_is_the_background(side):
    depth = np.full((60, 60), 4, np.float32)
    depth[20:40, 20:40] = 1
    shadow = {"left": np.s_[20:40, 12:20], "right": np.s_[20:40, 40:48], "above": np.s_[12:20, 20:40],
              "below": np.s_[40:48, 20:40]}[side]  # fmt: skip
    known = np.ones(depth.shape, bool)
    known[shadow] = False
    assert np.allclose(fill_unknown(np.where(known, depth, 0), known)[shadow], 4, rtol=0.02)


def test_real_shadows_are_the_background_and_far_better_than_the_nearest_pixel():
    """Known strips beside real edges, on their far side, are hidden: how much of them comes back too near?"""
    from scipy.ndimage import distance_transform_edt

    rng = np.random.default_rng(5)
    near_share, near_share_of_nearest, errors = [], [], []
    for index in (0, 100, 200):
        depth = read_gray16(shared_data("redkitchen") / f"{index:04}.depth.png").astype(np.float32) / 1000
        hidden = strips(depth, rng)
        known = (depth > 0) & ~hidden
        filled = fill_unknown(depth, known)
        nearest = depth[tuple(distance_transform_edt(~known, return_distances=False, return_indices=True))]
        near_share.append((filled < 0.9 * depth)[hidden].mean())
        near_share_of_nearest.append((nearest < 0.9 * depth)[hidden].mean())
        errors.append(np.abs(filled / np.maximum(depth, 1e-3) - 1)[hidden])
    assert np.mean(near_share) < 0.25
    assert np.mean(near_share) < 0.5 * np.mean(near_share_of_nearest)
    assert np.median(np.concatenate(errors)) < 0.01


def strips(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pixels up to 20 px from a horizontal jump of 15 %, on its far side."""
    hidden = np.zeros(depth.shape, bool)
    gap = 3
    left, right = depth[:, :-gap], depth[:, gap:]
    width = int(rng.integers(6, 20))
    for row, column in np.argwhere((left > 0) & (right > 1.15 * left)):
        span = np.s_[row, column + 1 : column + gap + width]
        hidden[span] |= depth[span] > 1.12 * depth[row, column]
    for row, column in np.argwhere((right > 0) & (left > 1.15 * right)):
        span = np.s_[row, max(0, column - width) : column + gap]
        hidden[span] |= depth[span] > 1.12 * depth[row, column + gap]
    return hidden
