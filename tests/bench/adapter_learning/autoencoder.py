"""A small autoencoder with Wan's latents: 16 channels, strides of 8 in space and of 4 in time, the first frame alone.

Frame 0 fills a chunk of its own, and every four frames after it another; chunks are coded apart. To a linear code,
which begins at the best one there is (principal components of blocks), a small network adds what it can; so it is of
use within minutes of one core, where Wan's own design would need hours.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - what the field calls it

CHANNELS, STRIDE, CHUNK = 16, 8, 4
FOLD = 4
"""Pixels a side that the network takes together."""
LATENT_NOISE = 0.05
"""Of a latent's deviation, added while training: neighbours in the code then look alike."""
MASK_SHARE = 0.15
"""Of the chunks that it is trained on: those with holes, and masks, which it will be shown, too."""


class SmallAutoencoder(nn.Module):
    """Has what the product's conditioning asks of ``AutoencoderKLWan``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        block = (3 * CHUNK, STRIDE, STRIDE)
        self.to_code = nn.Conv2d(block[0], CHANNELS, STRIDE, stride=STRIDE)
        self.from_code = nn.ConvTranspose2d(CHANNELS, block[0], STRIDE, stride=STRIDE)
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(FOLD), nn.Conv2d(block[0] * FOLD**2, width, 3, padding=1), _Residual(width),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), _Residual(2 * width), _Residual(2 * width),
            nn.SiLU(), _zeroed(nn.Conv2d(2 * width, CHANNELS, 1)),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(CHANNELS, 2 * width, 3, padding=1), _Residual(2 * width), _Residual(2 * width), nn.SiLU(),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1), nn.PixelShuffle(2), _Residual(width), _Residual(width),
            nn.SiLU(), _zeroed(nn.Conv2d(width, block[0] * FOLD**2, 3, padding=1)), nn.PixelShuffle(FOLD),
        )  # fmt: skip
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))

    def code(self, chunks: Tensor) -> Tensor:
        """Code chunks (count, 12, height, width), -1 to 1."""
        return self.to_code(chunks) + self.encoder(chunks)

    def chunks_of(self, code: Tensor) -> Tensor:
        """Return the chunks of a code (count, 16, rows, columns)."""
        return self.from_code(code) + self.decoder(code)

    def encode(self, video: Tensor) -> SimpleNamespace:
        """Code videos (count, 3, 4k + 1, height, width); as diffusers' autoencoders give it."""
        latents = self.code(chunked(video)).unflatten(0, (len(video), -1)).transpose(1, 2)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))

    def decode(self, latents: Tensor, return_dict: bool = False) -> tuple[Tensor]:
        """Return the videos of latents (count, 16, k + 1, rows, columns)."""
        assert not return_dict
        chunks = self.chunks_of(latents.transpose(1, 2).flatten(0, 1)).unflatten(0, (len(latents), -1))
        frames = chunks.unflatten(2, (CHUNK, 3)).flatten(1, 2).transpose(1, 2)
        return (frames[:, :, CHUNK - 1 :],)

    @property
    def config(self) -> SimpleNamespace:
        return SimpleNamespace(latents_mean=self.mean.tolist(), latents_std=self.deviation.tolist())

    @property
    def device(self) -> torch.device:
        return self.mean.device

    @property
    def dtype(self) -> torch.dtype:
        return self.mean.dtype


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1), nn.SiLU(),
            _zeroed(nn.Conv2d(width, width, 3, padding=1)),
        )  # fmt: skip

    def forward(self, values: Tensor) -> Tensor:
        return values + self.layers(values)


def _zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def chunked(video: Tensor) -> Tensor:
    """Return the chunks of videos: (count * (k + 1), 12, height, width), frame 0 four times in the first."""
    whole = torch.cat([video[:, :, :1].expand(-1, -1, CHUNK - 1, -1, -1), video], dim=2)
    return whole.transpose(1, 2).unflatten(1, (-1, CHUNK)).flatten(0, 1).flatten(1, 2)


def video_of(clips: np.ndarray) -> Tensor:
    """Return clips of bytes (count, frames, height, width, 3) as videos, -1 to 1."""
    return torch.from_numpy(clips).permute(0, 4, 1, 2, 3).float() * (2 / 255) - 1


def train_autoencoder(clips: np.ndarray, width: int, steps: int, batch: int, seed: int, report) -> SmallAutoencoder:
    """Train it on clips of bytes; ``report`` is told the step and the error."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = SmallAutoencoder(width)
    draws = torch.Generator().manual_seed(seed)
    chunks = chunked(video_of(clips))
    _begin_linear(model, chunks, draws)
    rates = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4, betas=(0.9, 0.98))
    for step in range(steps):
        rates.param_groups[0]["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * (0.02 + 0.98 * (1 - step / steps))
        chosen = chunks[torch.randint(len(chunks), (batch,), generator=draws)]
        chosen = _some_masked(chosen, draws)
        code = model.code(chosen)
        noise = torch.randn(code.shape, generator=draws) * model.deviation.view(1, -1, 1, 1)
        made = model.chunks_of(code + LATENT_NOISE * noise)
        loss = F.mse_loss(made, chosen) + 0.05 * F.l1_loss(made, chosen)
        rates.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rates.step()
        if step % 50 == 0:
            report(step, float(F.mse_loss(made.detach(), chosen)))
    _measure(model, chunks)
    return model.eval().requires_grad_(False)


def _some_masked(chunks: Tensor, draws: torch.Generator) -> Tensor:
    """Blacken a region of some chunks, as guides have it, and let others be masks, as the product hands them over."""
    count, _, height, width = chunks.shape
    kind = torch.rand(count, generator=draws)
    rough = torch.randn(count, 1, height // 16, width // 16, generator=draws)
    seen = (F.interpolate(rough, size=(height, width), mode="bicubic", align_corners=False) > -0.3).float()
    kind = kind[:, None, None, None]
    holes = torch.where(seen > 0, chunks, torch.tensor(-1.0))
    masks = torch.where(seen > 0, torch.tensor(1.0), torch.tensor(-3.0)).expand_as(chunks)
    return torch.where(kind < MASK_SHARE, holes, torch.where(kind < 1.5 * MASK_SHARE, masks, chunks))


@torch.no_grad()
def _begin_linear(model: SmallAutoencoder, chunks: Tensor, draws: torch.Generator) -> None:
    """Set the linear code to the principal components of the clips' blocks."""
    chosen = chunks[torch.randperm(len(chunks), generator=draws)[:400]]
    blocks = F.unfold(chosen, STRIDE, stride=STRIDE).transpose(1, 2).flatten(0, 1).double()
    middle = blocks.mean(0)
    centred = blocks - middle
    _, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
    axes = vectors[:, -CHANNELS:].flip(1)
    # Of one deviation: the network's layers then see latents of like size.
    scale = (centred @ axes).std(0).clamp_min(1e-3)
    down, up = (axes / scale).T.float(), (axes * scale).T.float()
    shape = (CHANNELS, 3 * CHUNK, STRIDE, STRIDE)
    model.to_code.weight.copy_(down.reshape(shape))
    model.to_code.bias.copy_(-(down @ middle.float()))
    model.from_code.weight.copy_(up.reshape(shape))
    model.from_code.bias.copy_(middle.float().reshape(3 * CHUNK, STRIDE * STRIDE).mean(1))


@torch.no_grad()
def _measure(model: SmallAutoencoder, chunks: Tensor) -> None:
    """Set what latents are normalised by."""
    code = torch.cat([model.code(some) for some in chunks[:2000].split(100)]).transpose(0, 1).flatten(1)
    model.mean.copy_(code.mean(1))
    model.deviation.copy_(code.std(1))
