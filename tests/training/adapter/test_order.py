"""Who learns from what, and when, is a function of seed and number alone."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import TrainingError
from ex4d.training.adapter.order import Order, Share
from ex4d.training.config.records import Training

COUNTS = st.integers(1, 7)
SEEDS = st.integers(0, 1 << 40)
ORDER_OF_SEED_0 = [(3, 0), (4, 0), (1, 0), (0, 1), (2, 1), (0, 0), (1, 1), (2, 0), (4, 1), (3, 1)]


@given(count=COUNTS, draws=COUNTS, seed=SEEDS, epoch=st.integers(0, 50))
@settings(max_examples=50, deadline=None)
def test_an_epoch_has_every_excerpt_once(count, draws, seed, epoch):
    order = Order(count, draws, seed)

    excerpts = [order.at(number)[0] for number in range(epoch * count, (epoch + 1) * count)]

    assert sorted(excerpts) == list(range(count))


@given(count=COUNTS, draws=COUNTS, seed=SEEDS, turn=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_as_many_epochs_as_masks_have_every_mask_of_every_excerpt_once(count, draws, seed, turn):
    order = Order(count, draws, seed)
    whole = count * draws

    seen = Counter(order.at(number) for number in range(turn * whole, (turn + 1) * whole))

    assert seen == Counter((excerpt, draw) for excerpt in range(count) for draw in range(draws))


def test_orders_differ_by_seed_and_epoch():
    orders = {
        tuple(Order(20, 1, seed).at(epoch * 20 + place)[0] for place in range(20))
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(orders) == 9


def test_the_order_of_a_seed_never_changes():
    """An order that another version of numpy or ex4d changed would make resumed trainings others."""
    assert [Order(5, 2, 0).at(number) for number in range(10)] == ORDER_OF_SEED_0


@given(processes=st.integers(1, 4), at_once=st.integers(1, 4), turns=st.integers(1, 3), step=st.integers(0, 10**6))
def test_a_step_s_examples_are_shared_out_whole(processes, at_once, turns, step):
    batch = processes * at_once * turns
    training = Training(batch=batch, at_once=at_once)

    shares = [list(Share.of(training, process, processes).numbers(step)) for process in range(processes)]

    assert {len(share) for share in shares} == {turns}
    assert {len(numbers) for share in shares for numbers in share} == {at_once}
    taken = sorted(number for share in shares for numbers in share for number in numbers)
    assert taken == list(range(step * batch, (step + 1) * batch))


def test_a_batch_that_cannot_be_shared_is_refused_with_those_that_could():
    with pytest.raises(TrainingError, match="8 excerpts cannot be shared evenly by 3 processes that take 2 at once: "
                       "choose batch 6 or 12, or another at_once"):  # fmt: skip
        Share.of(Training(batch=8, at_once=2), 0, 3)
