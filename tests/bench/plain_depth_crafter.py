"""DepthCrafter as its authors run it, on diffusers' own layers: what ours is measured against.

The stages and their order are those of ``depthcrafter/depth_crafter_ppl.py`` and ``unet.py`` of Tencent/DepthCrafter,
one window of a clip; the code is not theirs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import StableVideoDiffusionPipeline, UNetSpatioTemporalConditionModel
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import _resize_with_antialiasing
from torch import Tensor

TOGETHER = 8


def open_pipeline(unet: Path, parts: Path, device: torch.device, dtype: torch.dtype) -> StableVideoDiffusionPipeline:
    """Load all parts onto the device."""
    from diffusers import AutoencoderKLTemporalDecoder, EulerDiscreteScheduler
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    pipeline = StableVideoDiffusionPipeline(
        vae=AutoencoderKLTemporalDecoder.from_pretrained(parts / "vae", torch_dtype=dtype),
        image_encoder=CLIPVisionModelWithProjection.from_pretrained(parts / "image_encoder", dtype=dtype),
        unet=UNetSpatioTemporalConditionModel.from_pretrained(unet, torch_dtype=dtype),
        scheduler=EulerDiscreteScheduler.from_pretrained(parts / "scheduler"),
        feature_extractor=CLIPImageProcessor.from_pretrained(parts / "feature_extractor"),
    )
    return pipeline.to(device)


def embeddings(pipeline: Any, video: Tensor) -> Tensor:
    """Return every frame's embedding; ``video`` is in [-1, 1]."""
    side = pipeline.image_encoder.config.image_size
    small = (_resize_with_antialiasing(video.float(), (side, side)) + 1.0) / 2.0
    made = []
    for some in small.split(TOGETHER):
        seen = pipeline.feature_extractor(
            images=some.cpu(), do_normalize=True, do_center_crop=False, do_resize=False, do_rescale=False,
            return_tensors="pt",
        ).pixel_values.to(video.device, video.dtype)  # fmt: skip
        made.append(pipeline.image_encoder(seen).image_embeds)
    return torch.cat(made)


def video_latents(pipeline: Any, noisy: Tensor) -> Tensor:
    """Return the latents of noisy frames, encoded in float32 where the VAE asks for it."""
    dtype = pipeline.vae.dtype
    if pipeline.vae.config.force_upcast:
        pipeline.vae.to(dtype=torch.float32)
    made = [pipeline.vae.encode(some.to(pipeline.vae.dtype)).latent_dist.mode() for some in noisy.split(TOGETHER)]
    pipeline.vae.to(dtype=dtype)
    return torch.cat(made).to(dtype)


def denoised(pipeline: Any, start: Tensor, video: Tensor, pictures: Tensor, steps: int) -> Tensor:
    """Return the final latents of one window."""
    pipeline.scheduler.set_timesteps(steps, device=start.device)
    latents = (start * pipeline.scheduler.init_noise_sigma).to(video.dtype)
    ids = torch.tensor([[7, 127, 0.02]], dtype=video.dtype, device=video.device)
    for timestep in pipeline.scheduler.timesteps:
        scaled = pipeline.scheduler.scale_model_input(latents, timestep)
        seen = _pass(pipeline.unet, torch.cat([scaled, video], dim=1), timestep, pictures, ids)
        latents = pipeline.scheduler.step(seen, timestep, latents).prev_sample
    return latents


def decoded(pipeline: Any, latents: Tensor) -> Tensor:
    """Return pictures in [0, 1], on the host."""
    scaled = latents / pipeline.vae.config.scaling_factor
    made = [pipeline.vae.decode(some, num_frames=len(some)).sample for some in scaled.split(TOGETHER)]
    return (torch.cat(made).float() / 2 + 0.5).clamp(0, 1).cpu()


def _pass(unet: Any, sample: Tensor, timestep: Tensor, pictures: Tensor, ids: Tensor) -> Tensor:
    """One pass through diffusers' blocks, an embedding a frame."""
    frames = len(sample)
    time = unet.time_embedding(unet.time_proj(timestep[None]).to(sample.dtype))
    time = time + unet.add_embedding(unet.add_time_proj(ids.flatten()).reshape(1, -1).to(sample.dtype))
    common = {
        "temb": time.repeat_interleave(frames, dim=0),
        "image_only_indicator": torch.zeros(1, frames, dtype=sample.dtype, device=sample.device),
    }
    looking = common | {"encoder_hidden_states": pictures[:, None]}
    x = unet.conv_in(sample)
    passed = (x,)
    for block in unet.down_blocks:
        x, more = block(hidden_states=x, **(looking if _looks(block) else common))
        passed += more
    x = unet.mid_block(hidden_states=x, **looking)
    for block in unet.up_blocks:
        count = len(block.resnets)
        skipped, passed = passed[-count:], passed[:-count]
        x = block(hidden_states=x, res_hidden_states_tuple=skipped, **(looking if _looks(block) else common))
    return unet.conv_out(unet.conv_act(unet.conv_norm_out(x)))


def _looks(block: Any) -> bool:
    return bool(getattr(block, "has_cross_attention", False))
