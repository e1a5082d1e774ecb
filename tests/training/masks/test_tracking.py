"""A region of the first frame stays hidden wherever it goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.training.masks.flow_tracker import FlowTracker
from ex4d.training.masks.tracker import Tracks
from ex4d.training.masks.tracking import tracking_mask
from tests.training.masks.moving_clips import TrueTracker, disc, panned, texture

pytest.importorskip("cv2", reason="needs the depth extra")


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99), width=st.integers(40, 90), height=st.integers(40, 90))
def test_in_a_clip_that_stands_still_the_mask_stands_still(seed: int, width: int, height: int) -> None:
    frames = np.repeat(texture(seed, width, height)[None], 4, axis=0)
    region = disc(width, height, (0.4 * width, 0.6 * height), 0.2 * width)
    assert (tracking_mask(frames, region, FlowTracker()) == ~region).all()


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 99), right=st.integers(-3, 3), down=st.integers(-3, 3))
def test_the_mask_moves_by_what_the_picture_moves(seed: int, right: int, down: int) -> None:
    frames = panned(seed, 96, 80, [(right * k, down * k) for k in range(5)])
    region = disc(96, 80, (48, 40), 14)
    visible = tracking_mask(frames, region, FlowTracker())
    for index, frame in enumerate(visible):
        assert (~frame == np.roll(region, (down * index, right * index), axis=(0, 1))).all()


def test_what_leaves_the_picture_leaves_the_mask_and_comes_back_with_it() -> None:
    moves = [(0, 0), (10, 0), (20, 0), (30, 0), (20, 0), (10, 0), (0, 0)]
    region = disc(64, 48, (50, 24), 9)
    visible = tracking_mask(panned(3, 64, 48, moves), region, TrueTracker(moves))
    assert visible[3].all()
    for (right, _), frame in zip(moves, visible, strict=True):
        expected = np.zeros_like(region)
        expected[:, right:] = region[:, : 64 - right]
        assert (~frame == expected).all()


def test_a_region_that_grows_has_no_pinholes() -> None:
    class Zoom:
        def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
            scales = np.array([1, 1.7, 2.9, 4.3], np.float32)[:, None, None]
            return Tracks((points - 32) * scales + np.float32(32), np.ones((4, len(points)), bool))

    visible = tracking_mask(np.zeros((4, 64, 64, 3), np.uint8), disc(64, 64, (32, 32), 6), Zoom())
    for scale, frame in zip((1, 1.7, 2.9, 4.3), visible, strict=True):
        assert (~frame | disc(64, 64, (32, 32), 6 * scale + 1.5 * scale) == disc(64, 64, (32, 32), 7.5 * scale)).all()
        assert not (frame & disc(64, 64, (32, 32), 5 * scale)).any()
