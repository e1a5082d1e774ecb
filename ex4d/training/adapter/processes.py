"""The processes that train together: one, or as many as ``torchrun`` or ``accelerate launch`` started."""

from __future__ import annotations

from datetime import timedelta

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs

PATIENCE = timedelta(days=7)
"""That processes wait for one another: one may prepare excerpts or complete samples while the others have nothing to
do. Who starts them ends all of them when one fails."""


def processes_on(device: torch.device) -> Accelerator:
    """Return this process among those that train; on a card each has its own, whatever ``device``'s number.

    Precision is ours to choose (:class:`~ex4d.training.adapter.trainable.TrainableAdapter`), not accelerate's.
    """
    patience = InitProcessGroupKwargs(timeout=PATIENCE)
    return Accelerator(cpu=device.type == "cpu", mixed_precision="no", kwargs_handlers=[patience])
