"""The sizes of Wan's models, read from the shapes of their tensors; settings say only what no shape can.

What a config.json says of sizes is held against the shapes, never believed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ex4d.errors import MissingPart
from ex4d.synthesis.wan.tensor_fit import Shape

Shapes = Mapping[str, Shape]
"""By the parameters' names in diffusers and transformers."""

HEAD_WIDTH = 128
"""Of every published Wan; used where no config.json says how many heads there are."""
_TRANSFORMER_SIZES = {
    "dim": "inner_dim", "ffn_dim": "ffn_dim", "freq_dim": "freq_dim", "in_dim": "in_channels",
    "in_channels": "in_channels", "num_layers": "num_layers", "out_dim": "out_channels",
    "out_channels": "out_channels", "text_dim": "text_dim", "image_dim": "image_dim",
    "added_kv_proj_dim": "added_kv_proj_dim",
}  # fmt: skip
"""What a config.json calls a size, in either layout, against what it is called here."""


def transformer_sizes(shapes: Shapes, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of WanTransformer3DModel.

    Heads come from the settings where they are given, else there is one for each 128 of the width.

    Raises:
        MissingPart: tensors that tell the sizes are missing, or the settings contradict them.
    """
    width, channels, *patch = _shape(shapes, "patch_embedding.weight", 5)
    image = shapes.get("condition_embedder.image_embedder.norm1.weight")
    sizes = {
        "inner_dim": width,
        "in_channels": channels,
        "patch_size": tuple(patch),
        "out_channels": _shape(shapes, "proj_out.weight", 2)[0] // math.prod(patch),
        "text_dim": _shape(shapes, "condition_embedder.text_embedder.linear_1.weight", 2)[1],
        "freq_dim": _shape(shapes, "condition_embedder.time_embedder.linear_1.weight", 2)[1],
        "ffn_dim": _shape(shapes, "blocks.0.ffn.net.0.proj.weight", 2)[0],
        "num_layers": _layers(shapes, "blocks."),
        "image_dim": image[0] if image else None,
        "added_kv_proj_dim": width if "blocks.0.attn2.add_k_proj.weight" in shapes else None,
        "cross_attn_norm": "blocks.0.norm2.weight" in shapes,
    }
    _agree(settings, {said: sizes[ours] for said, ours in _TRANSFORMER_SIZES.items()})
    heads = _count(settings, ("num_heads", "num_attention_heads"), max(1, width // HEAD_WIDTH))
    if width % heads or (width // heads) % 2:
        raise MissingPart(f"config.json of the transformer: its width of {width} cannot be shared by {heads} heads")
    del sizes["inner_dim"]
    return {
        **sizes,
        "num_attention_heads": heads,
        "attention_head_dim": width // heads,
        "eps": float(settings.get("eps", 1e-6)),
    }


def vae_sizes(shapes: Shapes, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of AutoencoderKLWan; its plan of levels is Wan2.1's unless the settings have another."""
    kept = ("dim_mult", "num_res_blocks", "attn_scales", "temperal_downsample", "latents_mean", "latents_std")
    sizes = {
        "base_dim": _shape(shapes, "encoder.conv_in.weight", 5)[0],
        "z_dim": _shape(shapes, "post_quant_conv.weight", 5)[0],
    }
    _agree(settings, sizes)
    return {**{name: settings[name] for name in kept if name in settings}, **sizes}


def image_encoder_sizes(shapes: Shapes, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of CLIPVisionConfig.

    No tensor tells the number of heads. Where no settings do either, heads are 80 wide, as those of the published
    ViT-H (width 1280, 16 heads); a width that 80 does not divide is no published one, and has heads of 16.
    """
    width, _, _, patch = _shape(shapes, "embeddings.patch_embedding.weight", 4)
    positions = _shape(shapes, "embeddings.position_embedding.weight", 2, leading=1)[0]
    sizes = {
        "hidden_size": width,
        "intermediate_size": _shape(shapes, "encoder.layers.0.mlp.fc1.weight", 2)[0],
        "num_hidden_layers": _layers(shapes, "encoder.layers."),
        "patch_size": patch,
        "image_size": math.isqrt(positions - 1) * patch,
    }
    _agree(settings, sizes)
    heads = _count(settings, ("num_attention_heads",), width // 80 if width % 80 == 0 else max(1, width // 16))
    return {
        **sizes,
        "num_attention_heads": heads,
        "hidden_act": str(settings.get("hidden_act", "gelu")),
        "layer_norm_eps": float(settings.get("layer_norm_eps", 1e-5)),
    }


def text_encoder_sizes(shapes: Shapes, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of UMT5Config; the table of relative positions has a column for each head."""
    vocabulary, width = _shape(shapes, "shared.weight", 2)
    attention = "encoder.block.0.layer.0.SelfAttention"
    buckets, heads = _shape(shapes, f"{attention}.relative_attention_bias.weight", 2)
    sizes = {
        "vocab_size": vocabulary,
        "d_model": width,
        "d_ff": _shape(shapes, "encoder.block.0.layer.1.DenseReluDense.wi_0.weight", 2)[0],
        "d_kv": _shape(shapes, f"{attention}.q.weight", 2)[0] // heads,
        "num_heads": heads,
        "num_layers": _layers(shapes, "encoder.block."),
        "relative_attention_num_buckets": buckets,
    }
    _agree(settings, sizes)
    return {
        **sizes,
        "relative_attention_max_distance": int(settings.get("relative_attention_max_distance", 128)),
        "layer_norm_epsilon": float(settings.get("layer_norm_epsilon", 1e-6)),
        "feed_forward_proj": "gated-gelu",
        "dropout_rate": 0.0,
    }


def _shape(shapes: Shapes, name: str, axes: int, *, leading: int = 0) -> Shape:
    """Return the shape of a tensor that tells sizes; ``leading`` axes of length 1 may come before it."""
    found = shapes.get(name)
    if found is None:
        raise MissingPart(f"the weights lack {name}, which tells the model's size; download them again")
    if len(found) not in {axes, axes + leading} or min(found) < 1:
        raise MissingPart(f"{name} of the weights has {len(found)} axes, not {axes}; download them again")
    return found[-axes:]


def _layers(shapes: Iterable[str], stem: str) -> int:
    """Return how many different numbers follow the stem."""
    return len({name.removeprefix(stem).partition(".")[0] for name in shapes if name.startswith(stem)})


def _agree(settings: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
    contradicted = [
        f"{name} is {settings[name]} there and {size} in the tensors"
        for name, size in sizes.items()
        if settings.get(name) is not None and settings[name] != size
    ]
    if contradicted:
        raise MissingPart("config.json is not of these weights: " + "; ".join(contradicted))


def _count(settings: Mapping[str, Any], names: Iterable[str], otherwise: int) -> int:
    said = next((settings[name] for name in names if settings.get(name) is not None), otherwise)
    if not isinstance(said, int) or said < 1:
        raise MissingPart(f"config.json: {said!r} is no number of heads")
    return said
