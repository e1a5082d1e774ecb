"""Decoding frames by their number, one pass for growing numbers, a few frames in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ex4d.array_types import Shaped, UInt8
from ex4d.errors import MediaError
from ex4d.media.containers import opened
from ex4d.media.fitting import Fit
from ex4d.media.image_files import read_colour
from ex4d.media.probe import MediaInfo

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

FAR_AHEAD = 48
"""Frames; decoding through fewer is quicker than seeking to a keyframe that is likely behind."""
KEPT_BYTES = 64 << 20
"""Of decoded R'G'B' that is kept to play backwards."""

Array = TypeVar("Array", bound=np.ndarray)


def read_frames(
    info: MediaInfo, indices: Sequence[int], *, window: Fit | None = None
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield the R'G'B' of the frames asked for, upright, in the order asked; fitted to ``window`` if one is given.

    Equal neighbours are decoded once; growing numbers are one pass; going back costs a seek, for a few dozen at a time.

    Raises:
        MediaError: a number outside the video, a frame that cannot be decoded, or one of another size.
    """
    from ex4d.media.colour import to_rgb

    check_indices(info, indices)
    if info.images:
        frames = (_image(info, index) for index in indices)
    else:
        frames = (np.rot90(frame, info.quarter_turns) for frame in decode(info, indices, to_rgb))
    for frame in frames:
        yield np.ascontiguousarray(frame) if window is None else window.colour(np.ascontiguousarray(frame))


def decode(info: MediaInfo, indices: Sequence[int], convert: Callable[[VideoFrame], Array]) -> Iterator[Array]:
    """Yield what ``convert`` makes of each decoded frame of a video file, as stored, in the order asked."""
    with ExitStack() as files:
        reader = _Reader(info, files)
        arrays: dict[int, Array] = {}
        for block in _blocks(indices, max(1, KEPT_BYTES // (3 * info.width * info.height))):
            wanted = sorted(set(block))
            arrays = {index: arrays[index] for index in wanted if index in arrays}
            arrays |= {index: convert(reader.frame(index)) for index in wanted if index not in arrays}
            yield from (arrays[index] for index in block)


def _blocks(indices: Sequence[int], most: int) -> Iterator[list[int]]:
    """Cut numbers where they grow, so that those which shrink are decoded together; at most so many frames at a time.

    A video can be decoded only forwards, from its keyframes on: each frame alone would take all of those before it.
    """
    block: list[int] = []
    for index in indices:
        if block and (index > block[-1] or (index < block[-1] and len(set(block)) >= most)):
            yield block
            block = []
        block.append(index)
    if block:
        yield block


def check_indices(info: MediaInfo, indices: Sequence[int]) -> None:
    """Refuse frame numbers that the video does not have."""
    for index in indices:
        if not 0 <= index < info.frame_count:
            raise MediaError(f"{info.path} has frames 0 to {info.frame_count - 1}; there is no frame {index}")


class _Reader:
    """One decoder that knows which frame comes next."""

    def __init__(self, info: MediaInfo, files: ExitStack) -> None:
        self._info = info
        self._files = files
        self._begin()

    def _begin(self) -> None:
        """Open the file, anew if it was open: some containers cannot seek to their very first frame."""
        self._files.close()
        self._container, self._stream = self._files.enter_context(opened(self._info.path))
        self._stream.thread_type = "AUTO"
        self._decoded = self._container.decode(self._stream)
        self._at = -1

    def frame(self, index: int) -> VideoFrame:
        """Decode frame ``index``."""
        jump = index <= self._at or index > self._at + FAR_AHEAD
        if jump:
            self._seek(index)
        frame = self._through_to(index)
        if frame is None and jump:  # a container without an index guesses where to go, and guessed wrong
            self._begin()
            frame = self._through_to(index)
        if frame is None:
            raise MediaError(f"{self._info.path}: frame {index} is damaged or missing; write the video anew")
        return self._checked(frame)

    def _through_to(self, index: int) -> VideoFrame | None:
        for frame in self._decoded:
            self._at = self._index_of(frame)
            if self._at >= index:
                return frame if self._at == index else None
        return None

    def _index_of(self, frame: VideoFrame) -> int:
        """Return which frame this is: by its stamp, or by counting where the file has none."""
        if not self._info.timestamps or frame.pts is None:
            return self._at + 1
        return self._info.index_of_timestamp.get(frame.pts, self._at)

    def _seek(self, index: int) -> None:
        """Go to a keyframe at or before a frame; to the beginning where frames must be counted."""
        if self._info.timestamps:
            self._container.seek(self._info.timestamps[index], stream=self._stream)
            self._decoded = self._container.decode(self._stream)
            self._at = -1
        elif index <= self._at:
            self._begin()

    def _checked(self, frame: VideoFrame) -> VideoFrame:
        size = (frame.height, frame.width) if self._info.quarter_turns % 2 else (frame.width, frame.height)
        if size != self._info.size or frame.is_corrupt:
            raise MediaError(f"{self._info.path}: frame {self._at} is damaged, or of another size than the first")
        return frame


def _image(info: MediaInfo, index: int) -> Shaped[np.ndarray, "height width 3"]:
    path = info.images[index]
    image = read_colour(path)
    if image.shape[:2] != (info.height, info.width):
        raise MediaError(f"{path} is {image.shape[1]}x{image.shape[0]}, not {info.width}x{info.height}")
    return image
