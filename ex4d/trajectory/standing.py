"""How the source's camera stood: where its vertical is.

Cameras are compiled in level axes: the source camera's, turned so that y is the vertical. Where the source looked
straight ahead, level axes are its own, and nothing is turned at all.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.scene import Scene
from ex4d.geometry.se3 import head_rotation, pan_rotation, roll_rotation, tilt_rotation


def stood_level(scene: Scene) -> bool:
    """Tell whether the source's own axes are level."""
    return scene.source_tilt == 0.0 and scene.source_roll == 0.0


def level_from_source(scene: Scene) -> Float64[np.ndarray, "3 3"]:
    """Return the source camera's orientation in level axes: it looked down by its tilt, and was rolled."""
    return head_rotation(np.array(0.0), np.array(-scene.source_tilt), np.array(scene.source_roll))


def to_level(vectors: Float64[np.ndarray, "*batch 3"], scene: Scene) -> Float64[np.ndarray, "*batch 3"]:
    """Turn vectors from the source camera's axes into level ones."""
    return vectors if stood_level(scene) else vectors @ level_from_source(scene).T


def turned_source(
    pan: Float64[np.ndarray, "*batch"],
    tilt: Float64[np.ndarray, "*batch"],
    roll: Float64[np.ndarray, "*batch"],
    scene: Scene,
) -> Float64[np.ndarray, "*batch 3 3"]:
    """Return the source's head panned about the vertical, tilted about its right axis, rolled about its view axis."""
    if stood_level(scene):
        return head_rotation(pan, tilt, roll)
    return pan_rotation(pan) @ level_from_source(scene) @ tilt_rotation(tilt) @ roll_rotation(roll)


def to_source(
    rotation: Float64[np.ndarray, "frames 3 3"], position: Float64[np.ndarray, "frames 3"], scene: Scene
) -> tuple[Float64[np.ndarray, "frames 3 3"], Float64[np.ndarray, "frames 3"]]:
    """Turn cameras from level axes back into the source camera's."""
    if stood_level(scene):
        return rotation, position
    level = level_from_source(scene)
    return level.T @ rotation, position @ level
