"""Wan's transformer at work on its cards: velocities out of latents, for both branches of guidance.

A replica is the model on one card. With one replica both branches pass each block while it is there; with two, each
card takes a branch, and the passes run side by side, since a card works on after it has been told what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from diffusers import WanTransformer3DModel
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from ex4d.synthesis.wan.attention import Memory, Rotary, remember, rotary_of
from ex4d.synthesis.wan.block_cache import FirstBlockCache
from ex4d.synthesis.wan.conditioning import Conditioning
from ex4d.synthesis.wan.forward import Modulation, embed_context, embed_latents, embed_time, pass_block, read_head
from ex4d.synthesis.wan.residency import Residency

Latents = Float[Tensor, "1 channels latent_frames latent_height latent_width"]
Tokens = Float[Tensor, "1 tokens features"]
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
        self.pass_block: Callable[..., Tokens] = pass_block
        if compile_blocks:
            self.pass_block = torch.compile(pass_block, fullgraph=True, dynamic=False)

    def hear(
        self, conditioning: Conditioning, texts: Sequence[Tensor], *, cache: float = 0.0, keep_memories: bool = True
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
        return Hearing(self, branches, condition, camera, rotary_of(self.transformer, condition))


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

    def enter(self, latents: Latents) -> Tokens:
        """Return the tokens of a step's latents, the same for every branch."""
        channels = torch.cat([latents.to(self.replica.device), self.condition], dim=1)
        return embed_latents(self.replica.transformer, channels, self.camera_latent, self.replica.residual)


@contextmanager
def at_work(replicas: Sequence[Replica]) -> Iterator[None]:
    """Hold the transformers on their cards, and let attention take the fastest way that they have."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(sdpa_kernel(ATTENTION, set_priority=True))
        for replica in replicas:
            stack.enter_context(replica.blocks.on_card())
        yield


def velocities(hearings: Sequence[Hearing], latents: Latents, timestep: float) -> list[Latents]:
    """Return each branch's velocity at ``timestep`` (0 to 1000), in float32 on the latents' device.

    Blocks are told branch after branch, so that cards with a branch each work at the same time. To be called
    :func:`at_work`.
    """
    passes = [_Pass(hearing, latents, timestep) for hearing in hearings]
    for index, blocks in enumerate(zip(*(hearing.replica.blocks for hearing in hearings), strict=True)):
        for one, block in zip(passes, blocks, strict=True):
            one.through(index, block)
    return [velocity.to(latents.device) for one in passes for velocity in one.leave()]


class _Pass:
    """One card's branches on their way through the blocks."""

    def __init__(self, hearing: Hearing, latents: Latents, timestep: float) -> None:
        self._hearing = hearing
        self._modulation: Modulation = embed_time(hearing.replica.transformer, timestep)
        patch = hearing.replica.transformer.config.patch_size
        self._grid = tuple(side // step for side, step in zip(latents.shape[2:], patch, strict=True))
        entered = hearing.enter(latents)
        self._tokens: list[Tokens] = [entered for _ in hearing.branches]
        self._done: list[Tokens | None] = [None for _ in hearing.branches]

    def through(self, index: int, block: nn.Module) -> None:
        """Take every branch that is not done through a block."""
        hearing = self._hearing
        for k, branch in enumerate(hearing.branches):
            if self._done[k] is not None:
                continue
            before, memory = self._tokens[k], branch.memory(index, block)
            self._tokens[k] = hearing.replica.pass_block(
                block, before, memory, self._modulation.of_blocks, hearing.rotary
            )
            if index == 0 and branch.cache is not None:
                self._done[k] = branch.cache.recall(before, self._tokens[k])

    def leave(self) -> Iterator[Latents]:
        """Read the branches' velocities."""
        hearing = self._hearing
        for branch, tokens, done in zip(hearing.branches, self._tokens, self._done, strict=True):
            if branch.cache is not None and done is None:
                branch.cache.keep(tokens)
            end = tokens if done is None else done
            yield read_head(hearing.replica.transformer, end, self._modulation.embedding, self._grid)
