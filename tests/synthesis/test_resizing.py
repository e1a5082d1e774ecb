"""Frames come to the working size as EX-4D brings them there, and back without aliasing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ex4d.synthesis.mask_erosion import erode
from ex4d.synthesis.resizing import from_working_size, to_working_size, visible_at_working_size

seeded = hypothesis_settings(derandomize=True, deadline=None, max_examples=60)
sides = st.integers(1, 40)
sizes = st.tuples(sides, sides)
SIZES = [
    ((640, 480), (512, 512)),
    ((1280, 720), (512, 512)),
    ((1024, 1024), (512, 512)),
    ((320, 180), (512, 512)),
    ((511, 513), (512, 512)),
    ((7, 5), (64, 48)),
    ((1, 1), (16, 16)),
    ((853, 480), (832, 480)),
    ((2048, 1080), (48, 16)),
]


def noise(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)


def obvious_twin(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mix four pixels by the formula, one axis after the other."""
    for axis, target in enumerate(size[::-1]):
        source = image.shape[axis]
        places = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
        first = np.floor(places).astype(int)
        share = (places - first).reshape([-1 if a == axis else 1 for a in range(image.ndim)])
        after = np.minimum(first + 1, source - 1)
        image = image.take(first, axis) * (1 - share) + image.take(after, axis) * share
    return image


@seeded
@given(sizes, sizes, st.integers(0, 99))
def test_frames_are_bilinear_between_pixel_centres(old, new, seed):
    image = noise(old, seed)

    resized = to_working_size(image, new)

    assert resized.shape == (new[1], new[0], 3)
    assert np.abs(resized - obvious_twin(image, new)).max() < 1


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_frames_are_opencv_s_bit_for_bit(old, new):
    cv2 = pytest.importorskip("cv2", reason="compares with OpenCV, which only the benches need")
    image = noise(old)

    np.testing.assert_array_equal(to_working_size(image, new), cv2.resize(image, new))


def test_fixed_point_arithmetic_rounds_as_opencv_s():
    """Held fast where OpenCV is not installed: what cv2 5.0 makes of these."""
    image = noise((3, 2))

    np.testing.assert_array_equal(
        to_working_size(image, (5, 4))[..., 0],
        [[95, 144, 217, 96, 15], [125, 165, 225, 107, 29], [185, 207, 240, 129, 56], [215, 228, 248, 140, 69]],
    )


@pytest.mark.parametrize(("old", "new"), SIZES)
@pytest.mark.parametrize("kernel", [2, 5])
def test_masks_are_those_that_the_reference_erodes_before_it_takes_the_half(old, new, kernel):
    cv2 = pytest.importorskip("cv2", reason="compares with OpenCV, which only the benches need")
    visible = np.random.default_rng(1).random(old[::-1]) < 0.97

    gray = cv2.resize(visible.astype(np.uint8) * 255, new)
    expected = cv2.erode(gray, np.ones((kernel, kernel), np.uint8)) / 255 > 0.5

    np.testing.assert_array_equal(erode(visible_at_working_size(visible, new), kernel), expected)


@seeded
@given(sizes, sizes)
def test_what_is_all_visible_or_all_hidden_stays_so(old, new):
    assert visible_at_working_size(np.ones(old[::-1], np.bool_), new).all()
    assert not visible_at_working_size(np.zeros(old[::-1], np.bool_), new).any()


@seeded
@given(sizes, sizes, st.integers(0, 255))
def test_one_colour_stays_that_colour_both_ways(old, new, level):
    image = np.full((old[1], old[0], 3), level, np.uint8)

    for resized in (to_working_size(image, new), from_working_size(image, new)):
        assert resized.shape == (new[1], new[0], 3)
        assert (resized == level).all()


def test_equal_sizes_pass_through_untouched():
    image, visible = noise((32, 16)), noise((32, 16))[..., 0] > 99

    assert to_working_size(image, (32, 16)) is image
    assert from_working_size(image, (32, 16)) is image
    assert visible_at_working_size(visible, (32, 16)) is visible


def test_the_way_back_averages_where_it_shrinks():
    checks = np.indices((64, 64)).sum(axis=0)[..., None].repeat(3, axis=2) % 2 * np.uint8(255)

    small = from_working_size(checks.astype(np.uint8), (16, 16))[2:-2, 2:-2]

    assert np.abs(small.astype(int) - 127).max() <= 2


def test_a_soft_picture_survives_both_ways():
    y, x = np.mgrid[:36, :64] / 10
    picture = (128 + 90 * np.sin(np.stack((x + y, x - y, x), axis=-1))).astype(np.uint8)

    there_and_back = from_working_size(to_working_size(picture, (128, 64)), (64, 36))

    assert np.abs(there_and_back.astype(int) - picture)[2:-2, 2:-2].max() <= 3
