"""Depth that is enlarged: planes stay planes, edges stay edges, what is not known stays so."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ex4d.artifacts.mesh_profile import widest_step
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.fitting import SAME_SURFACE, Fit
from ex4d.reconstruction.watertight_mesh import build_mesh

WIDTH, HEIGHT = 40, 30
LENS = Pinhole(WIDTH, HEIGHT, 40.0, (20.0, 15.0))


def plane(lens: Pinhole, slope_x: float, slope_y: float) -> np.ndarray:
    """z of the plane z = 2 + slope_x X + slope_y Y at each pixel's centre."""
    y, x = np.mgrid[: lens.height, : lens.width] + 0.5
    across, down = (x - lens.center_px[0]) / lens.focal_px, (y - lens.center_px[1]) / lens.focal_px
    return (2.0 / (1.0 - slope_x * across - slope_y * down)).astype(np.float32)


@seed(1)
@settings(max_examples=40, deadline=None)
@given(
    slopes=st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
    larger=st.sampled_from([(60, 45), (80, 60), (100, 75), (133, 99), (160, 120)]),
    overscan=st.sampled_from([0.0, 0.1]),
)
def test_a_plane_stays_a_plane(slopes, larger, overscan):
    """Inside the outermost centres of the source to float32; beyond them its edge is carried on."""
    fit = Fit.plan((WIDTH, HEIGHT), larger, overscan=overscan)
    depth, known = fit.depth(plane(LENS, *slopes), np.ones((HEIGHT, WIDTH), np.bool_))
    margin = int(np.ceil(float(max(fit.scale)) / 2)) + 1
    inside = np.s_[margin:-margin, margin:-margin]

    assert known.all()
    np.testing.assert_allclose(depth[inside], plane(fit.grid_lens(LENS), *slopes)[inside], rtol=2e-6)


@pytest.mark.parametrize("squashed", [(80, 20), (20, 60)])
def test_a_plane_stays_a_plane_where_one_side_alone_grows(squashed):
    """Its 1/z is linear over the picture, however that is squashed; both sides are read between pixels."""
    fit = Fit.plan((WIDTH, HEIGHT), squashed, fit="squash")
    depth, known = fit.depth(plane(LENS, 0.2, -0.3), np.ones((HEIGHT, WIDTH), np.bool_))
    y, x = (np.mgrid[: squashed[1], : squashed[0]] + 0.5) / np.array(fit.scale[::-1], float)[:, None, None]
    inverse = (1.0 - 0.2 * (x - 20.0) / 40.0 + 0.3 * (y - 15.0) / 40.0) / 2.0

    assert known.all()
    np.testing.assert_allclose(depth[2:-2, 2:-2], 1.0 / inverse[2:-2, 2:-2], rtol=2e-6)


def test_a_slope_makes_no_hidden_steps():
    """A floor at four times its size hides nothing of itself; by the nearest pixel it would."""
    floor = plane(Pinhole(160, 120, 200.0, (80.0, 60.0)), 0.0, -2.5)
    fit = Fit.plan((160, 120), (640, 480))
    lens = fit.grid_lens(Pinhole(160, 120, 200.0, (80.0, 60.0)))
    depth, _ = fit.depth(floor, np.ones_like(floor, np.bool_), 1.11)
    steps = np.kron(floor, np.ones((4, 4), np.float32))
    black = np.zeros((480, 640, 3), np.uint8)
    smooth, stairs = (build_mesh(black, each, lens).hidden_face[:, 4:-4, 4:-4].mean() for each in (depth, steps))

    assert smooth == 0
    assert stairs > 0.01


@seed(2)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), larger=st.sampled_from([(48, 36), (80, 60), (150, 110)]))
def test_an_edge_stays_an_edge(number, larger):
    """Of two depths further apart than a surface is, no third is made, and each stands where it is nearest."""
    rng = np.random.default_rng(number)
    near = rng.random((HEIGHT, WIDTH)) < 0.3
    source = np.where(near, np.float32(1.0), np.float32(1.01 * SAME_SURFACE))
    fit = Fit.plan((WIDTH, HEIGHT), larger)
    depth, _ = fit.depth(source, np.ones_like(near))
    rows = np.floor((np.arange(fit.grid[1]) + 0.5) / float(fit.scale[1]) + float(fit.origin[1])).astype(int)
    columns = np.floor((np.arange(fit.grid[0]) + 0.5) / float(fit.scale[0]) + float(fit.origin[0])).astype(int)

    np.testing.assert_allclose(depth, source[np.ix_(rows, columns)], rtol=1e-6)


@pytest.mark.parametrize("held", [0.0, -3.0, np.nan, np.inf, 2.05])
def test_what_is_not_known_stays_so_and_is_not_mixed_in(held):
    """Whatever it holds."""
    source, known = np.full((HEIGHT, WIDTH), 2.0, np.float32), np.ones((HEIGHT, WIDTH), np.bool_)
    source[10:14, 20:25], known[10:14, 20:25] = held, False
    fit = Fit((WIDTH, HEIGHT), (80, 60), (80, 60), (Fraction(2), Fraction(2)), (Fraction(0), Fraction(0)))
    depth, still = fit.depth(source, known)

    np.testing.assert_array_equal(still, np.kron(known, np.ones((2, 2), np.bool_)))
    np.testing.assert_array_equal(depth[still], np.float32(2.0))


@pytest.mark.parametrize("larger", [(42, 32), (60, 45), (160, 120)])
def test_a_step_that_the_mesh_would_hide_is_no_ramp(larger):
    """Just above the widest step of the source's lens: hidden at any size, as it is at the source's."""
    source = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    source[:, 20:] *= np.float32(1.02 * widest_step(LENS.focal_px))
    fit = Fit.plan((WIDTH, HEIGHT), larger)
    depth, _ = fit.depth(source, np.ones_like(source, np.bool_), widest_step(LENS.focal_px))
    lens = fit.grid_lens(LENS)
    hidden = build_mesh(np.zeros((*depth.shape, 3), np.uint8), depth, lens).hidden_face[:, 4:-4, 4:-4]

    assert hidden.any(axis=(0, 2)).all()
    assert len(np.unique(depth.round(4))) == 2
