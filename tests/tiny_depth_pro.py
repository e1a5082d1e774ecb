"""A tiny checkpoint of Depth Pro in its own layout: real loading, real shapes, meaningless depth and lens."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

PATCH = 64
SIDE = 4 * PATCH
"""Pixels of the square that it looks at; the released one has 1536."""
PREPARING = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "DepthProImageProcessor",
    "image_std": [0.5, 0.5, 0.5],
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": SIDE, "width": SIDE},
}
"""As the released checkpoint prepares pictures, but for its 1536 pixels."""
ANGLE_DEG = 50.0
"""About what its head for the angle of view answers."""


def write_tiny_depth_pro(models: Path, name: str = "depth-pro", *, lens: bool = True) -> Path:
    """Write the checkpoint into a folder of models, with or without its head for the lens; return its own folder."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = models / name
    _network(lens).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPARING), encoding="utf-8")
    return folder


@cache
def _network(lens: bool) -> Any:
    """Build the network with seeded weights: five levels as the released one has, of a few numbers each."""
    import torch
    from transformers import DepthProConfig, DepthProForDepthEstimation

    encoder = {
        "model_type": "dinov2", "hidden_size": 8, "num_hidden_layers": 4, "num_attention_heads": 2, "mlp_ratio": 2,
        "image_size": PATCH, "patch_size": 16, "initializer_range": 0.3,
    }  # fmt: skip
    config = DepthProConfig(
        patch_size=PATCH, fusion_hidden_size=8, intermediate_hook_ids=[2, 1], intermediate_feature_dims=[8, 8],
        scaled_images_feature_dims=[8, 8, 8], use_fov_model=lens, image_model_config=dict(encoder),
        patch_model_config=dict(encoder), fov_model_config=dict(encoder),
    )  # fmt: skip
    torch.set_num_threads(1)  # so small a network works less than its threads wait for one another on a busy machine
    with torch.random.fork_rng():
        torch.manual_seed(12)
        network = DepthProForDepthEstimation(config)
    with torch.no_grad():
        network.head.layers[-2].weight.mul_(2e-3)
        network.head.layers[-2].bias.fill_(0.2)
        if lens:
            network.fov_model.head.layers[-3].bias.fill_(1.0)  # so that few pictures end in its ReLU
            network.fov_model.head.layers[-1].bias.fill_(ANGLE_DEG)
    return network.eval()
