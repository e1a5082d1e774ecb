"""Wan and EX-4D at their true size with random weights, drawn on the card and written as they would be downloaded.

Random weights tell true speed and memory. Drawing them on the host takes minutes; a card takes half a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from tests.synthesis.wan.tiny_wan import tokenizer

CARD = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
KIND = torch.bfloat16
RANK = 16
ADAPTED = {
    "attn1.to_q": "self_attn.q", "attn1.to_k": "self_attn.k", "attn1.to_v": "self_attn.v",
    "attn1.to_out.0": "self_attn.o", "attn2.to_q": "cross_attn.q", "attn2.to_k": "cross_attn.k",
    "attn2.to_v": "cross_attn.v", "attn2.to_out.0": "cross_attn.o", "ffn.net.0.proj": "ffn.0", "ffn.net.2": "ffn.2",
}  # fmt: skip
"""diffusers' names of the layers that EX-4D adapts, and the original's."""
SHARD = 5 << 30


def transformer(*, tiny: bool = False, card: torch.device = CARD) -> WanTransformer3DModel:
    """Draw the transformer on the card; ``tiny`` is for trying this file itself."""
    heads, head, blocks, text = (2, 16, 3, 64) if tiny else (40, 128, 40, 4096)
    with torch.device("meta"):
        model = WanTransformer3DModel(
            num_attention_heads=heads, attention_head_dim=head, in_channels=36, out_channels=16, text_dim=text,
            freq_dim=256, ffn_dim=27 * heads * head // 10, num_layers=blocks, image_dim=64 if tiny else 1280,
            added_kv_proj_dim=heads * head,
        )  # fmt: skip
    model.rope = type(model.rope)(head, (1, 2, 2), 1024)
    return drawn(model, card)


def drawn(model: nn.Module, card: torch.device = CARD) -> nn.Module:
    """Draw a meta model's parameters on the card, sized so that activations keep theirs; shared ones stay shared."""
    draws = torch.Generator(card).manual_seed(0)
    values: dict[int, nn.Parameter] = {}
    for path, module in model.named_modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if id(parameter) not in values:
                values[id(parameter)] = _value(f"{path}.{name}", parameter, draws)
            setattr(module, name, values[id(parameter)])
    return model.eval()


def _value(name: str, parameter: torch.Tensor, draws: torch.Generator) -> nn.Parameter:
    value = torch.empty(parameter.shape, dtype=KIND, device=draws.device)
    if ("norm" in name and name.endswith("weight")) or name.endswith("gamma"):
        value.fill_(1.0)
    else:
        inputs = parameter[0].numel() if parameter.ndim > 1 else 400
        value.normal_(0.0, inputs**-0.5, generator=draws)
    return nn.Parameter(value, requires_grad=False)


def lora(model: WanTransformer3DModel) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Draw the adapter's low-rank parts (down, up) by diffusers' names."""
    draws = torch.Generator(CARD).manual_seed(1)
    found = {}
    for index, block in enumerate(model.blocks):
        for name in ADAPTED:
            linear = block.get_submodule(name)
            down = torch.empty(RANK, linear.in_features, device=CARD, dtype=KIND)
            up = torch.empty(linear.out_features, RANK, device=CARD, dtype=KIND)
            down.normal_(0, linear.in_features**-0.5, generator=draws)
            found[f"blocks.{index}.{name}"] = down, up.normal_(0, 0.025, generator=draws)
    return found


def write(folder: Path, *, tiny: bool = False) -> None:
    """Write everything: Wan in its Diffusers edition, a tokenizer of letters, the adapter as ex4d.ckpt."""
    wan = folder / "wan2.1-i2v-14b-480p"
    model = transformer(tiny=tiny)
    _write_adapter(folder / "ex4d" / "ex4d.ckpt", lora(model), model.patch_embedding.out_channels, tiny=tiny)
    _write_part(wan / "transformer", model)
    del model
    tokenizer().save_pretrained(wan / "tokenizer")
    for part, make in _others(tiny=tiny).items():
        with torch.device("meta"):
            model = make()
        _write_part(wan / part, drawn(model))


def _others(*, tiny: bool) -> dict[str, Callable[[], nn.Module]]:
    clip = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16}
    umt5 = {"vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}
    if tiny:
        clip |= {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4}
        umt5 |= {"vocab_size": 100, "d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 2, "num_heads": 4}
    return {
        "vae": lambda: AutoencoderKLWan(base_dim=4 if tiny else 96),
        "image_encoder": lambda: CLIPVisionModel(
            CLIPVisionConfig(**clip, patch_size=14, image_size=224, hidden_act="gelu")
        ),
        "text_encoder": lambda: UMT5EncoderModel(
            UMT5Config(**umt5, is_encoder_decoder=False, feed_forward_proj="gated-gelu")
        ),
    }


def _write_part(folder: Path, model: nn.Module) -> None:
    folder.mkdir(parents=True)
    settings = dict(model.config) if isinstance(model.config, dict) else model.config.to_dict()
    (folder / "config.json").write_text(json.dumps(settings, default=str), encoding="utf-8")
    shards: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for name, value in model.state_dict().items():
        if size > SHARD:
            shards.append({})
            size = 0
        if name != "encoder.embed_tokens.weight":  # the same as shared.weight
            shards[-1][name] = value
        size += value.nbytes
    stem = "model" if "encoder" in folder.name else "diffusion_pytorch_model"
    files = [f"{stem}-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for file, tensors in zip(files, shards, strict=True):
        save_file({name: value.cpu().contiguous() for name, value in tensors.items()}, folder / file)
    index = {name: file for file, tensors in zip(files, shards, strict=True) for name in tensors}
    (folder / f"{stem}.safetensors.index.json").write_text(json.dumps({"weight_map": index}), encoding="utf-8")


def _write_adapter(
    file: Path, parts: dict[str, tuple[torch.Tensor, torch.Tensor]], features: int, *, tiny: bool
) -> None:
    file.parent.mkdir(parents=True)
    tensors = {}
    for name, (down, up) in parts.items():
        _, index, own = name.split(".", 2)
        stem = f"blocks.{index}.{ADAPTED[own]}"
        tensors[f"{stem}.lora_A.default.weight"], tensors[f"{stem}.lora_B.default.weight"] = down.cpu(), up.cpu()
    hidden = 24 if tiny else 1024
    for name, shape in {
        "latent_encoder.0": (hidden, 32, 1, 1, 1), "latent_encoder.2": (hidden, hidden, 1, 1, 1),
        "latent_encoder.4": (hidden, hidden, 1, 1, 1), "latent_patch_embedding": (features, hidden, 1, 2, 2),
    }.items():  # fmt: skip
        tensors[f"{name}.weight"] = (torch.randn(shape) * shape[1] ** -0.5).to(KIND)
        tensors[f"{name}.bias"] = torch.zeros(shape[0], dtype=KIND)
    torch.save(tensors, file)
