"""Erosion is OpenCV's, and its kernels are a matter of the seed alone."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ex4d.errors import UserError
from ex4d.synthesis.mask_erosion import DRAWN_KERNELS, erode, kernels

seeded = hypothesis_settings(derandomize=True, deadline=None)
masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.booleans(), fill=st.just(True))
sides = st.integers(0, 9)


def obvious_twin(visible: np.ndarray, kernel: int) -> np.ndarray:
    """Look at each pixel's square by itself."""
    before, after = kernel // 2, max(kernel, 1) - kernel // 2
    out = np.empty_like(visible)
    for y, x in np.ndindex(visible.shape):
        out[y, x] = visible[max(0, y - before) : y + after, max(0, x - before) : x + after].all()
    return out


@seeded
@given(masks, sides)
def test_a_pixel_stays_where_all_of_its_square_is_visible(visible, kernel):
    before = visible.copy()

    np.testing.assert_array_equal(erode(visible, kernel), obvious_twin(visible, kernel))
    np.testing.assert_array_equal(visible, before)


@pytest.mark.parametrize("kernel", range(1, 12))
def test_erosion_is_opencv_s(kernel):
    cv2 = pytest.importorskip("cv2", reason="compares with OpenCV, which only the benches need")
    visible = np.random.default_rng(kernel).random((37, 52)) < 0.98

    expected = cv2.erode(visible.astype(np.uint8) * 255, np.ones((kernel, kernel), np.uint8), iterations=1) > 0

    np.testing.assert_array_equal(erode(visible, kernel), expected)


def test_a_fully_visible_frame_stays_so_to_its_edge():
    assert erode(np.ones((9, 5), np.bool_), 8).all()


def test_a_window_is_eroded_in_well_under_half_a_second():
    """The bound is ten times what it takes on one core of 2023."""
    window = np.random.default_rng(0).random((49, 512, 512)) < 0.999
    started = time.perf_counter()

    for visible, kernel in zip(window, kernels(49, 0, None), strict=True):
        erode(visible, kernel)

    assert time.perf_counter() - started < 0.25


@seeded
@given(st.integers(0, 2**40), st.integers(1, 60), st.integers(0, 60))
def test_drawn_kernels_are_a_matter_of_the_seed_and_the_frame(seed, frame_count, more):
    drawn = kernels(frame_count, seed, None)

    assert kernels(frame_count + more, seed, None)[:frame_count] == drawn
    assert set(drawn) <= set(DRAWN_KERNELS)


def test_drawn_kernels_never_change():
    """Takes are known by their seed, so this is a promise to those who keep them."""
    assert kernels(8, 7, None) == (5, 6, 4, 5, 4, 2, 5, 4)


def test_every_kernel_of_the_reference_is_drawn_about_as_often():
    counts = np.bincount(kernels(7000, 1, None))

    assert len(counts) == 9
    assert counts[:2].sum() == 0
    assert (np.abs(counts[2:] - 1000) < 150).all()


def test_a_fixed_kernel_is_that_of_every_frame():
    assert kernels(3, 7, 5) == (5, 5, 5)
    assert kernels(2, 7, 0) == (0, 0)


def test_a_negative_kernel_is_refused():
    with pytest.raises(UserError, match="erode -1: write the pixels"):
        kernels(3, 7, -1)
