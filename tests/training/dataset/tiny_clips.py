"""Small real clips with depth, and training files over them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.media.writing import LosslessWriter
from ex4d.training.config.records import Clips, Excerpts, TrainingConfig
from ex4d.training.dataset.preparing import MaskDrawing
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawn import DrawnMask

SIZE, FRAMES, RATE = (64, 48), 9, Fraction(12)
EXCERPT = Excerpts(frames=5, size=(48, 32))


def pictures(seed: int = 0, frames: int = FRAMES) -> np.ndarray:
    """A textured wall that brightens, so that every frame differs."""
    wall = np.random.default_rng(seed).integers(60, 200, (SIZE[1] // 4, SIZE[0] // 4, 3)).astype(np.uint8)
    wall = wall.repeat(4, axis=0).repeat(4, axis=1)
    return np.stack([wall + np.uint8(4 * index) for index in range(frames)])


def write_clip(file: Path, seed: int = 0, frames: int = FRAMES) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with LosslessWriter(file, SIZE, RATE) as video:
        for picture in pictures(seed, frames):
            video.write(picture)
    return file


def write_depth(file: Path, frames: int = FRAMES, unit: str = "m") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    depth = np.full((frames, SIZE[1], SIZE[0]), 4.0, np.float32)
    depth[:, 16:32, 10:24] = 2.0
    np.savez(file, depth=depth, unit=unit)
    return file


def write_shard(file: Path, members: Mapping[str, bytes | tarfile.TarInfo]) -> Path:
    """Write a tar file of members by name; a TarInfo stands for itself, without contents."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as archive:
        for name, contents in members.items():
            if isinstance(contents, tarfile.TarInfo):
                archive.addfile(contents)
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    return file


def config(folder: Path, videos: str = "clips", excerpts: Excerpts = EXCERPT, **clips: Any) -> TrainingConfig:
    return TrainingConfig(
        file=folder / "train.yaml",
        clips=Clips(videos=folder / videos, **clips),
        excerpts=excerpts,
        output=folder / "out",
    )


def hidden(opened: OpenedExcerpt, index: int) -> DrawnMask:
    """A column of holes that is another one for each index."""
    visible = np.ones(opened.colour.shape[:3], bool)
    visible[1:, :, 8 * index : 8 * index + 8] = False
    return DrawnMask(visible, "tracking", f"column {index} of {opened.excerpt.name}")


def drawing(count: int = 2, *, with_depth: bool = False, key: Any = "columns", draw: Any = hidden) -> MaskDrawing:
    return MaskDrawing(draw, count, key, with_depth)
