"""Ways to simulate what is hidden: ours, the other design that was considered, and ways that know nothing of depth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import maximum_filter

from ex4d.artifacts.mesh_profile import MeshProfile
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.training.masks.visibility import BEYOND, visible_from

RASTERIZER = CpuRasterizer(1)


def carried(depth: np.ndarray, lens: Pinhole, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels of a frame as a camera elsewhere has them, (height, width, 2), and their z there."""
    rows, columns = np.mgrid[: lens.height, : lens.width] + 0.5
    points = lens.unproject(np.stack([columns, rows], axis=-1), depth.astype(float))
    inverse = np.linalg.inv(pose)
    points = points @ inverse[:3, :3].T + inverse[:3, 3]
    z = points[..., 2]
    return lens.project(np.where(z[..., None] > 0, points, [0.0, 0.0, 1.0])), z


def framed(depth: np.ndarray, lens: Pinhole, pose: np.ndarray, margin: float = 2.0) -> np.ndarray:
    """Tell which pixels of a frame a camera elsewhere has in its own, at least ``margin`` pixels inside."""
    pixels, z = carried(depth, lens, pose)
    inside = (pixels > margin) & (pixels < np.array([lens.width, lens.height]) - margin)
    return inside.all(axis=-1) & (z > 0)


def z_buffer(depth: np.ndarray, lens: Pinhole, pose: np.ndarray, share: float = 0.03, around: int = 1) -> np.ndarray:
    """Carry each pixel to the camera elsewhere, and look whether its z-buffer has something clearly nearer there.

    Slope-aware: nearer than all of the pixels ``around``, by more than a ``share``.
    """
    continued, center = np.pad(depth, BEYOND, mode="edge"), lens.center_px
    size = lens.width + 2 * BEYOND, lens.height + 2 * BEYOND
    wider = Pinhole(*size, lens.focal_px, (center[0] + BEYOND, center[1] + BEYOND))
    mesh = build_mesh(np.zeros((*continued.shape, 3), np.uint8), continued, wider)
    nearest = maximum_filter(RASTERIZER.render(mesh, pose, lens).depth, 2 * around + 1, mode="nearest")
    pixels, z = carried(depth, lens, pose)
    column, row = np.clip(np.floor(pixels), 0, [lens.width - 1, lens.height - 1]).astype(int).transpose(2, 0, 1)
    return framed(depth, lens, pose, 0.0) & (z <= (1 + share) * nearest[row, column])


def carried_back(depth: np.ndarray, lens: Pinhole, pose: np.ndarray, profile: MeshProfile) -> np.ndarray:
    """Ours."""
    return visible_from(depth, lens, pose, lens, RASTERIZER, profile)


def rectangles(shares: Sequence[float], inside: np.ndarray, seed: int) -> np.ndarray:
    """Hide rectangles of up to a third of a side; the same in all frames, more of them where more is to be hidden.

    ``shares`` are of what is ``inside`` in each frame, (frames, height, width); nothing else is looked at.
    """
    _, height, width = inside.shape
    rng = np.random.default_rng(seed)
    order = np.full((height, width), np.inf)
    for turn in range(4000):
        h, w = (rng.uniform(0.02, 0.33, 2) * (height, width)).astype(int) + 1
        top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        part = order[top : top + h, left : left + w]
        np.minimum(part, turn, out=part)
    return _hidden_in(order, shares, inside)


def blobs(shares: Sequence[float], inside: np.ndarray, seed: int) -> np.ndarray:
    """Hide some four smooth regions that grow, as masks of tracked regions look; else as ``rectangles``."""
    _, height, width = inside.shape
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    nearest = np.full((height, width), np.inf)
    for _ in range(4):
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        angle = np.arctan2(rows - y, columns - x)
        waves = sum(rng.uniform(0, 0.25) * np.sin(k * angle + rng.uniform(0, 6.3)) for k in range(1, 5))
        nearest = np.minimum(nearest, np.hypot(rows - y, columns - x) / (1 + waves) / rng.uniform(0.5, 1.5))
    return _hidden_in(nearest, shares, inside)


def _hidden_in(order: np.ndarray, shares: Sequence[float], inside: np.ndarray) -> np.ndarray:
    """Return what is visible when the share that comes first in an order is hidden of each frame."""
    counts = [round(share * int(where.sum())) for share, where in zip(shares, inside, strict=True)]
    return np.stack([_first_hidden(order, count, where) for count, where in zip(counts, inside, strict=True)])


def _first_hidden(order: np.ndarray, count: int, where: np.ndarray) -> np.ndarray:
    visible = np.ones(order.shape, np.bool_)
    rows, columns = np.nonzero(where)
    first = np.argsort(order[where], kind="stable")[:count]
    visible[rows[first], columns[first]] = False
    return visible
