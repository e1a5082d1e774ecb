"""Looks at unfinished frames while denoising goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ex4d.media.atomic import replacing
from ex4d.synthesis.wan.conditioning import latents_to_frames
from ex4d.synthesis.wan.denoising import Step

SHOWN = (0.0, 0.5, 1.0)
"""Which moments of the window are shown, side by side."""


def write_preview(vae: Any, step: Step, folder: Path, name: str) -> Path:
    """Write what the finished frames of the window of this name are foreseen as: three in one PNG; return it.

    Each is decoded from its own latent alone, as a first frame is, which is a little soft but takes a moment's memory.

    Raises:
        OutputError: the folder cannot be written.
    """
    import imageio.v3 as images

    last = step.foreseen.shape[2] - 1
    moments = [step.foreseen[:, :, round(share * last)][:, :, None] for share in SHOWN]
    row = np.concatenate([latents_to_frames(vae, moment)[0] for moment in moments], axis=1)
    place = folder / f"{name.replace(' ', '-')}-step-{step.index + 1:02d}.png"
    with replacing(place) as partial:
        images.imwrite(partial, row, extension=".png")
    return place
