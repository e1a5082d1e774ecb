"""LoRA files to write and models to load with them."""

import torch
from safetensors.torch import save_file

from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.synthesis.wan.reference import CPU

BASE = "blocks.0.self_attn.q"
MODULE = "blocks.0.attn1.to_q"


def load(tiny_wan, *adapters, fuse=True, dtype=torch.float32):
    return load_transformer(
        find_wan_folder(tiny_wan.original), adapters, dtype=dtype, device_of=lambda _: CPU, fuse=fuse
    )


def written(tmp_path, tensors, name="lora.safetensors"):
    file = tmp_path / name
    save_file({key: one.contiguous() for key, one in tensors.items()}, file)
    return file


def in_kohyas_names(tensors, alpha):
    """Write a LoRA as lightx2v's step distillation is written."""
    renamed = {
        f"diffusion_model.{name}".replace("lora_A.default", "lora_down").replace("lora_B.default", "lora_up"): one
        for name, one in tensors.items()
    }
    modules = {name.partition(".lora_")[0] for name in renamed}
    return renamed | {f"{module}.alpha": torch.tensor(alpha) for module in modules}
