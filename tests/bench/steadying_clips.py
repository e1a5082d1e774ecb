"""Clips whose true disparity is known, and what a model of single frames would make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from ex4d.geometry.pinhole import Pinhole
from shots.media.make_courtyard import FRAME_RATE, HEIGHT, LENS_DEG, WIDTH, render_view
from tests.bench.kitchen_frames import KITCHEN, Frame, whole

KITCHEN_FRAMES = range(0, 300, 5)
COURTYARD_FRAMES = range(0, 120, 4)
SHIFT = 2.0
"""Of a frame, at most, in standard deviations of the clip's true disparity; the scale is within 0.5 to 2."""
NOISE, PATCHES = 0.04, (6, 8)
"""What a model gets wrong: shares of disparity, smooth between so many rows and columns of normal draws a frame."""
BLUR_PX = 2.5
"""Standard deviation by which a model blurs edges of depth."""
BLOCK_M = (1.1, 0.55)
"""Depth of the pasted block at first and at last, between which 1 / depth is even."""
TILES = 24
"""Of the block's pattern, a side."""


@dataclass(frozen=True)
class Clip:
    """Frames with their truth."""

    colour: np.ndarray
    disparity: np.ndarray
    """1 / m."""
    background: np.ndarray
    """Where depth was measured, and no subject is."""
    lens: Pinhole


@cache
def kitchen() -> Clip:
    """Sixty photographs of a handheld camera; colour is moved to where depth is, unknown depth filled."""
    frames = [whole(Frame(number, aligned=True)) for number in KITCHEN_FRAMES]
    disparity = np.stack([1 / depth for _, depth in frames]).astype(np.float32)
    known = np.stack([source.known for source, _ in frames])
    return Clip(np.stack([source.colour for source, _ in frames]), disparity, known, KITCHEN)


@cache
def courtyard(subject: bool) -> Clip:
    """Every fourth frame of the sample film at half its size: the camera stands still, the fox may be away."""
    lens = Pinhole.from_horizontal_angle(WIDTH // 2, HEIGHT // 2, np.radians(LENS_DEG))
    size = {"width": lens.width, "height": lens.height, "samples": 1}
    views = [render_view(frame / FRAME_RATE, np.eye(4), subject=subject, **size) for frame in COURTYARD_FRAMES]
    background = np.stack([~view.subject_mask for view in views])
    return Clip(
        np.stack([view.colour for view in views]), np.stack([1 / view.depth for view in views]), background, lens
    )


def with_block(clip: Clip, share: float, seed: int) -> Clip:
    """Paste a flat block of random tiles that moves about and comes nearer, to this share of the picture."""
    tiles = np.random.default_rng(seed).integers(0, 256, (TILES, TILES, 3)).astype(np.uint8)
    colour, disparity, background = clip.colour.copy(), clip.disparity.copy(), clip.background.copy()
    for index, progress in enumerate(np.linspace(0, 1, len(colour))):
        nearness = (1 - progress) / BLOCK_M[0] + progress / BLOCK_M[1]
        rows, columns, size = _place_of_block(clip.lens, progress, np.sqrt(share) * nearness * BLOCK_M[1])
        tall = cv2.resize(tiles, size, interpolation=cv2.INTER_NEAREST)
        colour[index, rows, columns] = tall[: rows.stop - rows.start, : columns.stop - columns.start]
        disparity[index, rows, columns] = nearness
        background[index, rows, columns] = False
    return replace(clip, colour=colour, disparity=disparity, background=background)


def _place_of_block(lens: Pinhole, progress: float, part: float) -> tuple[slice, slice, tuple[int, int]]:
    """Return rows, columns and size of the block; ``part`` of either side of the picture."""
    width, height = int(lens.width * part), int(lens.height * part)
    left = lens.width * (0.5 + 0.35 * np.sin(3 * np.pi * progress)) - width / 2
    top = lens.height * (0.5 + 0.1 * np.cos(4 * np.pi * progress)) - height / 2
    rows = slice(max(0, int(top)), min(lens.height, int(top) + height))
    return rows, slice(max(0, int(left)), min(lens.width, int(left) + width)), (width, height)


def with_noise(disparity: np.ndarray, seed: int) -> np.ndarray:
    """Return what a model might see: smooth errors of its own in each frame, and soft edges."""
    random = np.random.default_rng(seed)
    size = disparity.shape[:0:-1]
    fields = (random.normal(0, NOISE, PATCHES).astype(np.float32) for _ in disparity)
    factors = (1 + cv2.resize(field, size, interpolation=cv2.INTER_CUBIC) for field in fields)
    return np.stack(
        [cv2.GaussianBlur(frame * by, (0, 0), BLUR_PX) for frame, by in zip(disparity, factors, strict=True)]
    )


def disturbed(disparity: np.ndarray, spread: float, seed: int) -> np.ndarray:
    """Give each frame but the first a scale, log-uniform within 0.5 to 2, and a shift, in so large a ``spread``."""
    random = np.random.default_rng(seed)
    scales = 2.0 ** random.uniform(-1, 1, len(disparity))
    shifts = random.uniform(-SHIFT, SHIFT, len(disparity)) * spread
    scales[0], shifts[0] = 1, 0
    return (disparity * scales[:, None, None] + shifts[:, None, None]).astype(np.float32)
