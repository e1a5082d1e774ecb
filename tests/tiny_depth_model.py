"""A tiny checkpoint of Depth Anything in its own layout: real loading, real shapes, meaningless depth."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

PREPARING = {
    "do_normalize": True,
    "do_pad": False,
    "do_rescale": True,
    "do_resize": True,
    "ensure_multiple_of": 14,
    "image_mean": [0.485, 0.456, 0.406],
    "image_processor_type": "DPTImageProcessor",
    "image_std": [0.229, 0.224, 0.225],
    "keep_aspect_ratio": True,
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 56, "width": 56},
    "size_divisor": None,
}
"""As the released checkpoint prepares pictures, but for its 518 pixels."""


METRIC: dict[str, Any] = {"depth_estimation_type": "metric", "max_depth": 20}
"""What the released checkpoint for rooms says of itself."""


def write_tiny_weights(models: Path, name: str = "depth-anything-v2-small", *, metric: bool = False) -> Path:
    """Write the checkpoint, relative or metric, into a folder of models; return its own folder."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = models / name
    _network(metric).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPARING), encoding="utf-8")
    return folder


@cache
def _network(metric: bool) -> Any:
    """Build the network with seeded weights, large enough for its last ReLU to leave some relief."""
    import torch
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    backbone = Dinov2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, image_size=56, patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"], reshape_hidden_states=False, initializer_range=0.3,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=16, neck_hidden_sizes=[4, 8, 8, 8], fusion_hidden_size=8,
        head_hidden_size=8, initializer_range=0.3, **METRIC if metric else {},
    )  # fmt: skip
    torch.set_num_threads(1)  # so small a network works less than its threads wait for one another on a busy machine
    with torch.random.fork_rng():
        torch.manual_seed(11)
        network = DepthAnythingForDepthEstimation(config)
    with torch.no_grad():
        network.head.conv3.bias.fill_(0.0 if metric else 1.0)
        network.head.conv3.weight.mul_(1e-3 if metric else 1.0)  # within what a sigmoid tells apart
    return network.eval()
