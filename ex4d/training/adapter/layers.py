"""Which layers of Wan's transformer EX-4D's adapter changes, and what its file calls them; strings only.

Source: tau-yihouxiang/EX-4D, whose peft configuration targets ``q, k, v, o, ffn.0, ffn.2``: ten linear layers a block,
without those that read the picture (``k_img``, ``v_img``).
"""

from __future__ import annotations

import re

LAYERS = {
    "attn1.to_q": "self_attn.q",
    "attn1.to_k": "self_attn.k",
    "attn1.to_v": "self_attn.v",
    "attn1.to_out.0": "self_attn.o",
    "attn2.to_q": "cross_attn.q",
    "attn2.to_k": "cross_attn.k",
    "attn2.to_v": "cross_attn.v",
    "attn2.to_out.0": "cross_attn.o",
    "ffn.net.0.proj": "ffn.0",
    "ffn.net.2": "ffn.2",
}
"""Of each block: diffusers' names and EX-4D's."""
HALVES = ("lora_A", "lora_B")
"""Down to the rank, and up from it."""
ADAPTED = rf"blocks\.\d+\.({'|'.join(map(re.escape, LAYERS))})"
"""Matches the names of all of these layers in the transformer, and nothing else."""


def low_rank_key(block: int, layer: str, half: str) -> str:
    """Return the name in EX-4D's file of half of a low-rank layer, which is given by diffusers' name."""
    return f"blocks.{block}.{LAYERS[layer]}.{half}.default.weight"
