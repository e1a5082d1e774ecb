"""The engine without weights: holes of the guide show the background layer that hangs behind them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.synthesis.synthesizer import SynthesisRequest


class MeshEngine:
    """Completes each frame by itself from the guide's background layer; it neither reads the prompt nor draws."""

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Yield the completed frames; where the source was seen they are the guide's, untouched."""
        for frame in guide.frames():
            yield complete_frame(frame.colour, frame.visible, frame.background)


def complete_frame(
    colour: UInt8[np.ndarray, "height width 3"],
    visible: Bool[np.ndarray, "height width"],
    background: UInt8[np.ndarray, "height width 3"] | None,
) -> UInt8[np.ndarray, "height width 3"]:
    """Fill what is not ``visible``: from the background, black where it was not hit, else smoothly from around it.

    Visible pixels stay as they are. What neither shows is continued from the background alone where there is any, so
    that no foreground bleeds into it, else from the visible pixels; with neither it is black.
    """
    from ex4d.synthesis.compositing import lay_over

    if background is None:
        background = np.zeros_like(colour)
    completed: UInt8[np.ndarray, "height width 3"]
    completed, missing = lay_over(colour, visible, background)
    if missing.any():
        hit = np.any(background, axis=-1)
        rest = _continue(background, hit) if hit.any() else _continue(colour, visible)
        completed[missing] = rest[missing]
    return completed


def _continue(
    colour: UInt8[np.ndarray, "height width 3"], known: Bool[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    from ex4d.media.pull_push import pull_push

    image: Float32[np.ndarray, "height width 3"] = colour.astype(np.float32)
    return (pull_push(image, known.astype(np.float32)) + 0.5).astype(np.uint8)
