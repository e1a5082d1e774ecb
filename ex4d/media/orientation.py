"""The rotation that phones write into a video instead of turning its pixels."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from ex4d.errors import MediaError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_SQUARE_ENOUGH = 0.01
"""Pixel shapes this near to 1 are rounding of the coded size, not an anamorphic lens."""

_ROUNDING_DEG = 1
"""The library gives whole degrees, cut off, of a fixed-point matrix."""


def quarter_turns(frame: VideoFrame, stream: VideoStream, path: Path) -> int:
    """Return how many quarter turns counterclockwise show the frame upright.

    Raises:
        MediaError: the file asks for another angle, for a mirror image, or has pixels that are not square.
    """
    aspect = stream.sample_aspect_ratio
    if aspect and abs(aspect - 1) > _SQUARE_ENOUGH:
        raise MediaError(f"{path} has pixels of shape {aspect}, not square ones; scale it to square pixels first")
    turns = round(frame.rotation / 90)
    if abs(frame.rotation - 90 * turns) > _ROUNDING_DEG or _mirrored(frame):
        raise MediaError(
            f"{path} is to be shown mirrored or turned by {frame.rotation} degrees; only quarter turns are known: "
            "write it anew upright"
        )
    return turns % 4


def _mirrored(frame: VideoFrame) -> bool:
    """Tell whether the display matrix (nine 32-bit integers, row by row) turns the image over."""
    from av.sidedata.sidedata import SideData

    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return False
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    return bool(a * d - b * c < 0)
