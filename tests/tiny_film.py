"""A tiny real source with depth, and a shot list over it: what the tests of the whole job run on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.media.writing import LosslessWriter

WIDTH, HEIGHT, FRAMES, RATE = 64, 48, 24, Fraction(12)

SHOTS = """\
ex4d: 1
title: Tiny
source: {video: tiny.mkv, depth: {file: tiny.npz, unit: m}, lens: 54deg}
output: {file: tiny.mp4}
synthesis: {engine: mesh, seed: 3}
shots:
  - name: still
    clip: 0s..0.5s
  - name: swing
    clip: 0.5s..1.5s
    camera:
      - orbit: {right: 20deg}
  - name: push
    clip: 1.5s..2s
    camera:
      - dolly: 20%
    transition: dissolve 0.25s
"""


def source_frames() -> list[np.ndarray]:
    """A textured wall and, before it, a plain square that moves to the right."""
    wall = np.random.default_rng(5).integers(60, 200, (HEIGHT // 4, WIDTH // 4, 3)).astype(np.uint8)
    wall = wall.repeat(4, axis=0).repeat(4, axis=1)
    frames = []
    for index in range(FRAMES):
        frame = wall.copy()
        frame[16:36, 12 + index : 28 + index] = (230, 40, 30)
        frames.append(frame)
    return frames


def source_depth() -> np.ndarray:
    """The wall at 4 m, the square at 2 m."""
    depth = np.full((FRAMES, HEIGHT, WIDTH), 4.0, np.float32)
    for index in range(FRAMES):
        depth[index, 16:36, 12 + index : 28 + index] = 2.0
    return depth


def write_tiny_film(folder: Path, shots: str = SHOTS) -> Path:
    """Write the source, its depth and a shot list into a folder; return the shot list's path."""
    with LosslessWriter(folder / "tiny.mkv", (WIDTH, HEIGHT), RATE) as video:
        for frame in source_frames():
            video.write(frame)
    np.savez_compressed(folder / "tiny.npz", depth=source_depth())
    file = folder / "tiny.yaml"
    file.write_text(shots, encoding="utf-8")
    return file
