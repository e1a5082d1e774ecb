"""The engine without weights: holes of the guide show the background layer that hangs behind them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ex4d.array_types import Bool, UInt8
from ex4d.artifacts.guide_video import GuideVideo
from ex4d.synthesis.synthesizer import SynthesisRequest

REST_STEP_PX = 4
"""Spacing of the grid on which what neither guide nor background shows is filled."""


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
        completed[missing] = _continue(background if background.any() else colour, missing)
    return completed


def _continue(
    source: UInt8[np.ndarray, "height width 3"], missing: Bool[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "pixels 3"]:
    """Continue what is not black smoothly, on a coarser grid that is enough for it, and return the missing pixels."""
    from ex4d.media.pull_push import pull_push

    step = REST_STEP_PX if source[::REST_STEP_PX, ::REST_STEP_PX].any() else 1
    grid = source[::step, ::step]
    coarse = pull_push(grid.astype(np.float32), np.any(grid > 0, axis=-1).astype(np.float32))
    y, x = (places / step for places in np.nonzero(missing))
    top, left = y.astype(np.int64), x.astype(np.int64)
    bottom, right = np.minimum(top + 1, len(coarse) - 1), np.minimum(left + 1, coarse.shape[1] - 1)
    down, across = (y - top)[:, None], (x - left)[:, None]
    upper = coarse[top, left] * (1 - across) + coarse[top, right] * across
    lower = coarse[bottom, left] * (1 - across) + coarse[bottom, right] * across
    return (upper * (1 - down) + lower * down + 0.5).astype(np.uint8)
