"""Encoding frames: H.264 that plays in browsers, FFV1 and masks that lose nothing. Same frames, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from jaxtyping import Bool, Float32, UInt8, UInt16

from ex4d.errors import OutputError
from ex4d.media.atomic import replacing
from ex4d.media.colour import BT709, FULL, LIMITED, SCALER_THREADS, to_yuv420
from ex4d.media.containers import LONGEST_SIDE
from ex4d.media.sound_frames import SOUND_RATE, add_sound, sound_frame

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Writer = TypeVar("Writer", bound="_Encoding")
LosslessKind = Literal["colour", "gray", "gray16"]

# What the encoders write must depend on nothing but the frames: not on the number of cores, not on the clock.
_THREADS = 4
_BITEXACT = 1 << 23

_NO_TAGS: Mapping[str, str] = MappingProxyType({})

_SMALLEST_SLICE = 8
"""Pixels a side, of the parts that FFV1 codes side by side."""

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
        self._encoder = _encoder(path, size, rate, "mp4", _add_h264, sound=sound)
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
        self._encoder = _encoder(path, size, rate, "mp4", _add_mask)

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
        tags: Mapping[str, str] = _NO_TAGS,
    ) -> None:
        """Plan a video of ``size`` (width, height) at ``rate`` frames a second; ``tags`` are noted in the file.

        Raises:
            OutputError: an impossible size, or a rate that is not above 0.
        """
        self._array_format, self._file_format = _LOSSLESS_FORMATS[kind]

        def add(output: OutputContainer, size: tuple[int, int], rate: Fraction) -> VideoStream:
            return _add_ffv1(output, size, rate, self._file_format)

        self._encoder = _encoder(path, size, rate, "matroska", add, tags)

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


@contextmanager
def _encoder(
    path: Path,
    size: tuple[int, int],
    rate: Fraction,
    container: Literal["mp4", "matroska"],
    add_stream: Callable[[OutputContainer, tuple[int, int], Fraction], VideoStream],
    tags: Mapping[str, str] = _NO_TAGS,
    *,
    sound: bool = False,
) -> Iterator[Callable[[VideoFrame | AudioFrame], None]]:
    """Open a file for one video stream, and one of sound if asked for; lend the function that appends a frame."""
    import av

    if not all(0 < side <= LONGEST_SIDE for side in size) or rate <= 0:
        raise OutputError(f"{path}: {size[0]}x{size[1]} at {rate} frames a second cannot be written")
    count = 0

    def put(frame: VideoFrame | AudioFrame) -> None:
        nonlocal count
        if isinstance(frame, av.AudioFrame):
            output.mux(heard[0].encode(frame))
            return
        if (frame.width, frame.height) != size:
            raise OutputError(f"{path} is {size[0]}x{size[1]}, its frame {count} {frame.width}x{frame.height}")
        frame.pts, frame.time_base = count, 1 / rate
        output.mux(stream.encode(frame))
        count += 1

    options = {"fflags": "+bitexact", **({"movflags": "+faststart"} if container == "mp4" else {})}
    try:
        with replacing(path) as temporary, av.open(str(temporary), "w", format=container, options=options) as output:
            output.metadata.update(tags)
            stream = add_stream(output, size, rate)
            heard = [add_sound(output)] if sound else []
            yield put
            if count == 0:
                raise OutputError(f"{path}: a video needs at least one frame")
            output.mux(stream.encode(None))
            for track in heard:
                output.mux(track.encode(None))
    except av.error.ArgumentError as cause:
        refused = f"{size[0]}x{size[1]} at {rate} frames a second"
        raise OutputError(f"{path}: its encoder does not take {refused}; choose a smaller size") from cause
    except av.error.FFmpegError as cause:
        raise OutputError(f"{path} cannot be written: {cause.strerror}") from cause


def _add_h264(output: OutputContainer, size: tuple[int, int], rate: Fraction) -> VideoStream:
    # A keyframe a second lets a browser jump about; the decoder order and the rest are the encoder's defaults.
    # No macroblock tree: on frames of a few blocks its vector code now and then gives other bytes for the same frames
    # (1 run in 200 at 64x48). A film is a fifth larger for it.
    options = {"crf": "17", "preset": "medium", "profile": "high", "g": str(max(1, round(rate))), "mbtree": "0"}
    stream = output.add_stream("libx264", rate=rate, options=options)
    _set_up(stream, size, "yuv420p")
    context = stream.codec_context
    context.colorspace, context.color_range = BT709, LIMITED
    context.color_primaries, context.color_trc = BT709, BT709
    return stream


def _add_mask(output: OutputContainer, size: tuple[int, int], rate: Fraction) -> VideoStream:
    options = {"qp": "0", "preset": "medium", "g": str(max(1, round(rate))), "mbtree": "0"}
    stream = output.add_stream("libx264", rate=rate, options=options)
    _set_up(stream, size, "gray")
    context = stream.codec_context
    context.colorspace, context.color_range = BT709, FULL
    context.color_primaries, context.color_trc = BT709, BT709
    return stream


def _add_ffv1(output: OutputContainer, size: tuple[int, int], rate: Fraction, pixel_format: str) -> VideoStream:
    slices = "4" if min(size) >= 2 * _SMALLEST_SLICE else "1"
    options = {"level": "3", "g": "1", "slices": slices, "slicecrc": "1"}
    stream = output.add_stream("ffv1", rate=rate, options=options)
    _set_up(stream, size, pixel_format)
    return stream


def _set_up(stream: VideoStream, size: tuple[int, int], pixel_format: str) -> None:
    stream.width, stream.height = size
    stream.pix_fmt = pixel_format
    stream.codec_context.flags |= _BITEXACT
    stream.codec_context.thread_count = _THREADS
