"""Wan's models and EX-4D's adapter where the memory plan wants them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ex4d.array_types import Float
from ex4d.errors import MissingPart, SynthesisError
from ex4d.progress import Progress
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.vram import CONTEXT, GB, MARGIN, WAN_14B, MemoryPlan, ModelSizes, plan_memory
from ex4d.synthesis.wan.adapter import Adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from ex4d.synthesis.wan.float8 import use_float8
from ex4d.synthesis.wan.key_names import Part
from ex4d.synthesis.wan.loading import load_image_encoder, load_transformer, load_vae
from ex4d.synthesis.wan.model_sizes import transformer_sizes
from ex4d.synthesis.wan.tensor_fit import shapes_by_name
from ex4d.synthesis.wan.transformer import Replica
from ex4d.synthesis.wan.weight_folders import WanFolder

HOST = torch.device("cpu")
PARTS: tuple[Part, ...] = ("transformer", "vae", "image_encoder")
"""Of Wan's weights; the text encoder is opened for itself."""
FLOAT8_CAPABILITY = (8, 9)
"""Of the first cards with float8 units: Ada and Hopper."""


@dataclass(frozen=True)
class Bench:
    """The cards to work on, and how."""

    devices: tuple[torch.device, ...]
    settings: DiffusionSettings
    plan: MemoryPlan | None
    """None on the CPU, where nothing is to be planned."""

    @classmethod
    def of(cls, devices: Sequence[str], settings: DiffusionSettings, sizes: ModelSizes = WAN_14B) -> Bench:
        """Plan for these devices.

        Raises:
            SynthesisError: they cannot do it: too little memory, or no float8 units.
        """
        cards = tuple(torch.device(name) for name in devices)
        if cards[0].type != "cuda":
            _require_precision(settings.precision != "fp8")
            return cls(cards, settings, None)
        _require_precision(
            settings.precision != "fp8" or torch.cuda.get_device_capability(cards[0]) >= FLOAT8_CAPABILITY
        )
        total = float(min(torch.cuda.get_device_properties(card).total_memory for card in cards))
        stated = total if settings.vram_gb is None else min(settings.vram_gb * GB, total)
        plan = plan_memory(sizes, settings, stated)
        # What was stated is kept to by torch itself; without a word the whole card is free again.
        allowed = 1.0 if settings.vram_gb is None else (stated - MARGIN - CONTEXT) / total
        for card in cards:
            torch.cuda.set_per_process_memory_fraction(allowed, card)
        return cls(cards, settings, plan)

    @property
    def main(self) -> torch.device:
        """Where everything but a second branch of guidance is computed."""
        return self.devices[0]

    @property
    def kind(self) -> torch.dtype:
        """The type that models compute in: EX-4D's bfloat16 on a card; on the CPU float32, unless bf16 is asked for."""
        exact = self.main.type == "cpu" and self.settings.precision == "reference"
        return torch.float32 if exact else torch.bfloat16

    @property
    def stays(self) -> bool:
        """Whether everything stays where it is computed."""
        return self.plan is None or self.plan.all_on_card


def _require_precision(possible: bool) -> None:
    if not possible:
        raise SynthesisError(
            "precision fp8 needs a card with float8 units (compute capability 8.9: Ada, Hopper or later); "
            "choose precision reference or bf16"
        )


@dataclass(frozen=True)
class Models:
    """Everything but the text encoder, loaded."""

    bench: Bench
    vae: Any
    image_encoder: Any
    camera_encoder: CameraEncoder
    replicas: tuple[Replica, ...]

    @contextmanager
    def encoders(self) -> Iterator[None]:
        """Have VAE and image encoder on the card for a while."""
        if self.bench.stays:
            yield
            return
        for model in (self.vae, self.image_encoder):
            model.to(self.bench.main)
        try:
            yield
        finally:
            for model in (self.vae, self.image_encoder):
                model.to(HOST)
            torch.cuda.empty_cache()


def open_models(folder: WanFolder, adapters: Sequence[Adapter], bench: Bench, progress: Progress) -> Models:
    """Load everything but the text encoder; the first adapter is EX-4D's.

    Raises:
        MissingPart: weights are missing or damaged.
        UserError: an adapter was made for another model.
    """
    _require_whole(folder)
    camera_encoder = _camera_encoder(folder, adapters[0], bench)
    home = bench.main if bench.stays else HOST
    replicas = tuple(_replica(folder, adapters, bench, device, progress) for device in bench.devices)
    vae = load_vae(folder, bench.kind, home, progress=progress)
    if bench.plan is not None and bench.plan.tile_vae:
        vae.enable_tiling()
    image_encoder = load_image_encoder(folder, bench.kind, home, progress=progress)
    return Models(bench, vae, image_encoder, camera_encoder, replicas)


def _require_whole(folder: WanFolder) -> None:
    """Open every part before the large one is loaded, and tell all that is missing or damaged at once."""
    faults = []
    for part in PARTS:
        try:
            folder.tensors(part)
        except MissingPart as fault:
            faults.append(str(fault))
    if faults:
        raise MissingPart("\n".join(faults))


def _camera_encoder(folder: WanFolder, adapter: Adapter, bench: Bench) -> CameraEncoder:
    sizes = sizes_of_transformer(folder)
    tensors: dict[str, Float[Tensor, "*shape"]] = {
        name: value.to(bench.main, bench.kind) for name, value in adapter.camera.items()
    }
    features = sizes["num_attention_heads"] * sizes["attention_head_dim"]
    return CameraEncoder.of(tensors, features=features, file=adapter.file)


def sizes_of_transformer(folder: WanFolder) -> dict[str, Any]:
    """Return the sizes of the transformer as diffusers names them, from the heads of its files.

    Raises:
        MissingPart: they are missing or damaged.
    """
    shapes = shapes_by_name(folder.tensors("transformer"), folder.names("transformer"))
    return transformer_sizes(shapes, folder.settings("transformer"))


def _replica(
    folder: WanFolder, adapters: Sequence[Adapter], bench: Bench, device: torch.device, progress: Progress
) -> Replica:
    float8 = bench.settings.precision == "fp8"
    home = device if bench.stays else HOST

    def home_of(name: str) -> torch.device:
        return home if name.startswith("blocks.") else device

    def whole(block: nn.Module) -> None:
        if float8:  # at once, so that no more than a shard's blocks are ever held in bfloat16
            use_float8(block.to(device))
            block.to(home)

    transformer = load_transformer(
        folder,
        adapters,
        dtype=bench.kind,
        device_of=home_of,
        fuse=True,
        workshop=device,
        whole=whole,
        progress=progress,
    )
    return Replica(
        transformer,
        device,
        residual=torch.float32 if bench.settings.precision == "reference" else bench.kind,
        resident=None if bench.plan is None else bench.plan.resident_blocks,
        compile_blocks=bench.settings.compile and device.type == "cuda",
    )
