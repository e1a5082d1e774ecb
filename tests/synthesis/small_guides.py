"""Guides and completers to try windows with, for tests and benches."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame, GuideVideo
from ex4d.artifacts.scene import Scene
from ex4d.geometry.pinhole import Pinhole
from ex4d.synthesis.windows import Completer

RATE = Fraction(24)


def write_guide(folder: Path, frames: Iterable[GuideFrame]) -> GuideVideo:
    """Store frames as a guide whose camera stays at the source's."""
    frames = list(frames)
    height, width = frames[0].visible.shape
    lens = Pinhole(width, height, float(width), (width / 2, height / 2))
    count = len(frames)
    scene = Scene(lens, (0.0, 0.0, 1.0), RATE, RATE, count / RATE)
    times = tuple(k / RATE for k in range(count))
    path = CameraPath(np.tile(np.eye(4), (count, 1, 1)), np.ones(count), times, RATE, scene)
    with GuideVideo.writer(folder, path, lens, background=frames[0].background is not None) as write:
        for frame in frames:
            write(frame)
    return GuideVideo.load(folder)


def static_frames(count: int, size: tuple[int, int], seed: int = 3) -> list[GuideFrame]:
    """Return one soft picture with a hole in all but the first frame, ``count`` times."""
    from scipy.ndimage import gaussian_filter

    width, height = size
    noise = np.random.default_rng(seed).normal(0, 400, (height, width, 3))
    picture = np.clip(128 + gaussian_filter(noise, (3, 3, 0), mode="wrap"), 20, 235).astype(np.uint8)
    visible = np.ones((height, width), np.bool_)
    first = GuideFrame(picture, visible)
    visible = visible.copy()
    visible[height // 4 : height // 2, width // 4 : width // 2] = False
    return [first, *[GuideFrame(picture * visible[..., None], visible)] * (count - 1)]


def identity(colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
    """Return what is given."""
    return colour


def faithful(colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
    """Return what is given, its holes as the first frame shows them: what a perfect model makes of a still guide."""
    return np.where(visible[..., None], colour, colour[:1])


def brighter_by_window(levels: int) -> Completer:
    """Return a completer that is faithful but for ``levels`` that it adds in each window to those of the one before."""

    def completer(colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
        drawn = faithful(colour, visible, window).astype(np.int16)
        return np.clip(drawn + levels * window, 0, 255).astype(np.uint8)

    return completer


def noisy(levels: float, seed: int = 5) -> Completer:
    """Return a completer that is faithful but for noise of this standard deviation, another in each frame."""

    def completer(colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
        drawn = faithful(colour, visible, window)
        noise = np.random.default_rng([seed, window]).normal(0, levels, colour.shape)
        return np.clip(np.rint(drawn + noise), 0, 255).astype(np.uint8)

    return completer


COMPLETERS: dict[str, Completer] = {
    "faithful": faithful,
    "+2 levels a window": brighter_by_window(2),
    "noise of 3 levels": noisy(3.0),
}
