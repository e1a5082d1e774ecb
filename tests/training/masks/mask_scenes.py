"""Frames whose holes can be worked out by hand: a square before a wall, and boxes before a slanted one."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ex4d.geometry.pinhole import Pinhole

LENS = Pinhole(96, 64, 300.0, (48.0, 32.0))
WALL, SQUARE = 4.0, 2.0
"""z of both."""
TOP, BOTTOM, LEFT, RIGHT = 20, 44, 44, 60
"""Rows and columns of the square."""


def square_before_wall() -> np.ndarray:
    depth = np.full((LENS.height, LENS.width), WALL, np.float32)
    depth[TOP:BOTTOM, LEFT:RIGHT] = SQUARE
    return depth


def moved(right: float = 0.0, down: float = 0.0, ahead: float = 0.0) -> np.ndarray:
    """Return a camera that has only moved."""
    pose = np.eye(4)
    pose[:3, 3] = right, down, ahead
    return pose


def turned(right_deg: float, pivot: float = WALL) -> np.ndarray:
    """Return a camera that has gone to the right round a point ahead, and looks at it."""
    angle = np.radians(right_deg)
    pose = np.eye(4)
    pose[:3, :3] = [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    pose[:3, 3] = pivot * np.array([np.sin(angle), 0, 1 - np.cos(angle)])
    return pose


def plane(across: float, down: float, distance: float = WALL) -> np.ndarray:
    """Return the depth of a plane; its slopes are dz/dx and dz/dy in space."""
    y, x = np.mgrid[: LENS.height, : LENS.width] + 0.5
    x, y = (x - LENS.center_px[0]) / LENS.focal_px, (y - LENS.center_px[1]) / LENS.focal_px
    return (distance / (1 - across * x - down * y)).astype(np.float32)


@st.composite
def boxes(draw: st.DrawFn) -> np.ndarray:
    """Draw up to four boxes, of constant depth each, before a slanted wall; nothing is one pixel wide."""
    depth = plane(draw(st.floats(-0.5, 0.5)), draw(st.floats(-0.5, 0.5)))
    for _ in range(draw(st.integers(0, 4))):
        top, left = 2 * draw(st.integers(0, LENS.height // 2 - 3)), 2 * draw(st.integers(0, LENS.width // 2 - 3))
        height, width = 2 * draw(st.integers(2, 12)), 2 * draw(st.integers(2, 12))
        depth[top : top + height, left : left + width] = draw(st.floats(1.2, 3.0))
    return depth


@st.composite
def cameras(draw: st.DrawFn) -> np.ndarray:
    """Draw cameras that went round the scene and off the circle."""
    pose = turned(draw(st.floats(-40, 40)), draw(st.floats(1.5, 4)))
    pose[:3, 3] += [draw(st.floats(-0.1, 0.1)), draw(st.floats(-0.1, 0.1)), draw(st.floats(-0.5, 0.3))]
    return pose
