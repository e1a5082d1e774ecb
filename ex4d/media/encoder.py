"""Opening a video file to be written, and the streams in it. Same frames, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from ex4d.errors import OutputError
from ex4d.media.atomic import replacing
from ex4d.media.colour import BT709, FULL, LIMITED
from ex4d.media.containers import LONGEST_SIDE
from ex4d.media.sound_frames import add_sound

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# What the encoders write must depend on nothing but the frames: not on the number of cores, not on the clock.
_THREADS = 4
_BITEXACT = 1 << 23

NO_TAGS: Mapping[str, str] = MappingProxyType({})

_SMALLEST_SLICE = 8
"""Pixels a side, of the parts that FFV1 codes side by side."""


@contextmanager
def encoder(
    path: Path,
    size: tuple[int, int],
    rate: Fraction,
    container: Literal["mp4", "matroska"],
    add_stream: Callable[[OutputContainer, tuple[int, int], Fraction], VideoStream],
    tags: Mapping[str, str] = NO_TAGS,
    *,
    sound: bool = False,
) -> Iterator[Callable[[VideoFrame | AudioFrame], None]]:
    """Open a file for one video stream, and one of sound if asked for; lend the function that appends a frame.

    The file appears under its name only when the block ends without an error; ``tags`` are noted in it.

    Raises:
        OutputError: a size or a rate that cannot be written, a frame of another size, no frame, or a full disk.
    """
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


def add_h264(output: OutputContainer, size: tuple[int, int], rate: Fraction) -> VideoStream:
    """Add a stream of H.264 whose loss is hardly seen: 4:2:0, BT.709 in limited range."""
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


def add_mask(output: OutputContainer, size: tuple[int, int], rate: Fraction) -> VideoStream:
    """Add a stream of H.264 without any loss: gray in full range."""
    options = {"qp": "0", "preset": "medium", "g": str(max(1, round(rate))), "mbtree": "0"}
    stream = output.add_stream("libx264", rate=rate, options=options)
    _set_up(stream, size, "gray")
    context = stream.codec_context
    context.colorspace, context.color_range = BT709, FULL
    context.color_primaries, context.color_trc = BT709, BT709
    return stream


def add_ffv1(output: OutputContainer, size: tuple[int, int], rate: Fraction, pixel_format: str) -> VideoStream:
    """Add a stream of FFV1, each of whose frames is a keyframe with a checksum."""
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
