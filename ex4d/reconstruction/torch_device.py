"""What a depth model works on, and how its network is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def opened_quietly() -> Iterator[None]:
    """Keep the transformers library from printing while it opens weights: what is wrong with them is told once."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(before)
