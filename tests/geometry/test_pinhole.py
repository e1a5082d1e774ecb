"""The pinhole camera: there and back, and what is no lens."""

import math

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ex4d.errors import UserError
from ex4d.geometry.pinhole import Pinhole


@seed(1)
@settings(max_examples=50, deadline=None)
@given(
    focal=st.floats(0.1, 1e4),
    center=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    x=st.floats(-50, 50),
    y=st.floats(-50, 50),
    depth=st.floats(1e-3, 1e4),
)
def test_a_pixel_lifted_and_projected_is_itself(focal, center, x, y, depth):
    """At any depth."""
    lens = Pinhole(40, 30, focal, center)
    pixel = np.array([x, y])
    point = lens.unproject(pixel, np.array(depth))

    assert point[2] == depth
    np.testing.assert_allclose(lens.project(point), pixel, atol=1e-9 * max(1, focal))


@seed(2)
@settings(max_examples=50, deadline=None)
@given(angle=st.floats(1e-3, math.pi - 1e-3))
def test_a_lens_has_the_angle_that_it_was_built_from(angle):
    """Centred, and its edge on that angle."""
    lens = Pinhole.from_horizontal_angle(400, 300, angle)

    assert math.isclose(lens.horizontal_angle, angle, rel_tol=1e-9)
    assert lens.center_px == (200.0, 150.0)


@pytest.mark.parametrize("degrees", [0.0, -1.0, 180.0, 200.0, math.nan])
def test_an_angle_of_no_lens_is_refused(degrees):
    """0 sees nothing, 180 has no focal length."""
    with pytest.raises(UserError, match="between 0 and 180"):
        Pinhole.from_horizontal_angle(400, 300, math.radians(degrees))


@pytest.mark.parametrize("focal", [0.0, -5.0, math.inf, math.nan])
def test_a_focal_length_of_no_lens_is_refused(focal):
    """Whoever builds it."""
    with pytest.raises(UserError, match="focal length above 0"):
        Pinhole(4, 3, focal, (2.0, 1.5))


def test_a_lens_needs_an_image_and_a_place_in_it():
    """Of at least one pixel."""
    with pytest.raises(UserError, match="0x3"):
        Pinhole(0, 3, 5.0, (2.0, 1.5))
    with pytest.raises(UserError, match="principal point"):
        Pinhole(4, 3, 5.0, (math.nan, 1.5))
