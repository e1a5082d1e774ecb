"""A window's colours come back to those it was given, and equal ones are not touched."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ex4d.synthesis.colour_matching import GAINS, LARGEST_SHIFT, correction
from tests.synthesis.small_guides import static_frames

seeded = hypothesis_settings(derandomize=True, deadline=None, max_examples=40)
FRAMES, HEIGHT, WIDTH = 5, 32, 48
ALL = np.ones((FRAMES, HEIGHT, WIDTH), np.bool_)
PICTURES = np.stack([static_frames(1, (WIDTH, HEIGHT), seed)[0].colour for seed in range(FRAMES)])


def changed(frames: np.ndarray, gain: float, shift: tuple[float, float, float]) -> np.ndarray:
    return np.clip(np.rint((frames.astype(float) - 128) * gain + 128 + shift), 0, 255).astype(np.uint8)


@seeded
@given(arrays(np.uint8, (2, 17, 30, 3)), arrays(np.bool_, (2, 17, 30)))
def test_equal_frames_are_corrected_by_exactly_nothing(frames, visible):
    found = correction(frames, frames.copy(), visible)

    assert found.is_identity
    assert found.applied_to(frames) is frames


def test_equal_noise_is_corrected_by_exactly_nothing_where_there_is_plenty_of_it():
    frames = np.random.default_rng(2).integers(0, 256, (9, 64, 64, 3), np.uint8)
    visible = np.random.default_rng(3).random((9, 64, 64)) < 0.8

    assert correction(frames, frames.copy(), visible).is_identity


@seeded
@given(st.tuples(*[st.integers(-12, 12)] * 3))
def test_a_shift_of_each_channel_is_taken_back_exactly(shift):
    drawn = changed(PICTURES, 1.0, shift)

    matched = correction(drawn, PICTURES, ALL).applied_to(drawn)

    np.testing.assert_array_equal(matched, PICTURES)


@seeded
@given(st.floats(0.9, 1.12), st.tuples(*[st.floats(-8, 8)] * 3))
def test_a_gain_is_taken_back_to_a_level_and_a_half(gain, shift):
    drawn = changed(PICTURES, gain, shift)

    matched = correction(drawn, PICTURES, ALL).applied_to(drawn)

    inside = (drawn > 0) & (drawn < 255)
    assert np.abs(matched.astype(int) - PICTURES)[inside].mean() < 1.5


def test_only_what_is_visible_tells():
    drawn, visible = changed(PICTURES, 1.0, (5, -3, 2)), ALL.copy()
    visible[:, :, WIDTH // 2 :] = False
    drawn[:, :, WIDTH // 2 :] = 17

    matched = correction(drawn, PICTURES, visible).applied_to(drawn)

    np.testing.assert_array_equal(matched[visible], PICTURES[visible])


def test_a_part_that_shows_something_else_does_not_tell():
    drawn = changed(PICTURES, 1.0, (5, -3, 2))
    drawn[:, :16, :16] = 250

    matched = correction(drawn, PICTURES, ALL).applied_to(drawn)

    np.testing.assert_array_equal(matched[:, 16:], PICTURES[:, 16:])


def test_noise_changes_neither_brightness_nor_contrast():
    drawn = PICTURES + np.random.default_rng(4).normal(0, 10, PICTURES.shape)
    drawn = np.clip(np.rint(drawn), 0, 255).astype(np.uint8)

    table = correction(drawn, PICTURES, ALL).table.astype(int)

    assert np.abs(table - np.arange(256)[:, None]).max() <= 2


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (3, WIDTH), (16, 8)])
def test_where_too_little_is_visible_colours_stay(rows, columns):
    drawn, visible = changed(PICTURES, 1.0, (5, 5, 5)), np.zeros_like(ALL)
    visible[:, :rows, :columns] = True

    assert correction(drawn, PICTURES, visible).is_identity


def test_black_bars_and_burnt_out_skies_tell_nothing():
    target, drawn = PICTURES.copy(), changed(PICTURES, 1.0, (-6, -6, -6))
    target[:, :10], drawn[:, :10] = 0, 0
    target[:, -10:], drawn[:, -10:] = 255, 255

    matched = correction(drawn, target, ALL).applied_to(drawn)

    np.testing.assert_array_equal(matched[:, 10:-10], PICTURES[:, 10:-10])


@pytest.mark.parametrize("shift", [-20, 20])
def test_what_was_cut_off_at_black_or_white_does_not_tell(shift):
    target = np.random.default_rng(6).integers(4, 252, PICTURES.shape, np.uint8)
    drawn = changed(target, 1.0, (shift,) * 3)

    matched = correction(drawn, target, ALL).applied_to(drawn)

    whole = (drawn > 0) & (drawn < 255)
    np.testing.assert_array_equal(matched[whole], target[whole])


@pytest.mark.parametrize(("gain", "steepest", "flattest"), [(0.4, GAINS[1], 1.0), (2.5, 1.0, GAINS[0])])
def test_contrast_is_changed_within_bounds(gain, steepest, flattest):
    drawn = changed((PICTURES.astype(int) // 3 + 85).astype(np.uint8), gain, (0, 0, 0))

    table = correction(drawn, (PICTURES.astype(int) // 3 + 85).astype(np.uint8), ALL).table.astype(int)

    slopes = (table[180] - table[80]) / 100
    assert (slopes <= steepest + 0.01).all()
    assert (slopes >= flattest - 0.01).all()
    assert (np.abs(slopes - 1) > 0.1).all()


def test_nothing_but_black_is_left_alone():
    black = np.zeros_like(PICTURES)

    assert correction(black + np.uint8(9), black, ALL).is_identity


def test_another_picture_is_not_forced_into_this_one():
    drawn = np.full_like(PICTURES, 20)
    drawn[..., 1] = 250

    table = correction(drawn, PICTURES, ALL).table.astype(int)

    at = np.array([20, 250, 20]), np.arange(3)
    assert (np.abs(table[at] - at[0]) <= LARGEST_SHIFT).all()
    steps = np.diff(table[60:190], axis=0)
    assert steps.mean() <= GAINS[1]
