"""How far poses are from being poses."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64


def rigidity_error(pose: Float64[np.ndarray, "*batch 4 4"]) -> float:
    """Return how far a batch is from SE(3): the largest entry of RᵀR - 1, of det R - 1 and of the last row's error."""
    rotation = pose[..., :3, :3]
    gram = np.swapaxes(rotation, -1, -2) @ rotation - np.eye(3)
    bottom = pose[..., 3, :] - np.array([0.0, 0.0, 0.0, 1.0])
    return float(max(np.abs(part).max(initial=0.0) for part in (gram, np.linalg.det(rotation) - 1.0, bottom)))
