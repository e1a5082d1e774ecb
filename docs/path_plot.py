"""Draw a camera path as a plan: from above or from the side, with what the camera sees at some moments.

Shared by the scripts that make this project's pictures; needs the extra ``docs``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap

from ex4d.artifacts.camera_path import CameraPath
from ex4d.geometry.pinhole import Pinhole

View = Literal["above", "side"]

INK, PAPER, FRAME, SUBJECT, SOURCE = "#e9e4f0", "#17131f", "#3a3347", "#ffb347", "#7d7590"
TIME = LinearSegmentedColormap.from_list("time", ["#5b8dd6", "#7fd0c4", "#f2f0a0"])
"""Colours of the path, from its first frame to its last."""
MOMENTS = 5
"""Cameras drawn along a path."""
REACH, FAR_REACH = 0.3, 0.75
"""Length of what a camera is drawn to see, subject distances: where it travels, and where it all but stays."""
STAYS = 0.06
"""Subject distances within which a camera stays where it is, and turns or zooms if anything."""
MARGIN = 0.08
"""Room around what is drawn, as a share of the panel."""


def draw_path(axes: Axes, path: CameraPath, seen_from: View = "above", *, moments: int = MOMENTS) -> None:
    """Draw a path in a panel, in subject distances, fitted to the panel's shape.

    From above, right is right and up is in; from the side, right is in and up is up. A star marks the subject, a grey
    camera the source's. The path runs from blue to yellow, and so do the cameras at evenly spaced moments: what they
    see opens as wide as their lens, across or up and down.
    """
    place = _plane(path.world_from_camera[:, :3, 3], seen_from)
    reach = FAR_REACH if np.linalg.norm(path.world_from_camera[:, :3, 3], axis=1).max() < STAYS else REACH
    _dress(axes)
    _draw_camera(axes, np.eye(4), path.scene.lens, seen_from, reach, SOURCE)
    segments = np.stack([place[:-1], place[1:]], axis=1)
    axes.add_collection(LineCollection(segments, cmap=TIME, array=np.linspace(0, 1, len(segments)), lw=2.2, zorder=3))
    for index in np.linspace(0, len(path) - 1, moments).round().astype(int):
        lens = path.scene.lens.zoomed(float(path.lens_factor[index]))
        colour = TIME(index / max(len(path) - 1, 1))
        _draw_camera(axes, path.world_from_camera[index], lens, seen_from, reach, colour)
        axes.plot(*place[index], marker="o", ms=3.5, color=colour, zorder=4)
    subject = _plane(np.array([path.scene.pivot]), seen_from)[0]
    axes.plot(*subject, marker="*", ms=11, color=SUBJECT, zorder=5)
    _fit(axes, np.concatenate([place, [subject], [(0.0, 0.0)]]))


def _plane(points: Float64[np.ndarray, "*points 3"], seen_from: View) -> Float64[np.ndarray, "*points 2"]:
    """Lay points of the source camera's axes (right, down, in) flat on the paper."""
    right, down, inward = np.moveaxis(points, -1, 0)
    return np.stack([right, inward] if seen_from == "above" else [inward, -down], axis=-1)


def _draw_camera(
    axes: Axes,
    world_from_camera: Float64[np.ndarray, "4 4"],
    lens: Pinhole,
    seen_from: View,
    reach: float,
    colour: object,
) -> None:
    """Draw what a camera sees, so many subject distances far."""
    half = 0.5 * (lens.width if seen_from == "above" else lens.height) / lens.focal_px
    sides = np.array([[-1.0, 0.0], [1.0, 0.0]] if seen_from == "above" else [[0.0, -1.0], [0.0, 1.0]])
    rays = np.concatenate([sides * half, np.ones((2, 1))], axis=1) * reach
    near, far = np.zeros((1, 3)), rays @ world_from_camera[:3, :3].T
    corners = _plane(np.concatenate([near, far]) + world_from_camera[:3, 3], seen_from)
    axes.fill(*corners.T, facecolor=colour, alpha=0.13, edgecolor="none", zorder=1)
    axes.fill(*corners.T, facecolor="none", edgecolor=colour, alpha=0.75, lw=0.8, zorder=2)


def _dress(axes: Axes) -> None:
    axes.set_facecolor(PAPER)
    axes.set_xticks([]), axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(FRAME)


def _fit(axes: Axes, points: Float64[np.ndarray, "points 2"]) -> None:
    """Show all points and the cameras at them, one scale for both axes."""
    low, high = points.min(axis=0) - 0.5 * REACH, points.max(axis=0) + 0.5 * REACH
    middle, size = 0.5 * (low + high), (high - low) / (1.0 - 2.0 * MARGIN)
    box = axes.get_window_extent()
    size = np.maximum(size, max(size[0] / box.width, size[1] / box.height) * np.array([box.width, box.height]))
    axes.set_xlim(middle[0] - 0.5 * size[0], middle[0] + 0.5 * size[0])
    axes.set_ylim(middle[1] - 0.5 * size[1], middle[1] + 0.5 * size[1])
    axes.set_aspect("equal")
