"""Every way to depth that the contract is tested with: what it is made of when it is tiny, and what it promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.depth_adapters import ADAPTERS
from ex4d.media.probe import MediaInfo, probe
from ex4d.media.writing import LosslessWriter
from ex4d.reconstruction.depth_anything import TOGETHER as SEEN_TOGETHER
from ex4d.reconstruction.depth_crafter import DepthCrafter
from ex4d.reconstruction.depth_crafter.estimating import TOGETHER
from ex4d.reconstruction.depth_estimator import DepthEstimator
from ex4d.reconstruction.depth_file import DepthFromFile
from ex4d.shotlist.model import DepthFile, DepthModel
from tests.tiny_depth_crafter import write_tiny_depth_crafter
from tests.tiny_depth_model import write_tiny_weights
from tests.tiny_depth_pro import write_tiny_depth_pro

Folders = tuple[Path, ...]
WINDOW = 4
"""Frames that DepthCrafter sees at a time here; it reads and encodes them by TOGETHER."""


@dataclass(frozen=True)
class Kind:
    """A depth estimator of a kind."""

    write: Callable[[Path], Folders]
    """Writes its tiny weights below a folder of models, and returns theirs."""
    open: Callable[[Folders, MediaInfo], DepthEstimator]
    """Opens it on the CPU, for a clip."""
    metric: bool = False
    lens: bool = False
    rounding: int = 0
    """Pixels by which a side of its depth may miss the clip's shape."""
    held: int = 1
    """Frames of the clip that it holds at a time."""
    tensor: str = ""
    """The name of one of its tensors, in the last of its folders."""

    @property
    def is_model(self) -> bool:
        return bool(self.tensor)


def _by_name(name: str) -> Callable[[Folders, MediaInfo], DepthEstimator]:
    return lambda folders, clip: ADAPTERS[name].open(folders, DepthModel(model=name), "cpu")


def _depth_crafter(folders: Folders, clip: MediaInfo) -> DepthEstimator:
    unet, parts = folders
    return DepthCrafter(unet, parts, "cpu", window=WINDOW, overlap=1, steps=1)


def _file(folders: Folders, clip: MediaInfo) -> DepthEstimator:
    file = folders[0] / "depth.npz"
    depth = np.random.default_rng(5).uniform(1, 9, (clip.frame_count, clip.height, clip.width)).astype(np.float32)
    np.savez(file, depth=depth)
    return DepthFromFile(DepthFile(file=file, unit="m"))


def _folder(models: Path) -> Folders:
    models.mkdir(exist_ok=True)
    return (models,)


AHEAD = 2 * SEEN_TOGETHER
"""Frames that Depth Anything's thread makes ready while one is looked at."""
KINDS = {
    "depth-anything-v2-small": Kind(
        lambda models: (write_tiny_weights(models),),
        _by_name("depth-anything-v2-small"),
        rounding=14,
        held=AHEAD + 1,
        tensor="head.conv3.weight",
    ),
    "depth-anything-v2-metric-indoor-small": Kind(
        lambda models: (write_tiny_weights(models, "depth-anything-v2-metric-indoor-small", metric=True),),
        _by_name("depth-anything-v2-metric-indoor-small"),
        metric=True,
        rounding=14,
        held=AHEAD + 1,
        tensor="head.conv3.weight",
    ),
    "depth-pro": Kind(
        lambda models: (write_tiny_depth_pro(models),),
        _by_name("depth-pro"),
        metric=True,
        lens=True,
        rounding=1,
        tensor="fov_model.head.layers.0.weight",
    ),
    "depthcrafter": Kind(
        write_tiny_depth_crafter,
        _depth_crafter,
        rounding=1,
        held=3 * TOGETHER,
        tensor="decoder.conv_in.weight",
    ),
    "file": Kind(_folder, _file, metric=True),
}
MODELS = [name for name, kind in KINDS.items() if kind.is_model]


def filmed(file: Path, frames: list[np.ndarray]) -> MediaInfo:
    """Write a lossless video, and return what it is."""
    with LosslessWriter(file, (frames[0].shape[1], frames[0].shape[0]), Fraction(12)) as video:
        for frame in frames:
            video.write(frame)
    return probe(file)


def pictures(count: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Draw frames of coloured blocks, none like another."""
    random = np.random.default_rng(8)
    blocks = random.integers(0, 255, (count, -(-size[1] // 8), -(-size[0] // 8), 3)).astype(np.uint8)
    return list(blocks.repeat(8, axis=1).repeat(8, axis=2)[:, : size[1], : size[0]])


class Listener:
    """Counts steps, keeps what is said, and may have enough after so many steps."""

    def __init__(self, patience: int | None = None) -> None:
        self.steps = 0
        self.said: list[str] = []
        self._patience = patience

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None:
        self.steps += 1
        if self.steps == self._patience:
            raise KeyboardInterrupt

    def say(self, text: str) -> None:
        self.said.append(text)
