"""A region of the first frame stays hidden wherever it goes."""

from __future__ import annotations

from dataclasses import dataclass

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


def square(left: float, top: float, side: float) -> np.ndarray:
    """Where a square is in a picture of 96 x 64."""
    down, right = np.mgrid[:64, :96] + 0.5
    return (abs(right - left - side / 2) < side / 2) & (abs(down - top - side / 2) < side / 2)


@dataclass(frozen=True)
class Passing:
    """A small square goes right by 6 pixels a frame, behind a large one and out again; the rest stands still."""

    lost: bool
    """Whether points of the small square are seen in the first frame only."""

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        steps = 6 * np.arange(len(frames), dtype=np.float32)[:, None]
        small, large = (self._of(points, *each) for each in ((8, 26, 12), (32, 16, 32)))
        positions = points + np.stack([steps * small, 0 * steps * small], axis=2)
        before = small & ~self._of(positions, 32, 16, 32) & (not self.lost or steps == 0)
        covered = self._of(points - np.stack([steps, 0 * steps], axis=2), 8, 26, 12)
        return Tracks(positions, before | large | ~small & ~covered)

    @staticmethod
    def _of(points: np.ndarray, left: float, top: float, side: float) -> np.ndarray:
        return np.all((points >= (left, top)) & (points <= (left + side, top + side)), axis=-1)


@pytest.mark.parametrize("lost", [False, True])
def test_a_square_that_passes_behind_another_is_never_shown_and_the_other_is(lost: bool) -> None:
    """Points are 4 pixels apart, so corners are not sharp; where the small square is lost, most of it stays hidden."""
    visible = tracking_mask(np.zeros((12, 64, 96, 3), np.uint8), square(8, 26, 12), Passing(lost))
    large = square(32, 16, 32)
    for index, frame in enumerate(visible[1:], 1):
        shown = frame & square(8 + 6 * index + 1, 27, 10) & ~square(30, 14, 36)
        assert shown.sum() <= (16 if lost else 2)
        assert (frame | ~square(34, 18, 28)).all()
        assert (frame | large | square(8 + 6 * index - 4, 22, 20)).all()
    assert (~visible[11] & ~large).sum() > 90
