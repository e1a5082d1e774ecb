"""What is worth saying about a compiled path before it is rendered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.geometry.se3 import turn_between

FURTHEST_DEG = 90.0 + 1e-6
"""Beyond this angle from the source view the mesh has nothing to show; exactly 90 is not beyond, rounding or not."""
WIDEST_DEG = 120.0
"""Beyond this angle of view a picture is mostly stretched edges."""
NEAREST = 0.1
"""Share of its first distance within which a camera has reached the subject."""
FACING = 1e-6
"""Cosine to the source's view axis above which a camera still looks its way; exactly 90deg is not, rounding or not."""


@dataclass(frozen=True)
class PathFigures:
    """A path in numbers a user can judge."""

    furthest_deg: float
    """Largest angle between the camera's view and the source's, degrees."""
    furthest_from_source: float
    """Largest distance from the source camera, subject distances."""
    turn_per_frame_deg: float
    """Largest turn between two frames, degrees."""
    move_per_frame: float
    """Largest step between two frames, subject distances."""
    widest_deg: float
    """Widest horizontal angle of view, degrees."""
    starts_at_source: bool
    """Whether the first frame's camera and lens are the source's."""


def figures_of(path: CameraPath) -> PathFigures:
    """Measure a path."""
    rotation, position = path.world_from_camera[:, :3, :3], path.world_from_camera[:, :3, 3]
    turns = turn_between(rotation[1:], rotation[:-1])
    steps = np.linalg.norm(np.diff(position, axis=0), axis=1)
    off_axis = np.arctan2(np.hypot(rotation[:, 0, 2], rotation[:, 1, 2]), rotation[:, 2, 2])
    return PathFigures(
        furthest_deg=math.degrees(off_axis.max()),
        furthest_from_source=float(np.linalg.norm(position, axis=1).max()),
        turn_per_frame_deg=math.degrees(turns.max(initial=0.0)),
        move_per_frame=float(steps.max(initial=0.0)),
        widest_deg=math.degrees(path.scene.lens.zoomed(float(path.lens_factor.min())).horizontal_angle),
        starts_at_source=bool(path.at_source[0]),
    )


def first_reaching(path: CameraPath) -> int | None:
    """Return the first frame whose camera is at the subject, or has passed it looking on; None where none is.

    A camera that goes round the subject is beyond it too, but has turned back to it.
    """
    pivot = np.array(path.scene.pivot)
    position, forward = path.world_from_camera[:, :3, 3], path.world_from_camera[:, 2, 2]
    distance = np.linalg.norm(position - pivot, axis=1)
    reached = (distance < NEAREST * distance[0]) | ((position[:, 2] >= pivot[2]) & (forward > FACING))
    return int(np.argmax(reached)) if reached.any() else None


def warnings_of(path: CameraPath) -> tuple[str, ...]:
    """Return what a user should know, in words, most serious first; empty where all is well."""
    figures = figures_of(path)
    found = []
    if figures.furthest_deg > FURTHEST_DEG:
        found.append(
            f"the camera turns {figures.furthest_deg:.0f}deg away from the source view; beyond 90deg there is nothing "
            f"of the source to show"
        )
    if figures.widest_deg > WIDEST_DEG and path.lens_factor.min() < 1.0:
        found.append(
            f"the lens opens to {figures.widest_deg:.0f}deg; beyond 120deg the edges are stretched: dolly less"
        )
    reached = first_reaching(path)
    if reached is not None:
        found.append(f"the camera reaches the subject, or passes it, at frame {reached}: move in less")
    if not figures.starts_at_source:
        found.append("the shot does not start at the source view, so its first frame is rendered too")
    return tuple(found)
