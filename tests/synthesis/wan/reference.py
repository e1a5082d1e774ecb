"""The reference's own results with a tiny checkpoint; see the README beside them."""

from __future__ import annotations

from functools import cache

import torch
from safetensors.torch import load_file

from ex4d.synthesis.wan.weight_folders import WanFolder, find_wan_folder
from tests.shared_data import shared_data

TOLERANCE = 2e-5
"""Of a tensor's largest value."""
CPU = torch.device("cpu")


@cache
def golden() -> dict[str, torch.Tensor]:
    return load_file(shared_data("reference_wan") / "golden.safetensors")


def wan_folder() -> WanFolder:
    return find_wan_folder(shared_data("reference_wan") / "models" / "Wan-AI" / "Wan2.1-I2V-14B-480P")


def adapter_file():
    return shared_data("reference_wan") / "models" / "EX-4D" / "ex4d.ckpt"


def error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Return the largest difference relative to the largest value."""
    assert ours.shape == theirs.shape
    return float((ours.float() - theirs.float()).abs().max() / theirs.float().abs().max())
