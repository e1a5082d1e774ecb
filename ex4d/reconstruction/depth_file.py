"""A user's depth file made a DepthVideo: its numbers checked and turned into z-depth.

Units: ``mm`` becomes metres; ``m`` stays; ``relative`` is z-depth in a unit of its own. In these three 0 and infinity
mean "not known". ``disparity`` grows towards the camera, with an unknown scale and offset: it becomes depth by EX-4D's
normalisation (:mod:`ex4d.reconstruction.disparity`), and there 0 is far away, not unknown. Without a stated unit, whole
numbers are mm and floating point is relative.

Depth has as many pixels as the video, or fewer, which are evenly spread over the whole picture: fewer are taken where
the user says how they are to be enlarged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Shaped

from ex4d.artifacts.depth_video import DepthFrame, DepthStatistics, DepthVideo
from ex4d.errors import MediaError
from ex4d.media.depth_files import RawDepth, open_raw_depth
from ex4d.media.probe import MediaInfo
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_statistics import StreamStatistics
from ex4d.reconstruction.disparity import ex4d_depth
from ex4d.shotlist.depth import DEPTH_UNITS
from ex4d.shotlist.model import DepthFile

SAME_SHAPE = 0.02
"""How far the sides' ratio of smaller depth may be from the video's: networks round to multiples of 14 or 64 pixels."""

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
        MediaError: not a depth file, of another size or length than the video, NaN or negative depth, or a frame of
            which nothing is known.
    """
    raw = open_raw_depth(depth.file)
    _check_fits(depth, raw, clip, frames)
    unit, assumed = _unit(depth, raw)
    unknown = raw.unknown if depth.unknown is None else depth.unknown
    return depth_of(raw, unit, unknown, raw.frame_count if frames is None else frames, assumed)


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
        stated = np.zeros(raw.shape, bool) if self.unknown is None else raw == self.unknown
        if raw.dtype.kind == "f":
            self._refuse(np.isnan(raw) & ~stated, raw, index, "which is no number; save 0 where depth is unknown")
        if self.unit == "disparity":
            return np.asarray(~stated)
        below = ~stated & (raw < 0)
        self._refuse(below, raw, index, "but depth is above 0; if that stands for unknown, say 'unknown: …'")
        return np.asarray(~stated & (raw != 0))

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


def _check_fits(depth: DepthFile, raw: RawDepth, clip: MediaInfo, frames: int | None) -> None:
    if (raw.width, raw.height) != clip.size:
        _check_smaller(depth, raw, clip)
    if raw.frame_count not in {clip.frame_count, frames}:
        fewer = "" if frames in {None, clip.frame_count} else f", or for the {frames} of them that are asked for"
        raise MediaError(
            f"{raw.path} has {raw.frame_count} frames, but the video {clip.path.name} has {clip.frame_count}; "
            f"depth has a frame for every frame of the video{fewer}"
        )


def _check_smaller(depth: DepthFile, raw: RawDepth, clip: MediaInfo) -> None:
    sizes = (
        f"{raw.path} is {raw.width}x{raw.height}, but the video {clip.path.name} is {clip.width}x{clip.height}; "
        "depth has a number for every pixel of the video"
    )
    if raw.width > clip.width or raw.height > clip.height:
        raise MediaError(sizes)
    if abs(raw.width * clip.height / (raw.height * clip.width) - 1) > SAME_SHAPE:
        raise MediaError(f"{sizes}, or fewer in the same shape")
    if depth.upsample is None:
        raise MediaError(f"{sizes}; if these cover the whole picture, write 'upsample: guided', and they are enlarged")


def _unit(depth: DepthFile, raw: RawDepth) -> tuple[str, tuple[str, ...]]:
    """Return the unit, and what was assumed for it: the user's word, the file's, or by the kind of its numbers."""
    if raw.unit is not None and raw.unit not in DEPTH_UNITS:
        raise MediaError(f"{raw.path} says its unit is {raw.unit!r}; known are {', '.join(DEPTH_UNITS)}")
    stated = depth.unit or raw.unit
    if stated:
        return stated, ()
    if raw.is_integer:
        return "mm", ("depth in mm, as its numbers are whole",)
    return "relative", ("depth in a unit of its own, as none is stated",)


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
