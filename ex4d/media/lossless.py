"""Reading back, exactly, what LosslessWriter wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ex4d.array_types import UInt8, UInt16
from ex4d.errors import MediaError
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import check_indices, decode

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


def read_gray(info: MediaInfo, indices: Sequence[int]) -> Iterator[UInt8[np.ndarray, "height width"]]:
    """Yield frames of an 8-bit gray video, as stored.

    Raises:
        MediaError: the video is not of that kind, or a frame cannot be decoded.
    """
    yield from _stored(info, indices, "gray")


def read_gray16_video(info: MediaInfo, indices: Sequence[int]) -> Iterator[UInt16[np.ndarray, "height width"]]:
    """Yield frames of a 16-bit gray video, as stored.

    Raises:
        MediaError: the video is not of that kind, or a frame cannot be decoded.
    """
    yield from _stored(info, indices, "gray16le")


def _stored(info: MediaInfo, indices: Sequence[int], pixel_format: str) -> Iterator[np.ndarray]:
    check_indices(info, indices)
    if info.pixel_format != pixel_format:
        raise MediaError(f"{info.path} stores {info.pixel_format or 'images'}, not {pixel_format}")

    def array(frame: VideoFrame) -> np.ndarray:
        return np.ascontiguousarray(frame.to_ndarray())

    yield from decode(info, indices, array)
