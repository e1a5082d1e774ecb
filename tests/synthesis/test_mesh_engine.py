"""The mesh engine completes a frame and touches nothing that was seen."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ex4d.synthesis.mesh_engine import complete_frame

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@st.composite
def frames(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Draw a colour, what is visible of it, and perhaps a background with holes (black)."""
    height, width = draw(sizes)
    picture = arrays(np.uint8, (height, width, 3), elements=st.integers(1, 255))
    mask = arrays(np.bool_, (height, width))
    colour, visible = draw(picture), draw(mask)
    background = draw(st.none() | picture)
    if background is not None:
        background = background * draw(mask)[..., None]
    return colour * visible[..., None], visible, background


@settings(derandomize=True, deadline=None)
@given(frames())
def test_visible_pixels_are_untouched_and_the_inputs_too(frame):
    colour, visible, background = frame
    before = colour.copy(), visible.copy(), None if background is None else background.copy()

    completed = complete_frame(colour, visible, background)

    np.testing.assert_array_equal(completed[visible], colour[visible])
    for now, then in zip(frame, before, strict=True):
        np.testing.assert_array_equal(now, then)


@settings(derandomize=True, deadline=None)
@given(frames())
def test_holes_show_the_background_where_it_was_hit(frame):
    colour, visible, background = frame
    background = np.zeros_like(colour) if background is None else background

    completed = complete_frame(colour, visible, background)

    shown = ~visible & background.any(axis=-1)
    np.testing.assert_array_equal(completed[shown], background[shown])


@settings(derandomize=True, deadline=None)
@given(frames())
def test_nothing_is_left_uncovered_where_anything_is_known(frame):
    colour, visible, background = frame

    completed = complete_frame(colour, visible, background)

    known = visible.any() or (background is not None and background.any())
    assert completed.any(axis=-1).all() == known


@settings(derandomize=True, deadline=None)
@given(frames())
def test_the_last_resort_stays_within_the_background_s_colours(frame):
    colour, visible, background = frame
    if background is None or not background.any():
        return

    completed = complete_frame(colour, visible, background)

    hit = background.any(axis=-1)
    rest = completed[~visible & ~hit].astype(int)
    assert (rest >= background[hit].min(axis=0).astype(int) - 1).all()
    assert (rest <= background[hit].max(axis=0).astype(int) + 1).all()


def test_a_fully_visible_frame_is_returned_as_it_is():
    colour = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)

    completed = complete_frame(colour, np.ones((7, 5), np.bool_), None)

    np.testing.assert_array_equal(completed, colour)


def test_nothing_known_at_all_gives_black():
    black = np.zeros((4, 6, 3), np.uint8)

    assert not complete_frame(black, np.zeros((4, 6), np.bool_), black).any()
