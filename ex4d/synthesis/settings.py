"""What a user may choose about the engines with weights; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args

from ex4d.errors import UserError

Precision = Literal["reference", "bf16", "fp8"]
"""reference: float32 residual stream, latents and guidance, as EX-4D runs; bf16: a bfloat16 residual stream, the LoRA
fused; fp8: as bf16, with the blocks' matrix products in float8."""
MODEL_STRIDE = 16
"""Pixels; the VAE takes 8 of them to a latent, the transformer two latents to a token."""
FRAME_STRIDE = 4
"""Frames that share a latent, after the first, which has its own."""
KNOWN_SIZE = (512, 512)
"""Width and height that EX-4D's adapter was trained at."""
KNOWN_FRAMES = 49
"""Frames that EX-4D's adapter was trained at."""
CARDS_A_SHOT = (1, 2, 4)
"""Graphics cards that can share one shot: one a branch of guidance, and halves of its tokens."""
VRAM_TIERS = (48, 24, 16, 12, 8)
"""Gigabytes of the graphics cards that are planned for by name."""


@dataclass(frozen=True)
class DiffusionSettings:
    """How an engine with weights works; the defaults are EX-4D's own (its generate.py)."""

    steps: int = 25
    guidance: float = 5.0
    """How far the prompt pushes away from the negative prompt; 1 does without, in half the time."""
    size: tuple[int, int] = KNOWN_SIZE
    """Width and height that the model works at, pixels; the guide is resized to it, the result back."""
    window: int = KNOWN_FRAMES
    """Most frames that the model sees at once; 4k + 1."""
    overlap: int = 9
    """Least frames that two windows of a longer shot share."""
    negative_prompt: str | None = None
    """None is EX-4D's own."""
    precision: Precision = "reference"
    vram_gb: float | None = None
    """What the graphics card holds, or is to be taken to hold; None asks the card."""
    compile: bool = True
    """Compile the transformer's blocks: a fifth faster from the second window on, some twenty seconds at the start."""
    cache: float = 0.0
    """Relative change of the first block's output below which the blocks after it are not computed; 0 computes all."""
    distilled: bool = False
    """Use the step-distillation LoRA beside EX-4D's: four steps without guidance."""
    deterministic: bool = False
    """Only kernels that give the same bits each time."""
    devices: int = 1
    """Graphics cards to share the work."""
    preview_every: int = 0
    """Steps between previews of the unfinished frames; 0 makes none."""
    preview_folder: Path | None = None
    prompt_embeds: Path | None = None
    """Embedded prompts to use instead of the text encoder."""

    def __post_init__(self) -> None:
        faults = tuple(self._faults())
        if faults:
            raise UserError("\n".join(faults))

    def _faults(self) -> list[str]:
        width, height = self.size
        found = [
            (self.steps < 1, f"steps {self.steps}: write at least 1"),
            (not 1 <= self.guidance <= 20, f"guidance {self.guidance}: write 1 (none) to 20"),
            (width % MODEL_STRIDE or height % MODEL_STRIDE or min(self.size) < MODEL_STRIDE,
             f"size {width}x{height}: the model works at multiples of {MODEL_STRIDE}; "
             f"write {_nearest(width)}x{_nearest(height)}"),
            (self.window < 5 or self.window % FRAME_STRIDE != 1, f"window {self.window}: write 4k + 1 frames, as 49"),
            (not 1 <= self.overlap < self.window, f"overlap {self.overlap}: write 1 to {self.window - 1}"),
            (self.precision not in get_args(Precision), f"precision {self.precision}: write one of "
             + ", ".join(get_args(Precision))),
            (self.vram_gb is not None and not 6 <= self.vram_gb < inf,
             f"vram {self.vram_gb} GB: 6 is the least that can work"),
            (not 0 <= self.cache < inf, f"cache {self.cache}: write 0 or more"),
            (self.devices < 1, f"{self.devices} graphics cards: write at least 1"),
            (self.preview_every < 0, f"previews every {self.preview_every} steps: write 0 (none) or more"),
            (self.preview_every > 0 and self.preview_folder is None, "previews need a folder to go to"),
        ]  # fmt: skip
        return [text for wrong, text in found if wrong]

    @property
    def guided(self) -> bool:
        """Whether each step takes two passes, the second for the negative prompt."""
        return self.guidance != 1 and not self.distilled

    def ingredients(self) -> dict[str, Any]:
        """Return what changes the result, for the key of a take and for its manifest."""
        silent = {"preview_every", "preview_folder", "devices", "vram_gb", "prompt_embeds"}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in silent}


def _nearest(side: int) -> int:
    return max(MODEL_STRIDE, round(side / MODEL_STRIDE) * MODEL_STRIDE)
