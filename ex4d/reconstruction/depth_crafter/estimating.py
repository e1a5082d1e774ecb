"""A clip through DepthCrafter in bounded memory: frames in, a few at a time; disparity out, as soon as it is final.

What lives as long as a window is its latents and embeddings; of pictures there are a few at a time, and of networks
those that are still wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch

from ex4d.array_types import Float, Float32
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import read_frames
from ex4d.progress import Progress
from ex4d.reconstruction.ahead import ahead
from ex4d.reconstruction.depth_crafter import autoencoder, picture_encoder
from ex4d.reconstruction.depth_crafter.denoising import ADDED_NOISE, Condition, Denoising
from ex4d.reconstruction.depth_crafter.download import Download
from ex4d.reconstruction.depth_crafter.draws import augmentation_noise, start_noise
from ex4d.reconstruction.depth_crafter.framing import Framing, Picture
from ex4d.reconstruction.depth_crafter.stitching import in_groups, noise_of_window, stitched, windows_of
from ex4d.reconstruction.depth_crafter.work import DECODED, ENCODED, PASSED, Work

if TYPE_CHECKING:
    from ex4d.reconstruction.depth_crafter.adapter import DepthCrafter

TOGETHER = 8
"""Frames decoded together, counted from the clip's first: they depend on one another, so it is as in the reference."""

ENCODED_TOGETHER = 2
"""Frames encoded together: they do not depend on one another, and float32 takes memory."""

Latents = Float[torch.Tensor, "frames channels height width"]
Shared = Float[torch.Tensor, "shared channels height width"]
Pixels = Float32[torch.Tensor, "frames 3 height width"]


@dataclass(frozen=True)
class Estimation:
    """One clip, what it is to go through, and where."""

    settings: DepthCrafter
    download: Download
    clip: MediaInfo
    framing: Framing
    device: torch.device
    dtype: torch.dtype
    progress: Progress

    def disparities(self) -> Iterator[Float32[np.ndarray, "height width"]]:
        """Yield the relative disparity of the clip's frames in order, in the picture's size.

        To be asked for in inference mode.
        """
        pieces = stitched(self._windows, self.settings.overlap, _Windows(self).latents)
        decoder = None
        for latents in in_groups(pieces, TOGETHER):
            decoder = decoder or self.download.loaded_decoder(self.dtype, self.device)
            scaled = (latents / self.download.scaling).to(self.dtype)
            disparity = disparity_of(autoencoder.decoded(decoder, scaled))
            yield from self.framing.cropped(disparity.cpu().numpy())
            self.work.done(DECODED, len(latents))

    def encoded(self) -> Iterator[Condition]:
        """Yield the latents and the embedding of one frame after another; lets go of the networks with the last."""
        seeing = self.download.loaded_picture_encoder(self.dtype, self.device)
        encoder, to_moments = self.download.loaded_encoder(self.dtype, self.device)
        coming = ahead(self._prepared(), 2 * TOGETHER)
        for start in range(0, self.clip.frame_count, TOGETHER):
            pictures, padded, noises = zip(*islice(coming, TOGETHER), strict=True)
            told = picture_encoder.embedded(seeing, self._pixels(pictures), *self.download.colours)
            noisy = self._pixels(padded) + ADDED_NOISE * torch.stack(noises).to(self.device)
            few = noisy.to(to_moments.weight.dtype).split(ENCODED_TOGETHER)
            video = torch.cat([autoencoder.encoded(encoder, to_moments, some) for some in few])
            if start + TOGETHER >= self.clip.frame_count:
                del seeing, encoder, to_moments
            self.work.done(ENCODED, len(pictures))
            yield from map(Condition, video.split(1), told.split(1))

    def _prepared(self) -> Iterator[tuple[Picture, Picture, torch.Tensor]]:
        """Yield each frame's picture, the same with its margin, and the noise for that."""
        wide, tall = self.framing.padded
        noises = augmentation_noise(self.settings.seed, self.clip.frame_count, (3, tall, wide))
        for frame, noise in zip(read_frames(self.clip, range(self.clip.frame_count)), noises, strict=True):
            picture = self.framing.scaled(frame)
            yield picture, self.framing.with_margin(picture), noise

    def _pixels(self, pictures: Sequence[Picture]) -> Pixels:
        """Return R'G'B' from -1 to 1."""
        values = torch.from_numpy(np.stack(pictures)).to(self.device).permute(0, 3, 1, 2)
        return values.float() / 255.0 * 2.0 - 1.0

    @cached_property
    def _windows(self) -> list[range]:
        return windows_of(self.clip.frame_count, self.settings.window, self.settings.overlap)

    @cached_property
    def work(self) -> Work:
        """What is done of it."""
        seen = sum(map(len, self._windows)) * self.settings.passes
        return Work(self.clip.frame_count, seen, self.progress)


class _Windows:
    """Denoises one window after another; keeps of the frames only those that the next one shares."""

    def __init__(self, estimation: Estimation) -> None:
        self._of = estimation
        self._coming = estimation.encoded()
        self._frames: list[Condition] = []
        thread = ThreadPoolExecutor(1, thread_name_prefix="ex4d-noise")  # drawn while the first window is encoded
        self._noise_drawn = thread.submit(self._draw_noise)
        thread.shutdown(wait=False)

    def latents(self, index: int, window: range, before: Shared | None) -> Latents:
        """Return a window's latents; windows come in order."""
        overlap = self._of.settings.overlap
        self._frames = self._frames[-overlap:] if index else []
        self._frames += islice(self._coming, len(window) - len(self._frames))
        video, pictures = (torch.cat([getattr(each, name) for each in self._frames]) for name in ("video", "pictures"))
        noise = noise_of_window(self._noise_drawn.result(), index, len(window), overlap)
        latents = self._denoising.latents(noise, Condition(video, pictures), before, self._step_done)
        if window.stop == self._of.clip.frame_count:
            del self._denoising  # so that decoding has its room
        return latents

    def _draw_noise(self) -> Latents:
        download, (wide, tall), clip = self._of.download, self._of.framing.padded, self._of.clip
        frames = min(self._of.settings.window, clip.frame_count)
        shape = (frames, download.channels, tall // download.shrinkage, wide // download.shrinkage)
        return start_noise(self._of.settings.seed, clip.frame_count, (3, tall, wide), shape).to(self._of.device)

    @cached_property
    def _denoising(self) -> Denoising:
        download, settings = self._of.download, self._of.settings
        unet = download.loaded_unet(self._of.dtype, self._of.device)
        return Denoising(unet, download.scheduler(), settings.steps, settings.guidance)

    def _step_done(self, latents: Latents) -> None:
        passes = self._of.settings.passes // self._of.settings.steps
        self._of.work.done(PASSED * passes, len(latents))


def disparity_of(
    pictures: Float[torch.Tensor, "frames 3 height width"],
) -> Float32[torch.Tensor, "frames height width"]:
    """Return the mean of the three colours of decoded pictures, clipped to 0 and 1: larger is nearer."""
    return (pictures.float() / 2.0 + 0.5).clamp_(0.0, 1.0).sum(dim=1) / 3.0
