"""A tiny Wan with EX-4D's adapter, in both published layouts: real loading, real shapes, meaningless pictures.

The names of the original layout are written here the other way round, from diffusers' to Wan's, so that a mistake in
ex4d's own table of names shows.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel, T5Tokenizer, UMT5Config, UMT5EncoderModel
from transformers.utils import logging

WIDTH, BLOCKS, RANK, HIDDEN, FEATURES = 32, 2, 4, 24, 32
"""Of the transformer, its LoRA, the camera encoder, and of text and picture."""
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class TinyWan:
    original: Path
    diffusers: Path
    adapter: Path


def write_tiny_wan(folder: Path) -> TinyWan:
    """Write the same weights in both layouts, and the adapter."""
    torch.set_num_threads(1)  # so small a model works less than its threads wait for one another on a busy machine
    logging.disable_progress_bar()
    tiny = TinyWan(folder / "original", folder / "diffusers", folder / "ex4d.ckpt")
    _write_original(tiny.original)
    for part, model in models().items():
        model.save_pretrained(tiny.diffusers / part, max_shard_size="60KB")
    for place in (tiny.original / "google" / "umt5-xxl", tiny.diffusers / "tokenizer"):
        tokenizer().save_pretrained(place)
    torch.save(adapter_tensors(), tiny.adapter)
    return tiny


@cache
def models() -> dict[str, nn.Module]:
    """Make the four models, by their folders' names in the Diffusers layout, in bfloat16."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        made = {
            "transformer": WanTransformer3DModel(
                num_attention_heads=2, attention_head_dim=WIDTH // 2, in_channels=36, out_channels=16,
                text_dim=FEATURES, freq_dim=16, ffn_dim=48, num_layers=BLOCKS, image_dim=FEATURES,
                added_kv_proj_dim=WIDTH,
            ),
            "vae": AutoencoderKLWan(base_dim=4),
            "image_encoder": CLIPVisionModel(CLIPVisionConfig(
                hidden_size=FEATURES, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, patch_size=14,
                image_size=28, hidden_act="gelu",
            )),
            "text_encoder": UMT5EncoderModel(UMT5Config(
                vocab_size=len(tokenizer()), d_model=FEATURES, d_ff=48, d_kv=8, num_heads=4, num_layers=2,
                feed_forward_proj="gated-gelu", dropout_rate=0.0,
            )),
        }  # fmt: skip
        for model in made.values():
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(0.1 * torch.randn_like(parameter))
    return {part: model.to(torch.bfloat16).eval() for part, model in made.items()}


@cache
def tokenizer() -> T5Tokenizer:
    """Make a tokenizer of letters, and of one whole word."""
    letters = [(letter, -4.0) for letter in string.ascii_letters + string.digits + ",.-"]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *letters, ("▁motion", -3.0)]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0, unk_id=2)


def lora_tensors(*, seed: int = 5, rank: int = RANK, modules: str = "qkvo") -> Tensors:
    """Make a LoRA in EX-4D's names: the attention's given layers and both of the feed-forward's."""
    source = torch.Generator().manual_seed(seed)
    sizes = {f"blocks.{block}.{kind}_attn.{module}": (WIDTH, WIDTH)
             for block in range(BLOCKS) for kind in ("self", "cross") for module in modules}  # fmt: skip
    sizes |= {f"blocks.{block}.ffn.0": (48, WIDTH) for block in range(BLOCKS)}
    sizes |= {f"blocks.{block}.ffn.2": (WIDTH, 48) for block in range(BLOCKS)}
    tensors: Tensors = {}
    for module, (outputs, inputs) in sizes.items():
        tensors[f"{module}.lora_A.default.weight"] = 0.3 * torch.randn(rank, inputs, generator=source)
        tensors[f"{module}.lora_B.default.weight"] = 0.3 * torch.randn(outputs, rank, generator=source)
    return {name: one.to(torch.bfloat16) for name, one in tensors.items()}


def adapter_tensors() -> Tensors:
    """Make all of ex4d.ckpt."""
    source = torch.Generator().manual_seed(6)
    shapes = {f"latent_encoder.{layer}": (HIDDEN, 32 if layer == 0 else HIDDEN, 1, 1, 1) for layer in (0, 2, 4)}
    shapes["latent_patch_embedding"] = (WIDTH, HIDDEN, 1, 2, 2)
    camera: Tensors = {}
    for module, shape in shapes.items():
        camera[f"{module}.weight"] = (0.2 * torch.randn(shape, generator=source)).to(torch.bfloat16)
        camera[f"{module}.bias"] = (0.2 * torch.randn(shape[0], generator=source)).to(torch.bfloat16)
    return lora_tensors() | camera


def original_tensors() -> dict[str, Tensors]:
    """Return the tensors of each original file."""
    parts = {part: dict(model.state_dict()) for part, model in models().items()}
    return {
        "transformer": {_replaced(name, _TRANSFORMER): one for name, one in parts["transformer"].items()},
        "Wan2.1_VAE.pth": {_vae_name(name): one for name, one in parts["vae"].items()},
        "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth": _clip(parts["image_encoder"]),
        "models_t5_umt5-xxl-enc-bf16.pth": {
            _replaced(name, _UMT5): one
            for name, one in parts["text_encoder"].items()
            if name != "encoder.embed_tokens.weight"
        },
    }


def write_shards(folder: Path, tensors: Mapping[str, torch.Tensor], shards: int = 2) -> None:
    """Write a transformer's tensors as numbered shards with their index."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(tensors)
    size = -(-len(names) // shards)
    files = {f"diffusion_pytorch_model-{shard + 1:05d}-of-{shards:05d}.safetensors":
             names[shard * size : (shard + 1) * size] for shard in range(shards)}  # fmt: skip
    for file, held in files.items():
        save_file({name: tensors[name].contiguous() for name in held}, folder / file)
    index = {"metadata": {}, "weight_map": {name: file for file, held in files.items() for name in held}}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def _write_original(folder: Path) -> None:
    parts = original_tensors()
    write_shards(folder, parts.pop("transformer"))
    config = {"model_type": "i2v", "dim": WIDTH, "num_heads": 2, "num_layers": BLOCKS, "ffn_dim": 48, "in_dim": 36}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name, tensors in parts.items():
        torch.save(tensors, folder / name)


def _clip(state: Tensors) -> Tensors:
    """Stack queries, keys and values, and add what the published file holds beside the picture's encoder."""
    kept = {_replaced(name, _CLIP): one for name, one in state.items() if not re.search(r"[qkv]_proj", name)}
    for name in [name for name in state if "q_proj" in name]:
        stacked = torch.cat([state[name.replace("q_proj", f"{one}_proj")] for one in "qkv"])
        kept[_replaced(name.replace("self_attn.q_proj", "attn.to_qkv"), _CLIP)] = stacked
    kept["visual.cls_embedding"] = kept["visual.cls_embedding"][None, None]
    kept["visual.pos_embedding"] = kept["visual.pos_embedding"][None]
    unused = {"visual.head": (FEATURES, 8), "textual.token_embedding.weight": (10, 8), "log_scale": ()}
    return kept | {name: torch.zeros(shape, dtype=torch.bfloat16) for name, shape in unused.items()}


def _vae_name(name: str) -> str:
    def counted(match: re.Match[str]) -> str:
        layer = 3 if match[2] == "upsamplers" else int(match[3])
        return f"decoder.upsamples.{4 * int(match[1]) + layer}."

    name = re.sub(r"^decoder\.up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)\.", counted, name)
    return _replaced(name, _VAE)


def _replaced(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for theirs, original in pairs:
        name = name.replace(theirs, original)
    return name


_TRANSFORMER = (
    ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
    ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
    ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
    ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
    ("condition_embedder.time_proj", "time_projection.1"),
    ("condition_embedder.image_embedder.norm1", "img_emb.proj.0"),
    ("condition_embedder.image_embedder.ff.net.0.proj", "img_emb.proj.1"),
    ("condition_embedder.image_embedder.ff.net.2", "img_emb.proj.3"),
    ("condition_embedder.image_embedder.norm2", "img_emb.proj.4"),
    ("attn1", "self_attn"),
    ("attn2", "cross_attn"),
    (".to_out.0.", ".o."),
    (".to_q.", ".q."),
    (".to_k.", ".k."),
    (".to_v.", ".v."),
    (".add_k_proj.", ".k_img."),
    (".add_v_proj.", ".v_img."),
    (".norm_added_k.", ".norm_k_img."),
    (".ffn.net.0.proj.", ".ffn.0."),
    (".ffn.net.2.", ".ffn.2."),
    (".norm2.", ".norm3."),
    (".scale_shift_table", ".modulation"),
    ("scale_shift_table", "head.modulation"),
    ("proj_out", "head.head"),
)
_VAE = (
    ("encoder.down_blocks", "encoder.downsamples"),
    ("mid_block.resnets.0", "middle.0"),
    ("mid_block.attentions.0", "middle.1"),
    ("mid_block.resnets.1", "middle.2"),
    (".norm1.", ".residual.0."),
    (".conv1.", ".residual.2."),
    (".norm2.", ".residual.3."),
    (".conv2.", ".residual.6."),
    ("conv_shortcut", "shortcut"),
    ("norm_out", "head.0"),
    ("conv_out", "head.2"),
    ("conv_in", "conv1"),
    ("post_quant_conv", "conv2"),
    ("quant_conv", "conv1"),
)
_CLIP = (
    ("embeddings.class_embedding", "visual.cls_embedding"),
    ("embeddings.position_embedding.weight", "visual.pos_embedding"),
    ("embeddings.patch_embedding", "visual.patch_embedding"),
    ("pre_layrnorm", "visual.pre_norm"),
    ("post_layernorm", "visual.post_norm"),
    ("encoder.layers", "visual.transformer"),
    ("self_attn.out_proj", "attn.proj"),
    ("layer_norm1", "norm1"),
    ("layer_norm2", "norm2"),
    ("mlp.fc1", "mlp.0"),
    ("mlp.fc2", "mlp.2"),
)
_UMT5 = (
    ("shared", "token_embedding"),
    ("encoder.final_layer_norm", "norm"),
    ("encoder.block", "blocks"),
    ("layer.0.SelfAttention.relative_attention_bias", "pos_embedding.embedding"),
    ("layer.0.SelfAttention", "attn"),
    ("layer.0.layer_norm", "norm1"),
    ("layer.1.layer_norm", "norm2"),
    ("layer.1.DenseReluDense.wi_0", "ffn.gate.0"),
    ("layer.1.DenseReluDense.wi_1", "ffn.fc1"),
    ("layer.1.DenseReluDense.wo", "ffn.fc2"),
)
