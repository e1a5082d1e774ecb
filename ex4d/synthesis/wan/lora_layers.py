"""LoRAs that run beside the transformer's layers instead of being added to their weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from diffusers import WanTransformer3DModel
from peft.tuners.lora import LoraLayer

from ex4d.synthesis.wan.adapter import Adapter, LowRank


def add_lora_layers(transformer: WanTransformer3DModel, adapters: Sequence[Adapter], dtype: torch.dtype) -> None:
    """Add the adapters' LoRAs as peft's layers named "0", "1" and so on, each where its layer lives, in ``dtype``.

    An adapter's weight is peft's; a layer's own scale goes into its ``up``, which is exact for powers of two.
    """
    with_layers = {str(number): adapter for number, adapter in enumerate(adapters) if adapter.low_rank}
    for name, adapter in with_layers.items():
        tensors: dict[str, torch.Tensor] = {}
        for module, layer in adapter.low_rank.items():
            tensors |= _tensors(f"transformer.{module}", layer, dtype)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Already found a `peft_config`")  # more than one is the intention
            transformer.load_lora_adapter(tensors, prefix="transformer", adapter_name=name)
    if with_layers:
        transformer.set_adapters(list(with_layers), [adapter.weight for adapter in with_layers.values()])
    for module in transformer.modules():
        if isinstance(module, LoraLayer):
            home = module.get_base_layer().weight.device
            module.lora_A.to(home, dtype)
            module.lora_B.to(home, dtype)
    transformer.eval().requires_grad_(False)


def _tensors(module: str, layer: LowRank, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {
        f"{module}.lora_A.weight": layer.down.to(dtype),
        f"{module}.lora_B.weight": (layer.scale * layer.up.float()).to(dtype),
    }
