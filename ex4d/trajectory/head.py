"""The camera at a run of moments: where its head stands, how it is turned, what lens it wears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Bool, Float64
from ex4d.artifacts.scene import Scene
from ex4d.trajectory.standing import level_from_source


@dataclass(frozen=True)
class Head:
    """Orientation and position in level axes, in subject distances, and focal length relative to the source's."""

    rotation: Float64[np.ndarray, "frames 3 3"]
    position: Float64[np.ndarray, "frames 3"]
    lens: Float64[np.ndarray, "frames"]
    framed: Bool[np.ndarray, "frames"]
    """False where the head was to look at a place that no level framing shows."""


def source_view(count: int, scene: Scene) -> Head:
    """Return the source camera itself, as it stood."""
    rotation = np.repeat(level_from_source(scene)[None], count, axis=0)
    return Head(rotation, np.zeros((count, 3)), np.ones(count), np.ones(count, dtype=bool))
