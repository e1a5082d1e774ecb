"""DepthCrafter and Depth Anything V2 Large at their true size with random weights, written as their downloads lie.

Random weights tell true speed and memory. They are drawn on the card, which takes a second; on the host it is a minute.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from torch import nn
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
)

from tests.tiny_depth_crafter import PREPARING, SCHEDULE, write_tiny_depth_crafter
from tests.tiny_depth_model import PREPARING as PREPARING_SINGLE
from tests.tiny_depth_model import write_tiny_weights

CARD = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def write_depth_crafter(models: Path, *, tiny: bool) -> tuple[Path, Path]:
    """Write both downloads in float16; return the UNet's folder and that of the other parts."""
    if tiny:
        return write_tiny_depth_crafter(models)
    unet, parts = models / "depthcrafter", models / "stable-video-diffusion"
    torch.manual_seed(7)
    with torch.device(CARD):
        _written(UNetSpatioTemporalConditionModel(num_attention_heads=(5, 10, 20, 20)), unet)
        vae = AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=(128, 256, 512, 512), layers_per_block=2
        )
        _written(vae, parts / "vae")
        huge = CLIPVisionConfig(
            hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=16, patch_size=14,
            projection_dim=1024, hidden_act="gelu",
        )  # fmt: skip
        _written(CLIPVisionModelWithProjection(huge), parts / "image_encoder")
    preparing = PREPARING | {"size": {"shortest_edge": 224}}
    for name, settings in (("scheduler/scheduler", SCHEDULE), ("feature_extractor/preprocessor", preparing)):
        file = parts / f"{name}_config.json"
        file.parent.mkdir()
        file.write_text(json.dumps(settings), encoding="utf-8")
    return unet, parts


def write_depth_anything(models: Path, *, tiny: bool) -> Path:
    """Write Depth Anything V2 Large in float32, as it is published."""
    if tiny:
        return write_tiny_weights(models, "depth-anything-v2-large")
    folder = models / "depth-anything-v2-large"
    backbone = Dinov2Config(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, image_size=518, patch_size=14,
        out_indices=[5, 12, 18, 24], apply_layernorm=True, reshape_hidden_states=False,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=1024, neck_hidden_sizes=[256, 512, 1024, 1024],
        fusion_hidden_size=256, head_hidden_size=32,
    )  # fmt: skip
    torch.manual_seed(7)
    with torch.device(CARD):
        network = DepthAnythingForDepthEstimation(config)
    with torch.no_grad():
        network.head.conv3.bias.fill_(1.0)  # so that its last ReLU leaves some relief
    network.save_pretrained(folder)
    settings = PREPARING_SINGLE | {"size": {"height": 518, "width": 518}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def _written(network: nn.Module, folder: Path) -> None:
    network.half().save_pretrained(folder)
