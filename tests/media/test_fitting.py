"""Colour, depth and lens are fitted by one and the same map."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import MediaError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.fitting import Fit

SIDES = st.integers(40, 400)
FITS = st.builds(
    Fit.plan,
    st.tuples(SIDES, SIDES),
    st.tuples(SIDES, SIDES),
    fit=st.sampled_from(["crop", "pad", "squash"]),
    overscan=st.sampled_from([0.0, 0.05, 0.1, 0.5]),
)


def grid_to_source(fit: Fit, x: float, y: float) -> tuple[float, float]:
    return float(fit.origin[0]) + x / float(fit.scale[0]), float(fit.origin[1]) + y / float(fit.scale[1])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(FITS)
def test_the_grid_lies_within_the_source(fit):
    for corner in ((0, 0), fit.grid):
        x, y = grid_to_source(fit, *corner)
        assert -1e-6 <= x <= fit.source[0] + 1e-6
        assert -1e-6 <= y <= fit.source[1] + 1e-6


@settings(max_examples=300, deadline=None, derandomize=True)
@given(FITS, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_the_lenses_of_source_grid_and_view_agree(fit, right, down):
    """A ray hits the same content, whichever lens it is followed through (vertically scaled by squash)."""
    source = Pinhole(*fit.source, 300.0, (0.5 * fit.source[0] + 3.0, 0.5 * fit.source[1] - 2.0))
    grid, view = fit.grid_lens(source), fit.lens(source)
    squeeze = float(fit.scale[1] / fit.scale[0])
    in_source = source.project(np.array([right, down / squeeze, 1.0]))
    in_grid = grid.project(np.array([right, down, 1.0]))
    assert np.allclose(grid_to_source(fit, *in_grid), in_source, atol=1e-9)
    assert np.allclose(view.project(np.array([right, down, 1.0])) + fit.margin, in_grid, atol=1e-9)
    assert (view.width, view.height) == fit.view
    assert (grid.width, grid.height) == fit.grid


@settings(max_examples=60, deadline=None, derandomize=True)
@given(FITS)
def test_colour_and_depth_land_on_the_same_pixels(fit):
    """Both sample the same ramp; away from the edge of a cubic's reach they differ by less than a source pixel."""
    across = np.arange(fit.source[0], dtype=np.float32)
    ramp = np.broadcast_to(across * (255 / fit.source[0]), (fit.source[1], fit.source[0]))
    colour = fit.colour(np.repeat(ramp.astype(np.uint8)[..., None], 3, axis=2))
    depth, known = fit.depth(np.ascontiguousarray(ramp), np.ones(ramp.shape, bool))
    assert colour.shape == (fit.grid[1], fit.grid[0], 3)
    assert depth.shape == known.shape == colour.shape[:2]
    step = 255 / fit.source[0]
    coarse = max(1.0, 1.0 / float(fit.scale[0]))
    assert np.abs(colour[..., 0] - depth).max() <= 1.5 + 2 * step * coarse


@settings(max_examples=100, deadline=None, derandomize=True)
@given(FITS)
def test_the_view_is_cut_from_the_grid_or_barred(fit):
    grid = np.full((fit.grid[1], fit.grid[0], 3), 200, np.uint8)
    view = fit.view_of(grid)
    assert view.shape == (fit.view[1], fit.view[0], 3)
    assert np.array_equal(view, fit.letterbox(np.full_like(view, 200)))
    assert fit.view_of(grid[..., 0] > 0).dtype == bool


def test_the_source_itself_is_not_touched():
    fit = Fit.plan((640, 480))
    frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    assert fit.is_unchanged
    assert np.array_equal(fit.colour(frame), frame)
    lens = Pinhole(640, 480, 585.0, (320.0, 240.0))
    assert fit.lens(lens) == fit.grid_lens(lens) == lens


def test_an_odd_pixel_is_cut_off_not_scaled_away():
    fit = Fit.plan((641, 481))
    frame = np.random.default_rng(0).integers(0, 256, (481, 641, 3)).astype(np.uint8)
    assert (fit.view, fit.scale) == ((640, 480), (1, 1))
    assert np.array_equal(fit.colour(frame), frame[:480, :640])
    assert fit.lens(Pinhole(641, 481, 500.0, (320.5, 240.5))) == Pinhole(640, 480, 500.0, (320.5, 240.5))


def test_crop_fills_and_scales_the_focal_length():
    fit = Fit.plan((640, 480), (512, 512))
    assert fit.grid == fit.view == (512, 512)
    assert fit.lens(Pinhole(640, 480, 585.0, (320.0, 240.0))).focal_px == pytest.approx(585 * 512 / 480)


def test_pad_shows_everything_between_bars():
    fit = Fit.plan((640, 480), (512, 512), fit="pad")
    assert (fit.grid, fit.bars) == ((512, 384), (0, 64))


def test_squash_keeps_the_horizontal_angle():
    fit = Fit.plan((640, 480), (512, 512), fit="squash")
    lens = Pinhole(640, 480, 585.0, (320.0, 240.0))
    assert (fit.grid, fit.bars) == ((512, 512), (0, 0))
    assert fit.lens(lens).horizontal_angle == pytest.approx(lens.horizontal_angle)


@pytest.mark.parametrize("overscan", [0.05, 0.1])
def test_overscan_leaves_something_beyond_every_edge_of_the_view(overscan):
    fit = Fit.plan((640, 480), (640, 480), overscan=overscan)
    assert fit.view == (640, 480)
    assert fit.margin == (int(320 * overscan), int(240 * overscan))
    lens = Pinhole(640, 480, 585.0, (320.0, 240.0))
    assert fit.lens(lens).focal_px == pytest.approx(585 * (1 + overscan))
    assert fit.lens(lens).focal_px == fit.grid_lens(lens).focal_px


def test_overscan_makes_no_difference_where_there_is_none():
    assert Fit.plan((854, 480), (832, 480)) == Fit.plan((854, 480), (832, 480), overscan=Fraction(0))


def test_shrinking_averages_and_does_not_alias():
    """A one-pixel checkerboard becomes its mean."""
    board = np.indices((200, 200)).sum(axis=0) % 2 * 255
    fit = Fit.plan((200, 200), (50, 50))
    small = fit.colour(np.repeat(board.astype(np.uint8)[..., None], 3, axis=2))
    assert np.abs(small[4:-4, 4:-4].astype(int) - 127).max() <= 2


def test_depth_is_never_a_mean_of_near_and_far():
    depth = np.where(np.arange(101) < 50, 1.0, 9.0).astype(np.float32)[None].repeat(101, axis=0)
    fitted, _ = Fit.plan((101, 101), (64, 64)).depth(depth, depth > 0)
    assert set(np.unique(fitted)) == {1.0, 9.0}


def test_nothing_left_is_an_error():
    with pytest.raises(MediaError, match="1x480 cannot fill"):
        Fit.plan((1, 480))
    with pytest.raises(MediaError, match="5x2 cannot fill an output of 2x3"):
        Fit.plan((5, 2), (2, 3), fit="pad")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(8, 24),
    st.integers(8, 24),
    st.integers(1, 5),
    st.integers(8, 20).map(lambda half: 2 * half),
    st.integers(8, 20).map(lambda half: 2 * half),
    st.sampled_from(["crop", "pad", "squash"]),
    st.integers(0, 1000),
)
def test_depth_of_fewer_pixels_lands_as_if_the_source_had_as_few(width, height, times, across, down, rule, seed):
    """Whatever the source's size, its picture is the same; so is the depth that covers it."""
    random = np.random.default_rng(seed)
    depth = random.uniform(1, 3, (height, width)).astype(np.float32)
    known = random.random((height, width)) < 0.8
    fine = Fit.plan((width * times, height * times), (across, down), fit=rule)
    coarse = Fit.plan((width, height), (across, down), fit=rule)
    if fine.grid != coarse.grid or coarse.scale == (1, 1):  # an odd pixel is cut, not scaled, where it is the only one
        return
    for ours, theirs in zip(fine.depth(depth, known), coarse.depth(depth, known), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_depth_of_other_proportions_is_stretched_over_the_whole_picture():
    """Networks round their sides; the corners still belong to the corners."""
    depth = np.add.outer(np.arange(1, 4), 10 * np.arange(1, 5)).astype(np.float32)
    made, known = Fit.plan((40, 60), (40, 60)).depth(depth, np.ones_like(depth, bool), step=1.0)
    assert known.all()
    np.testing.assert_allclose(made, depth.repeat(20, axis=0).repeat(10, axis=1), rtol=1e-6)
