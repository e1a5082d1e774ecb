"""What the transformer is told of the guide: its first frame, its colours and where they are seen.

Every rounding is EX-4D's own, since its adapter was trained with it: colours pass through bfloat16 before they are
scaled, the first frame is truncated to bytes from there, the mask is scaled twice and reaches the VAE as -3 and +1.
Source: tau-yihouxiang/EX-4D, generate.py and diffsynth/pipelines/wan_video.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - what the field calls it

from ex4d.array_types import Bool, Float, Float32, UInt8
from ex4d.errors import SynthesisError
from ex4d.synthesis.wan.camera_encoder import CameraEncoder

Frame = UInt8[np.ndarray, "height width 3"]
Frames = UInt8[np.ndarray, "frames height width 3"]
Visible = Bool[np.ndarray, "frames height width"]
Video = Float32[Tensor, "1 3 frames height width"]
Latents = Float32[Tensor, "1 channels latent_frames latent_height latent_width"]

HOLE, SEEN = -3.0, 1.0
"""How the mask enters the VAE: scaled to -1 and +1 by generate.py, then once more by the camera encoder."""
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
FIRST_FRAME_CHANNELS = 4
"""Channels of the image condition that mark the latents of the first frame: one for each frame that could share one."""


@dataclass(frozen=True)
class Conditioning:
    """All that the transformer is told, the same in every step."""

    text: Float[Tensor, "1 words text_features"]
    """The prompt, padded with zeros."""
    negative_text: Float[Tensor, "1 words text_features"]
    image: Float[Tensor, "1 patches image_features"]
    image_condition: Float[Tensor, "1 condition_channels latent_frames latent_height latent_width"]
    camera_latent: Float[Tensor, "1 features latent_frames half_height half_width"] | None
    """None without EX-4D's adapter."""


def colour_video(colour: Frames, visible: Visible) -> Video:
    """Return the guide's colours as the VAE gets them: -1 to 1, holes black."""
    unit = torch.from_numpy(np.ascontiguousarray(colour)).permute(3, 0, 1, 2)[None].float() / 255
    seen = torch.from_numpy(np.ascontiguousarray(visible))[None, None].float()
    return ((unit * seen).to(torch.bfloat16) * 2 - 1).float()


def mask_video(visible: Visible) -> Video:
    """Return where the guide is seen as the VAE gets it."""
    seen = torch.from_numpy(np.ascontiguousarray(visible))[None, None]
    return torch.where(seen, SEEN, HOLE).expand(-1, 3, -1, -1, -1)


def first_frame(video: Video) -> Frame:
    """Return frame 0 of a :func:`colour_video` as bytes, truncated."""
    unit = video[0, :, 0] * 0.5 + 0.5
    return (unit * 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def clip_pixels(frame: Frame, side: int) -> Float32[Tensor, "1 3 side side"]:
    """Return a frame as CLIP gets it: squashed to a square, without antialiasing, and normalised."""
    squashed = F.interpolate(_signed(frame), size=(side, side), mode="bicubic", align_corners=False)
    mean, deviation = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (CLIP_MEAN, CLIP_DEVIATION))
    return (squashed * 0.5 + 0.5 - mean) / deviation


def image_features(image_encoder: Any, frame: Frame) -> Float32[Tensor, "1 patches image_features"]:
    """Return what CLIP sees in a frame: the output of its last layer but one."""
    pixels = clip_pixels(frame, image_encoder.config.image_size)
    with torch.no_grad():
        seen = image_encoder(pixels.to(image_encoder.device, image_encoder.dtype), output_hidden_states=True)
    return seen.hidden_states[-2].float()


def image_condition(vae: Any, frame: Frame, frames: int) -> Latents:
    """Return the first frame in a video of ``frames`` that are grey but for it, with which latents are its own."""
    video = torch.zeros(1, 3, frames, *frame.shape[:2])
    video[:, :, 0] = _signed(frame)
    latents = encode(vae, video)
    own = torch.zeros_like(latents[:, :1]).expand(-1, FIRST_FRAME_CHANNELS, -1, -1, -1).clone()
    own[:, :, 0] = 1
    return torch.cat([own, latents], dim=1)


def camera_latent(
    vae: Any, camera_encoder: CameraEncoder, colour: Frames, visible: Visible
) -> Float[Tensor, "1 features latent_frames half_height half_width"]:
    """Return what EX-4D's camera encoder makes of the guide, in the encoder's type and on its device."""
    weight = camera_encoder.latent_patch_embedding.weight
    with torch.no_grad():
        return camera_encoder(
            encode(vae, colour_video(colour, visible)).to(weight), encode(vae, mask_video(visible)).to(weight)
        )


def encode(vae: Any, video: Video) -> Latents:
    """Return the normalised latents of a video, the mode of their distribution, in float32 on the VAE's device."""
    mean, deviation = _normalisation(vae)
    with torch.no_grad():
        latents = vae.encode(video.to(vae.device, vae.dtype)).latent_dist.mode().float()
    return (latents - mean) * (1 / deviation)


def decode(vae: Any, latents: Latents) -> Video:
    """Return the video of normalised latents, -1 to 1.

    Raises:
        SynthesisError: the VAE gives numbers that are not finite, which as bytes would be black.
    """
    mean, deviation = _normalisation(vae)
    with torch.no_grad():
        video = vae.decode((latents.to(vae.device) / (1 / deviation) + mean).to(vae.dtype), return_dict=False)[0]
    if not bool(torch.isfinite(video).all()):
        raise SynthesisError("the VAE gave numbers that are not finite; check the weights (ex4d models check)")
    return video.float().clamp(-1, 1)


def latents_to_frames(vae: Any, latents: Latents) -> Frames:
    """Return the frames of normalised latents, truncated to bytes as EX-4D does it.

    Raises:
        SynthesisError: the VAE gives numbers that are not finite.
    """
    video = (decode(vae, latents)[0] + 1) * 127.5
    return video.clamp(0, 255).to(torch.uint8).permute(1, 2, 3, 0).cpu().numpy()


def _signed(frame: Frame) -> Float32[Tensor, "1 3 height width"]:
    pixels = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None]
    return pixels.float() * (2 / 255) - 1


def _normalisation(vae: Any) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each latent channel."""
    config = vae.config
    mean, deviation = (
        torch.tensor(numbers, device=vae.device).view(1, -1, 1, 1, 1)
        for numbers in (config.latents_mean, config.latents_std)
    )
    return mean, deviation
