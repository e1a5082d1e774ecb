"""The adapter that a training file asks for, on the frozen model's weights."""

from __future__ import annotations

from pathlib import Path

import torch

from ex4d.errors import UserError
from ex4d.progress import SILENT, Progress
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.conditioning import FIRST_FRAME_CHANNELS
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.schedule import LATENT_CHANNELS
from ex4d.synthesis.wan.weight_folders import WanFolder
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import TrainingConfig

RANK, HIDDEN = 16, 1024
"""Of EX-4D's own adapter."""


def require_image_model(folder: WanFolder) -> None:
    """Make sure that a transformer is there and reads a first frame, which EX-4D's conditions it by; heads are read.

    Raises:
        MissingPart: weights are missing or damaged.
        UserError: it reads none, as those that make videos of words alone.
    """
    entry = folder.tensors("transformer").entries.get("patch_embedding.weight")
    read, wanted = entry.shape[1:2] if entry else (), 2 * LATENT_CHANNELS + FIRST_FRAME_CHANNELS
    if read and read != (wanted,):
        raise UserError(
            f"model.weights: {folder.root} reads latents of {read[0]} channels, not {wanted}: it is no model that "
            "makes videos of a picture, as EX-4D's adapter needs one"
        )


def open_adapter(
    config: TrainingConfig, folder: WanFolder, device: torch.device, progress: Progress = SILENT
) -> TrainableAdapter:
    """Load the frozen transformer with the adapter that is to be trained, new or gone on from.

    Raises:
        MissingPart: weights are missing or damaged.
        UserError: the adapter to go on from is of other sizes.
    """
    training, model = config.training, config.model
    precision = training.precision or ("float32" if device.type == "cpu" else "bf16")
    kind = torch.float32 if precision == "float32" else torch.bfloat16
    progress.say(f"training on {device} in {precision}; what learns is float32")
    if (model.rank, model.hidden) != (RANK, HIDDEN):
        progress.say(
            f"of rank {model.rank} with {model.hidden} hidden channels, the adapter is for ex4d alone: the authors' "
            f"own loader takes {RANK} and {HIDDEN}"
        )
    before = None if model.adapter is None else read_adapter(Path(model.adapter))
    adapter = TrainableAdapter(
        load_transformer(folder, dtype=kind, device_of=lambda _: device, fuse=True, progress=progress),
        rank=model.rank,
        hidden=model.hidden,
        seed=training.seed,
        kind=kind,
        checkpointing=training.checkpointing,
    )
    if before is not None:
        adapter.take(before)
    return adapter
