"""Writing depth with its meaning: exactly, as .npz; or as 16-bit video, whose coding loses nothing.

Either is read by :func:`ex4d.media.depth_files.open_raw_depth` without a word by the user, and the .npz by
``numpy.load``. Both are written frame by frame, and appear under their name only when they are whole. The same depth
gives the same bytes.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from ex4d.array_types import Bool, Float32
from ex4d.errors import MediaError, OutputError
from ex4d.media.atomic import replacing
from ex4d.media.depth_meaning import TAG, DepthCodes, DepthMeaning, tag_of
from ex4d.media.writing import LosslessWriter

Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]

COMPRESSION_LEVEL = 1
"""Of deflate. On redkitchen's depth as a network would give it, every number its own, all levels keep 82 % of the bytes
and level 1 takes 0.07 s a frame of 640x480, level 9 half as long again; of the sensor's own millimetres level 1 keeps
12 % in 0.01 s, level 9 7 % in 0.12 s."""


class DepthNpzWriter:
    """Writes an .npz whose array ``depth`` is float32 (frames, height, width), bit for bit; 0 is unknown.

    Beside it are ``unit``, ``unknown`` and, where the lens is known, ``horizontal_angle_deg``. A context manager.
    """

    def __init__(self, path: Path, size: tuple[int, int], frame_count: int, meaning: DepthMeaning) -> None:
        """Plan a file of so many frames of ``size`` (width, height)."""
        self._path = path
        self._shape = (frame_count, size[1], size[0])
        self._meaning = meaning
        self._written = 0

    @property
    def worst_error(self) -> float:
        """By which share of itself a depth may differ when it is read: not at all."""
        return 0.0

    def __enter__(self) -> DepthNpzWriter:
        """Begin the file under a temporary name.

        Raises:
            OutputError: the place cannot be written.
        """
        with ExitStack() as files:
            temporary = files.enter_context(replacing(self._path))
            deflated = zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL)
            archive = files.enter_context(deflated)
            for name, value in self._scalars().items():  # a member opened by its name has no time of day
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, value, version=(1, 0), allow_pickle=False)
            # As numpy does: how long it gets compressed is known only afterwards.
            self._file = files.enter_context(archive.open("depth.npy", "w", force_zip64=True))
            header = {"descr": "<f4", "fortran_order": False, "shape": self._shape}
            np.lib.format.write_array_header_1_0(self._file, header)
            self._files = files.pop_all()
        return self

    def write(self, depth: Depth, known: Known) -> None:
        """Append a frame of z-depth.

        Raises:
            OutputError: another size than was said, known depth that is not finite and above 0, or a full disk.
        """
        values = _checked(self._path, self._written, depth, known, self._shape[1:])
        self._file.write(np.where(known, values, np.float32(0)).astype("<f4").tobytes())
        self._written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Give the file its name if all went well, else leave nothing.

        Raises:
            OutputError: another number of frames than was said, or a full disk.
        """
        if error is None and self._written != self._shape[0]:
            with self._files:
                raise OutputError(f"{self._path}: {self._written} of its {self._shape[0]} frames were written")
        return self._files.__exit__(kind, error, trace)

    def _scalars(self) -> dict[str, np.ndarray]:
        angle = self._meaning.horizontal_angle_deg
        lens = {} if angle is None else {"horizontal_angle_deg": np.array(angle)}
        return {"unit": np.array(self._meaning.unit), "unknown": np.array(0.0), **lens}


class DepthVideoWriter:
    """Writes an .mkv of 16-bit gray, losslessly coded, with a tag that says which depth each code is.

    What is lost is the rounding to a code: at most ``worst_error`` of the depth. A context manager.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        rate: Fraction,
        meaning: DepthMeaning,
        nearest: float,
        farthest: float,
    ) -> None:
        """Plan a video of ``size`` (width, height) whose known depth lies between two bounds, which may be equal.

        Raises:
            OutputError: an impossible size, or a rate that is not above 0.
            MediaError: bounds that depth cannot have.
        """
        self._path, self._size, self._written = path, size, 0
        self._codes = DepthCodes(nearest, farthest)
        self._video = LosslessWriter(path, size, rate, "gray16", tags={TAG: tag_of(meaning, self._codes)})

    @property
    def worst_error(self) -> float:
        """By which share of itself a depth may differ when it is read."""
        return self._codes.worst_error

    def __enter__(self) -> DepthVideoWriter:
        """Begin the file under a temporary name.

        Raises:
            OutputError: the place cannot be written.
        """
        self._video.__enter__()
        return self

    def write(self, depth: Depth, known: Known) -> None:
        """Append a frame of z-depth.

        Raises:
            OutputError: another size than was said, known depth outside the bounds, or a full disk.
        """
        values = _checked(self._path, self._written, depth, known, self._size[::-1])
        try:
            codes = self._codes.encode(values, known)
        except MediaError as cause:
            raise OutputError(f"{self._path}, frame {self._written}: {cause}") from cause
        self._video.write(codes)
        self._written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Give the file its name if all went well, else leave nothing.

        Raises:
            OutputError: there is no frame, or the disk is full.
        """
        return self._video.__exit__(kind, error, trace)


def _checked(path: Path, index: int, depth: Depth, known: Known, shape: tuple[int, ...]) -> Depth:
    if depth.shape != shape:
        raise OutputError(f"{path} is {shape[1]}x{shape[0]}, its frame {index} is {depth.shape[1]}x{depth.shape[0]}")
    unusable = known & ~((depth > 0) & (depth < np.inf))
    if unusable.any():
        raise OutputError(f"{path}, frame {index}: {depth[unusable][0]} is said to be a known depth")
    return depth
