"""Where the parts of the pipeline live while it works: chosen by what the card holds, and said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from diffusers import WanVACEPipeline

from ex4d.progress import SILENT, Progress
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.vace.folder import WEIGHED
from ex4d.synthesis.vram import GB

Placement = Literal["resident", "by turns", "streamed"]
"""resident: all parts on the card; by turns: the part at work is; streamed: the layer at work and the next one are."""
SPARE_GB = 1.0
"""For the card's own context and its other users."""
WORKING_GB = 6.0
"""Of a 512x512 guide: twice what decoding took in bfloat16 (3.1), as the VAE works in float32 here. Not measured."""
WORKING_PIXELS = 512 * 512
TILED_GB = 2.0
"""Of any size where the VAE works in tiles. Not measured."""
SAYINGS: dict[Placement, str] = {
    "resident": "all weights stay on the card",
    "by turns": "text encoder, transformer and VAE take turns on the card; the VAE works in tiles",
    "streamed": "layers stream to the card one by one, uncompiled; the VAE works in tiles",
}


def choose_placement(parts_gb: Mapping[str, float], card_gb: float, size: tuple[int, int]) -> Placement:
    """Return the fastest placement that fits, by what parts weigh; streaming is the last resort and not checked."""
    room = card_gb - SPARE_GB
    if sum(parts_gb.values()) + WORKING_GB * (size[0] * size[1] / WORKING_PIXELS) <= room:
        return "resident"
    return "by turns" if max(parts_gb.values()) + TILED_GB <= room else "streamed"


def counted_on_gb(stated_gb: float | None, card_bytes: int) -> float:
    """Return the memory to count on: what the user stated (--vram), but never more than the card has."""
    card_gb = card_bytes / GB
    return card_gb if stated_gb is None else min(stated_gb, card_gb)


def place(
    pipeline: WanVACEPipeline, device: torch.device, settings: DiffusionSettings, progress: Progress = SILENT
) -> None:
    """Bring the pipeline to where it works; on a card, as its memory and ``settings.vram_gb`` allow, and compiled."""
    if device.type == "cpu":
        pipeline.to(device)
        return
    card_gb = counted_on_gb(settings.vram_gb, torch.cuda.get_device_properties(device).total_memory)
    weights_gb = {part: _bytes(getattr(pipeline, part)) / GB for part in WEIGHED}
    placement = choose_placement(weights_gb, card_gb, settings.size)
    progress.say(f"{sum(weights_gb.values()):.1f} GB of weights, {card_gb:.1f} GB card: {SAYINGS[placement]}")
    arrange(pipeline, device, placement)
    if settings.compile and placement != "streamed":
        pipeline.transformer.compile_repeated_blocks(fullgraph=True)


def arrange(pipeline: WanVACEPipeline, device: torch.device, placement: Placement) -> None:
    """Make a placement so; the frames stay the same but for the VAE's tiles, which blend where they meet."""
    if placement == "resident":
        pipeline.to(device)
        return
    pipeline.vae.enable_tiling()
    if placement == "by turns":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_group_offload(
            device, offload_type="leaf_level", use_stream=device.type == "cuda", exclude_modules=["vae"]
        )


def _bytes(part: torch.nn.Module) -> int:
    return sum(weight.numel() * weight.element_size() for weight in part.parameters())
