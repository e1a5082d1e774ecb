"""Corners are spread over the picture, off steps of depth, and found again where they went."""

from __future__ import annotations

import numpy as np
import pytest

from ex4d.reconstruction.steady.picture_corners import WIDTH, cell_of, corners, follow, grey

NOTHING = np.zeros((0, 2))


def spots(seed: int = 1, width: int = 200, height: int = 150) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.kron(random.integers(0, 256, (height // 5, width // 5)), np.ones((5, 5))).astype(np.uint8)


FLAT = np.ones((150, 200), np.float32)


def test_a_picture_is_no_wider_than_needed() -> None:
    assert grey(np.zeros((90, 100, 3), np.uint8)).shape == (90, 100)
    assert grey(np.zeros((1080, 1920, 3), np.uint8)).shape == (180, WIDTH)


def test_every_cell_has_one_corner_and_no_second_one() -> None:
    found = corners(spots(), FLAT, NOTHING)
    cells = cell_of(spots(), found)

    assert len(np.unique(cells)) == len(cells) == (200 // 10) * (150 // 10)
    assert len(corners(spots(), FLAT, found)) == 0
    assert len(corners(spots(), FLAT, found[::2])) == len(found) // 2


def test_what_is_plain_has_no_corners() -> None:
    assert len(corners(np.full((150, 200), 90, np.uint8), FLAT, NOTHING)) == 0


def test_a_picture_smaller_than_a_cell_has_no_corners() -> None:
    assert len(corners(spots()[:6, :6], FLAT[:6, :6], NOTHING)) == 0


def test_no_corner_is_at_a_step_of_depth() -> None:
    step = FLAT.copy()
    step[:, 100:] = 2
    near = np.abs(corners(spots(), step, NOTHING)[:, 0] - 100) < 1
    assert not near.any()
    assert (np.abs(corners(spots(), FLAT, NOTHING)[:, 0] - 100) < 1).any()


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (17, 11)])
def test_corners_are_found_where_they_went(shift: tuple[int, int]) -> None:
    picture, (right, down) = spots(width=300, height=250), shift
    before, now = picture[40:190, 40:240], picture[40 - down : 190 - down, 40 - right : 240 - right]
    places = corners(before, FLAT, NOTHING)
    moved, found = follow(before, now, places)

    assert found.mean() > 0.6
    assert np.percentile(np.abs(moved - places - shift)[found], 95) < 0.1


def test_what_is_hidden_is_not_found() -> None:
    places = corners(spots(), FLAT, NOTHING)
    assert not follow(spots(), np.full_like(spots(), 90), places)[1].any()
