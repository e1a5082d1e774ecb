"""Encoding frames: H.264 that plays in browsers, FFV1 and masks that lose nothing. Same frames, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8, UInt16
from ex4d.errors import OutputError
from ex4d.media.colour import SCALER_THREADS, to_yuv420
from ex4d.media.encoder import NO_TAGS, add_ffv1, add_h264, add_mask, encoder
from ex4d.media.sound_frames import SOUND_RATE, sound_frame

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Writer = TypeVar("Writer", bound="_Encoding")
LosslessKind = Literal["colour", "gray", "gray16"]

_LOSSLESS_FORMATS = {"colour": ("rgb24", "bgr0"), "gray": ("gray", "gray"), "gray16": ("gray16le", "gray16le")}
"""Of the array, and in the file: FFV1 has no gbrp of 8 bits, but stores bgr0 as R'G'B' without its empty byte."""


class _Encoding:
    """A file that is open for frames within a block."""

    _encoder: AbstractContextManager[Callable[[VideoFrame | AudioFrame], None]]

    def __enter__(self: Writer) -> Writer:
        self._put = self._encoder.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._encoder.__exit__(kind, error, trace)


class H264Writer(_Encoding):
    """Writes an MP4 that browsers play: 4:2:0, BT.709 limited range and tagged so, the index in front, an exact rate.

    A context manager. The file appears under its name only when the block ends without an error. The loss is that of
    CRF 17, hardly seen, and of 4:2:0; of sound, that of AAC at 192 kb/s.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: Fraction, *, sound: bool = False) -> None:
        """Plan a video of ``size`` (width, height), both even, at ``rate`` frames a second, with or without ``sound``.

        Raises:
            OutputError: an odd or impossible size, or a rate that is not above 0.
        """
        if size[0] % 2 or size[1] % 2:
            raise OutputError(f"{path}: H.264 has even sides only, not {size[0]}x{size[1]}; give an even size")
        self._encoder = encoder(path, size, rate, "mp4", add_h264, sound=sound)
        self._heard = 0

    def write(self, frame: UInt8[np.ndarray, "height width 3"]) -> None:
        """Append one R'G'B' frame.

        Raises:
            OutputError: another size than was said, or a full disk.
        """
        self._put(to_yuv420(frame))

    def write_sound(self, samples: Float32[np.ndarray, "samples 2"]) -> None:
        """Append sound, 48,000 samples a second, -1..1; the first sample is heard as the first frame appears.

        Raises:
            OutputError: a full disk.
        """
        if len(samples):
            self._put(sound_frame(samples, SOUND_RATE, self._heard))
            self._heard += len(samples)


class MaskWriter(_Encoding):
    """Writes an MP4 of a black and white mask that every common reader gives back as exactly 0 and 255.

    H.264 without any loss (QP 0), of gray in full range: 0 and 255 are the least and the most that a player of full
    range knows, and beyond black and white to one that takes all video for limited. Sides may be odd.

    A context manager. The file appears under its name only when the block ends without an error.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: Fraction) -> None:
        """Plan a mask of ``size`` (width, height) at ``rate`` frames a second.

        Raises:
            OutputError: an impossible size, or a rate that is not above 0.
        """
        self._encoder = encoder(path, size, rate, "mp4", add_mask)

    def write(self, mask: Bool[np.ndarray, "height width"]) -> None:
        """Append one frame, white where the mask is True.

        Raises:
            OutputError: another size than was said, or a full disk.
        """
        from av.video.frame import VideoFrame

        self._put(VideoFrame.from_ndarray(mask.astype(np.uint8) * np.uint8(255), format="gray"))


class LosslessWriter(_Encoding):
    """Writes an MKV with FFV1 that reads back exactly: colour, a gray image of 8 bits, or one of 16.

    A context manager. The file appears under its name only when the block ends without an error. Every frame is a
    keyframe with a checksum.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        rate: Fraction,
        kind: LosslessKind = "colour",
        *,
        tags: Mapping[str, str] = NO_TAGS,
    ) -> None:
        """Plan a video of ``size`` (width, height) at ``rate`` frames a second; ``tags`` are noted in the file.

        Raises:
            OutputError: an impossible size, or a rate that is not above 0.
        """
        self._array_format, self._file_format = _LOSSLESS_FORMATS[kind]

        def add(output: OutputContainer, size: tuple[int, int], rate: Fraction) -> VideoStream:
            return add_ffv1(output, size, rate, self._file_format)

        self._encoder = encoder(path, size, rate, "matroska", add, tags)

    def write(
        self,
        frame: UInt8[np.ndarray, "height width 3"]
        | UInt8[np.ndarray, "height width"]
        | UInt16[np.ndarray, "height width"],
    ) -> None:
        """Append one frame: uint8 with three channels for colour, uint8 or uint16 with one for gray.

        Raises:
            OutputError: another size than was said, or a full disk.
        """
        from av.video.frame import VideoFrame

        image = VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=self._array_format)
        self._put(
            image
            if self._array_format == self._file_format
            else image.reformat(format=self._file_format, threads=SCALER_THREADS)
        )
