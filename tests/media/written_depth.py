"""Writes depth as ex4d does and reads it again, for tests of its files, their codes and their tags."""

from fractions import Fraction

import numpy as np

from ex4d.media.depth_meaning import DepthMeaning
from ex4d.media.depth_writing import DepthNpzWriter, DepthVideoWriter

METRES, RELATIVE = DepthMeaning("m", 54.43), DepthMeaning("relative")


def known_of(depth):
    return (depth > 0) & np.isfinite(depth)


def write(path, depth, meaning, bounds=None):
    """Write frames where they are finite and above 0, as .npz or as video."""
    size, known = (depth.shape[2], depth.shape[1]), known_of(depth)
    if path.suffix == ".npz":
        writer = DepthNpzWriter(path, size, len(depth), meaning)
    else:
        low, high = bounds or ((depth[known].min(), depth[known].max()) if known.any() else (1, 2))
        writer = DepthVideoWriter(path, size, Fraction(24), meaning, float(low), float(high))
    with writer as file:
        for frame, where in zip(depth, known, strict=True):
            file.write(frame, where)
    return writer


def writer_of(path, size, count):
    """Return a writer of depth between 1 and 2, by the kind of the file."""
    if path.suffix == ".npz":
        return DepthNpzWriter(path, size, count, METRES)
    return DepthVideoWriter(path, size, Fraction(24), METRES, 1.0, 2.0)


def stack(raw):
    return np.stack(list(raw.read(range(raw.frame_count))))
