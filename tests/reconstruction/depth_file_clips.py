"""A small depth file, the clip that it is of, and all that is read of it."""

from fractions import Fraction

import numpy as np

from ex4d.media.probe import MediaInfo
from ex4d.reconstruction.depth_file import open_depth_file
from ex4d.shotlist.model import DepthFile

COUNT, HEIGHT, WIDTH = 4, 6, 8


def clip(tmp_path, count=COUNT, size=(WIDTH, HEIGHT)) -> MediaInfo:
    times = tuple(Fraction(index, 24) for index in range(count))
    return MediaInfo(tmp_path / "clip.mp4", *size, Fraction(24), times, Fraction(count, 24))


def opened(tmp_path, depth, unit=None, unknown=None, **stored):
    np.savez(tmp_path / "depth.npz", depth=depth, **stored)
    stated = {key: value for key, value in {"unit": unit, "unknown": unknown}.items() if value is not None}
    return open_depth_file(DepthFile(file=tmp_path / "depth.npz", **stated), clip(tmp_path))


def ramp(dtype=np.float32):
    return (np.arange(COUNT * HEIGHT * WIDTH).reshape(COUNT, HEIGHT, WIDTH) + 100).astype(dtype)


def everything(video):
    frames = list(video.frames(range(COUNT)))
    return np.stack([depth for depth, _ in frames]), np.stack([known for _, known in frames])
