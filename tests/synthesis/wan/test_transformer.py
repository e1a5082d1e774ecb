"""Cards that share the work are one card; compiled passes serve a film's shots, whatever their lengths."""

import inspect
from functools import partial

import pytest
import torch

from ex4d.synthesis.wan import attention, forward, transformer
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities
from tests.synthesis.wan.random_transformer import CPU, error, make_conditioning, make_replica, make_transformer, noise

TOLERANCE = 2e-6
"""Of the largest value: what float32 leaves of the same sums in another order."""
GRIDS = [(3, 2, 4), (1, 5, 1), (2, 1, 3)]
"""24 tokens, 5 and 6: lanes get equal shares and unequal ones."""


def texts(conditioning):
    return [conditioning.text, conditioning.negative_text]


def heard(replicas, conditioning, branches, **hearing):
    """Seat a team of lanes, one on each replica."""
    lanes = len(replicas)
    return [
        replica.hear(conditioning, branches, lane=(lane, lanes), **hearing) for lane, replica in enumerate(replicas)
    ]


def of_lanes(replicas, grid, **hearing):
    conditioning = make_conditioning(grid)
    with at_work(replicas):
        return velocities([heard(replicas, conditioning, texts(conditioning), **hearing)], noise(grid), 900.0)


def errors(some, others):
    return [error(one, other) for one, other in zip(some, others, strict=True)]


@pytest.mark.parametrize("keep_memories", [True, False])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("lanes", [2, 3, 4])
def test_lanes_together_are_one_card(lanes, grid, keep_memories):
    one = of_lanes([make_replica()], grid)

    several = of_lanes([make_replica() for _ in range(lanes)], grid, keep_memories=keep_memories)

    assert max(errors(several, one)) <= TOLERANCE
    assert error(*one) > 0.01


@pytest.mark.parametrize("odd", range(3))
def test_every_lane_is_computed_with_its_own_card_s_weights(odd):
    usual = of_lanes([make_replica() for _ in range(3)], GRIDS[0])

    others = of_lanes([make_replica(seed=int(lane == odd)) for lane in range(3)], GRIDS[0])

    assert min(errors(others, usual)) > 0.001


def test_each_team_answers_for_its_branch_in_their_order():
    replicas, conditioning = [make_replica(), make_replica()], make_conditioning()
    with at_work(replicas):
        (both,) = [heard(replicas[:1], conditioning, texts(conditioning))]
        teams = [heard([each], conditioning, [text]) for each, text in zip(replicas, texts(conditioning), strict=True)]
        together, apart, turned = (velocities(asked, noise(), 900.0) for asked in ([both], teams, teams[::-1]))

    assert all(torch.equal(one, other) for one, other in zip(apart, together, strict=True))
    assert all(torch.equal(one, other) for one, other in zip(turned, together[::-1], strict=True))


@pytest.fixture
def graphs(monkeypatch):
    """What is compiled here; as torch has it by default, but for the backend, which runs what it is given."""
    made = []

    def backend(graph, inputs):
        made.append(graph)
        return graph.forward

    for part in (attention, forward, transformer):
        for name, value in list(vars(part).items()):
            # torch cannot look into the checks of shapes that tests put around functions.
            if inspect.isfunction(value) and value.__module__.startswith("ex4d."):
                monkeypatch.setattr(part, name, inspect.unwrap(value))
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    torch._dynamo.reset()
    with torch._dynamo.config.patch(recompile_limit=8):
        yield made
    torch._dynamo.reset()


@pytest.mark.parametrize("lanes", [1, 2])
def test_blocks_compiled_for_two_lengths_serve_all(graphs, lanes):
    """A film's shots have windows of many lengths: twelve here, most of them unevenly shared by two lanes."""
    compiled, usual = (
        [Replica(make_transformer(blocks=1), CPU, residual=torch.float32, compile_blocks=wanted) for _ in range(lanes)]
        for wanted in (True, False)
    )
    made, errors_of_length = [], []
    for frames in (5, 7, 13, 2, 12, 3, 11, 4, 10, 6, 9, 8):
        got = of_lanes(compiled, (frames, 1, 3))
        made.append(len(graphs))
        errors_of_length.append(max(errors(got, of_lanes(usual, (frames, 1, 3)))))

    assert max(errors_of_length) <= TOLERANCE
    assert 0 < made[0] < made[1] == made[-1]


def test_more_kinds_than_torch_allows_by_itself_can_be_compiled(graphs):
    """Cards, precisions and kinds of blocks are each compiled for."""
    doubled = transformer._compiled(lambda values: 2 * values)
    kinds = [torch.ones([1] * axes, dtype=kind) for axes in range(1, 8) for kind in (torch.float32, torch.bfloat16)]

    assert all(torch.equal(doubled(one), 2 * one) for one in kinds)
    assert len(graphs) == len(kinds) > 8
