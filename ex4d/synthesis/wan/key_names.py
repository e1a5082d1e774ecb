"""Which parameter of diffusers' and transformers' modules a tensor of a published weight file is; strings only.

A key becomes the names of the parameters it holds: one as a rule; three where one tensor stacks them along its first
axis, in equal parts; none where the model has no use for it, which is said here key by key. A key that no rule knows is
returned as it is, so that it fits no parameter and is named in an error.

Sources: Wan2.1's own modules, ``wan/modules/{model,vae,clip,t5}.py`` of Wan-Video/Wan2.1, against
``transformer_wan.py`` and ``autoencoder_kl_wan.py`` of diffusers 0.42, and CLIP and UMT5 of transformers 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

Layout = Literal["original", "diffusers"]
"""original: as Wan-AI/Wan2.1-I2V-14B-480P; diffusers: as Wan-AI/Wan2.1-I2V-14B-480P-Diffusers."""
Part = Literal["transformer", "vae", "image_encoder", "text_encoder"]
"""By the folders' names of the Diffusers layout."""
Names = Callable[[str], tuple[str, ...]]

_TRANSFORMER = (
    (r"^time_embedding\.0\b", "condition_embedder.time_embedder.linear_1"),
    (r"^time_embedding\.2\b", "condition_embedder.time_embedder.linear_2"),
    (r"^text_embedding\.0\b", "condition_embedder.text_embedder.linear_1"),
    (r"^text_embedding\.2\b", "condition_embedder.text_embedder.linear_2"),
    (r"^time_projection\.1\b", "condition_embedder.time_proj"),
    (r"^img_emb\.proj\.0\b", "condition_embedder.image_embedder.norm1"),
    (r"^img_emb\.proj\.1\b", "condition_embedder.image_embedder.ff.net.0.proj"),
    (r"^img_emb\.proj\.3\b", "condition_embedder.image_embedder.ff.net.2"),
    (r"^img_emb\.proj\.4\b", "condition_embedder.image_embedder.norm2"),
    (r"^(blocks\.\d+)\.self_attn\b", r"\1.attn1"),
    (r"^(blocks\.\d+)\.cross_attn\b", r"\1.attn2"),
    (r"\b(attn[12])\.([qkv])\b", r"\1.to_\2"),
    (r"\b(attn[12])\.o\b", r"\1.to_out.0"),
    (r"\b(attn2)\.([kv])_img\b", r"\1.add_\2_proj"),
    (r"\b(attn2)\.norm_k_img\b", r"\1.norm_added_k"),
    (r"^(blocks\.\d+)\.ffn\.0\b", r"\1.ffn.net.0.proj"),
    (r"^(blocks\.\d+)\.ffn\.2\b", r"\1.ffn.net.2"),
    (r"^(blocks\.\d+)\.norm3\b", r"\1.norm2"),
    (r"^(blocks\.\d+)\.modulation$", r"\1.scale_shift_table"),
    (r"^head\.modulation$", "scale_shift_table"),
    (r"^head\.head\b", "proj_out"),
)
_VAE = (
    (r"^(encoder|decoder)\.conv1\b", r"\1.conv_in"),
    (r"^(encoder|decoder)\.head\.0\b", r"\1.norm_out"),
    (r"^(encoder|decoder)\.head\.2\b", r"\1.conv_out"),
    (r"^conv1\b", "quant_conv"),
    (r"^conv2\b", "post_quant_conv"),
    (r"^(encoder|decoder)\.middle\.0\b", r"\1.mid_block.resnets.0"),
    (r"^(encoder|decoder)\.middle\.1\b", r"\1.mid_block.attentions.0"),
    (r"^(encoder|decoder)\.middle\.2\b", r"\1.mid_block.resnets.1"),
    (r"^encoder\.downsamples\b", "encoder.down_blocks"),
    (r"\bresidual\.0\b", "norm1"),
    (r"\bresidual\.2\b", "conv1"),
    (r"\bresidual\.3\b", "norm2"),
    (r"\bresidual\.6\b", "conv2"),
    (r"\bshortcut\b", "conv_shortcut"),
)
_UP_LAYERS = 4
"""Layers of each of the VAE decoder's levels: three residual ones, then (but for the last level) an upsampler."""
_IMAGE_ENCODER = (
    (r"^visual\.cls_embedding$", "embeddings.class_embedding"),
    (r"^visual\.pos_embedding$", "embeddings.position_embedding.weight"),
    (r"^visual\.patch_embedding\b", "embeddings.patch_embedding"),
    (r"^visual\.pre_norm\b", "pre_layrnorm"),
    (r"^visual\.post_norm\b", "post_layernorm"),
    (r"^visual\.transformer\b", "encoder.layers"),
    (r"\battn\.proj\b", "self_attn.out_proj"),
    (r"\bnorm([12])\b", r"layer_norm\1"),
    (r"\bmlp\.0\b", "mlp.fc1"),
    (r"\bmlp\.2\b", "mlp.fc2"),
)
_STACKED = re.compile(r"^visual\.transformer\.(\d+)\.attn\.to_qkv\.(weight|bias)$")
_TEXT_ENCODER = (
    (r"^token_embedding\b", "shared"),
    (r"^norm\b", "encoder.final_layer_norm"),
    (r"^blocks\.(\d+)\.attn\.([qkvo])\b", r"encoder.block.\1.layer.0.SelfAttention.\2"),
    (r"^blocks\.(\d+)\.pos_embedding\.embedding\b", r"encoder.block.\1.layer.0.SelfAttention.relative_attention_bias"),
    (r"^blocks\.(\d+)\.norm1\b", r"encoder.block.\1.layer.0.layer_norm"),
    (r"^blocks\.(\d+)\.norm2\b", r"encoder.block.\1.layer.1.layer_norm"),
    (r"^blocks\.(\d+)\.ffn\.gate\.0\b", r"encoder.block.\1.layer.1.DenseReluDense.wi_0"),
    (r"^blocks\.(\d+)\.ffn\.fc1\b", r"encoder.block.\1.layer.1.DenseReluDense.wi_1"),
    (r"^blocks\.(\d+)\.ffn\.fc2\b", r"encoder.block.\1.layer.1.DenseReluDense.wo"),
)


def transformer_name(key: str) -> str:
    """Return diffusers' name for a parameter or a module of Wan's transformer; one of diffusers' own stays."""
    return _replaced(key, _TRANSFORMER)


def _vae(key: str) -> tuple[str, ...]:
    return (re.sub(r"^decoder\.upsamples\.(\d+)\.(\w+)", _up_layer, _replaced(key, _VAE)),)


def _up_layer(match: re.Match[str]) -> str:
    """Wan counts the decoder's layers through all levels, diffusers within each."""
    level, layer = divmod(int(match[1]), _UP_LAYERS)
    kind = "upsamplers.0" if match[2] in {"resample", "time_conv"} else f"resnets.{layer}"
    return f"decoder.up_blocks.{level}.{kind}.{match[2]}"


def _image_encoder(key: str) -> tuple[str, ...]:
    """Of the whole CLIP only the picture's side is used, and of that neither the last layer nor the projection."""
    if key in {"log_scale", "visual.head"} or key.startswith("textual."):
        return ()
    if stacked := _STACKED.match(key):
        return tuple(f"encoder.layers.{stacked[1]}.self_attn.{one}_proj.{stacked[2]}" for one in "qkv")
    return (_replaced(key, _IMAGE_ENCODER),)


def _transformer_of_diffusers(key: str) -> tuple[str, ...]:
    """Published Diffusers files hold a norm of queries for the picture, which Wan's attention has no use for."""
    return () if key.endswith("attn2.norm_added_q.weight") else (key,)


def _image_encoder_of_diffusers(key: str) -> tuple[str, ...]:
    """Version 4 of transformers wrote a prefix and a table of positions that version 5 does without."""
    name = key.removeprefix("vision_model.")
    return () if name == "embeddings.position_ids" else (name,)


def _text_encoder_of_diffusers(key: str) -> tuple[str, ...]:
    """The embedding of tokens may be written twice; it is one and the same."""
    return () if key == "encoder.embed_tokens.weight" else (key,)


NAMES: dict[tuple[Layout, Part], Names] = {
    ("original", "transformer"): lambda key: (transformer_name(key),),
    ("original", "vae"): _vae,
    ("original", "image_encoder"): _image_encoder,
    ("original", "text_encoder"): lambda key: (_replaced(key, _TEXT_ENCODER),),
    ("diffusers", "transformer"): _transformer_of_diffusers,
    ("diffusers", "vae"): lambda key: (key,),
    ("diffusers", "image_encoder"): _image_encoder_of_diffusers,
    ("diffusers", "text_encoder"): _text_encoder_of_diffusers,
}
"""How to name the parameters of each part in each layout."""


def _replaced(key: str, rules: Sequence[tuple[str, str]]) -> str:
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key
