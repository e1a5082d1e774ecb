"""Guides of noise, the cuts they are tried with, and a completer that keeps what it was given."""

import numpy as np

from ex4d.artifacts.guide_video import GuideFrame
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.windows import Completer

SIZE = (32, 16)
SMALL = DiffusionSettings(size=SIZE, window=9, overlap=3)
STILL = DiffusionSettings(size=(48, 32), window=9, overlap=3)


def noise_frames(count: int, seed: int, *, size: tuple[int, int] = SIZE, first_is_whole: bool = True):
    """Return noise of every level, black and white too, with a quarter of the pixels missing at random."""
    draws = np.random.default_rng(seed)
    frames = []
    for k in range(count):
        colour = draws.integers(0, 256, (size[1], size[0], 3), np.uint8)
        visible = (draws.random(size[::-1]) < 0.75) | (first_is_whole and k == 0)
        frames.append(GuideFrame(colour * visible[..., None], visible))
    return frames


class Recorder:
    """A completer that keeps what it was given and what it returned."""

    def __init__(self, completer: Completer) -> None:
        self.completer = completer
        self.given: list[tuple[np.ndarray, np.ndarray, int]] = []
        self.returned: list[np.ndarray] = []

    def __call__(self, colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
        self.given.append((colour.copy(), visible.copy(), window))
        self.returned.append(self.completer(colour, visible, window))
        return self.returned[-1]
