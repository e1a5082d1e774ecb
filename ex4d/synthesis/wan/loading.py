"""Wan's models out of their weight files, tensor by tensor, each parameter straight to where it is to live.

A model is made without memory first; then each tensor of the files is read, converted and put in its place before the
next one is read. So the host holds one shard's mapped pages and one tensor beside what is to stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from ex4d.array_types import Float
from ex4d.errors import MissingPart
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.wan.adapter import Adapter
from ex4d.synthesis.wan.key_names import Part
from ex4d.synthesis.wan.lora_layers import add_lora_layers
from ex4d.synthesis.wan.model_sizes import (
    image_encoder_sizes,
    text_encoder_sizes,
    transformer_sizes,
    vae_sizes,
)
from ex4d.synthesis.wan.tensor_files import TensorFiles
from ex4d.synthesis.wan.tensor_fit import fitted, grouped, shapes_by_name
from ex4d.synthesis.wan.weight_folders import WanFolder

Parameter = Float[torch.Tensor, "*shape"]
DeviceOf = Callable[[str], torch.device]
"""Where the parameter or buffer of a name is to live."""
IN_FLOAT32 = frozenset({"time_embedder", "scale_shift_table", "norm1", "norm2", "norm3"})
"""Parts of the transformer's names that stay in float32, as diffusers keeps them; small, and computed with in float32
by the original, too."""


def load_transformer(
    folder: WanFolder,
    adapters: Sequence[Adapter] = (),
    *,
    dtype: torch.dtype,
    device_of: DeviceOf,
    fuse: bool,
    workshop: torch.device | None = None,
    whole: Callable[[nn.Module], None] = lambda block: None,
    progress: Progress = SILENT,
) -> WanTransformer3DModel:
    """Load the transformer with its adapters applied.

    With ``fuse`` the LoRAs are added to the weights in float32 before these become ``dtype``; without, they run beside
    the layers, in ``dtype`` (peft's layers; adapters are named by their place, "0" first). Differences of whole
    parameters are added either way. What :data:`IN_FLOAT32` names stays in float32 whatever ``dtype`` is. Parameters
    are converted on the ``workshop``, one at a time; None is where they are read. ``whole`` is told of each block that
    has all of its parameters, and may change it.

    Raises:
        MissingPart: weights are missing, cut short, or not those of this model.
        UserError: an adapter was made for another model.
    """
    files = folder.tensors("transformer")
    transformer = _empty(folder, "transformer", files)
    shapes = {name: tuple(one.shape) for name, one in transformer.named_parameters()}
    for adapter in adapters:
        adapter.must_fit(shapes)

    def altered(name: str, value: Parameter) -> Parameter:
        value = value if workshop is None else value.to(workshop)
        for adapter in adapters:
            value = adapter.changed(name, value, low_rank=fuse)
        return value.to(dtype_of(name))

    def dtype_of(name: str) -> torch.dtype:
        return torch.float32 if IN_FLOAT32.intersection(name.split(".")) else dtype

    _fill(transformer, folder, "transformer", files, dtype_of, device_of, progress, altered, _Watch(transformer, whole))
    if not fuse:
        add_lora_layers(transformer, adapters, dtype)
    return transformer


def load_vae(
    folder: WanFolder, dtype: torch.dtype, device: torch.device, *, progress: Progress = SILENT
) -> AutoencoderKLWan:
    """Load the VAE; errors as those of :func:`load_transformer`."""
    return _load(folder, "vae", dtype, device, progress)


def load_image_encoder(
    folder: WanFolder, dtype: torch.dtype, device: torch.device, *, progress: Progress = SILENT
) -> CLIPVisionModel:
    """Load CLIP's picture side; errors as those of :func:`load_transformer`."""
    return _load(folder, "image_encoder", dtype, device, progress)


def load_text_encoder(
    folder: WanFolder, dtype: torch.dtype, device: torch.device, *, progress: Progress = SILENT
) -> UMT5EncoderModel:
    """Load UMT5's encoder; errors as those of :func:`load_transformer`."""
    return _load(folder, "text_encoder", dtype, device, progress)


def _load(folder: WanFolder, part: Part, dtype: torch.dtype, device: torch.device, progress: Progress) -> Any:
    files = folder.tensors(part)
    model = _empty(folder, part, files)
    _fill(model, folder, part, files, lambda _: dtype, lambda _: device, progress)
    return model


def _empty(folder: WanFolder, part: Part, files: TensorFiles) -> Any:
    """Return the part's model in the sizes of its files, without memory for its parameters."""
    sizes_of, make, _ = _MODELS[part]
    sizes = sizes_of(shapes_by_name(files, folder.names(part)), folder.settings(part))
    with init_empty_weights(include_buffers=False):
        return make(**sizes)


def _fill(
    model: nn.Module,
    folder: WanFolder,
    part: Part,
    files: TensorFiles,
    dtype_of: Callable[[str], torch.dtype],
    device_of: DeviceOf,
    progress: Progress,
    altered: Callable[[str, Parameter], Parameter] = lambda _, value: value,
    placed: Callable[[str], None] = lambda _: None,
) -> None:
    """Put each tensor of the part's files in its place.

    Raises:
        MissingPart: tensors do not fit the model, or a file is not what it was when it was opened.
    """
    title = _MODELS[part][2]
    parameters = {name: tuple(one.shape) for name, one in model.named_parameters()}
    fit = fitted(files, folder.names(part), parameters, model=title)
    progress.begin(f"loading {title}", len(files.entries))
    for key, tensor in _as_opened(files):
        places = fit.places[key]
        for name, piece in zip(places, tensor.chunk(len(places)) if places else (), strict=True):
            value = altered(name, piece.reshape(parameters[name])).to(device_of(name)).to(dtype_of(name))
            _place(model, name, value.clone() if value.data_ptr() == piece.data_ptr() else value)
            placed(name)
        progress.advance()
    assert all(one.is_meta == (device_of(name).type == "meta") for name, one in model.named_parameters())
    for name, buffer in list(model.named_buffers()):
        owner, _, leaf = name.rpartition(".")
        model.get_submodule(owner)._buffers[leaf] = buffer.to(device_of(name))
    model.eval().requires_grad_(False)


class _Watch:
    """Counts the parameters that blocks still lack."""

    def __init__(self, transformer: WanTransformer3DModel, whole: Callable[[nn.Module], None]) -> None:
        self._blocks = {f"blocks.{index}": block for index, block in enumerate(transformer.blocks)}
        self._lacking = {name: len(list(block.parameters())) for name, block in self._blocks.items()}
        self._whole = whole

    def __call__(self, name: str) -> None:
        block = ".".join(name.split(".")[:2])
        if block in self._blocks:
            self._lacking[block] -= 1
            if not self._lacking[block]:
                self._whole(self._blocks[block])


def _as_opened(files: TensorFiles) -> Iterator[tuple[str, Parameter]]:
    """Yield each tensor as long as it is what its file said when it was opened, and then all of them.

    So every parameter that was found a place for gets its tensor; none is left without memory.
    """
    for file in files.files:
        listed = {key: entry for key, entry in files.entries.items() if entry.file == file}
        for key, tensor in TensorFiles((file,), listed).stream():
            entry = listed.pop(key, None)
            if entry is None or (entry.shape, entry.dtype) != (tuple(tensor.shape), tensor.dtype):
                raise _changed(file, key)
            yield key, tensor
        if listed:
            raise _changed(file, *listed)


def _changed(file: Path, *keys: str) -> MissingPart:
    return MissingPart(
        f"{file} changed while it was loaded: {', '.join(grouped(keys))}; let nothing write to it and start again"
    )


def _place(model: nn.Module, name: str, value: Parameter) -> None:
    owner, _, leaf = name.rpartition(".")
    setattr(model.get_submodule(owner), leaf, nn.Parameter(value, requires_grad=False))


def _clip(**sizes: Any) -> CLIPVisionModel:
    return CLIPVisionModel(CLIPVisionConfig(**sizes))


def _umt5(**sizes: Any) -> UMT5EncoderModel:
    model = UMT5EncoderModel(UMT5Config(**sizes))
    model.set_input_embeddings(model.shared)  # one module in both of its places, which making it without memory undid
    return model


_MODELS: dict[Part, tuple[Callable[..., dict[str, Any]], Callable[..., nn.Module], str]] = {
    "transformer": (transformer_sizes, WanTransformer3DModel, "Wan's transformer"),
    "vae": (vae_sizes, AutoencoderKLWan, "Wan's VAE"),
    "image_encoder": (image_encoder_sizes, _clip, "Wan's image encoder"),
    "text_encoder": (text_encoder_sizes, _umt5, "Wan's text encoder"),
}
"""How each part's sizes are read, how it is made of them, and what it is called in an error."""
