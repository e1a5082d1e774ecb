"""Which blocks stream; on a card: that streaming changes nothing and leaves nothing."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.synthesis.wan.float8 import use_float8
from ex4d.synthesis.wan.residency import Residency, streaming_blocks
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities
from tests.synthesis.wan.random_transformer import CPU, GRID, make_conditioning, make_transformer, noise

CARD = "cuda:0"
BLOCKS = 5
needs_card = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
needs_float8 = pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability() < (8, 9), reason="needs a card with float8"
)


def gpu(test):
    for mark in needs_card:
        test = mark(test)
    return test


@settings(derandomize=True, max_examples=300)
@given(st.integers(1, 100), st.integers(0, 120))
def test_all_but_the_resident_blocks_stream_evenly_spread(count, resident):
    streaming = streaming_blocks(count, resident)

    assert len(streaming) == max(0, count - resident)
    assert list(streaming) == sorted(set(streaming))
    assert all(0 <= index < count for index in streaming)
    # Steps follow each other, so the last one's gap goes on in the next step's blocks.
    gaps = [later - earlier for earlier, later in pairwise((*streaming, *(index + count for index in streaming)))]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_on_the_cpu_blocks_are_handed_out_in_order_as_they_are():
    blocks = list(make_transformer(blocks=3).blocks)
    residency = Residency(blocks, CPU, resident=3)

    with residency.on_card():
        handed = [list(residency), list(residency)]

    assert all(one is other for each in handed for one, other in zip(each, blocks, strict=True))


def replica(resident, *, float8=False, seed=0):
    """Make a replica on the card; wide enough that a block takes the card a while."""
    transformer = make_transformer(seed, blocks=BLOCKS, width=256, kind=torch.bfloat16)
    if float8:
        for block in transformer.blocks:
            use_float8(block)
    return Replica(transformer, torch.device(CARD), residual=torch.float32, resident=resident)


def three_steps(one, **hearing):
    """Return the velocities of three steps of both branches, on the host."""
    conditioning = make_conditioning(width=256)
    with at_work([one]):
        heard = [[one.hear(conditioning, [conditioning.text, conditioning.negative_text], **hearing)]]
        found = [velocities(heard, noise(GRID, seed=step), 900.0 - step) for step in range(3)]
    return [velocity for step in found for velocity in step]


def equal(some, others):
    return all(torch.equal(one, other) for one, other in zip(some, others, strict=True))


@gpu
@pytest.mark.parametrize("keep_memories", [True, False])
@pytest.mark.parametrize("resident", [0, 1, 3, BLOCKS - 1])
def test_streamed_blocks_give_the_bits_of_resident_ones(resident, keep_memories):
    wanted = three_steps(replica(None))
    streamed = replica(resident)

    first = three_steps(streamed, keep_memories=keep_memories)
    again = three_steps(streamed, keep_memories=keep_memories)

    assert equal(first, wanted)
    assert equal(again, wanted), "the card was left and entered again"
    assert not torch.equal(first[0], first[1])


@gpu
@needs_float8
@pytest.mark.parametrize("resident", [0, 1, BLOCKS - 1])
def test_streamed_float8_blocks_give_the_bits_of_resident_ones(resident):
    wanted = three_steps(replica(None, float8=True))
    streamed = replica(resident, float8=True)

    assert equal(three_steps(streamed), wanted)
    assert equal(three_steps(streamed), wanted)


@gpu
def test_work_that_is_broken_off_can_begin_again():
    """Half a step leaves the order of blocks in the middle; the next work begins with the first."""
    wanted, streamed = three_steps(replica(None)), replica(1)

    with pytest.raises(KeyboardInterrupt), streamed.blocks.on_card():
        for index, _ in enumerate(streamed.blocks):
            if index == 2:
                raise KeyboardInterrupt

    assert equal(three_steps(streamed), wanted)


@gpu
@pytest.mark.parametrize("resident", [0, 2, BLOCKS - 1])
def test_after_work_nothing_of_the_blocks_is_left_on_the_card(resident):
    streamed = replica(resident)
    three_steps(streamed)  # so that the libraries have what they keep
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated(CARD)

    with streamed.blocks.on_card():
        held = torch.cuda.memory_allocated(CARD) - before
    torch.cuda.synchronize()

    block = sum(one.nbytes for one in (*streamed.transformer.blocks[0].parameters(),))
    assert held >= (resident + 2) * block
    assert held < (resident + 2) * block * 1.2
    assert torch.cuda.memory_allocated(CARD) == before
    assert all(not one.is_cuda for one in streamed.transformer.blocks.parameters())


@gpu
def test_after_work_a_streamed_block_holds_its_own_weights_again():
    streamed, fresh = replica(1), make_transformer(0, blocks=BLOCKS, width=256, kind=torch.bfloat16)

    three_steps(streamed)

    for (name, one), other in zip(
        streamed.transformer.blocks.named_parameters(), fresh.blocks.parameters(), strict=True
    ):
        assert torch.equal(one.cpu(), other), name


@gpu
def test_a_block_waits_in_host_memory_that_the_card_can_read():
    streamed = replica(0)

    assert all(one.is_pinned() for one in streamed.transformer.blocks.parameters())
