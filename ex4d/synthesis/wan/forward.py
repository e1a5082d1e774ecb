"""One forward pass of Wan over diffusers' modules, in the precision that is asked for.

diffusers' own forward keeps the residual stream in the weights' type: in bfloat16 its error is 2.5 times that of the
original, which keeps float32 there. Written over its modules instead, the pass can keep float32, add the camera
latent, hold the blocks' weights elsewhere until their turn, and take both branches of guidance through a block while
it is here. In float32 it equals diffusers' (tests/synthesis/wan/test_forward.py), but for the time embedding, whose
sinusoid is taken in float64 as in the original.

Source of the order of operations: Wan-Video/Wan2.1, wan/modules/model.py, and diffusers' transformer_wan.py.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from diffusers import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanTransformerBlock
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - what the field calls it

from ex4d.array_types import Float
from ex4d.synthesis.wan.attention import Memory, Question, Rotary, answer, ask, attend_to_context

LONGEST_PERIOD = 10_000.0
"""Of the time embedding's sinusoids."""


class Modulation(NamedTuple):
    """What a step's noise level does to the blocks and the head."""

    embedding: Float[Tensor, "1 features"]
    of_blocks: Float[Tensor, "1 6 features"]


def embed_context(
    transformer: WanTransformer3DModel,
    text: Float[Tensor, "1 words text_features"],
    image: Float[Tensor, "1 patches image_features"] | None,
) -> Float[Tensor, "1 context features"]:
    """Return what cross-attention reads, image before text; the same for every step."""
    embedder = transformer.condition_embedder
    kind = transformer.patch_embedding.weight.dtype
    words = embedder.text_embedder(text.to(kind))
    if image is None:
        return words
    return torch.cat([embedder.image_embedder(image.to(kind)).to(kind), words], dim=1)


def embed_time(transformer: WanTransformer3DModel, timestep: float) -> Modulation:
    """Return the modulation of a step at ``timestep`` (0 to 1000), in float32."""
    embedder = transformer.condition_embedder
    device = embedder.time_proj.weight.device
    half = transformer.config.freq_dim // 2
    periods = torch.arange(half, dtype=torch.float64, device=device) / half
    phase = timestep * torch.exp(-math.log(LONGEST_PERIOD) * periods)
    wave = torch.cat([phase.cos(), phase.sin()])[None].float()
    time = embedder.time_embedder
    embedding = _in_float32(time.linear_2, time.act(_in_float32(time.linear_1, wave)))
    return Modulation(embedding, _project_time(embedder.time_proj, embedder.act_fn(embedding)))


def _project_time(linear: Any, embedding: Float[Tensor, "1 features"]) -> Float[Tensor, "1 6 features"]:
    """Project part by part: the whole weight in float32 is 0.6 GB of a 14B model's, which small cards do not have."""
    parts = zip(linear.weight.chunk(6), linear.bias.chunk(6), strict=True)
    return torch.stack([F.linear(embedding, weight.float(), bias.float()) for weight, bias in parts], dim=1)


def _in_float32(linear: Any, values: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    return F.linear(values, linear.weight.float(), linear.bias.float())


def embed_latents(
    transformer: WanTransformer3DModel,
    latents: Float[Tensor, "1 channels latent_frames latent_height latent_width"],
    camera_latent: Float[Tensor, "1 features token_frames token_height token_width"] | None,
    residual: torch.dtype,
) -> Float[Tensor, "1 tokens features"]:
    """Return the tokens of latents (the condition behind them) with the camera latent added: all that EX-4D adds."""
    patches = transformer.patch_embedding(latents.to(transformer.patch_embedding.weight.dtype)).to(residual)
    if camera_latent is not None:
        patches = patches + camera_latent.to(residual)
    return patches.flatten(2).transpose(1, 2).contiguous()


def pass_block(
    block: WanTransformerBlock,
    tokens: Float[Tensor, "1 tokens features"],
    memory: Memory,
    modulation: Float[Tensor, "1 6 features"],
    rotary: Rotary,
) -> Float[Tensor, "1 tokens features"]:
    """Take the tokens through a block: they keep the type they come in, the block computes in its memory's type."""
    question = enter_block(block, tokens, modulation, rotary, memory.text_keys.dtype)
    return leave_block(block, tokens, question, memory, modulation)


def enter_block(
    block: WanTransformerBlock,
    tokens: Float[Tensor, "1 tokens features"],
    modulation: Float[Tensor, "1 6 features"],
    rotary: Rotary,
    kind: torch.dtype,
) -> Question:
    """Take tokens as far into a block as they need not hear each other; ``kind`` is what the block computes in."""
    shift, scale, *_ = _modulation_of(block, modulation)
    return ask(block.attn1, (_normed(block.norm1, tokens) * (1 + scale) + shift).to(kind), rotary)


def leave_block(
    block: WanTransformerBlock,
    tokens: Float[Tensor, "1 tokens features"],
    question: Question,
    memory: Memory,
    modulation: Float[Tensor, "1 6 features"],
) -> Float[Tensor, "1 tokens features"]:
    """Take tokens through the rest of a block, where keys and values are those of all tokens."""
    kind = memory.text_keys.dtype
    *_, gate, ff_shift, ff_scale, ff_gate = _modulation_of(block, modulation)
    tokens = (tokens.float() + answer(block.attn1, question).float() * gate).to(tokens.dtype)
    heard = _normed(block.norm2, tokens).to(kind)
    tokens = tokens + attend_to_context(block.attn2, heard, memory)
    heard = (_normed(block.norm3, tokens) * (1 + ff_scale) + ff_shift).to(kind)
    return (tokens.float() + _feed_forward(block.ffn, heard).float() * ff_gate).to(tokens.dtype)


def _modulation_of(block: WanTransformerBlock, modulation: Float[Tensor, "1 6 features"]) -> tuple[Tensor, ...]:
    """Return shift, scale and gate of a block's self-attention, then of its feed-forward."""
    return (block.scale_shift_table.float() + modulation).chunk(6, dim=1)


def _feed_forward(ffn: Any, heard: Float[Tensor, "1 tokens features"]) -> Float[Tensor, "1 tokens features"]:
    widen, _, narrow = ffn.net
    if type(widen.proj) is nn.Linear and heard.is_cuda:
        # The card's library takes the activation while the product is still in its registers: 10 ms of a forward.
        linear = widen.proj
        wide = torch._addmm_activation(linear.bias, heard[0], linear.weight.T, use_gelu=True)[None]
    else:
        wide = F.gelu(widen.proj(heard), approximate="tanh")
    return narrow(wide)


def _normed(norm: Any, tokens: Float[Tensor, "1 tokens features"]) -> Float[Tensor, "1 tokens features"]:
    """Normalise in float32, whatever the type of tokens and weights."""
    weight = None if norm.weight is None else norm.weight.float()
    bias = None if norm.bias is None else norm.bias.float()
    return F.layer_norm(tokens.float(), norm.normalized_shape, weight, bias, norm.eps)


def read_head(
    transformer: WanTransformer3DModel,
    tokens: Float[Tensor, "1 tokens features"],
    embedding: Float[Tensor, "1 features"],
    grid: tuple[int, int, int],
) -> Float[Tensor, "1 channels latent_frames latent_height latent_width"]:
    """Return the velocity that the tokens tell, in float32; ``grid`` counts tokens in time, down and across."""
    shift, scale = (transformer.scale_shift_table.float() + embedding[:, None]).chunk(2, dim=1)
    patches = _in_float32(transformer.proj_out, _normed(transformer.norm_out, tokens) * (1 + scale) + shift)
    sides = tuple(transformer.config.patch_size)
    patches = patches.reshape(1, *grid, *sides, -1).permute(0, 7, 1, 4, 2, 5, 3, 6)
    return patches.flatten(6, 7).flatten(4, 5).flatten(2, 3)
