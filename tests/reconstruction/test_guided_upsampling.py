"""Depth that is enlarged by the colour: planes stay planes, edges go where colours have them, nothing lies between."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, seed, settings
from hypothesis import strategies as st

from ex4d.media.depth_resampling import enlarge
from ex4d.reconstruction.guided_upsampling import colour_of_depth, upsample_guided

HEIGHT, WIDTH = 24, 32
STEP = 1.1
WHOLE = (Fraction(0), Fraction(0))
FACTORS = st.sampled_from([2, 3, 4, 5, 8])


def scaled(factor: int) -> tuple[Fraction, Fraction]:
    return Fraction(factor), Fraction(factor)


def edge(rng: np.random.Generator, factor: int) -> np.ndarray:
    """A straight edge through the middle of the fine picture, at any angle; true on its near side."""
    rows, columns = np.mgrid[: HEIGHT * factor, : WIDTH * factor] + 0.5
    angle, off = rng.uniform(0, 2 * np.pi), rng.uniform(-3, 3) * factor
    across, down = columns - WIDTH * factor / 2, rows - HEIGHT * factor / 2
    return np.cos(angle) * across + np.sin(angle) * down > off


@seed(1)
@settings(max_examples=40, deadline=None)
@example(slopes=(0.25, 0.3), scale=(2, 2), origin=WHOLE, number=0)
@given(
    slopes=st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)),
    scale=st.sampled_from([(2, 2), (4, 4), (3, 5), (7, 1)]),
    origin=st.tuples(st.fractions(0, 4, max_denominator=8), st.fractions(0, 4, max_denominator=8)),
    number=st.integers(0, 2**16),
)
def test_along_surfaces_it_is_what_enlarging_is(slopes, scale, origin, number):
    """Whatever is painted on them; steeper ones are no surface, as their far corner's pixels are a step apart."""
    assume(abs(slopes[0]) + abs(slopes[1]) <= 0.55)
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    depth = (2.0 / (1 + slopes[0] * columns + slopes[1] * rows)).astype(np.float32)
    known, size = np.ones(depth.shape, np.bool_), (60, 40)
    colour = np.random.default_rng(number).integers(0, 256, (40, 60, 3), np.uint8)
    ratio = (Fraction(scale[0]), Fraction(scale[1]))
    ours, ours_known = upsample_guided(depth, known, colour, ratio, origin, STEP)
    theirs, theirs_known = enlarge(depth, known, size, ratio, origin, STEP)

    assert np.array_equal(ours_known, theirs_known)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@seed(2)
@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 2**16), factor=FACTORS)
def test_an_edge_goes_where_the_colour_has_it(number, factor):
    """Of depth that knows an edge to a pixel of its own, to one of the picture's, but for one in a hundred."""
    rng = np.random.default_rng(number)
    near = edge(rng, factor)
    colour = np.where(near[..., None], (200, 90, 40), (60, 110, 160)) + rng.integers(-6, 7, (*near.shape, 3))
    true = np.where(near, np.float32(1), np.float32(2))
    coarse = np.ascontiguousarray(true[factor // 2 :: factor, factor // 2 :: factor])
    depth, _ = upsample_guided(
        coarse, np.ones(coarse.shape, np.bool_), colour.astype(np.uint8), scaled(factor), WHOLE, STEP
    )

    assert set(np.unique(depth)) <= {np.float32(1), np.float32(2)}
    assert (depth != true).mean() < 0.01
    inner = np.s_[factor:-factor, factor:-factor]
    if factor > 2:  # the nearest pixel alone makes stairs
        stairs = np.kron(coarse, np.ones((factor, factor), np.float32))
        assert (depth != true)[inner].sum() <= 0.4 * (stairs != true)[inner].sum() + 4


@seed(3)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), factor=FACTORS, share=st.floats(0.5, 1.0))
def test_nothing_lies_between_near_and_far(number, factor, share):
    """Nor is anything known that its nearest pixel does not know; what unknown pixels hold is mixed in nowhere."""
    rng = np.random.default_rng(number)
    coarse = rng.choice([1.0, 1.5, 2.5], (HEIGHT, WIDTH)).astype(np.float32)
    known = rng.random(coarse.shape) < share
    coarse[~known] = rng.choice([0.0, -1.0, np.nan, np.inf, 1.2])
    colour = rng.integers(0, 256, (HEIGHT * factor, WIDTH * factor, 3), np.uint8)
    depth, still = upsample_guided(coarse, known, colour, scaled(factor), WHOLE, STEP)

    assert np.array_equal(still, np.kron(known, np.ones((factor, factor), np.bool_)))
    assert set(np.unique(depth[still].round(5))) <= {1.0, 1.5, 2.5}


@seed(4)
@settings(max_examples=30, deadline=None)
@given(number=st.integers(0, 2**16), factor=st.sampled_from([2, 4]), slope=st.floats(-0.3, 0.3))
def test_surfaces_go_on_straight_up_to_an_edge(number, factor, slope):
    """Both sides are planes: each new pixel lies on one of the two, also in the last half pixel before the edge."""
    rng = np.random.default_rng(number)
    near = edge(rng, factor)
    columns = np.mgrid[: HEIGHT * factor, : WIDTH * factor][1] + 0.5
    ramp = 1 + slope * (columns / (WIDTH * factor) - 0.5)
    planes = (1 / (1.0 * ramp)).astype(np.float32), (1 / (0.4 * ramp)).astype(np.float32)
    ramp_coarse = 1 + slope * ((np.mgrid[:HEIGHT, :WIDTH][1] + 0.5) / WIDTH - 0.5)
    near_coarse = near[factor // 2 :: factor, factor // 2 :: factor]
    coarse = (1 / (np.where(near_coarse, 1.0, 0.4) * ramp_coarse)).astype(np.float32)
    colour = np.where(near[..., None], np.uint8(200), np.uint8(50)).repeat(3, axis=-1)
    depth, _ = upsample_guided(coarse, np.ones(coarse.shape, np.bool_), colour, scaled(factor), WHOLE, STEP)
    inner = np.s_[factor:-factor, factor:-factor]
    off = np.minimum(*(np.abs(depth / plane - 1) for plane in planes))[inner]

    assert (off > 1e-5).mean() < 0.004  # where corners leave no neighbour to go on from


@seed(5)
@settings(max_examples=30, deadline=None)
@given(number=st.integers(0, 2**16), factor=st.sampled_from([2, 4, 8]), axis=st.sampled_from([0, 1]))
def test_a_mirrored_picture_gives_mirrored_depth(number, factor, axis):
    """But for sums taken in another order, which decide for next to no pixel."""
    rng = np.random.default_rng(number)
    near = edge(rng, factor)
    colour = np.where(near[..., None], (200, 90, 40), (60, 110, 160)) + rng.integers(-30, 31, (*near.shape, 3))
    colour = colour.astype(np.uint8)
    coarse = np.where(near[factor // 2 :: factor, factor // 2 :: factor], np.float32(1), np.float32(2))
    known = np.ones(coarse.shape, np.bool_)
    depth, _ = upsample_guided(coarse, known, colour, scaled(factor), WHOLE, STEP)
    mirrored, _ = upsample_guided(
        np.ascontiguousarray(np.flip(coarse, axis)), known, np.flip(colour, axis), scaled(factor), WHOLE, STEP
    )

    assert (np.flip(mirrored, axis) != depth).sum() <= 2


@seed(6)
@settings(max_examples=30, deadline=None)
@given(number=st.integers(0, 2**16), power=st.integers(-8, 8))
def test_the_unit_does_not_matter(number, power):
    rng = np.random.default_rng(number)
    coarse = rng.uniform(1, 1.2, (HEIGHT, WIDTH)).astype(np.float32)
    known, unit = rng.random(coarse.shape) < 0.9, np.float32(2.0**power)
    colour = rng.integers(0, 256, (HEIGHT * 4, WIDTH * 4, 3), np.uint8)
    depth, still = upsample_guided(coarse, known, colour, scaled(4), WHOLE, STEP)
    other, _ = upsample_guided(coarse * unit, known, colour, scaled(4), WHOLE, STEP)

    assert np.array_equal(other[still], depth[still] * unit)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_the_colour_of_depth_is_the_mean_of_what_lies_on_it(factor):
    """And pixels beyond the window have none."""
    rng = np.random.default_rng(factor)
    colour = rng.integers(0, 256, (8 * factor, 12 * factor, 3), np.uint8)
    mean, covered = colour_of_depth((HEIGHT, WIDTH), colour, scaled(factor), (Fraction(3), Fraction(5)))
    blocks = colour.reshape(8, factor, 12, factor, 3).mean(axis=(1, 3))

    assert np.array_equal(np.argwhere(covered)[[0, -1]], [[5, 3], [12, 14]])
    assert covered.sum() == 8 * 12
    np.testing.assert_allclose(mean[5:13, 3:15], blocks, atol=0.5)
    assert not mean[~covered].any()
