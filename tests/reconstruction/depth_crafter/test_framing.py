"""Laws of what the network sees of a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.reconstruction.depth_crafter.framing import Framing

SIDES = st.integers(1, 3000)


@given(SIDES, SIDES, st.integers(64, 1500), st.sampled_from([16, 64]))
def test_a_picture_is_never_enlarged_nor_squashed_and_its_margin_is_the_least(
    width: int, height: int, longest: int, multiple: int
) -> None:
    framing = Framing.fitting((width, height), longest, multiple)
    scale = min(1.0, longest / max(width, height))
    assert max(framing.size) <= longest
    for side, whole, padded in zip(framing.size, (width, height), framing.padded, strict=True):
        assert side <= whole
        assert abs(side - max(1.0, whole * scale)) <= 0.5
        assert padded % multiple == 0
        assert 0 <= padded - side < multiple


def test_of_a_usual_video_only_the_height_is_padded() -> None:
    assert Framing.fitting((1920, 1080), 1024, 64) == Framing((1920, 1080), (1024, 576), (1024, 576))
    assert Framing.fitting((1280, 544), 1024, 64) == Framing((1280, 544), (1024, 435), (1024, 448))


@settings(deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 9))
def test_what_is_cropped_is_the_picture_and_what_is_round_it_its_mirror_image(
    width: int, height: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)
    framing = Framing.fitting((width, height), 1024, 64)
    padded = framing.with_margin(picture)
    assert padded.shape[1::-1] == framing.padded
    for channel in range(3):
        seen = padded[None, ..., channel].astype(np.float32)
        np.testing.assert_array_equal(framing.cropped(seen)[0], picture[..., channel])
    left, above = ((whole - side) // 2 for whole, side in zip(framing.padded, framing.size, strict=True))
    for at in range(min(left, width)):
        np.testing.assert_array_equal(padded[:, left - 1 - at], padded[:, left + at])
    for at in range(min(above, height)):
        np.testing.assert_array_equal(padded[above - 1 - at], padded[above + at])


def test_a_picture_of_one_colour_stays_so_when_it_is_scaled() -> None:
    framing = Framing.fitting((301, 187), 100, 64)
    np.testing.assert_array_equal(framing.scaled(np.full((187, 301, 3), 77, np.uint8)), np.full((62, 100, 3), 77))


def test_scaling_keeps_things_where_they_are() -> None:
    x = np.broadcast_to(np.linspace(0, 255, 400)[None, :, None], (40, 400, 3)).astype(np.uint8)
    seen = Framing.fitting((400, 40), 100, 64).scaled(x)
    assert seen.shape == (10, 100, 3)
    assert seen[5, 50, 0] == pytest.approx(255 * 50.5 / 100, abs=2)
