"""Between the Y'CbCr of video streams and the R'G'B' that ex4d computes with, by the stream's own tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ex4d.array_types import UInt8
from ex4d.errors import MediaError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

BT709 = 1
"""Matrix, transfer and primaries alike (ITU-T H.273)."""
LIMITED, FULL = 1, 2
"""Ranges, as the library numbers them: luma 16..235, or 0..255."""

# Matrix tags of H.273 to the scaler's own numbers; 2 is "unspecified".
_SCALER_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_UNSPECIFIED = 2
_BT601 = 5
_TALLEST_SD = 576
"""Untagged video up to this height is taken for standard definition, as players do."""
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}

SCALER_THREADS = 1
"""Of swscale, for one frame: waking more takes longer than they save (1.0 against 5 to 8 ms a 512x384 frame on two
busy cores), and frames are converted beside other work anyway."""


def to_rgb(frame: VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
    """Convert a decoded frame to R'G'B' by its tags; by :func:`assumptions` where it has none.

    Raises:
        MediaError: a matrix that is not known (YCgCo, ICtCp).
    """
    from av.video.reformatter import Interpolation

    # Without these flags the scaler drops chroma samples and rounds down: 2 levels of error instead of 1.
    exactly = (
        Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
    )
    if _is_rgb(frame):
        return frame.reformat(format="rgb24", threads=SCALER_THREADS).to_ndarray()
    matrix = _matrix(frame)
    converted = frame.reformat(
        format="rgb24",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=FULL if _is_full_range(frame) else LIMITED,
        dst_color_range=FULL,
        interpolation=exactly,
        threads=SCALER_THREADS,
    )
    return converted.to_ndarray()


def to_yuv420(colour: UInt8[np.ndarray, "height width 3"]) -> VideoFrame:
    """Convert R'G'B' to a frame of 4:2:0 Y'CbCr, BT.709, limited range, tagged as such."""
    from av.video.frame import VideoFrame
    from av.video.reformatter import Interpolation

    frame = VideoFrame.from_ndarray(np.ascontiguousarray(colour), format="rgb24").reformat(
        format="yuv420p",
        src_colorspace=BT709,
        dst_colorspace=BT709,
        src_color_range=FULL,
        dst_color_range=LIMITED,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP,
        threads=SCALER_THREADS,
    )
    frame.color_trc = BT709
    frame.color_primaries = BT709
    return frame


def assumptions(frame: VideoFrame) -> tuple[str, ...]:
    """Say in words what the frame's tags leave open and how it is read."""
    found = []
    if not _is_rgb(frame) and frame.colorspace == _UNSPECIFIED:
        name = "BT.601" if _matrix(frame) == _BT601 else "BT.709"
        found.append(f"colours are not tagged; read as {name} by the height of the video")
    if frame.color_trc in _HDR_TRANSFERS:
        found.append(f"{_HDR_TRANSFERS[frame.color_trc]} video is read without tone mapping; colours will look flat")
    return tuple(found)


def _matrix(frame: VideoFrame) -> int:
    if frame.colorspace in _SCALER_MATRIX:
        return _SCALER_MATRIX[frame.colorspace]
    if frame.colorspace not in {0, _UNSPECIFIED}:
        raise MediaError(f"colours are stored by a matrix that is not known (H.273 number {frame.colorspace})")
    return _BT601 if frame.height <= _TALLEST_SD else BT709


def _is_rgb(frame: VideoFrame) -> bool:
    name = frame.format.name
    return frame.format.is_rgb or name.startswith(("gray", "pal", "mono", "ya"))


def _is_full_range(frame: VideoFrame) -> bool:
    return frame.color_range == FULL or frame.format.name.startswith("yuvj")
