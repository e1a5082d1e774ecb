"""Procedural scenes: a floor, a wall and a few moving solids, filmed by any camera, all drawn from one seed.

Axes are OpenCV's of the camera at rest: x right, y down, z forward; what is looked at stands round (0, 0, distance).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from tests.bench.adapter_learning import ray_casting as rays

ANGLE_OF_VIEW = math.radians(54.0)
HUES = (0.12, 0.92)
"""Least and greatest value of a texture's colour channels, of 1."""


def draws_of(*words: object) -> np.random.Generator:
    """Return the draws that belong to some words."""
    digest = hashlib.sha256(" ".join(map(str, words)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


@dataclass(frozen=True)
class Scene:
    """Shapes of every frame, and how far away what matters stands."""

    shapes: np.ndarray
    """(frames, shapes, ray_casting.PROPERTIES)."""
    distance: float

    def filmed(self, world_from_camera: np.ndarray, side: int) -> Clip:
        """Film it with a camera (frames, 4, 4), in squares of ``side`` pixels."""
        frames = len(self.shapes)
        colour = np.empty((frames, side, side, 3), np.uint8)
        depth = np.empty((frames, side, side), np.float64)
        rays.cast(self.shapes, np.ascontiguousarray(world_from_camera), focal_of(side), colour, depth)
        return Clip(colour, depth.astype(np.float32), world_from_camera)


@dataclass(frozen=True)
class Clip:
    """What one camera saw."""

    colour: np.ndarray
    """(frames, side, side, 3), uint8."""
    depth: np.ndarray
    """(frames, side, side), float32: z of each pixel's centre."""
    world_from_camera: np.ndarray
    """(frames, 4, 4)."""


def focal_of(side: int) -> float:
    """Return the focal length of squares of that many pixels, pixels."""
    return 0.5 * side / math.tan(0.5 * ANGLE_OF_VIEW)


def drawn_scene(frames: int, *words: object) -> Scene:
    """Draw a scene: floor, wall, one to three solids of which about half move."""
    draws = draws_of("scene", *words)
    distance = draws.uniform(1.9, 2.6)
    floor, wall = draws.uniform(0.55, 0.8), distance * draws.uniform(1.5, 2.2)
    still = [
        _shape(draws, rays.FLOOR, (0.0, floor, distance), (1.0, 1.0, 1.0)),
        _shape(draws, rays.WALL, (0.0, 0.0, wall), (1.0, 1.0, 1.0)),
    ]
    solids = [_solid(draws, k, distance, floor) for k in range(int(draws.integers(1, 4)))]
    rows = np.repeat(np.stack([*still, *solids])[None], frames, axis=0)
    time = np.linspace(0.0, 1.0, frames)
    for k in range(len(still), rows.shape[1]):
        if draws.random() < 0.6:
            _set_moving(rows[:, k], time, draws)
    return Scene(rows, distance)


def _solid(draws: np.random.Generator, place: int, distance: float, floor: float) -> np.ndarray:
    """Draw a ball, a box or a board that stands on the floor; the first one near the middle."""
    spread = 0.18 if place == 0 else 0.8
    x = draws.uniform(-spread, spread)
    z = distance + (draws.uniform(-0.15, 0.15) if place == 0 else draws.uniform(-0.7, 0.6))
    kind = draws.integers(3)
    if kind == 0:
        radius = draws.uniform(0.22, 0.42)
        return _shape(draws, rays.SPHERE, (x, floor - radius, z), (radius, radius, radius))
    height = draws.uniform(0.25, 0.5)
    deep = draws.uniform(0.02, 0.05) if kind == 1 else draws.uniform(0.15, 0.32)
    return _shape(draws, rays.BOX, (x, floor - height, z), (draws.uniform(0.18, 0.38), height, deep))


def _shape(draws: np.random.Generator, kind: int, centre: tuple[float, ...], half: tuple[float, ...]) -> np.ndarray:
    row = np.zeros(rays.PROPERTIES)
    solid = kind in (rays.SPHERE, rays.BOX)
    row[rays.KIND], row[rays.CENTRE : rays.CENTRE + 3], row[rays.HALF : rays.HALF + 3] = kind, centre, half
    row[rays.YAW] = draws.uniform(-0.6, 0.6) if kind == rays.BOX else 0.0
    row[rays.TEXTURE] = draws.integers(4)
    row[rays.FIRST_WAVE : rays.FIRST_WAVE + 3] = _wave(draws, solid)
    row[rays.SECOND_WAVE : rays.SECOND_WAVE + 3] = _wave(draws, solid)
    row[rays.PHASE], row[rays.SHARPNESS] = draws.uniform(0, 2 * math.pi), draws.uniform(1.0, 3.0)
    row[rays.DARK : rays.DARK + 3] = draws.uniform(*HUES, 3)
    row[rays.LIGHT : rays.LIGHT + 3] = draws.uniform(*HUES, 3)
    return row


def _wave(draws: np.random.Generator, solid: bool) -> np.ndarray:
    """Draw the direction and the frequency of a texture's wave, radians a unit."""
    direction = draws.normal(size=3)
    period = draws.uniform(0.45, 1.0) if solid else draws.uniform(0.9, 2.2)
    return direction / np.linalg.norm(direction) * (2 * math.pi / period)


def _set_moving(rows: np.ndarray, time: np.ndarray, draws: np.random.Generator) -> None:
    """Let a solid slide along the floor, hop, or turn."""
    rows[:, rays.CENTRE] += draws.uniform(-0.7, 0.7) * time
    rows[:, rays.CENTRE + 2] += draws.uniform(-0.3, 0.3) * time
    rows[:, rays.CENTRE + 1] -= draws.choice([0.0, 0.2]) * np.abs(np.sin(draws.uniform(2, 6) * time))
    if rows[0, rays.KIND] == rays.BOX:
        rows[:, rays.YAW] += draws.uniform(-1.2, 1.2) * time


def standing(frames: int) -> np.ndarray:
    """Return a camera that stands at the origin."""
    return np.repeat(np.eye(4)[None], frames, axis=0)


def drawn_camera(frames: int, distance: float, *words: object) -> np.ndarray:
    """Draw an ordinary camera: it stands, drifts, or travels; (frames, 4, 4)."""
    draws = draws_of("camera", *words)
    kind = draws.random()
    if kind < 0.2:
        return standing(frames)
    progress = _eased(frames, draws)
    if kind < 0.7:
        right, up = draws.uniform(-45, 45), draws.uniform(0, 12)
        return orbit(np.radians(right) * progress, np.radians(up) * progress, distance)
    slide = draws.uniform(-1, 1, 3) * (0.5, 0.12, 0.35) * (1.0 if kind < 0.85 else 0.2)
    return _slid(progress[:, None] * slide, np.radians(draws.uniform(-12, 12)) * progress)


def drifting(frames: int, *words: object) -> np.ndarray:
    """Draw a source camera of a held-out clip: it stands, or drifts by a little."""
    draws = draws_of("drift", *words)
    if draws.random() < 0.5:
        return standing(frames)
    progress = _eased(frames, draws)
    slide = draws.uniform(-1, 1, 3) * (0.15, 0.04, 0.12)
    return _slid(progress[:, None] * slide, np.radians(draws.uniform(-4, 4)) * progress)


def second_path(frames: int, distance: float, *words: object) -> np.ndarray:
    """Draw the second view's camera in the axes of the source's: an orbit that ends 15 to 40 degrees to a side."""
    draws = draws_of("second", *words)
    side = 1.0 if draws.random() < 0.5 else -1.0
    right, up = side * draws.uniform(15, 40), draws.uniform(0, 10)
    progress = _eased(frames, draws)
    return orbit(np.radians(right) * progress, np.radians(up) * progress, distance)


def orbit(right: np.ndarray, up: np.ndarray, distance: float) -> np.ndarray:
    """Return cameras on a sphere round (0, 0, distance) that face it; angles in radians, one of each a frame."""
    poses = standing(len(right))
    poses[:, :3, :3] = _turned(-right, -up)
    poses[:, :3, 3] = [0, 0, distance] - distance * poses[:, :3, 2]
    return poses


def _slid(places: np.ndarray, pan: np.ndarray) -> np.ndarray:
    poses = standing(len(places))
    poses[:, :3, :3] = _turned(pan, np.zeros_like(pan))
    poses[:, :3, 3] = places
    return poses


def _turned(pan: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """Return rotations that look ``pan`` to the right and ``tilt`` up, level."""
    forward = np.stack([np.sin(pan) * np.cos(tilt), -np.sin(tilt), np.cos(pan) * np.cos(tilt)], axis=-1)
    right = np.stack([np.cos(pan), np.zeros_like(pan), -np.sin(pan)], axis=-1)
    return np.stack([right, np.cross(forward, right), forward], axis=-1)


def _eased(frames: int, draws: np.random.Generator) -> np.ndarray:
    """Return progress from 0 to 1, evenly or with a soft start and end."""
    time = np.linspace(0.0, 1.0, frames)
    return time if draws.random() < 0.5 else time * time * (3 - 2 * time)
