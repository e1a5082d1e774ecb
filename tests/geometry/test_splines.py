"""Curves meet their keys and do not overshoot."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ex4d.geometry import splines

law = settings(derandomize=True, deadline=None, max_examples=100)


@st.composite
def knots_and(draw, *shape):
    count = draw(st.integers(2, 8))
    widths = draw(arrays(np.float64, count - 1, elements=st.floats(1e-3, 10.0)))
    values = draw(arrays(np.float64, (count, *shape), elements=st.floats(-5.0, 5.0)))
    return np.concatenate([[0.0], np.cumsum(widths)]), values


@law
@given(knots_and(3))
def test_catmull_rom_goes_through_every_point(given_keys):
    knots, points = given_keys

    np.testing.assert_allclose(splines.catmull_rom(knots, points, knots), points, atol=1e-14)


@law
@given(knots_and(3))
def test_catmull_rom_has_one_tangent_at_each_knot(given_keys):
    knots, points = given_keys
    step = 1e-7 * np.diff(knots).min()
    inner = knots[1:-1]
    before = (splines.catmull_rom(knots, points, inner) - splines.catmull_rom(knots, points, inner - step)) / step
    after = (splines.catmull_rom(knots, points, inner + step) - splines.catmull_rom(knots, points, inner)) / step
    steepest = 10.0 / np.diff(knots).min()

    np.testing.assert_allclose(before, after, atol=1e-4 * steepest)


@law
@given(st.integers(2, 6), st.floats(-2.0, 2.0))
def test_catmull_rom_through_points_on_a_line_stays_on_it(count, slope):
    along = np.arange(count, dtype=np.float64) ** 1.5
    points = np.stack([along, slope * along, np.zeros(count)], axis=1)
    knots = splines.centripetal_knots(points)
    curve = splines.catmull_rom(knots, points, np.linspace(0.0, knots[-1], 200))

    np.testing.assert_allclose(curve[:, 1], slope * curve[:, 0], atol=1e-12)
    assert np.all(np.diff(curve[:, 0]) >= -1e-12)


@law
@given(knots_and())
def test_monotone_cubic_meets_its_keys_and_stays_between_neighbours(given_keys):
    knots, values = given_keys
    fine = np.sort(np.concatenate([np.linspace(0.0, knots[-1], 500), knots]))
    curve = splines.monotone_cubic(knots, values, fine)
    segment = splines.segment_of(knots, fine)
    low, high = np.minimum(values[segment], values[segment + 1]), np.maximum(values[segment], values[segment + 1])

    np.testing.assert_allclose(splines.monotone_cubic(knots, values, knots), values, atol=1e-15)
    assert np.all(curve >= low - 1e-12)
    assert np.all(curve <= high + 1e-12)


@law
@given(knots_and())
def test_monotone_cubic_never_turns_back_on_rising_keys(given_keys):
    knots, values = given_keys
    curve = splines.monotone_cubic(knots, np.sort(values), np.linspace(0.0, knots[-1], 500))

    assert np.all(np.diff(curve) >= -1e-12)


def test_curves_rest_at_their_ends_outside_their_knots():
    knots, points = np.array([0.0, 1.0, 3.0]), np.array([[0.0, 0, 0], [1, 0, 0], [1, 2, 0]])
    outside = np.array([-1.0, 4.0])

    assert np.array_equal(splines.catmull_rom(knots, points, outside), points[[0, -1]])
    assert np.array_equal(splines.monotone_cubic(knots, points[:, 1], outside), [0.0, 2.0])
    assert np.array_equal(splines.piecewise_linear(knots, points, outside), points[[0, -1]])
