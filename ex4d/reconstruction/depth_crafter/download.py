"""The two downloads that DepthCrafter is made of: its UNet, and all else of Stable Video Diffusion."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder, EulerDiscreteScheduler, UNetSpatioTemporalConditionModel
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from ex4d.errors import MissingPart
from ex4d.reconstruction.depth_crafter.part_files import PartFile

TIME_IDS = 3
Colours = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation of red, green and blue."""


@dataclass(frozen=True)
class Download:
    """What is in the folders, checked and not yet loaded: networks without memory, each loaded when it is wanted."""

    unet: PartFile
    autoencoder: PartFile
    picture_encoder: PartFile
    schedule: dict[str, Any]
    colours: Colours
    """How the image encoder expects its pictures to be normalised."""
    channels: int
    """Of latents."""
    multiple: int
    """Of which the sides of what the networks see have to be, pixels."""
    shrinkage: int
    """Pixels a side of a latent's pixel."""
    scaling: float
    """What the autoencoder's latents are multiplied by when the UNet makes them."""
    upcast: bool
    """Whether the encoder is to compute in float32 where all else is float16."""

    def loaded_unet(self, dtype: torch.dtype, device: torch.device) -> Any:
        """Return the UNet."""
        return self.unet.fill(self.unet.made(UNetSpatioTemporalConditionModel), "", dtype, device)

    def loaded_encoder(self, dtype: torch.dtype, device: torch.device) -> tuple[Any, nn.Conv2d]:
        """Return what makes moments of pictures, and what makes them those of latents."""
        autoencoder = self.autoencoder.made(AutoencoderKLTemporalDecoder)
        dtype = torch.float32 if self.upcast else dtype
        encoder = self.autoencoder.fill(autoencoder.encoder, "encoder.", dtype, device)
        return encoder, self.autoencoder.fill(autoencoder.quant_conv, "quant_conv.", dtype, device)

    def loaded_decoder(self, dtype: torch.dtype, device: torch.device) -> Any:
        """Return what makes pictures of latents."""
        autoencoder = self.autoencoder.made(AutoencoderKLTemporalDecoder)
        return self.autoencoder.fill(autoencoder.decoder, "decoder.", dtype, device)

    def loaded_picture_encoder(self, dtype: torch.dtype, device: torch.device) -> Any:
        """Return CLIP's picture side with its projection."""
        encoder = self.picture_encoder.fill(self.picture_encoder.made(_clip), "", dtype, device)
        places = encoder.vision_model.embeddings
        places.position_ids = torch.arange(places.num_positions, device=device)[None]
        return encoder

    def scheduler(self) -> Any:
        """Return a scheduler that has not begun."""
        return EulerDiscreteScheduler(**self.schedule)


def open_download(unet: Path, parts: Path) -> Download:
    """Read what both folders hold, without loading it.

    Args:
        unet: the folder of DepthCrafter's download.
        parts: that of Stable Video Diffusion's.

    Raises:
        MissingPart: parts are missing, damaged, or do not belong together: all of it at once.
    """
    network = PartFile("DepthCrafter's UNet", unet, "diffusion_pytorch_model")
    autoencoder = PartFile("Stable Video Diffusion's VAE", parts / "vae", "diffusion_pytorch_model")
    picture_encoder = PartFile("Stable Video Diffusion's image encoder", parts / "image_encoder", "model")
    faults: list[str] = []
    a, b, c = (
        _tried(faults, lambda file=file, make=make: _checked(file, make))  # type: ignore[misc]
        for file, make in (
            (network, UNetSpatioTemporalConditionModel),
            (autoencoder, AutoencoderKLTemporalDecoder),
            (picture_encoder, _clip),
        )
    )
    schedule = _tried(faults, lambda: _schedule(parts / "scheduler" / "scheduler_config.json"))
    colours = _tried(faults, lambda: _colours(parts / "feature_extractor" / "preprocessor_config.json"))
    if faults:
        raise MissingPart("\n".join(faults))
    _must_belong_together(unet, parts, a.config, b.config, c.config)
    shrinkage = 2 ** (len(b.config.block_out_channels) - 1)
    multiple = max(16, shrinkage * 2 ** (len(a.config.block_out_channels) - 1))
    return Download(
        network, autoencoder, picture_encoder, schedule, colours, b.config.latent_channels, multiple, shrinkage,
        float(b.config.scaling_factor), bool(b.config.force_upcast),
    )  # fmt: skip


def _checked(file: PartFile, make: Callable[..., Any]) -> Any:
    network = file.made(make)
    file.check(network)
    return network


def _tried(faults: list[str], work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns; None where a part is missing, which is noted."""
    try:
        return work()
    except MissingPart as fault:
        faults.append(str(fault))
        return None


def _schedule(file: Path) -> dict[str, Any]:
    """Return the settings of the scheduler; those that only other schedulers have are in the released file, too."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        known = inspect.signature(EulerDiscreteScheduler).parameters
        used = {name: value for name, value in settings.items() if name in known}
        EulerDiscreteScheduler(**used)
    except (OSError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError) as cause:
        raise MissingPart(f"{file} cannot be loaded as a schedule of noise: {cause}") from cause
    return used


def _colours(file: Path) -> Colours:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        mean, deviation = (tuple(map(float, settings[name])) for name in ("image_mean", "image_std"))
        if len(mean) != 3 or len(deviation) != 3 or min(deviation) <= 0:
            raise ValueError("image_mean and image_std are not of three colours")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as cause:
        raise MissingPart(f"{file} cannot be loaded as the preparation of pictures: {cause}") from cause
    return mean, deviation


def _must_belong_together(unet: Path, parts: Path, network: Any, autoencoder: Any, encoder: Any) -> None:
    pairs = (
        ("latent channels", network.in_channels, 2 * autoencoder.latent_channels),
        ("latent channels", network.out_channels, autoencoder.latent_channels),
        ("numbers of a picture's embedding", network.cross_attention_dim, encoder.projection_dim),
        ("time ids", network.projection_class_embeddings_input_dim, TIME_IDS * network.addition_time_embed_dim),
    )
    if wrong := [f"{what} {ours} and {theirs}" for what, ours, theirs in pairs if ours != theirs]:
        raise MissingPart(
            f"{unet} cannot be loaded with {parts}: they do not belong together ({', '.join(wrong)}); pull both again"
        )


def _clip(**settings: Any) -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(CLIPVisionConfig(**settings))
