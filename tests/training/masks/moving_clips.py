"""Small clips whose motion is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ex4d.training.masks.tracker import Tracks


def texture(seed: int, width: int, height: int) -> np.ndarray:
    """A picture with lumps of several sizes, that goes on at its other side."""
    noise = np.random.default_rng(seed).standard_normal((3 * height, 3 * width, 3)).astype(np.float32)
    noise[:] = np.tile(noise[:height, :width], (3, 3, 1))
    lumps = [cv2.GaussianBlur(noise, (0, 0), size)[height : 2 * height, width : 2 * width] for size in (1.0, 2.5, 6.0)]
    return np.clip(128 + 40 * sum(each / each.std() for each in lumps) / 1.5, 0, 255).astype(np.uint8)


def panned(seed: int, width: int, height: int, moves: Sequence[tuple[int, int]]) -> np.ndarray:
    """A texture that is moved right and down by whole pixels; what leaves at one side comes back at the other."""
    picture = texture(seed, width, height)
    return np.stack([np.roll(picture, (down, right), axis=(0, 1)) for right, down in moves])


def disc(width: int, height: int, center: tuple[float, float], radius: float) -> np.ndarray:
    down, right = np.mgrid[:height, :width] + 0.5
    return np.hypot(right - center[0], down - center[1]) < radius


@dataclass(frozen=True)
class TrueTracker:
    """Knows how far everything has moved in each frame."""

    moves: Sequence[tuple[int, int]]

    def track(self, frames: np.ndarray, points: np.ndarray) -> Tracks:
        positions = points + np.array(self.moves, np.float32)[:, None]
        inside = ((positions >= 0) & (positions <= frames.shape[2:0:-1])).all(axis=2)
        return Tracks(positions, inside)
