"""A room of textured walls, filmed by a camera that walks: colour, disparity and where everything is are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ex4d.geometry.pinhole import Pinhole

LENS = Pinhole.from_horizontal_angle(160, 120, np.radians(54.0))
PLANES = (
    ((0.0, 0.0, 1.0), 4.0),
    ((0.0, 1.0, 0.0), 1.0),
    ((1.0, 0.0, 0.3), 2.4),
    ((-1.0, 0.0, 0.3), 2.6),
    ((0.0, -1.0, 0.2), 1.8),
)
"""Normals and distances: n · x = distance, all in front of the camera."""


@dataclass(frozen=True)
class Filmed:
    """Frames; disparity is 1 / depth."""

    disparity: np.ndarray
    colour: np.ndarray


def walk(frames: int) -> list[np.ndarray]:
    """Poses, world from camera: forward and to the side, looking round a little."""
    poses = []
    for index in range(frames):
        turn = np.radians(0.8 * index)
        pose = np.eye(4)
        pose[:3, :3] = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
        pose[:3, 3] = (0.02 * index, 0.01 * np.sin(index), 0.05 * index)
        poses.append(pose)
    return poses


def filmed(poses: list[np.ndarray], lens: Pinhole = LENS) -> Filmed:
    frames = [_seen(pose, lens) for pose in poses]
    return Filmed(np.stack([each[0] for each in frames]), np.stack([each[1] for each in frames]))


def _seen(pose: np.ndarray, lens: Pinhole) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(lens.width) + 0.5, np.arange(lens.height) + 0.5)
    rays = np.stack([(x - lens.center_px[0]) / lens.focal_px, (y - lens.center_px[1]) / lens.focal_px, np.ones_like(x)])
    rays = np.einsum("ij,jyx->yxi", pose[:3, :3], rays)
    nearness = np.stack([rays @ normal / (distance - pose[:3, 3] @ normal) for normal, distance in PLANES])
    plane, most = nearness.argmax(axis=0), nearness.max(axis=0)
    points = pose[:3, 3] + rays / most[..., None]
    return most.astype(np.float32), _paint(points, plane)


def _paint(points: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Blotches of a size that a few pixels see, the same wherever they are seen from."""
    grey = np.zeros(plane.shape)
    random = np.random.default_rng(5)
    for _ in range(24):
        direction = random.normal(size=3) * random.uniform(5, 40)
        grey += np.sin(points @ direction + plane * random.uniform(0, 6) + random.uniform(0, 6))
    return np.repeat(np.clip(128 + 18 * grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
