"""The processes that train together: one, or as many as ``torchrun`` or ``accelerate launch`` started."""

from __future__ import annotations

import os
from datetime import timedelta

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs

PATIENCE = timedelta(days=7)
"""That processes wait for one another: one may prepare excerpts or complete samples while the others have nothing to
do. Who starts them ends all of them when one fails."""


def processes_on(device: torch.device) -> Accelerator:
    """Return this process among those that train: alone, on the card of ``device``'s number; of several, on its own.

    Precision is ours to choose (:class:`~ex4d.training.adapter.trainable.TrainableAdapter`), not accelerate's.
    """
    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    if alone and device.type == "cuda" and device.index is not None and device.index < torch.cuda.device_count():
        torch.cuda.set_device(device)  # accelerate takes the current one
    patience = InitProcessGroupKwargs(timeout=PATIENCE)
    return Accelerator(cpu=device.type == "cpu", mixed_precision="no", kwargs_handlers=[patience])
