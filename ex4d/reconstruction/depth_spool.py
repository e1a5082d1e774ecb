"""Frames of a depth model on their way to the disk: relative disparity is depth only when the whole clip is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from ex4d.array_types import Float32
from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import OutputError, ReconstructionError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.atomic import lent_folder
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.probe import MediaInfo
from ex4d.reconstruction.depth_file import depth_of

SpooledUnit = Literal["disparity", "relative", "m"]


@dataclass
class DepthSpool:
    """A file of raw frames beside the folder that is to hold the depth of a clip.

    A model writes its frames one by one, and then has them made depth.
    """

    clip: MediaInfo
    size: tuple[int, int]
    """Width and height of its frames, pixels; evenly over the whole picture."""
    unit: SpooledUnit
    """``disparity`` becomes depth by EX-4D's normalisation; the others are z-depth."""
    _folder: Path
    _file: BinaryIO
    _written: int = 0
    _range: list[float] = field(default_factory=lambda: [np.inf, -np.inf])

    def write(self, frame: Float32[np.ndarray, "height width"]) -> None:
        """Append the next frame.

        Raises:
            ReconstructionError: a number that is not finite, or z-depth that is not above 0.
        """
        assert frame.shape == self.size[::-1], f"{frame.shape} is not {self.size[::-1]}"
        low, high = float(frame.min()), float(frame.max())
        if not np.isfinite([low, high]).all():
            raise ReconstructionError(
                f"{self.clip.path}: the depth model's numbers for frame {self._written} are not finite"
            )
        if self.unit != "disparity" and low <= 0:
            raise ReconstructionError(
                f"{self.clip.path}: the depth model has parts of frame {self._written} at {low:g}, behind the camera"
            )
        self._range = [min(low, self._range[0]), max(high, self._range[1])]
        with self._disk():
            self._file.write(frame.astype("<f4").tobytes())
        self._written += 1

    def depth(self, assumed: tuple[str, ...], lens: Pinhole | None = None, factor: float = 1.0) -> DepthVideo:
        """Make depth of all frames, in the folder; to be called once, when the last one is written.

        Args:
            assumed: what the user should know of how it was made.
            lens: that of the clip, in its pixels, where the model knows it.
            factor: what z-depth is multiplied with, where that is known only now.

        Raises:
            ReconstructionError: the model sees the same disparity everywhere.
        """
        assert self._written == self.clip.frame_count, f"{self._written} of {self.clip.frame_count} frames are written"
        if self.unit == "disparity" and not self._range[1] > self._range[0]:
            raise ReconstructionError(
                f"{self.clip.path}: the depth model finds no depth in it; give source.depth a file"
            )
        with self._disk():
            self._file.flush()
        stored = open_raw_depth(Path(self._file.name))
        scaled = replace(stored, read=lambda indices: (frame * np.float32(factor) for frame in stored.read(indices)))
        made = depth_of(stored if factor == 1.0 else scaled, self.unit, None, self._written, assumed)
        return replace(made, lens=lens).save(self._folder)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as cause:
            raise OutputError(f"{self._folder} cannot be written: {cause.strerror or cause}") from cause


@contextmanager
def spooling(clip: MediaInfo, size: tuple[int, int], unit: SpooledUnit, folder: Path) -> Iterator[DepthSpool]:
    """Lend a spool for the depth of ``clip``, which is to lie in ``folder``; nothing but that is left behind.

    Raises:
        OutputError: the folder's place cannot be written, or the disk is full.
    """
    header = {"descr": "<f4", "fortran_order": False, "shape": (clip.frame_count, size[1], size[0])}
    with lent_folder(folder) as beside, _closed_at_last((beside / "spool.npy").open("wb")) as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        yield DepthSpool(clip, size, unit, folder, stream)


@contextmanager
def _closed_at_last(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Lend a stream; of bytes that it still holds at the end nobody asks, so that a full disk does not matter then."""
    try:
        yield stream
    finally:
        with suppress(OSError):
            stream.close()
