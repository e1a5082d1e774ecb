"""How large everything is: for two cores, for a graphics card, and to see in seconds that it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes of models, clips and runs."""

    frames: int
    side: int
    """Pixels."""
    code_width: int
    """Of the autoencoder's network."""
    code_clips: int
    code_steps: int
    width: int
    """Of the transformer."""
    heads: int
    layers: int
    base_clips: int
    base_steps: int
    batch: int
    hidden: int
    """Of the camera encoder."""
    clips: int
    """That adapters are trained on, other than the transformer's."""
    draws: int
    """Masks of each clip and kind."""
    steps: int
    """Of an adapter."""
    learning_rate: float
    erode: int
    """Pixels that holes grow by, in training and in guides: EX-4D's 2 to 8 of 512 pixels, or at least one all round."""
    checks: int
    """Held-back clips that curves are drawn of."""
    held_out: int
    """Clips that the result is measured on."""
    sample_steps: int


SCALES = {
    "smoke": Scale(
        frames=5, side=32, code_width=16, code_clips=4, code_steps=4, width=32, heads=2, layers=1, base_clips=6,
        base_steps=4, batch=2, hidden=16, clips=3, draws=2, steps=2, learning_rate=1e-3, erode=2, checks=2, held_out=2,
        sample_steps=2,
    ),
    "cpu": Scale(
        frames=17, side=64, code_width=48, code_clips=500, code_steps=500, width=128, heads=4, layers=4,
        base_clips=2500, base_steps=3000, batch=16, hidden=128, clips=320, draws=4, steps=1200, learning_rate=3e-3,
        erode=2, checks=16, held_out=32, sample_steps=25,
    ),
    "card": Scale(
        frames=33, side=128, code_width=96, code_clips=4000, code_steps=6000, width=512, heads=8, layers=12,
        base_clips=40_000, base_steps=20_000, batch=32, hidden=512, clips=3000, draws=4, steps=2000,
        learning_rate=3e-4, erode=2, checks=32, held_out=64, sample_steps=25,
    ),
}  # fmt: skip
