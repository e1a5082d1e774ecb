"""Steps that change little end after the first block; everything else is as without a cache."""

import math

import pytest
import torch

from ex4d.synthesis.wan.block_cache import FirstBlockCache
from ex4d.synthesis.wan.transformer import at_work, velocities
from tests.synthesis.wan.random_transformer import draw, error, make_conditioning, make_replica, noise

LEAST, HUGE = math.ulp(0.0), 1e9
"""Thresholds: one that skips only what does not change at all, and one that skips all that it may."""


def tokens(seed):
    return draw(1, 6, 8, seed=seed)


def full_pass(cache, before, after, end):
    assert cache.recall(before, after) is None
    cache.keep(end)


def test_the_first_pass_is_full():
    assert FirstBlockCache(HUGE).recall(tokens(0), tokens(1)) is None


def test_a_step_that_changes_nothing_ends_where_the_last_one_ended():
    cache = FirstBlockCache(LEAST)
    full_pass(cache, tokens(0), tokens(1), tokens(2))

    got = cache.recall(tokens(0), tokens(1))

    assert error(got, tokens(2)) < 1e-6
    assert cache.skipped == 1


def test_what_the_other_blocks_added_is_added_to_where_the_first_block_arrives_now():
    cache = FirstBlockCache(HUGE)
    full_pass(cache, tokens(0), tokens(1), tokens(2))

    assert error(cache.recall(tokens(3), tokens(4)), tokens(4) + tokens(2) - tokens(1)) < 1e-6
    assert error(cache.recall(tokens(5), tokens(6)), tokens(6) + tokens(2) - tokens(1)) < 1e-6


@pytest.mark.parametrize(("change", "skips"), [(0.09, True), (0.11, False), (-0.09, True), (-0.11, False)])
def test_a_tenth_is_a_tenth_of_the_first_blocks_addition(change, skips):
    """Not of the tokens, which are a hundred times larger here."""
    cache, before, addition = FirstBlockCache(0.1), 100 * tokens(0).double(), tokens(1).double()
    full_pass(cache, before, before + addition, tokens(2).double())

    assert (cache.recall(before, before + (1 + change) * addition) is not None) == skips
    assert cache.skipped == int(skips)


def test_the_change_is_counted_from_the_last_full_pass():
    """Small changes add up until a pass is full again."""
    cache, still, addition = FirstBlockCache(0.25), torch.zeros(1, 6, 8), torch.ones(1, 6, 8)

    full = []
    for size in (1.0, 1.125, 1.1875, 1.25, 1.375, 1.5625):
        full.append(cache.recall(still, size * addition) is None)
        if full[-1]:
            cache.keep(2 * size * addition)

    assert full == [True, False, False, True, False, True]


def test_a_first_block_that_adds_nothing_is_no_measure():
    cache = FirstBlockCache(HUGE)
    full_pass(cache, tokens(0), tokens(0), tokens(2))

    assert cache.recall(tokens(0), tokens(0)) is None


STEPS = ((noise(seed=1), 900.0), (noise(seed=2), 800.0), (noise(seed=3), 700.0))


def run(texts, threshold, steps=STEPS):
    """Return each step's velocities, and how often each branch was skipped."""
    replica, conditioning = make_replica(), make_conditioning()
    with at_work([replica]):
        hearing = replica.hear(conditioning, texts, cache=threshold)
        found = [velocities([[hearing]], latents, timestep) for latents, timestep in steps]
    return found, [branch.cache.skipped if branch.cache else 0 for branch in hearing.branches]


def texts():
    conditioning = make_conditioning()
    return [conditioning.text, conditioning.negative_text]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_cache_that_skips_nothing_changes_nothing():
    with_cache, skipped = run(texts(), LEAST)
    without, _ = run(texts(), 0.0)

    assert skipped == [0, 0]
    assert all(equal(one, other) for one, other in zip(with_cache, without, strict=True))


def test_a_repeated_step_is_skipped_by_both_branches():
    once, again = STEPS[0], STEPS[0]

    (first, second), skipped = run(texts(), LEAST, (once, again))

    assert skipped == [1, 1]
    assert all(error(got, wanted) < 1e-6 for got, wanted in zip(second, first, strict=True))


def test_every_step_after_the_first_is_skipped_where_all_may_be():
    found, skipped = run(texts(), HUGE)
    without, _ = run(texts(), 0.0)

    assert skipped == [2, 2]
    assert equal(found[0], without[0])
    assert all(error(got, wanted) > 1e-3 for got, wanted in zip(found[2], without[2], strict=True))


def test_branches_do_not_hear_each_other():
    """Each continues its own full pass, as if it were alone."""
    together, _ = run(texts(), HUGE)
    alone = [run([text], HUGE)[0] for text in texts()]

    for step, both in enumerate(together):
        assert equal(both, [alone[0][step][0], alone[1][step][0]])
        assert error(*both) > 0.01
