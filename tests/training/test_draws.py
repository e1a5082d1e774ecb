"""Seeded chance: the same words give the same draws, and kinds take turns by their shares."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ex4d.training.draws import generator, seed_of, takes_turns

NAMES = st.lists(st.text(max_size=8) | st.integers(0, 99), max_size=4)


@given(NAMES, NAMES)
def test_unlike_names_have_unlike_seeds(some: list, others: list) -> None:
    """Names that differ anywhere, even in where one word ends, are drawn for apart; equal ones are not."""
    assert (seed_of(*some) == seed_of(*others)) == (some == others)


def test_seeds_never_change() -> None:
    """What was prepared with a seed is found again by any later version."""
    assert seed_of(7, "bear-0012", "erosion") == 4186667096998778081
    assert generator(7, "bear-0012").bit_generator.random_raw() == 15502983478665259589


@given(st.floats(0, 1), st.floats(0, 1, exclude_max=True), st.integers(0, 50), st.integers(1, 50))
def test_turns_come_by_their_share(share: float, offset: float, start: int, count: int) -> None:
    """Any run of turns has the share of one kind within a turn."""
    turns = sum(takes_turns(share, offset, index) for index in range(start, start + count))
    assert abs(turns - share * count) < 1 + 1e-6


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 50))
def test_shares_of_all_and_nothing(offset: float, index: int) -> None:
    """A kind with all of the share always has its turn, one with none never."""
    assert takes_turns(1.0, offset, index)
    assert not takes_turns(0.0, offset, index)
