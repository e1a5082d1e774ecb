"""VACE is told the opposite of visible, and sees grey where nothing is known."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ex4d.errors import SynthesisError
from ex4d.synthesis.vace.loading import load_pipeline
from ex4d.synthesis.vace.pixels import prepare, to_frames
from tests.synthesis.vace.tiny_vace import SIZE, tiny_guide


@st.composite
def windows(draw):
    frames, height, width = draw(st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)))
    colour = draw(arrays(np.uint8, (frames, height, width, 3)))
    return colour, draw(arrays(np.bool_, (frames, height, width)))


@settings(derandomize=True, deadline=None)
@given(windows())
def test_the_mask_is_the_opposite_of_visible(window):
    colour, visible = window

    _, mask = prepare(colour, visible)

    np.testing.assert_array_equal(mask[0, :, 0], np.where(visible, 0.0, 1.0))


@settings(derandomize=True, deadline=None)
@given(windows())
def test_what_is_visible_comes_back_as_it_was_and_the_rest_is_grey(window):
    colour, visible = window

    video, _ = prepare(colour, visible)

    pixels = video[0].permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(to_frames(pixels)[visible], colour[visible])
    assert (pixels[~visible] == 0.5).all()


@settings(derandomize=True, deadline=None)
@given(arrays(np.uint8, (1, 2, 2, 3)), st.floats(-0.49, 0.49))
def test_frames_are_rounded_to_the_nearest_level(levels, off):
    decoded = ((levels + np.float32(off)) / 255).clip(0, 1).astype(np.float32)

    np.testing.assert_array_equal(to_frames(decoded), levels)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_frames_that_are_not_finite_are_an_error(poison):
    decoded = np.zeros((1, 2, 2, 3), np.float32)
    decoded[0, 1, 0, 2] = poison

    with pytest.raises(SynthesisError, match="not finite"):
        to_frames(decoded)


def test_the_pipeline_keeps_what_is_visible_and_is_given_nothing_else(tiny_vace):
    """Of the two streams that it encodes, what to keep is the guide with grey holes; what to repaint is all grey."""
    pipeline = load_pipeline(tiny_vace, torch.float32, shift=3.0)

    def streams(colour, visible):
        video, mask = prepare(colour, visible)
        pixels, mask, _ = pipeline.preprocess_conditions(
            video, mask, None, 1, SIZE[1], SIZE[0], len(colour), torch.float32, torch.device("cpu")
        )
        return pixels, pipeline.prepare_video_latents(pixels, mask, [[]], None, torch.device("cpu")).chunk(2, dim=1)

    colour, visible = tiny_guide()
    pixels, (kept, repainted) = streams(colour, visible)
    grey = np.full_like(colour, 128)
    _, (nothing, _) = streams(grey, np.zeros_like(visible))
    _, (inverted, _) = streams(colour, ~visible)

    expected = np.where(visible[..., None], colour / 127.5 - 1, 0)
    np.testing.assert_allclose(pixels[0].permute(1, 2, 3, 0), expected, atol=1e-6)
    torch.testing.assert_close(repainted, nothing, rtol=0, atol=0)
    assert (kept - nothing).abs().max() > 0.01
    assert (kept - inverted).abs().max() > 0.01
