"""A transformer of Wan with random weights, and random things to hear: the maths without files."""

import torch
from diffusers import WanTransformer3DModel

from ex4d.synthesis.wan.conditioning import Conditioning
from ex4d.synthesis.wan.transformer import Replica

CPU = torch.device("cpu")
FEATURES, TEXT, IMAGE, PATCHES, WORDS = 32, 24, 20, 5, 512
NOISE_CHANNELS, CONDITION_CHANNELS = 16, 20
GRID = (3, 2, 4)
"""Tokens in time, down and across; no two alike, so that no axis can be taken for another."""


def make_transformer(
    seed: int = 0, *, blocks: int = 2, heads: int = 2, width: int = FEATURES, kind: torch.dtype = torch.float32
) -> WanTransformer3DModel:
    """Make a transformer whose every parameter matters: none is zero or one. ``kind`` is their type."""
    torch.set_num_threads(1)  # so small a model works less than its threads wait for one another on a busy machine
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = WanTransformer3DModel(
            num_attention_heads=heads, attention_head_dim=width // heads, out_channels=NOISE_CHANNELS,
            in_channels=NOISE_CHANNELS + CONDITION_CHANNELS, text_dim=TEXT, freq_dim=16, ffn_dim=width + 16,
            num_layers=blocks, image_dim=IMAGE, added_kv_proj_dim=width,
        )  # fmt: skip
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
                parameter.data = parameter.data.to(kind)
    return made.requires_grad_(False).eval()


def make_replica(seed: int = 0, *, residual: torch.dtype = torch.float32) -> Replica:
    return Replica(make_transformer(seed), CPU, residual=residual)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def noise(grid: tuple[int, int, int] = GRID, seed: int = 1) -> torch.Tensor:
    """Draw latents of so many tokens."""
    time, down, across = grid
    return draw(1, NOISE_CHANNELS, time, 2 * down, 2 * across, seed=seed)


def make_conditioning(
    grid: tuple[int, int, int] = GRID, seed: int = 2, *, camera: bool = True, width: int = FEATURES
) -> Conditioning:
    time, down, across = grid
    return Conditioning(
        text=draw(1, WORDS, TEXT, seed=seed + 10),
        negative_text=draw(1, WORDS, TEXT, seed=seed + 20),
        image=draw(1, PATCHES, IMAGE, seed=seed + 30),
        image_condition=draw(1, CONDITION_CHANNELS, time, 2 * down, 2 * across, seed=seed + 40),
        camera_latent=draw(1, width, *grid, seed=seed + 50) if camera else None,
    )


def error(got: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return the largest difference relative to the largest value."""
    assert got.shape == wanted.shape
    return float((got.double() - wanted.double()).abs().max() / wanted.double().abs().max())
