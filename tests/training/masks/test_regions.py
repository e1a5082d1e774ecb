"""Regions of the first frame are drawn by their generator alone, and are as large as asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.training.masks.regions import drawn_regions


def drawn(seed: int, width: int, height: int, smallest: float, largest: float, depth: np.ndarray | None = None):
    generator = np.random.default_rng(seed)
    return drawn_regions(generator, width, height, most_regions=4, smallest=smallest, largest=largest, depth=depth)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 999),
    width=st.integers(8, 96),
    height=st.integers(8, 96),
    shares=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)).map(sorted),
)
def test_regions_are_a_function_of_the_seed_and_as_large_as_asked(seed, width, height, shares) -> None:
    smallest, largest = shares
    region = drawn(seed, width, height, smallest, largest)
    assert (region == drawn(seed, width, height, smallest, largest)).all()
    assert 1 <= region.sum() < region.size
    within = 1 / region.size
    assert min(smallest, 0.9) - within <= region.mean() <= max(largest, 2 * within) + within


def test_other_seeds_draw_other_regions() -> None:
    assert len({drawn(seed, 48, 48, 0.02, 0.4).tobytes() for seed in range(20)}) == 20


def test_bands_lie_on_the_far_side_of_an_edge_of_depth() -> None:
    """A square stands before a wall: with depth some regions hug its outline from outside, which none does without."""
    depth = np.full((64, 64), 4, np.float32)
    depth[16:48, 16:48] = 1
    beside = np.zeros((64, 64), bool)
    beside[14:50, 14:50] = True
    beside[16:48, 16:48] = False
    shares = [
        np.mean([beside[drawn(seed, 64, 64, 0.02, 0.02, known)].mean() for seed in range(30)])
        for known in (None, depth)
    ]
    assert shares[1] > 1.5 * shares[0]


def test_where_no_depth_is_known_there_are_no_bands() -> None:
    unknown = np.full((48, 48), np.nan, np.float32)
    assert (drawn(3, 48, 48, 0.1, 0.1, unknown) == drawn(3, 48, 48, 0.1, 0.1)).all()
