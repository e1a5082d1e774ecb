"""What a depth model works on."""

from __future__ import annotations

from ex4d.errors import MissingPart
from ex4d.reconstruction.depth_estimator import Device


def device_here(asked: Device | None) -> Device:
    """Return what is asked for; where nothing is, the GPU if there is one, else the CPU.

    Raises:
        MissingPart: a GPU is asked for, and there is none that torch can use.
    """
    import torch

    if torch.cuda.is_available():
        return asked or "cuda"
    if asked == "cuda":
        raise MissingPart("no CUDA device that torch can use is here; ask for cpu, or for none: what is here is taken")
    return "cpu"
