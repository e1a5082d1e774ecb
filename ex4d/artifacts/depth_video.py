"""The depth of every source frame: a handle that reads when asked, from wherever the depth lies."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ex4d.array_types import Bool, Float32
from ex4d.artifacts.folders import damaged, lens_fields, lens_from, read_record, write_record
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.atomic import replacing_folder
from ex4d.progress import SILENT, Progress

DepthFrame = tuple[Float32[np.ndarray, "height width"], Bool[np.ndarray, "height width"]]
"""z-depth, and where it is known: there above 0 and finite; 0 elsewhere."""


@dataclass(frozen=True)
class DepthStatistics:
    """Of all known depths of all frames. Smallest and largest are exact, the quantiles to 0.1 %."""

    smallest: float
    first_percentile: float
    median: float
    largest: float
    known_share: float
    """Of all pixels, 0 to 1."""


@runtime_checkable
class StoredDepth(Protocol):
    """Where a depth video's frames come from."""

    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        """Yield the frames of these numbers; growing numbers are one pass."""
        ...


@dataclass(frozen=True)
class DepthVideo:
    """A handle: what the depth is; frames are read when asked for.

    It covers the whole picture of its video evenly, in as many pixels or fewer.
    """

    width: int
    """Pixels of depth across."""
    height: int
    """Pixels of depth down."""
    frame_count: int
    metric: bool
    """True: depth is in metres. False: in a unit of its own, one for the whole video."""
    statistics: DepthStatistics
    stored: StoredDepth = field(repr=False)
    lens: Pinhole | None = None
    """The lens of the video as delivered, in the video's pixels, where whatever made the depth says."""
    assumed: tuple[str, ...] = ()
    """What the file does not say and ex4d assumed, in words for the user."""

    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        """Yield depth and known mask of these source frames; growing numbers are one pass.

        Raises:
            MediaError: a frame that is not there, or damaged.
        """
        return self.stored.frames(indices)

    def scaled(self, factor: float) -> DepthVideo:
        """Return the same depth times a factor, which is above 0."""
        lengths = {name: factor * getattr(self.statistics, name) for name in _LENGTHS}
        statistics = replace(self.statistics, **lengths)
        return replace(self, statistics=statistics, stored=_Scaled(self.stored, np.float32(factor)))

    def save(self, folder: Path, progress: Progress = SILENT) -> DepthVideo:
        """Copy all frames into a folder of their own, exactly; return the handle of the copy.

        ``progress`` is told of each frame.

        Raises:
            OutputError: the place cannot be written.
        """
        with replacing_folder(folder) as temporary:
            with zipfile.ZipFile(temporary / "depth.zip", "w") as archive:
                for index, (depth, _) in enumerate(self.frames(range(self.frame_count))):
                    # As it is: deflated, what a network gives keeps 86 % of its bytes, in 79 ms a frame of 1024x576.
                    archive.writestr(_member(index), _npy(depth), zipfile.ZIP_STORED)
                    progress.advance()
            write_record(temporary, "depth", self._record())
        return DepthVideo.load(folder)

    @classmethod
    def load(cls, folder: Path) -> DepthVideo:
        """Open a folder that :meth:`save` wrote.

        Raises:
            MediaError: not such a folder, or damaged.
        """
        record = read_record(folder, "depth")
        try:
            width, height, count = (int(record[name]) for name in ("width", "height", "frame_count"))
            figures = DepthStatistics(*(float(record["statistics"][each.name]) for each in fields(DepthStatistics)))
            lens = lens_from(record["lens"]) if record["lens"] else None
            assumed = tuple(str(word) for word in record["assumed"])
            stored = _DepthFolder(folder, (height, width), count)
            stored.check()
        except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as cause:
            raise damaged(folder, str(cause)) from cause
        return cls(width, height, count, bool(record["metric"]), figures, stored, lens, assumed)

    def _record(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "frame_count": self.frame_count,
            "metric": self.metric,
            "statistics": asdict(self.statistics),
            "lens": lens_fields(self.lens) if self.lens else None,
            "assumed": list(self.assumed),
        }


@dataclass(frozen=True)
class _Scaled:
    """Depth of somewhere else times a factor."""

    stored: StoredDepth
    factor: np.float32

    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        """Yield the frames of these numbers."""
        for depth, known in self.stored.frames(indices):
            yield depth * self.factor, known


_LENGTHS = ("smallest", "first_percentile", "median", "largest")
"""Of the statistics, those that are depths."""


@dataclass(frozen=True)
class _DepthFolder:
    """Depth in a folder: one .npy a frame in one archive; 0 is unknown."""

    folder: Path
    shape: tuple[int, int]
    frame_count: int

    def check(self) -> None:
        """Raise ValueError unless every frame is there with the right size."""
        with zipfile.ZipFile(self.folder / "depth.zip") as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
        header = len(_npy(np.zeros((0, self.shape[1]), np.float32)))
        needed = 4 * self.shape[0] * self.shape[1]
        for index in range(self.frame_count):
            if not needed <= sizes.get(_name(index), 0) <= needed + 2 * header:
                raise ValueError(f"frame {index} of depth.zip is missing or of another size")

    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        """Yield the frames of these numbers."""
        try:
            with zipfile.ZipFile(self.folder / "depth.zip") as archive:
                for index in indices:
                    depth = np.lib.format.read_array(io.BytesIO(archive.read(_name(index))), allow_pickle=False)
                    if depth.shape != self.shape or depth.dtype != np.float32:
                        raise ValueError(f"frame {index} is {depth.shape} of {depth.dtype}")
                    yield depth, depth > 0
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as cause:
            raise damaged(self.folder, str(cause)) from cause


def _name(index: int) -> str:
    return f"{index:06}.npy"


def _member(index: int) -> zipfile.ZipInfo:
    """Return a member's head without the time of day, so that the same depth gives the same bytes."""
    return zipfile.ZipInfo(_name(index))


def _npy(depth: Float32[np.ndarray, "height width"]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, depth, allow_pickle=False)
    return buffer.getvalue()
