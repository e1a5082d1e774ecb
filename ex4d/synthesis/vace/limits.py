"""What VACE knows and which settings mean something to it; nothing here needs torch."""

from __future__ import annotations

from ex4d.errors import SynthesisError
from ex4d.synthesis.settings import DiffusionSettings

KNOWN_SIZE = (832, 480)
"""Width and height that Wan2.1-VACE-1.3B was trained at; others of about as many pixels work, larger ones badly."""
KNOWN_FRAMES = 81
"""Frames that it was trained at; a shorter window works, at the price of more borders between windows."""
VACE_DEFAULTS = DiffusionSettings(steps=30, guidance=5.0, size=KNOWN_SIZE, window=KNOWN_FRAMES, overlap=17)
"""What to run it with where the user says nothing: diffusers' example for this model, at the size that it knows."""


def flow_shift(size: tuple[int, int]) -> float:
    """Return how far the steps lean towards noise at a size: 3 up to the known one, 5 above (diffusers' advice)."""
    width, height = size
    return 3.0 if width * height <= KNOWN_SIZE[0] * KNOWN_SIZE[1] else 5.0


def require_supported(settings: DiffusionSettings) -> None:
    """Make sure that VACE can do what is asked of it, rather than leave a wish unheard.

    ``precision`` is that of diffusers' pipeline, whether ``reference`` or ``bf16`` is written.

    Raises:
        SynthesisError: it cannot; names every setting at fault.
    """
    wishes = [
        (settings.precision == "fp8", "precision fp8: it runs in bf16; leave it out"),
        (settings.cache > 0, f"cache {settings.cache}: it skips no blocks; write 0"),
        (settings.distilled, "distilled: that LoRA is one of the 14B model; give VACE's own as a LoRA, and its steps"),
        (settings.devices > 1, f"{settings.devices} graphics cards: it works on one; write 1"),
        (settings.preview_every > 0, f"previews every {settings.preview_every} steps: it makes none; write 0"),
        (settings.prompt_embeds is not None, "embedded prompts: it embeds its own; leave them out"),
    ]
    faults = [f"the vace engine cannot do {text}" for wrong, text in wishes if wrong]
    if faults:
        raise SynthesisError("\n".join(faults))
