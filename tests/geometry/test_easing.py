"""Every ease starts at 0, ends at 1, and never turns back."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ex4d.geometry import easing

law = settings(derandomize=True, deadline=None, max_examples=100)
POWERS = st.floats(1.0, 10.0)
HANDLES = st.tuples(*[st.floats(0.0, 1.0)] * 4)
CURVES = st.one_of(
    st.just(easing.linear),
    st.just(easing.smooth),
    POWERS.map(lambda power: lambda t: easing.ease_in(t, power)),
    POWERS.map(lambda power: lambda t: easing.ease_out(t, power)),
    POWERS.map(lambda power: lambda t: easing.ease_in_out(t, power)),
    HANDLES.map(lambda points: lambda t: easing.bezier(t, points)),
)
GRID = np.linspace(0.0, 1.0, 2001)
ROUNDING = 1e-15


@law
@given(CURVES)
def test_eases_go_from_exactly_0_to_exactly_1_and_never_back(curve):
    values = curve(GRID)

    assert values[0] == 0.0
    assert values[-1] == 1.0
    assert np.all(np.diff(values) >= -ROUNDING)
    assert values.min() >= 0.0
    assert values.max() <= 1.0


@law
@given(HANDLES, st.floats(0.0, 1.0))
@example((1.0, 0.0, 0.0, 1.0), 0.5)
@example((0.0, 1.0, 1.0, 0.0), 0.5)
def test_bezier_solves_x_to_1e_12(points, t):
    """Going from a known t to x and back gives the known y wherever y depends on x well; x itself always fits."""
    x1, y1, x2, y2 = points
    x = 3 * (1 - t) ** 2 * t * x1 + 3 * (1 - t) * t * t * x2 + t**3
    y = 3 * (1 - t) ** 2 * t * y1 + 3 * (1 - t) * t * t * y2 + t**3
    slope = 3 * (1 - t) ** 2 * x1 + 6 * (1 - t) * t * (x2 - x1) + 3 * t * t * (1 - x2)
    found = easing.bezier(np.array([x]), (x1, y1, x2, y2))[0]
    itself = easing.bezier(np.array([x]), (x1, x1, x2, x2))[0]

    assert itself == pytest.approx(x, abs=1e-12)
    if slope > 1e-2:
        assert found == pytest.approx(y, abs=1e-12)


def test_bezier_is_css():
    """``ease`` of CSS, (0.25, 0.1, 0.25, 1), at a few places, from the roots of its cubic."""
    points = (0.25, 0.1, 0.25, 1.0)
    x = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    t = np.array([_root_in_unit(points, value) for value in x])
    y = 3 * (1 - t) ** 2 * t * 0.1 + 3 * (1 - t) * t * t + t**3

    np.testing.assert_allclose(easing.bezier(x, points), y, atol=1e-12)


def _root_in_unit(points, x):
    x1, _, x2, _ = points
    roots = np.roots([1 + 3 * x1 - 3 * x2, 3 * x2 - 6 * x1, 3 * x1, -x])
    return next(float(r.real) for r in roots if abs(r.imag) < 1e-9 and -1e-9 <= r.real <= 1 + 1e-9)


def test_the_default_has_no_jump_in_speed_or_acceleration():
    step = 1e-4
    start = easing.smooth(np.array([0.0, step, 2 * step]))

    assert start[1] / step < 1e-6
    assert (start[2] - 2 * start[1]) / step**2 < 1e-2
    np.testing.assert_allclose(easing.smooth(GRID), 10 * GRID**3 - 15 * GRID**4 + 6 * GRID**5, atol=2e-15)


@law
@given(POWERS, st.floats(0.0, 1.0))
def test_in_and_out_mirror_each_other_and_in_out_is_half_of_each(power, t):
    at = np.array([t])

    assert easing.ease_out(1 - at, power) == pytest.approx(1 - easing.ease_in(at, power), abs=1e-15)
    assert easing.ease_in_out(0.5 * at, power) == pytest.approx(0.5 * t**power, abs=1e-15)
    assert easing.ease_in_out(0.5 + 0.5 * at, power)[0] == pytest.approx(1 - 0.5 * math.pow(1 - t, power), abs=1e-12)
