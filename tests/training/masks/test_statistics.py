"""Figures of holes whose size, shape and place are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.training.masks.statistics import REACH, HoleStatistics, measure_holes, near_depth_edges

HEIGHT, WIDTH = 40, 60
EXAMPLES = settings(max_examples=20, deadline=None, derandomize=True)


def whole(frames: int = 1) -> np.ndarray:
    return np.ones((frames, HEIGHT, WIDTH), np.bool_)


def band(left: int, width: int, frames: int = 1) -> np.ndarray:
    """Return masks with a hole of so many columns."""
    visible = whole(frames)
    visible[:, :, left : left + width] = False
    return visible


@EXAMPLES
@given(st.integers(1, 30))
def test_a_band_is_as_wide_as_it_is(width: int) -> None:
    figures = measure_holes(band(15, width))
    assert figures.share == width / WIDTH
    assert figures.count == 1
    assert figures.area == (width * HEIGHT,) * 3
    assert max(abs(found - width) for found in figures.width) <= 0.5


def test_areas_are_those_that_hidden_pixels_are_in() -> None:
    """Of two holes, the larger has most of the pixels; a speck is not counted, but hidden."""
    visible = whole()
    visible[0, 2:6, 2:6] = False
    visible[0, 20:30, 20:30] = False
    visible[0, 35, 50:53] = False
    figures = measure_holes(visible)
    assert figures.count == 2
    assert figures.area == (16, 100, 100)
    assert figures.share == pytest.approx((16 + 100 + 3) / (HEIGHT * WIDTH))


def test_holes_that_touch_at_corners_are_one() -> None:
    visible = whole()
    visible[0, 4:8, 4:8] = visible[0, 8:12, 8:12] = False
    assert measure_holes(visible).count == 1


@EXAMPLES
@given(st.integers(5, 40), st.integers(0, 8))
def test_rims_on_depth_edges(left: int, away: int) -> None:
    """A band beside a depth edge has one of its rims there, whatever the other; one too far away has none."""
    depth = np.full((HEIGHT, WIDTH), 4.0, np.float32)
    depth[:, :left] = 2.0
    near = near_depth_edges(depth, 1.05)[None]
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[:, left - 1 - REACH : left + 1 + REACH] = True
    np.testing.assert_array_equal(near[0], expected)

    figures = measure_holes(band(left + away, 10), near_edges=near)
    assert figures.on_edges == (0.5 if away <= REACH else 0.0)
    assert figures.edges == expected.mean()


def test_a_slope_and_a_bar_have_no_depth_edges() -> None:
    slope = np.geomspace(1, 1.04**WIDTH, WIDTH, dtype=np.float32)[None].repeat(HEIGHT, axis=0)
    slope[:5] = 0.0
    assert not near_depth_edges(slope, 1.05).any()


def test_what_is_not_counted_is_not_looked_at() -> None:
    """A hole that ends where counting ends has no rim there; the picture's own edge is none either."""
    visible = band(0, 20)
    counted = whole()
    counted[:, :, :12] = False
    near = whole()
    figures = measure_holes(visible, counted=counted, near_edges=near)
    assert figures.share == 8 / (WIDTH - 12)
    assert figures.area == (8 * HEIGHT,) * 3
    assert figures.on_edges == 1.0

    beyond = measure_holes(band(0, 20), counted=~counted, near_edges=near)
    assert (beyond.share, beyond.on_edges) == (1.0, 0.0)


@pytest.mark.parametrize("side", ["above", "below", "left", "right"])
def test_a_rim_is_on_each_side_of_a_hole(side: str) -> None:
    """Of the 36 of a square, ten are on one side, and one on either side of it in the next row."""
    visible = whole()
    visible[0, 15:25, 25:35] = False
    near = ~whole()
    part = {"above": np.s_[:17], "below": np.s_[23:], "left": np.s_[:, :27], "right": np.s_[:, 33:]}[side]
    near[0][part] = True
    assert measure_holes(visible, near_edges=near).on_edges == pytest.approx((10 + 2) / 36)


@EXAMPLES
@given(st.integers(0, 12))
def test_steadiness_is_what_successive_holes_share(step: int) -> None:
    visible = np.concatenate([band(5, 10), band(5 + step, 10)])
    assert measure_holes(visible).steadiness == pytest.approx(max(0, 10 - step) / (10 + min(step, 10)))


@pytest.mark.parametrize("frames", [1, 3])
def test_masks_that_hide_nothing_or_everything(frames: int) -> None:
    nothing = measure_holes(whole(frames), near_edges=whole(frames))
    assert nothing == HoleStatistics(0.0, 0.0, (0.0,) * 3, (0.0,) * 3, 0.0, 1.0, 1.0)
    assert nothing.in_words == "nothing hidden"
    everything = measure_holes(~whole(frames))
    assert (everything.share, everything.count, everything.steadiness) == (1.0, 1.0, 1.0)
    assert everything.area == (HEIGHT * WIDTH,) * 3
    assert everything.width == (HEIGHT,) * 3


def test_figures_are_told_in_words_and_json() -> None:
    figures = measure_holes(band(10, 12), near_edges=band(0, 9))
    assert (
        figures.in_words == "20% hidden: 1 hole a frame, 12 px wide, 100% of their rims on depth edges (85% by chance)"
    )
    assert measure_holes(band(10, 12)).in_words == "20% hidden: 1 hole a frame, 12 px wide"
    assert json.loads(json.dumps(figures.as_json()))["width"] == [11.5, 11.5, 11.5]
