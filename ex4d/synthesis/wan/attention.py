"""The two attentions of a Wan block, over diffusers' modules.

Not diffusers' own processor, for measured reasons (H200, 49 frames of 512x512, a forward of 0.81 s): its rotation
writes every second number by itself (15 ms), its cuDNN call copies queries, keys and values into another layout
(10 ms), and keys and values of prompt and image, which no step changes, are computed again in each (10 ms).
Source: Wan-Video/Wan2.1, wan/modules/model.py (WanSelfAttention, WanI2VCrossAttention); rotation: arXiv 2104.09864.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from diffusers import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanAttention
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - what the field calls it

from ex4d.array_types import Float
from ex4d.synthesis.wan.prompt_files import WORDS

Heads = Float[Tensor, "1 tokens heads head"]
Looked = Float[Tensor, "1 looked heads head"]
"""What is looked up by a query: words, patches, or the tokens themselves."""


class Rotary(NamedTuple):
    """The turn of each token by its place in time, height and width; neighbours are the parts of a complex number."""

    cosine: Float[Tensor, "1 tokens 1 head"]
    sine: Float[Tensor, "1 tokens 1 head"]
    """Negative for the real parts."""


class Question(NamedTuple):
    """A self-attention before its tokens are mixed."""

    query: Heads
    key: Looked
    value: Looked


class Memory(NamedTuple):
    """Keys and values that a block's cross-attention makes of its context."""

    text_keys: Looked
    text_values: Looked
    image_keys: Looked
    image_values: Looked


def rotary_of(transformer: WanTransformer3DModel, latents: Tensor) -> Rotary:
    """Return the turns of the tokens of latents of this shape."""
    cosine, sine = transformer.rope(latents)
    signed = sine.clone()
    signed[..., 0::2] *= -1
    return Rotary(cosine, signed)


def remember(attention: WanAttention, context: Float[Tensor, "1 context features"]) -> Memory:
    """Return what cross-attention looks up in its context, image before text."""
    patches = context.shape[1] - WORDS  # all of the context behind the image's patches is text
    image, text = context[:, :patches], context[:, patches:]
    kind = context.dtype
    return Memory(
        _normed(attention.norm_k, attention.to_k(text), attention.heads).to(kind),
        attention.to_v(text).unflatten(2, (attention.heads, -1)),
        _normed(attention.norm_added_k, attention.add_k_proj(image), attention.heads).to(kind),
        attention.add_v_proj(image).unflatten(2, (attention.heads, -1)),
    )


def ask(attention: WanAttention, heard: Float[Tensor, "1 tokens features"], rotary: Rotary) -> Question:
    """Return what tokens ask each other, and what they have to say."""
    query = _turned(_normed(attention.norm_q, attention.to_q(heard), attention.heads), rotary).to(heard.dtype)
    key = _turned(_normed(attention.norm_k, attention.to_k(heard), attention.heads), rotary).to(heard.dtype)
    return Question(query, key, attention.to_v(heard).unflatten(2, (attention.heads, -1)))


def answer(attention: WanAttention, question: Question) -> Float[Tensor, "1 tokens features"]:
    """Let the tokens that ask hear all that are looked up."""
    return attention.to_out[0](_mix(*question))


def attend_to_context(
    attention: WanAttention, heard: Float[Tensor, "1 tokens features"], memory: Memory
) -> Float[Tensor, "1 tokens features"]:
    """Let tokens hear prompt and image, each by an attention of its own."""
    query = _normed(attention.norm_q, attention.to_q(heard), attention.heads).to(heard.dtype)
    image = _mix(query, memory.image_keys, memory.image_values)
    return attention.to_out[0](_mix(query, memory.text_keys, memory.text_values) + image)


def _mix(query: Heads, key: Looked, value: Looked) -> Float[Tensor, "1 tokens features"]:
    """Attend in the layout that the products give: heads after tokens, seen transposed."""
    mixed = F.scaled_dot_product_attention(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
    return mixed.transpose(1, 2).flatten(2)


def _normed(norm: Any, values: Float[Tensor, "1 tokens features"], heads: int) -> Heads:
    """Normalise across all heads, in float32."""
    scaled = F.rms_norm(values.float(), norm.normalized_shape, norm.weight.float(), norm.eps)
    return scaled.unflatten(2, (heads, -1))


def _turned(values: Heads, rotary: Rotary) -> Heads:
    """Turn pairs of neighbours; each number is read with its neighbour, so that writing goes straight through."""
    swapped = values.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    return values * rotary.cosine + swapped * rotary.sine
