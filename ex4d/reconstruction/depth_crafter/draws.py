"""The noise of a clip, drawn as the reference draws it, without ever holding all of it.

Its pipeline (Tencent/DepthCrafter, ``depthcrafter/depth_crafter_ppl.py``) draws twice from one generator: noise for all
pixels of all frames, then the noise that the first window starts from. PyTorch's generator of the CPU gives the same
numbers in pieces whenever these are multiples of 16 numbers long (it makes normal numbers of so many at once), and it
is here on every device, so that a seed means the same depth everywhere. What is drawn is said to be float32: threads
draw while networks are made, and making one may change what PyTorch takes where nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ex4d.array_types import Float32

BLOCK = 16
"""Normal numbers that are made at once."""
Noise = Float32[torch.Tensor, "..."]


def augmentation_noise(seed: int, frame_count: int, frame: tuple[int, ...]) -> Iterator[Noise]:
    """Yield each frame's noise, of the shape ``frame``."""
    _must_be_blocks(frame)
    draws = torch.Generator().manual_seed(seed)
    for _ in range(frame_count):
        yield torch.randn(frame, generator=draws, dtype=torch.float32)


def start_noise(seed: int, frame_count: int, frame: tuple[int, ...], window: tuple[int, ...]) -> Noise:
    """Return what is drawn after the noise of so many frames, of the shape ``window``.

    That noise is passed over a frame at a time by drawing bytes, each of which takes one number of the generator as a
    normal number does, in half the time: 4 ms for a frame of 1024x576.
    """
    _must_be_blocks(frame)
    _must_be_blocks(window)
    draws = torch.Generator().manual_seed(seed)
    passed = torch.empty(frame, dtype=torch.uint8)
    for _ in range(frame_count):
        passed.random_(generator=draws)
    return torch.randn(window, generator=draws, dtype=torch.float32)


def _must_be_blocks(shape: tuple[int, ...]) -> None:
    assert torch.Size(shape).numel() % BLOCK == 0, f"{shape} is not drawn in whole blocks"
