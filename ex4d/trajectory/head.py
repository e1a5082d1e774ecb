"""The camera at a run of moments: where its head stands, how it is turned, what lens it wears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64


@dataclass(frozen=True)
class Head:
    """World-from-camera orientation, position in subject distances, and focal length relative to the source's."""

    rotation: Float64[np.ndarray, "frames 3 3"]
    position: Float64[np.ndarray, "frames 3"]
    lens: Float64[np.ndarray, "frames"]
    framed: Bool[np.ndarray, "frames"]
    """False where the head was to look at a place that no level framing shows."""


def source_view(count: int) -> Head:
    """Return the source camera itself."""
    return Head(
        np.repeat(np.eye(3)[None], count, axis=0), np.zeros((count, 3)), np.ones(count), np.ones(count, dtype=bool)
    )
