"""Depth in colours: bright is near, whatever the unit; nothing that is known looks unknown."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.media.false_colour import HATCH, LONGEST, PreviewWriter, false_colour, panels, shades
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames

GRAY = np.array([0.2126, 0.7152, 0.0722])


def luminance(colours):
    """Of R'G'B' by the curve of sRGB."""
    values = colours / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4) @ GRAY


def row(*depth):
    return np.array([depth], np.float32)


def test_shades_rise_evenly_in_lightness_from_dark_to_bright():
    """By CIE's lightness, not the one they are made with."""
    y = luminance(shades().astype(np.float64))
    lightness = np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)
    assert (lightness[0] < 5, lightness[-1] > 95) == (True, True)
    eighths = np.diff(lightness[np.linspace(0, 255, 9).round().astype(int)])
    assert (eighths > 0.6 * 95 / 8).all()
    assert (eighths < 1.4 * 95 / 8).all()
    assert (np.diff(lightness) > -0.15).all()  # rounding to whole levels


def test_no_shade_is_gray_and_the_near_ones_are_warm():
    spread = np.ptp(shades().astype(int), axis=1)
    assert spread.min() >= 12
    near = shades()[128:].astype(int)
    assert (near[:, 0] > near[:, 1]).all()
    assert (near[:, 0] > near[:, 2]).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(0.25, 1024, width=32), min_size=2, max_size=40),
    st.floats(0.25, 512, width=32),
    st.floats(1.125, 512, width=32),
    st.sampled_from([0.001, 1000]),
)
def test_nearer_is_never_darker_and_units_do_not_matter(depths, near, times, unit):
    depth, known = row(*sorted(depths)), np.ones((1, len(depths)), bool)
    image = false_colour(depth, known, near, near * times)
    where = [int(np.flatnonzero((shades() == colour).all(axis=1))[0]) for colour in image[0]]
    assert where == sorted(where, reverse=True)
    scaled = false_colour(depth * np.float32(unit), known, near * unit, near * times * unit)
    again = [int(np.flatnonzero((shades() == colour).all(axis=1))[0]) for colour in scaled[0]]
    assert np.abs(np.subtract(where, again)).max() <= 1  # float32, at the border of two shades


def test_colours_are_even_in_inverse_depth_and_end_at_the_bounds():
    image = false_colour(row(1, 2, 4 / 3, 4, 1e9, 0.5), np.ones((1, 6), bool), 1.0, 4.0)[0]
    at = {0: 255, 1: 85, 2: 170, 3: 0, 4: 0, 5: 255}
    for pixel, shade in at.items():
        assert np.array_equal(image[pixel], shades()[shade])


def test_depth_of_one_value_has_one_colour_in_the_middle():
    image = false_colour(np.full((2, 3), 7, np.float32), np.ones((2, 3), bool), 7.0, 7.0)
    assert (image == shades()[128]).all()


def test_unknown_is_a_gray_hatch_whatever_its_depth_says():
    depth = np.full((16, 16), 0, np.float32)
    depth[0, 0], depth[1, 1] = np.nan, np.inf
    image = false_colour(depth, np.zeros((16, 16), bool), 1.0, 2.0)
    assert np.array_equal(np.unique(image), HATCH)
    assert (image == image[..., :1]).all()
    assert np.array_equal(image[0, 1:], image[1, :-1])
    assert (image == HATCH[0]).mean() == 0.5


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(1, 16_384), st.integers(1, 16_384))
def test_panels_are_even_bounded_and_of_the_pictures_shape(width, height):
    (across, down), axis = panels((width, height))
    assert across % 2 == down % 2 == 0
    assert min(across, down) >= 2
    assert max(across * (1 + axis), down * (2 - axis)) <= LONGEST
    assert across <= max(2, width)
    assert down <= max(2, height)
    scale = min(1, LONGEST / max(width * (1 + axis), height * (2 - axis)))
    assert abs(across - max(2, width * scale)) < 2
    assert abs(down - max(2, height * scale)) < 2


@pytest.mark.parametrize(("size", "expected"), [
    ((640, 480), ((640, 480), 1)), ((512, 384), ((512, 384), 1)), ((480, 854), ((480, 854), 1)),
    ((1024, 576), ((960, 540), 1)), ((1920, 800), ((1920, 800), 0)), ((1081, 1921), ((960, 1704), 1)),
])  # fmt: skip
def test_wide_pictures_are_stacked_others_stand_side_by_side(size, expected):
    assert panels(size) == expected


@pytest.mark.parametrize("size", [(64, 48), (96, 32), (65, 49)])
def test_a_preview_shows_the_picture_and_its_depth(tmp_path, size):
    """Depth of half the pixels, too, covers the whole picture."""
    (width, height), axis = panels(size)
    colour = np.full((size[1], size[0], 3), (20, 90, 200), np.uint8)
    depth = np.ones((size[1] // 2, size[0] // 2), np.float32)
    depth[:, size[0] // 4 :] = 4
    with PreviewWriter(tmp_path / "preview.mp4", size, Fraction(24), 1.0, 4.0) as preview:
        for _ in range(3):
            preview.write(colour, depth, depth > 0)
    info = probe(tmp_path / "preview.mp4")
    assert (info.frame_count, info.frame_rate) == (3, 24)
    first, second = np.split(next(read_frames(info, [1])).astype(int), 2, axis=axis)
    assert first.shape == (height, width, 3)
    middle = first[8:-8, 8:-8]
    assert np.abs(middle - (20, 90, 200)).max() <= 6
    for columns, shade in ((slice(4, width // 2 - 8), 255), (slice(width // 2 + 8, width - 4), 0)):
        found = second[4:-4, columns].mean(axis=(0, 1))
        assert np.abs(found - shades()[shade]).max() <= 8


def test_an_error_midway_leaves_nothing(tmp_path):
    with (
        pytest.raises(KeyboardInterrupt),
        PreviewWriter(tmp_path / "preview.mp4", (16, 16), Fraction(24), 1.0, 2.0) as preview,
    ):
        preview.write(np.zeros((16, 16, 3), np.uint8), np.ones((16, 16), np.float32), np.ones((16, 16), bool))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
