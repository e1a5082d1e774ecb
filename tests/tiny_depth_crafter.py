"""A tiny checkpoint of DepthCrafter in the layout of its two downloads: real loading, meaningless depth."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

PREPARING = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_processor_type": "CLIPImageProcessor",
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "size": {"shortest_edge": 56},
}
"""As the released download prepares pictures for its image encoder, but for its 224 pixels."""
SCHEDULE = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "sigma_max": 700.0,
    "sigma_min": 0.002,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "timestep_type": "continuous",
    "use_karras_sigmas": True,
}
"""Stable Video Diffusion's."""


def write_tiny_depth_crafter(models: Path) -> tuple[Path, Path]:
    """Write both downloads into a folder of models; return the UNet's folder and that of the other parts."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    unet, parts = models / "depthcrafter", models / "stable-video-diffusion"
    networks = _networks()
    networks["unet"].save_pretrained(unet)
    for name in ("vae", "image_encoder"):
        networks[name].save_pretrained(parts / name)
    for name, settings in (("scheduler/scheduler", SCHEDULE), ("feature_extractor/preprocessor", PREPARING)):
        file = parts / f"{name}_config.json"
        file.parent.mkdir()
        file.write_text(json.dumps(settings), encoding="utf-8")
    return unet, parts


@cache
def _networks() -> dict[str, Any]:
    """Build the networks with seeded weights: as few channels as 32 groups of a group norm allow."""
    import torch
    from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.set_num_threads(1)  # so small networks work less than their threads wait for one another on a busy machine
    with torch.random.fork_rng():
        torch.manual_seed(13)
        unet = UNetSpatioTemporalConditionModel(
            down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            block_out_channels=(32, 64), num_attention_heads=(2, 4), layers_per_block=1, cross_attention_dim=16,
            addition_time_embed_dim=8, projection_class_embeddings_input_dim=24, sample_size=8,
        )  # fmt: skip
        vae = AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=(32,) * 4, layers_per_block=1,
        )  # fmt: skip
        sizes = CLIPVisionConfig(
            hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=56,
            patch_size=14, projection_dim=16, hidden_act="gelu",
        )  # fmt: skip
        return {"unet": unet, "vae": vae, "image_encoder": CLIPVisionModelWithProjection(sizes)}
