"""LoRAs for VACE's transformer: every tensor of their files finds its layer, or the files are refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diffusers import WanVACEPipeline
from torch import Tensor, nn

from ex4d.errors import SynthesisError
from ex4d.synthesis.vace.folder import tensor_file_faults
from ex4d.synthesis.vace.loading import REFUSALS

PREFIX = "transformer."
"""Where diffusers puts the tensors of a LoRA, whatever its file calls them."""


def add_loras(pipeline: WanVACEPipeline, files: Sequence[Path]) -> None:
    """Put LoRAs beside the transformer's weights, each at full strength.

    diffusers itself only logs that tensors of a LoRA found no layer, and goes on without them; here nothing is lost.

    Raises:
        SynthesisError: files that are missing, damaged or of another model; names every one.
    """
    faults = [f"{file}: {fault}" for file in files for fault in _faults(pipeline, file)]
    if faults:
        raise SynthesisError("\n".join(faults))
    names = [f"lora_{index}" for index in range(len(files))]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Already found a `peft_config`")  # several LoRAs are meant
        for name, file in zip(names, files, strict=True):
            pipeline.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name=name, **_LOCAL)
    if names:
        pipeline.set_adapters(names, [1.0] * len(names))


_LOCAL = {"local_files_only": True, "use_safetensors": True}


def _faults(pipeline: WanVACEPipeline, file: Path) -> list[str]:
    if file.suffix != ".safetensors":
        return ["LoRAs are read from .safetensors files only, as others may run code"]
    if faults := tensor_file_faults(file):
        return faults
    try:
        tensors = pipeline.lora_state_dict(str(file.parent), weight_name=file.name, **_LOCAL)
    except REFUSALS as cause:
        return [f"is not a LoRA of Wan ({cause})"]
    strangers = sorted(_strangers(tensors, pipeline.transformer))
    if not strangers:
        return []
    return [
        f"is a LoRA of another model: {len(strangers)} of its {len(tensors)} tensors fit no layer of this one, "
        f"among them {strangers[0]}"
    ]


def _strangers(tensors: Mapping[str, Tensor], transformer: nn.Module) -> Iterator[str]:
    """Yield what fits no layer: a down projection takes what its layer takes, an up projection gives what it gives.

    Neither does one without the other, or two of different ranks.
    """
    layers = dict(transformer.named_modules())
    for key, tensor in tensors.items():
        name, _, side = key.removeprefix(PREFIX).partition(".lora_")
        size = getattr(layers.get(name), "weight", None)
        if not key.startswith(PREFIX) or size is None or not _fits(side, tensor, size):
            yield f"{key} {tuple(tensor.shape)}"
            continue
        other = "B" if side.startswith("A") else "A"
        partner = tensors.get(f"{PREFIX}{name}.lora_{other}.weight")
        if partner is None:
            yield f"{key} (it has no lora_{other})"
        elif side == "A.weight" and tensor.shape[:1] != partner.shape[1:2]:
            yield f"{key} {tuple(tensor.shape)} (its lora_B is {tuple(partner.shape)}: another rank)"


def _fits(side: str, tensor: Tensor, weight: Tensor) -> bool:
    return {
        "A.weight": tensor.shape[1:2] == weight.shape[1:2],
        "B.weight": tensor.shape[:1] == weight.shape[:1],
        "B.bias": tensor.shape == weight.shape[:1],
    }.get(side, False)
