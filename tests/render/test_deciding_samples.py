"""How samples decide a pixel, of every pattern of samples: renders seldom have the rare ones."""

import numpy as np
import pytest

from ex4d.render.rasterizer import RenderedFrame
from ex4d.render.supersampling import decided

PIXELS = 24


def samples_of(samples: int) -> RenderedFrame:
    """Return a square frame of samples without order, half of them visible."""
    rng, side = np.random.default_rng(samples), PIXELS * samples
    visible = rng.random((side, side)) < 0.5
    colour = rng.integers(0, 256, (side, side, 3), dtype=np.uint8) * visible[..., None]
    depth = np.where(rng.random((side, side)) < 0.1, np.inf, rng.uniform(1.0, 9.0, (side, side)))
    return RenderedFrame(colour.astype(np.uint8), visible, depth.astype(np.float32))


@pytest.mark.parametrize("samples", [3, 5])
def test_every_pattern_of_samples_is_decided_as_it_is_said_to_be(samples):
    """Most decide what is visible; the centre what it looks like, or else the mean and the nearest of the visible."""
    fine = samples_of(samples)
    frame = decided(fine, samples)
    middle, blended = (samples // 2, samples // 2), 0
    for y, x in np.ndindex(frame.visible.shape):
        block = np.s_[y * samples : (y + 1) * samples, x * samples : (x + 1) * samples]
        seen, colour, depth = fine.visible[block], fine.colour[block], fine.depth[block]
        visible = seen.mean() > 0.5
        own = seen[middle] or not visible
        blended += not own

        assert frame.visible[y, x] == visible
        assert frame.depth[y, x] == (depth[middle] if own else depth[seen].min())
        expected = colour[middle] * visible if own else np.floor(colour[seen].mean(axis=0) + 0.5)
        np.testing.assert_array_equal(frame.colour[y, x], expected)
    assert blended > PIXELS**2 / 10
