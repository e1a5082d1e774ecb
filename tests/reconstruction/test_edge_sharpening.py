"""Soft edges become clean ones where they were; whatever is no soft edge stays as it is, bit for bit."""

import numpy as np
import pytest
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.edge_sharpening import LEAST_RATIO, sharpen
from ex4d.reconstruction.watertight_mesh import build_mesh

HEIGHT, WIDTH = 48, 64
WIDEST = 16
ALL = np.ones((HEIGHT, WIDTH), np.bool_)
GRAY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
SMOOTHNESS = st.floats(0.8, 2.5)


def scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes before a wall, two to four times as near, each of a colour of its own; nothing is thinner than 8 pixels."""
    rng = np.random.default_rng(number)
    depth = np.full((HEIGHT, WIDTH), 4.0, np.float32)
    colour = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    for _ in range(3):
        top, left = 8 * rng.integers(0, HEIGHT // 8 - 2), 8 * rng.integers(0, WIDTH // 8 - 2)
        box = np.s_[top : top + 8 * rng.integers(2, 5), left : left + 8 * rng.integers(2, 5)]
        depth[box], colour[box] = rng.uniform(1.0, 2.0), rng.integers(100, 256, 3)
    return depth, colour


def softened(depth: np.ndarray, pixels: float) -> np.ndarray:
    return (1 / gaussian_filter(1 / depth.astype(float), pixels, mode="nearest")).astype(np.float32)


@seed(1)
@settings(max_examples=40, deadline=None)
@given(
    across=st.floats(-0.9, 0.9), down=st.floats(-0.9, 0.9), near=st.floats(0.01, 1000.0), number=st.integers(0, 2**16)
)
def test_a_plane_stays_as_it_is(across, down, near, number):
    """However steeply it is seen, and whatever is painted on it."""
    assume(abs(across) + abs(down) < 0.98)
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    depth = (near / (1 + across * columns + down * rows)).astype(np.float32)
    colour = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)

    assert np.array_equal(sharpen(depth, ALL, colour, WIDEST), depth)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("other", [0.5, 0.0, -1.0])
def test_a_floor_that_meets_a_wall_stays_as_it_is(other, turned):
    """A slope that ends on one side only is no edge: two floors, floor and wall, a ridge."""
    distance = np.arange(HEIGHT) - HEIGHT // 2
    inverse = 1.0 + 0.02 * np.where(distance > 0, distance, other * distance)
    depth = np.tile((1 / inverse).astype(np.float32)[:, None], (1, HEIGHT))
    depth = np.ascontiguousarray(depth.T) if turned else depth
    known = np.ones(depth.shape, np.bool_)

    assert np.array_equal(sharpen(depth, known, GRAY[:, :HEIGHT], WIDEST), depth)


@seed(2)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16))
def test_clean_steps_stay_as_they_are(number):
    depth, colour = scene(number)

    assert np.array_equal(sharpen(depth, ALL, colour, WIDEST), depth)


@seed(3)
@settings(max_examples=60, deadline=None)
@given(
    at=st.integers(20, 44),
    ratio=st.floats(1.2, 8.0),
    smoothness=SMOOTHNESS,
    turned=st.booleans(),
    nearer_first=st.booleans(),
)
def test_a_blurred_step_becomes_a_clean_one_where_it_was(at, ratio, smoothness, turned, nearer_first):
    """To a pixel, without any help of colour; its two depths are those of its sides, to 10 % of what parts them."""
    depths = np.where((np.arange(WIDTH) < at) == nearer_first, 1.0, ratio)
    soft = (1 / gaussian_filter1d(1 / depths, smoothness, mode="nearest")).astype(np.float32)
    picture = np.tile(soft, (HEIGHT, 1))
    colour = GRAY
    if turned:
        picture, colour = np.ascontiguousarray(picture.T), np.ascontiguousarray(GRAY.transpose(1, 0, 2))
    sharp = sharpen(picture, np.ones(picture.shape, np.bool_), colour, WIDEST)
    line = sharp.T[0] if turned else sharp[0]
    inverse = 1 / line.astype(float)
    error = np.abs(inverse - 1 / depths) / (1 - 1 / ratio)

    assert (error > 0.1).sum() <= 1
    assert (np.abs(np.diff(inverse)) > 0.5 * (1 - 1 / ratio)).sum() == 1


@seed(4)
@settings(max_examples=30, deadline=None)
@given(number=st.integers(0, 2**16), off=st.integers(-2, 2), smoothness=st.floats(1.5, 2.5))
def test_the_edge_lies_where_the_colours_change(number, off, smoothness):
    """Depth that is soft and up to two pixels off is put where the picture has its edge; without colours it is not."""
    rng = np.random.default_rng(number)
    at = 32
    depth = np.tile(np.where(np.arange(WIDTH) < at + off, 1.0, 3.0), (HEIGHT, 1))
    colour = np.where(np.arange(WIDTH)[None, :, None] < at, (200, 80, 40), (40, 90, 160))
    colour = (np.tile(colour, (HEIGHT, 1, 1)) + rng.integers(-8, 9, (HEIGHT, WIDTH, 3))).astype(np.uint8)
    soft = softened(depth, smoothness)
    found = (sharpen(soft, ALL, colour, WIDEST) < 1.7).sum(axis=1)
    blind = (sharpen(soft, ALL, GRAY, WIDEST) < 1.7).sum(axis=1)

    assert np.abs(found - at).max() <= max(0, abs(off) - 1)
    assert np.abs(blind - at - off).max() <= 1


@seed(5)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), smoothness=SMOOTHNESS, power=st.integers(-8, 8))
def test_the_unit_does_not_matter(number, smoothness, power):
    """By powers of two, whose arithmetic is exact: bit for bit."""
    depth, colour = scene(number)
    soft, unit = softened(depth, smoothness), np.float32(2.0**power)

    assert np.array_equal(sharpen(soft * unit, ALL, colour, WIDEST), sharpen(soft, ALL, colour, WIDEST) * unit)


@seed(6)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), smoothness=SMOOTHNESS, axis=st.sampled_from([0, 1]))
def test_a_mirrored_picture_gives_mirrored_depth(number, smoothness, axis):
    """But for sums taken in another order, which decide for next to no pixel."""
    depth, colour = scene(number)
    soft = softened(depth, smoothness)
    mirrored = sharpen(np.ascontiguousarray(np.flip(soft, axis)), ALL, np.flip(colour, axis), WIDEST)

    assert (np.flip(mirrored, axis) != sharpen(soft, ALL, colour, WIDEST)).sum() <= 2


@seed(7)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), smoothness=SMOOTHNESS, share=st.floats(0.3, 1.0))
def test_depth_stays_among_its_surroundings_and_unknown_depth_unknown(number, smoothness, share):
    """What unknown pixels hold is kept, and is in no known pixel's depth."""
    depth, colour = scene(number)
    rng = np.random.default_rng(number)
    known = rng.random((HEIGHT, WIDTH)) < share
    soft = softened(depth, smoothness)
    given_depth = np.where(known, soft, rng.choice([0.0, -1.0, np.nan, np.inf])).astype(np.float32)
    before = given_depth.copy()
    sharp = sharpen(given_depth, known, colour, WIDEST)

    assert np.array_equal(given_depth, before, equal_nan=True)
    assert np.array_equal(sharp[~known], given_depth[~known], equal_nan=True)
    assert (sharp[known] >= soft[known].min() * (1 - 1e-6)).all()
    assert (sharp[known] <= soft[known].max() * (1 + 1e-6)).all()


@seed(8)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 2**16), smoothness=st.floats(0.8, 1.3))
def test_sharpening_brings_soft_depth_back_and_does_not_go_on(number, smoothness):
    """Where no two edges blur into one: most of the error goes, and a second time next to nothing changes."""
    depth, colour = scene(number)
    soft = softened(depth, smoothness)
    sharp = sharpen(soft, ALL, colour, WIDEST)
    again = sharpen(sharp, ALL, colour, WIDEST)
    wrong, left = (np.abs(each / depth - 1) > 0.1 for each in (soft, sharp))

    assert left.sum() <= 0.5 * wrong.sum()
    assert (again != sharp).sum() <= 0.15 * (sharp != soft).sum()


def test_a_gentle_step_is_left_alone():
    """Below the least ratio it is unevenness of a surface."""
    step = np.tile(np.where(np.arange(WIDTH) < 30, 1.0, float(LEAST_RATIO) - 0.01), (HEIGHT, 1))
    soft = softened(step, 2.0)

    assert np.array_equal(sharpen(soft, ALL, GRAY, WIDEST), soft)


def test_the_mesh_hides_one_face_across_an_edge_again():
    """A soft silhouette is hidden over its whole width; a sharpened one as the true one is, but for a tenth."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    depth = np.where((rows - 24) ** 2 + (columns - 32) ** 2 < 14**2, np.float32(1), np.float32(3))
    lens = Pinhole(WIDTH, HEIGHT, 200.0, (32.0, 24.0))
    soft = softened(depth, 2.0)
    hidden = [
        build_mesh(GRAY, each, lens).hidden_face[:, 1:-1, 1:-1].sum()
        for each in (depth, soft, sharpen(soft, ALL, GRAY, WIDEST))
    ]

    assert hidden[1] > 3 * hidden[0]
    assert hidden[2] < 1.1 * hidden[0]


def test_the_widest_ramp_goes_with_the_picture():
    """By default 1/32 of its longer side: the same picture at twice the size has ramps of twice the width."""
    depth, colour = (np.kron(each, np.ones((4, 4, 1)[: each.ndim])) for each in scene(3))
    soft = softened(depth, 1.5)
    colour, known = colour.astype(np.uint8), np.ones(depth.shape, np.bool_)
    narrow = sharpen(soft, known, colour, 4)

    assert np.array_equal(narrow, soft)
    assert (np.abs(sharpen(soft, known, colour) / soft - 1) > 0.1).mean() > 0.005
