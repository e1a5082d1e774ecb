"""Weights of every form that ex4d reads, of a few hundred bytes, and a folder of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save

from ex4d.models import Layout, Weights

PUBLISHED = Layout(
    ("config.json", "encoder.pth"),
    tensors=("model.safetensors.index.json", "vae/model.safetensors"),
    for_prompts=("tokenizer/words.json",),
)
OTHER = Layout(("encoder/config.json",), tensors=("model/model.safetensors",))
SMALL = Weights(
    name="small",
    repository="somebody/Small",
    layouts=(PUBLISHED, OTHER),
    megabytes=1,
    licence="Apache-2.0",
    commercial="yes",
    extra="wan",
    elsewhere=("Somebody/Small",),
)
SHARDS = {
    "model-00001-of-00002.safetensors": {"a": np.arange(12, dtype=np.float32).reshape(3, 4)},
    "model-00002-of-00002.safetensors": {"b": np.ones(5, np.float16), "c": np.zeros((2, 2), np.float32)},
}


def published_files(tmp_path: Path) -> dict[str, bytes]:
    """Return the files of the published layout."""
    torch.save({"w": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3, dtype=torch.bfloat16)}, tmp_path / "saved")
    weight_map = {tensor: shard for shard, tensors in SHARDS.items() for tensor in tensors}
    return {
        "config.json": b'{"dim": 4}',
        "encoder.pth": (tmp_path / "saved").read_bytes(),
        "model.safetensors.index.json": json.dumps({"weight_map": weight_map}).encode(),
        **{shard: save(tensors) for shard, tensors in SHARDS.items()},
        "vae/model.safetensors": save({"z": np.ones(2, np.float32)}),
        "tokenizer/words.json": b"{}",
    }


def write(files: dict[str, bytes], folder: Path) -> Path:
    """Write files into a folder, and return it."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
