"""Wan's transformer at work on its cards: velocities out of latents, for both branches of guidance.

A replica is the model on one card. With one replica both branches pass each block while it is there. With two, each
takes a branch; the passes run side by side, since a card works on after it has been told what to do. More than a card
a branch, or two where nothing is guided, are lanes: each takes a part of the tokens, and hands the others its keys and
values in every self-attention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from ex4d.array_types import Float
from ex4d.synthesis.wan.attention import Memory, Question, Rotary, remember, rotary_of
from ex4d.synthesis.wan.block_cache import FirstBlockCache
from ex4d.synthesis.wan.conditioning import Conditioning
from ex4d.synthesis.wan.forward import (
    embed_context,
    embed_latents,
    embed_time,
    enter_block,
    leave_block,
    pass_block,
    read_head,
)
from ex4d.synthesis.wan.residency import Residency

Latents = Float[Tensor, "1 channels latent_frames latent_height latent_width"]
Tokens = Float[Tensor, "1 tokens features"]
Part = Float[Tensor, "1 _ features"]
"""A lane's tokens; lanes may differ by one."""
RECOMPILE_LIMIT = 64
Lane = tuple[int, int]
"""Which part of the tokens, of how many."""
ATTENTION = [
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]
"""Fastest first, as measured on an H200 (cuDNN 0.75 of flash's time); a card takes the first that it has."""


class Replica:
    """A transformer on one card, ready to be passed."""

    def __init__(
        self,
        transformer: WanTransformer3DModel,
        device: torch.device,
        *,
        residual: torch.dtype,
        resident: int | None = None,
        compile_blocks: bool = False,
    ) -> None:
        """Place the transformer on ``device``; of its blocks ``resident`` for the time of work (None: all, for good).

        ``residual`` is the type of the stream that the blocks add to.
        """
        self.transformer = transformer
        self.device = device
        self.residual = residual
        for name, part in transformer.named_children():
            if name != "blocks":
                part.to(device)
        transformer.scale_shift_table.data = transformer.scale_shift_table.data.to(device)
        blocks = list(transformer.blocks)
        self.blocks = Residency(blocks, device, resident=len(blocks) if resident is None else resident)
        prepared = _compiled if compile_blocks else _as_it_is
        self.pass_block: Callable[..., Tokens] = prepared(pass_block)
        self.enter_block: Callable[..., Question] = prepared(enter_block)
        self.leave_block: Callable[..., Tokens] = prepared(leave_block)

    def hear(
        self,
        conditioning: Conditioning,
        texts: Sequence[Tensor],
        *,
        cache: float = 0.0,
        keep_memories: bool = True,
        lane: Lane = (0, 1),
    ) -> Hearing:
        """Embed on this card what is the same in every step; a branch for each of ``texts``.

        With ``keep_memories`` the keys and values of all cross-attentions are kept (0.6 GB a branch at 14B).
        """
        image, condition = conditioning.image.to(self.device), conditioning.image_condition.to(self.device)
        camera = conditioning.camera_latent
        contexts = [embed_context(self.transformer, text.to(self.device), image) for text in texts]
        branches = tuple(Branch(context, [], FirstBlockCache(cache) if cache else None) for context in contexts)
        if keep_memories:
            for block in self.blocks:
                for branch in branches:
                    branch.memories.append(remember(block.attn2, branch.context))
        camera = None if camera is None else camera.to(self.device)
        rotary = rotary_of(self.transformer, condition)
        own = Rotary(*(_part(turn, lane) for turn in rotary))
        return Hearing(self, branches, condition, camera, own, lane)


@dataclass(frozen=True)
class Branch:
    """What one side of guidance hears and remembers: the prompt's, or the negative prompt's."""

    context: Float[Tensor, "1 context features"]
    memories: list[Memory]
    """Of each block; empty where they are made anew each time."""
    cache: FirstBlockCache | None
    """Its own: branches that shared one would hear each other."""

    def memory(self, index: int, block: nn.Module) -> Memory:
        """Return what a block's cross-attention looks up."""
        return self.memories[index] if self.memories else remember(block.attn2, self.context)


@dataclass(frozen=True)
class Hearing:
    """What a replica's branches hear through all steps."""

    replica: Replica
    branches: tuple[Branch, ...]
    condition: Float[Tensor, "1 condition latent_frames latent_height latent_width"]
    camera_latent: Float[Tensor, "1 features latent_frames token_height token_width"] | None
    rotary: Rotary
    """Of this lane's tokens."""
    lane: Lane

    def enter(self, latents: Latents) -> Tokens:
        """Return this lane's tokens of a step's latents, the same for every branch."""
        channels = torch.cat([latents.to(self.replica.device), self.condition], dim=1)
        tokens = embed_latents(self.replica.transformer, channels, self.camera_latent, self.replica.residual)
        return _part(tokens, self.lane)


@contextmanager
def at_work(replicas: Sequence[Replica]) -> Iterator[None]:
    """Hold the transformers on their cards, and let attention take the fastest way that they have."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(sdpa_kernel(ATTENTION, set_priority=True))
        for replica in replicas:
            stack.enter_context(replica.blocks.on_card())
        yield


def velocities(teams: Sequence[Sequence[Hearing]], latents: Latents, timestep: float) -> list[Latents]:
    """Return each branch's velocity at ``timestep`` (0 to 1000), in float32 on the latents' device.

    A team are the lanes that hear the same branches; most often one. Blocks are told team after team, so that all cards
    work at the same time. To be called :func:`at_work`.
    """
    passes = [_Pass(team, latents, timestep) for team in teams]
    cards = [hearing.replica.blocks for team in teams for hearing in team]
    for index, blocks in enumerate(zip(*cards, strict=True)):
        left = iter(blocks)
        for one, team in zip(passes, teams, strict=True):
            one.through(index, [next(left) for _ in team])
    return [velocity.to(latents.device) for one in passes for velocity in one.leave()]


class _Pass:
    """One team's branches on their way through the blocks."""

    def __init__(self, team: Sequence[Hearing], latents: Latents, timestep: float) -> None:
        self._team = team
        self._modulations = [embed_time(hearing.replica.transformer, timestep) for hearing in team]
        patch = team[0].replica.transformer.config.patch_size
        self._grid = tuple(side // step for side, step in zip(latents.shape[2:], patch, strict=True))
        entered = [hearing.enter(latents) for hearing in team]
        self._tokens: list[list[Part]] = [entered for _ in team[0].branches]
        self._done: list[Tokens | None] = [None for _ in team[0].branches]

    def through(self, index: int, blocks: Sequence[nn.Module]) -> None:
        """Take every branch that is not done through a block, which each lane has on its card."""
        for k in range(len(self._tokens)):
            if self._done[k] is not None:
                continue
            memories = [
                hearing.branches[k].memory(index, block) for hearing, block in zip(self._team, blocks, strict=True)
            ]
            before = self._tokens[k]
            self._tokens[k] = self._passed(blocks, before, memories)
            if index == 0 and (cache := self._team[0].branches[k].cache) is not None:
                self._done[k] = cache.recall(before[0], self._tokens[k][0])

    def _passed(self, blocks: Sequence[nn.Module], tokens: Sequence[Part], memories: Sequence[Memory]) -> list[Part]:
        """Take a branch's tokens through a block: at once, or with lanes that hear each other half-way."""
        told = [modulation.of_blocks for modulation in self._modulations]
        if len(self._team) == 1:
            (hearing,) = self._team
            return [hearing.replica.pass_block(blocks[0], tokens[0], memories[0], told[0], hearing.rotary)]
        lanes = list(zip(self._team, blocks, tokens, memories, told, strict=True))
        questions = [
            hearing.replica.enter_block(block, own, modulation, hearing.rotary, memory.text_keys.dtype)
            for hearing, block, own, memory, modulation in lanes
        ]
        # All are handed over before any lane goes on: a card hands over in the order in which it was told to work.
        put_to_all = [_to_all(question, questions) for question in questions]
        return [
            hearing.replica.leave_block(block, own, question, memory, modulation)
            for (hearing, block, own, memory, modulation), question in zip(lanes, put_to_all, strict=True)
        ]

    def leave(self) -> Iterator[Latents]:
        """Read the branches' velocities, on the first lane."""
        first = self._team[0]
        for branch, lanes, done in zip(first.branches, self._tokens, self._done, strict=True):
            if branch.cache is not None and done is None:
                branch.cache.keep(lanes[0])
            end = torch.cat([own.to(first.replica.device) for own in lanes], dim=1) if done is None else done
            yield read_head(first.replica.transformer, end, self._modulations[0].embedding, self._grid)


def _to_all(question: Question, questions: Sequence[Question]) -> Question:
    """Return a lane's question put to the tokens of all lanes."""
    device = question.query.device
    keys, values = (
        torch.cat([looked.to(device, non_blocking=True) for looked in all_lanes], dim=1)
        for all_lanes in ([each.key for each in questions], [each.value for each in questions])
    )
    return Question(question.query, keys, values)


def _part(tokens: Tensor, lane: Lane) -> Tensor:
    """Return a lane's share of tokens (axis 1), laid out as any others, so that compiled blocks serve it, too."""
    index, count = lane
    return tokens.tensor_split(count, dim=1)[index].contiguous()


def _compiled(function: Any) -> Any:
    """Compile for the first number of tokens, then once more for any: a film's shots differ in length.

    Cards and kinds of blocks each count against torch's limit on compiling one function anew, which is 8.
    """
    torch._dynamo.config.recompile_limit = RECOMPILE_LIMIT
    return torch.compile(function, fullgraph=True)


def _as_it_is(function: Any) -> Any:
    return function
