"""Opening a video container, safely, with errors a user understands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ex4d.errors import MediaError
from ex4d.media.local_files import local_file

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

LONGEST_SIDE = 16_384
"""Pixels; larger frames are refused."""

_PADDING = 128
"""Pixels by which a decoder may round a side up."""

# Both are needed: the protocols alone would still let a playlist list other local files, the formats alone would let
# a listed format fetch its parts from elsewhere.
_SAFE = {"format_whitelist": "mov,mp4,matroska,webm,avi,mpegts", "protocol_whitelist": "file"}


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a local video file and give its container and its video stream; close it afterwards.

    Errors of the library inside the block, too, become a MediaError that names the file.

    Raises:
        MediaError: not a local regular file, not a video in a known container, broken, or too large.
    """
    import av

    real = local_file(path)
    try:
        with av.open(str(real), options=_SAFE, metadata_errors="replace") as container:
            stream = _video_stream(container, path)
            width, height = stream.codec_context.width, stream.codec_context.height
            check_size(path, width, height)
            # A stream may change its size midway: nothing much larger than its head promises is ever allocated.
            stream.codec_context.options = {"max_pixels": str((width + _PADDING) * (height + _PADDING))}
            yield container, stream
    except (av.error.FFmpegError, UnicodeDecodeError) as cause:
        reason = getattr(cause, "strerror", None) or str(cause)
        raise MediaError(
            f"{path} cannot be read as a video ({reason}); MP4, MOV, MKV, WebM, AVI and MPEG-TS are read"
        ) from cause


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse images without pixels and images of more than 16,384 pixels a side."""
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise MediaError(f"{path} is {width}x{height}; sides of 1 to {LONGEST_SIDE} px are read")


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    import av

    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise MediaError(f"{path} holds no video stream that can be decoded")
