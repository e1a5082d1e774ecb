"""What EX-4D's transformer is measured beside: diffusers' own forward and the authors', of the same weights."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ex4d.synthesis.wan.conditioning import Conditioning
from tests.bench.random_wan import CARD, RANK

Step = Callable[[], list[Tensor]]


def diffusers_own(model: Any, told: Conditioning, texts: list[Tensor], latents: Tensor) -> Step:
    """diffusers' forward of the same weights, without the camera latent, which it does not know."""
    model.set_attention_backend("_native_cudnn")
    torch._dynamo.reset()
    model.compile_repeated_blocks(fullgraph=True)
    moment, channels = torch.tensor([500.0], device=CARD), torch.cat([latents, told.image_condition], 1).bfloat16()
    image = told.image.bfloat16()
    return lambda: [model(channels, moment, text.bfloat16(), image, return_dict=False)[0] for text in texts]


def references_own(
    folder: Path,
    model: Any,
    lora: dict[str, tuple[Tensor, Tensor]],
    told: Conditioning,
    texts: list[Tensor],
    latents: Tensor,
) -> Step:
    """The authors' model over the same weights, its LoRA beside the layers as they have it."""
    from peft import LoraConfig, inject_adapter_in_model

    from ex4d.synthesis.wan.key_names import transformer_name

    sys.path.insert(0, str(folder))
    from reference_dit.wan_video_dit import WanModel, rope_params

    with torch.device("meta"):
        its = WanModel(model_type="i2v", in_dim=36, dim=5120, ffn_dim=13824, out_dim=16, num_heads=40, num_layers=40,
                       cross_attn_norm=True)  # fmt: skip
    its.freqs = torch.cat([rope_params(1024, 44), rope_params(1024, 42), rope_params(1024, 42)], dim=1)
    inject_adapter_in_model(
        LoraConfig(r=RANK, lora_alpha=RANK, target_modules=["q", "k", "v", "o", "ffn.0", "ffn.2"]), its
    )
    weights = dict(model.named_parameters())
    for name in dict(its.named_parameters()):
        module, _, own = name.rpartition(".")
        if ".lora_" in name:
            down, up = lora[transformer_name(name.split(".lora_")[0] + ".weight").removesuffix(".weight")]
            value = down if ".lora_A" in name else up
        else:
            value = weights[transformer_name(name.replace(".base_layer", ""))]
        setattr(its.get_submodule(module), own, nn.Parameter(value, requires_grad=False))
    its.eval()
    moment, image, condition = (
        torch.tensor([500.0], device=CARD),
        told.image.bfloat16(),
        told.image_condition[0].bfloat16(),
    )

    @torch.amp.autocast("cuda", dtype=torch.bfloat16)
    def step() -> list[Tensor]:
        return [
            its(
                [latents[0]],
                moment,
                [text[0].bfloat16()],
                13312,
                clip_fea=image,
                y=[condition],
                ray_latent=told.camera_latent,
            )
            for text in texts
        ]

    return step
