"""Windows over a clip, and their latents joined: each begins as the one before it ended.

As the reference does it (``depthcrafter/depth_crafter_ppl.py`` of Tencent/DepthCrafter): a window's first frames are
the last ones of the window before. There it starts from that window's result under noise, and what it makes of them is
blended in, linearly from nothing to all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch

from ex4d.array_types import Float

Latents = Float[torch.Tensor, "frames channels height width"]


def windows_of(frame_count: int, window: int, overlap: int) -> list[range]:
    """Return the frames of each window: all of ``window`` frames but the last, which may have fewer."""
    if frame_count <= window:
        return [range(frame_count)]
    starts = range(0, frame_count - overlap, window - overlap)
    return [range(start, min(start + window, frame_count)) for start in starts]


def noise_of_window(
    noise: Latents, index: int, frame_count: int, overlap: int
) -> Float[torch.Tensor, "some channels height width"]:
    """Return the noise that window ``index`` of so many frames starts from: the first one's, turned by each overlap."""
    return torch.roll(noise, index * overlap, dims=0)[:frame_count]


def stitched(
    windows: Iterable[range], overlap: int, denoise: Callable[[int, range, Latents | None], Latents]
) -> Iterator[Latents]:
    """Yield the clip's latents in pieces, as soon as no later window changes them.

    Args:
        windows: of :func:`windows_of`.
        overlap: frames that neighbours share.
        denoise: returns a window's latents, given its number, its frames, and what the window before made of the first
            of them; None for the first window.
    """
    before: Latents | None = None
    windows = list(windows)
    for index, window in enumerate(windows):
        latents = denoise(index, window, before)
        if before is not None:
            share = torch.linspace(0, 1, overlap, device=latents.device).view(-1, 1, 1, 1)
            latents[:overlap] = torch.lerp(before, latents[:overlap], share)
        if index == len(windows) - 1:
            yield latents
        else:
            before = latents[-overlap:].clone()
            yield latents[:-overlap]


def in_groups(pieces: Iterable[Latents], size: int) -> Iterator[Latents]:
    """Yield the same frames, ``size`` at a time counted from the first; the last ones may be fewer."""
    kept: Latents | None = None
    for piece in pieces:
        kept = piece if kept is None else torch.cat([kept, piece])
        while kept.shape[0] >= size:
            yield kept[:size]
            kept = kept[size:]
    if kept is not None and kept.shape[0]:
        yield kept
