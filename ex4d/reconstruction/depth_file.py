"""A user's depth file made a DepthVideo: its numbers checked and turned into z-depth.

Units: ``mm`` becomes metres; ``m`` stays; ``relative`` is z-depth in a unit of its own. In these three 0 and infinity
mean "not known". ``disparity`` grows towards the camera, with an unknown scale and offset: it becomes depth by EX-4D's
normalisation (:mod:`ex4d.reconstruction.disparity`), and there 0 is far away, not unknown. Without a stated unit, whole
numbers are mm and floating point is relative.

Depth has as many pixels as the video, or fewer, which are evenly spread over the whole picture: fewer are taken where
the user says how they are to be enlarged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ex4d.array_types import Bool, Float32, Shaped
from ex4d.artifacts.depth_video import DepthFrame, DepthStatistics, DepthVideo
from ex4d.errors import MediaError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.depth_files import RawDepth, open_raw_depth
from ex4d.media.probe import MediaInfo
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_claims import agreed_unit, agreed_unknown, require_fit, require_plausible
from ex4d.reconstruction.depth_statistics import StreamStatistics
from ex4d.reconstruction.disparity import ex4d_depth
from ex4d.shotlist.model import DepthFile

Raw = Shaped[np.ndarray, "height width"]
Values = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class DepthFromFile:
    """The depth estimator that asks no model: the user has depth."""

    file: DepthFile

    def estimate(self, clip: MediaInfo, folder: Path, *, progress: Progress = SILENT) -> DepthVideo:
        """Copy the file's depth; see :class:`~ex4d.reconstruction.depth_estimator.DepthEstimator`.

        Raises:
            MediaError: as :func:`open_depth_file`.
        """
        opened = open_depth_file(self.file, clip)
        made = f"depth from {self.file.file.name}"
        progress.say(made)
        return replace(opened, assumed=(made, *opened.assumed)).save(folder, progress)


def open_depth_file(depth: DepthFile, clip: MediaInfo, frames: int | None = None) -> DepthVideo:
    """Open the depth of ``clip``; reads all of it once, checking every number.

    With ``frames`` it is that of the first frames alone, and the file may end with them.

    Raises:
        MediaError: not a depth file, of another size or length than the video, NaN or negative depth, a frame of which
            nothing is known, or a unit that it cannot be in.
    """
    raw = open_raw_depth(depth.file)
    require_fit(depth, raw, clip, frames)
    (unit, assumed), unknown = agreed_unit(depth, raw), agreed_unknown(depth, raw)
    made = depth_of(raw, unit, unknown, raw.frame_count if frames is None else frames, assumed)
    require_plausible(depth, raw, made.statistics.median)
    angle = raw.horizontal_angle_deg
    lens = None if angle is None else Pinhole.from_horizontal_angle(clip.width, clip.height, math.radians(angle))
    return replace(made, lens=lens)


def depth_of(
    raw: RawDepth, unit: str, unknown: float | None, count: int, assumed: tuple[str, ...] = ()
) -> DepthVideo:  # fmt: skip
    """Return the first ``count`` frames of raw depth in a known unit; reads them once, checking every number.

    Raises:
        MediaError: NaN or negative depth, or a frame of which nothing is known.
    """
    numbers = _Numbers(raw, unit, unknown)
    counted = StreamStatistics()
    for values, known in numbers.frames(range(count)):
        counted.add(values[known])
    to_depth = _disparity_to_depth(raw.path, counted) if unit == "disparity" else _unchanged
    return DepthVideo(
        width=raw.width,
        height=raw.height,
        frame_count=count,
        metric=unit in {"mm", "m"},
        statistics=_statistics(counted, to_depth, count * raw.width * raw.height),
        stored=_UserDepth(numbers, to_depth),
        assumed=assumed,
    )


@dataclass(frozen=True)
class _Numbers:
    """The file's numbers as float32, and which of them are known; mm already in metres."""

    raw: RawDepth
    unit: str
    unknown: float | None

    def frames(self, indices: Sequence[int]) -> Iterator[tuple[Values, Known]]:
        """Yield the frames of these numbers.

        Raises:
            MediaError: a number that is no depth, naming the frame and the pixel.
        """
        for index, raw in zip(indices, self.raw.read(indices), strict=True):
            known = self._known(raw, index)
            with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, and so unknown
                values = raw.astype(np.float32)
            known &= np.isfinite(values)
            if not known.any():
                raise MediaError(f"{self.raw.path}: in frame {index} no depth is known; leave that frame out")
            if self.unit == "mm":
                values /= np.float32(1000)
            values[~known] = 0
            yield values, known

    def _known(self, raw: Raw, index: int) -> Known:
        stated = self._is_unknown(raw)
        if raw.dtype.kind == "f":
            self._refuse(np.isnan(raw) & ~stated, raw, index, "which is no number; save 0 where depth is unknown")
        if self.unit == "disparity":
            return np.asarray(~stated)
        below = ~stated & (raw < 0)
        self._refuse(below, raw, index, "but depth is above 0; if that stands for unknown, say 'unknown: …'")
        return np.asarray(~stated & (raw != 0))

    def _is_unknown(self, raw: Raw) -> Known:
        """Tell where the stated number for "not known" stands; it may be NaN."""
        if self.unknown is None:
            return np.zeros(raw.shape, bool)
        return np.asarray(np.isnan(raw) if math.isnan(self.unknown) else raw == self.unknown)

    def _refuse(self, wrong: Known, raw: Raw, index: int, why: str) -> None:
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise MediaError(
                f"{self.raw.path} holds {raw[row, column]} at column {column}, row {row} of frame {index}, {why}"
            )


@dataclass(frozen=True)
class _UserDepth:
    """z-depth from a user's file."""

    numbers: _Numbers
    to_depth: Callable[[Values], Values]

    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        """Yield depth and known mask of these frames."""
        for values, known in self.numbers.frames(indices):
            depth = self.to_depth(values)
            yield np.where(known, depth, np.float32(0)), known


def _unchanged(values: Values) -> Values:
    return values


def _disparity_to_depth(file: Path, counted: StreamStatistics) -> Callable[[Values], Values]:
    low, high = counted.smallest, counted.largest
    if not high > low:
        raise MediaError(f"{file} holds the same disparity everywhere; nothing would be nearer than anything")
    return lambda values: ex4d_depth(values, low, high)


def _statistics(counted: StreamStatistics, to_depth: Callable[[Values], Values], pixels: int) -> DepthStatistics:
    """Turn the statistics of the file's numbers into those of depth; disparity runs the other way."""
    shares = (counted.smallest, counted.quantile(0.01), counted.quantile(0.5), counted.quantile(0.99), counted.largest)
    low, first, median, last, high = map(float, to_depth(np.array([shares], np.float32))[0])
    if to_depth is not _unchanged:
        low, first, high = high, last, low
    return DepthStatistics(low, first, median, high, counted.count / pixels)
