"""Depth for the pixels whose depth nobody measured.

What a depth camera misses is mostly the strip beside a foreground edge that its projector could not reach: background.
So every unknown pixel looks out in eight directions for the nearest known pixel, and takes a mean of what it finds in
which near ones count more, and far ones count much more: a strip beside an edge continues the background behind it,
and a hole inside a surface continues the surface.
"""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Bool, Float32

from ex4d.errors import ReconstructionError


def fill_unknown(
    depth: Float32[np.ndarray, "height width"], known: Bool[np.ndarray, "height width"]
) -> Float32[np.ndarray, "height width"]:
    """Return depth everywhere: as given where it is known, and continued from the background elsewhere.

    Raises:
        ReconstructionError: nothing is known.
    """
    if known.all():
        return depth
    if not known.any():
        raise ReconstructionError("no depth is known in a frame; state another depth file, or leave that frame out")
    filled: np.ndarray = _fill(depth, known)
    return filled


@numba.njit(cache=True, nogil=True)
def _fill(depth, known):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - compiled
    height, width = depth.shape
    weights = np.zeros((height, width))
    inverse = np.zeros((height, width))
    for turn in range(2):  # downwards: left, up-left, up, up-right; then upwards: the four others
        step = 1 - 2 * turn
        above_z = np.zeros((4, width))
        above_d = np.zeros((4, width))
        for row in range(height):
            i = row if turn == 0 else height - 1 - row
            here_z = np.zeros((4, width))
            here_d = np.zeros((4, width))
            for column in range(width):
                j = column if turn == 0 else width - 1 - column
                if known[i, j]:
                    for k in range(4):
                        here_z[k, j] = depth[i, j]
                    continue
                for k in range(4):
                    if k == 0:
                        jj = j - step
                        if 0 <= jj < width:
                            z, d = here_z[0, jj], here_d[0, jj] + 1.0
                        else:
                            z, d = 0.0, 0.0
                    else:
                        jj = j + (k - 2)
                        if 0 <= jj < width:
                            z, d = above_z[k, jj], above_d[k, jj] + (1.0 if k == 2 else 1.4142135)
                        else:
                            z, d = 0.0, 0.0
                    here_z[k, j], here_d[k, j] = z, d
                    if z > 0.0:
                        w = z * z
                        w = w * w
                        w = w * w / d
                        weights[i, j] += w
                        inverse[i, j] += w / z
            above_z, above_d = here_z, here_d
    filled = depth.copy()
    for i in range(height):
        for j in range(width):
            if not known[i, j]:
                filled[i, j] = weights[i, j] / inverse[i, j] if weights[i, j] > 0.0 else 0.0
    return filled
