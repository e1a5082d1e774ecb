"""What goes where on a graphics card: a plan of every stage's memory, made before anything is loaded.

Stages follow each other: prompt, guide into latents, denoising, latents into frames. Each has the card to itself where
it is small; only a card that holds everything at once keeps everything. The transformer's blocks that do not fit stream
from pinned host memory, both branches of guidance passing a block while it is there: as long as a block arrives faster
than it is passed twice, that costs no time. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

from ex4d.errors import SynthesisError
from ex4d.synthesis.settings import FRAME_STRIDE, MODEL_STRIDE, DiffusionSettings

GB = 1_000_000_000
MARGIN = 1 * GB
"""Of the card, left free: for the screen, other programs, and what a driver takes."""
CONTEXT = 0.8 * GB
"""What CUDA and its libraries take beside the tensors; measured, tests/bench/bench_wan_window.py."""
SLOTS = 2
"""Rooms on the card for streaming blocks: one at work, one on its way."""
FEATURE_BYTES, WIDE_BYTES = 22, 2
"""Bytes that passing a block takes for each token's feature and feed-forward feature; measured with compiled blocks."""
EAGER_BYTES = 12
"""More for each token's feature where blocks are not compiled; measured."""
VAE_PIXEL_BYTES = 12_500
"""Bytes that the VAE takes for each pixel of a frame, whatever the number of frames; measured in bfloat16."""
FRAME_PIXEL_BYTES = 3 * 4 * 2
"""Bytes of a decoded video for each pixel of each frame: R'G'B' in float32, and its scaled copy."""
PROMPT_BYTES = 0.5 * GB
"""Bytes that embedding a prompt takes beside the text encoder."""
TILE = 256
"""Pixels along each side of the VAE's tiles, where it works by tiles (diffusers' default)."""
KIND_BYTES = {"reference": 2, "bf16": 2, "fp8": 1}
"""Bytes of a block's weight."""


@dataclass(frozen=True)
class ModelSizes:
    """What planning needs to know of the models; counts of parameters."""

    blocks: int
    block: int
    """Parameters of one of the transformer's blocks."""
    rest: int
    """Parameters of the transformer that are in no block, the camera encoder's among them."""
    features: int
    feed_forward: int
    context: int
    """Words and patches that cross-attention reads."""
    text_encoder: int
    text_embedding: int
    """Parameters of the text encoder's largest single part."""
    image_encoder: int
    vae: int


WAN_14B = ModelSizes(
    blocks=40,
    block=403_838_464,
    rest=264_449_856,
    features=5120,
    feed_forward=13824,
    context=769,
    text_encoder=5_680_910_336,
    text_embedding=1_050_148_864,
    image_encoder=630_766_080,
    vae=126_892_531,
)
"""Wan2.1-I2V-14B with EX-4D; the transformer's counts are held by tests/synthesis/wan/test_memory.py."""


@dataclass(frozen=True)
class Stage:
    """One stage's need."""

    name: str
    bytes: float


@dataclass(frozen=True)
class MemoryPlan:
    """Where everything lives, and the most that each stage takes of the card."""

    blocks: int
    """Of the transformer."""
    resident_blocks: int
    """On the card while the transformer denoises; the others stream."""
    keep_memories: bool
    """Whether the cross-attentions' keys and values are kept from step to step."""
    all_on_card: bool
    """Whether nothing ever leaves the card: encoders, VAE and transformer stay there from shot to shot."""
    stream_text_encoder: bool
    tile_vae: bool
    host_bytes: float
    """Pinned host memory for streamed blocks."""
    stages: tuple[Stage, ...]

    @property
    def peak_gb(self) -> float:
        """The most that the process takes of the card."""
        return max(stage.bytes for stage in self.stages) / GB

    def in_words(self) -> str:
        """Say what was planned."""
        if self.all_on_card:
            return f"everything stays on the card, about {self.peak_gb:.0f} GB"
        parts = [
            f"{self.resident_blocks} of {self.blocks} blocks on the card",
            f"the others streamed from {self.host_bytes / GB:.0f} GB of host memory",
        ]
        parts += ["the text encoder streamed"] * self.stream_text_encoder + ["the VAE by tiles"] * self.tile_vae
        return f"{', '.join(parts)}; about {self.peak_gb:.1f} GB"


def plan_memory(sizes: ModelSizes, settings: DiffusionSettings, card_bytes: float) -> MemoryPlan:
    """Plan for a card of ``card_bytes``, of which :data:`MARGIN` stays free.

    Raises:
        SynthesisError: it cannot be done there; says what would fit.
    """
    budget = card_bytes - MARGIN - CONTEXT
    branches = _branches(settings)
    block = sizes.block * KIND_BYTES[settings.precision]
    memories = 4 * sizes.blocks * sizes.context * sizes.features * branches
    encoders, rest = 2 * (sizes.vae + sizes.image_encoder), 2 * sizes.rest
    tile, vae_work = _vae(settings, budget - encoders - rest)
    at_work = rest + _passing(sizes, settings, branches)
    whole = at_work + memories + sizes.blocks * block + encoders
    # The next shot's prompt is embedded while everything is there; a card that needs tiles is too small for that.
    beside = max(vae_work, 2 * sizes.text_embedding + PROMPT_BYTES)
    all_on_card = not tile and whole + beside <= budget
    keep = at_work + memories + (SLOTS + sizes.blocks // 2) * block <= budget
    room = budget - at_work - keep * memories
    # Memories that are kept may cost a block, but never one that a smaller card, which does not keep them, holds.
    most = sizes.blocks - 1 if keep else sizes.blocks // 2
    resident = sizes.blocks if all_on_card else min(int(room // block) - SLOTS, most)
    _require(resident >= 0 and vae_work + encoders + rest <= budget, sizes, settings, card_bytes)
    stays = CONTEXT + (whole if all_on_card else rest)
    stream_text = stays + 2 * sizes.text_encoder + PROMPT_BYTES > CONTEXT + budget
    text = 2 * (sizes.text_embedding if stream_text else sizes.text_encoder)
    streamed = at_work - rest + keep * memories + (resident + SLOTS) * block
    stages = (
        Stage("prompt", stays + text + PROMPT_BYTES),
        Stage("guide", stays + vae_work + (0 if all_on_card else encoders)),
        Stage("denoising", stays + (0 if all_on_card else streamed)),
    )
    host = 0.0 if all_on_card else float(sizes.blocks * block)
    return MemoryPlan(sizes.blocks, resident, bool(keep), all_on_card, stream_text, tile, host, stages)


def host_shortage(plan: MemoryPlan, cards: int) -> str:
    """Warn where the host has less memory free than the blocks that stream need; each card streams from its own.

    A warning and no error: machines that are given memory as they use it tell of too little. Empty where there is
    enough, or where nothing is known.
    """
    try:
        said = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        free = int(said["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return ""
    if plan.host_bytes * cards <= free:
        return ""
    return (
        f"warning: {plan.host_bytes * cards / GB:.0f} GB of host memory are to be streamed from, and "
        f"{free / GB:.0f} GB are free: the system may stop the run; --precision fp8 needs half"
    )


def token_count(settings: DiffusionSettings) -> int:
    """Return the tokens of a whole window."""
    frames = (settings.window - 1) // FRAME_STRIDE + 1
    return frames * prod(side // MODEL_STRIDE for side in settings.size)


def _branches(settings: DiffusionSettings) -> int:
    """Branches of guidance that a card passes at a time."""
    return 2 if settings.guided and settings.devices == 1 else 1


def _passing(sizes: ModelSizes, settings: DiffusionSettings, branches: int) -> float:
    """Return what passing a block takes beside weights: the tokens at work, and the other branch's waiting."""
    tokens, residual = token_count(settings), 4 if settings.precision == "reference" else 2
    eager = 0 if settings.compile else EAGER_BYTES
    working = tokens * (sizes.features * (FEATURE_BYTES + eager) + sizes.feed_forward * WIDE_BYTES)
    cached = 3 * branches * residual * tokens * sizes.features if settings.cache else 0
    return float(working + cached)


def _vae(settings: DiffusionSettings, budget: float) -> tuple[bool, float]:
    """Return whether the VAE has to work by tiles, and what its work takes."""
    pixels = prod(settings.size)
    video = settings.window * pixels * FRAME_PIXEL_BYTES
    whole = pixels * VAE_PIXEL_BYTES + video
    tiled = min(pixels, TILE * TILE) * VAE_PIXEL_BYTES + 2 * video
    return (False, float(whole)) if whole <= budget else (True, float(tiled))


def _require(fits: bool, sizes: ModelSizes, settings: DiffusionSettings, card_bytes: float) -> None:
    if fits:
        return
    least = _least_card(sizes, settings)
    smaller = "; float8 (precision fp8) takes less" if settings.precision != "fp8" else ""
    width, height = settings.size
    raise SynthesisError(
        f"{settings.window} frames of {width}x{height} need a card of {least / GB:.0f} GB, this one is taken to have "
        f"{card_bytes / GB:.1f} GB: choose a smaller size or a shorter window{smaller}"
    )


def _least_card(sizes: ModelSizes, settings: DiffusionSettings) -> float:
    """Return the smallest card that streaming everything would do with, in whole gigabytes."""
    block = sizes.block * KIND_BYTES[settings.precision]
    denoising = sizes.rest * 2 + _passing(sizes, settings, _branches(settings)) + SLOTS * block
    coding = 2 * (sizes.vae + sizes.image_encoder + sizes.rest) + _vae(settings, 0.0)[1]
    need = MARGIN + CONTEXT + max(denoising, coding)
    return float(-(-need // GB) * GB)
