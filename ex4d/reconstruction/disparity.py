"""Relative disparity made depth: EX-4D's normalisation.

Depth networks that know no metres give disparity: 1/z with a scale and an offset of its own.
EX-4D's released code (``utils/depth_utils.py``) spreads it over 0 to 1 across the whole clip and takes
depth = 10000 / max(3900 s, 1e-5), at most 10000: the nearest point of a clip lies at 2.564, and 0 is far away.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float32

NUMERATOR = 10_000.0
STEEPNESS = 3_900.0
LEAST = 1e-5
"""Of the steep disparity; what is less counts as this."""
FARTHEST = 1e4

Disparity = Float32[np.ndarray, "height width"]
Depth = Float32[np.ndarray, "height width"]


def ex4d_depth(disparity: Disparity, smallest: float, largest: float) -> Depth:
    """Return z-depth of disparity, in EX-4D's unit.

    Args:
        disparity: of one frame.
        smallest: of the whole clip.
        largest: of the whole clip; above ``smallest``.
    """
    share = (disparity - np.float32(smallest)) / np.float32(largest - smallest)
    z = NUMERATOR / np.maximum(STEEPNESS * share, LEAST)
    return np.minimum(z, FARTHEST).astype(np.float32)
