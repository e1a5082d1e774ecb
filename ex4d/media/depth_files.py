"""Depth files of any kind as one: raw frames, in the numbers of the file, one at a time.

Read are ``.npz`` (an array named ``depth``, or the only one; optionally scalars ``unit``, ``unknown`` and
``horizontal_angle_deg``), ``.npy``, folders or globs of 16-bit PNG or of EXR, and 16-bit gray video (FFV1): the numbers
as they are, or the depth that they stand for where :mod:`ex4d.media.depth_writing` wrote it. Nothing in them is
unpickled, every size is checked before an array of it is made, and however long the file, one frame is held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ex4d.array_types import Shaped
from ex4d.errors import MediaError
from ex4d.media.array_files import ArrayFile, open_npy, open_npz
from ex4d.media.containers import check_size, opened
from ex4d.media.depth_meaning import TAG, read_tag
from ex4d.media.exr import read_exr, read_exr_header
from ex4d.media.image_files import ImageHeader, read_gray16, read_header
from ex4d.media.local_files import files_of, is_collection, local_file
from ex4d.media.lossless import read_gray16_video
from ex4d.media.probe import MediaInfo, probe

RawFrame = Shaped[np.ndarray, "height width"]

_VIDEO_SUFFIXES = frozenset({".mkv", ".mov", ".mp4", ".avi", ".webm", ".ts"})
_WHAT_IS_READ = (
    "depth is read from .npz, .npy, folders or globs of 16-bit PNG or EXR, and 16-bit gray FFV1 video (.mkv)"
)


@dataclass(frozen=True)
class RawDepth:
    """A depth file that was opened and whose header was believed: its frames are numbers without a unit as yet."""

    path: Path
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    frame_count: int
    is_integer: bool
    """Whole numbers, as cameras store millimetres; else floating point."""
    read: Callable[[Sequence[int]], Iterator[RawFrame]] = field(repr=False)
    """Yields the frames of growing numbers, in the file's own type, in one pass."""
    unit: str | None = None
    """As the file itself states it."""
    unknown: float | None = None
    """The number that stands for "not known", as the file itself states it."""
    horizontal_angle_deg: float | None = None
    """What the lens of the whole picture sees from side to side, as the file itself states it."""


def open_raw_depth(path: Path) -> RawDepth:
    """Open a depth file of any kind that is read.

    Raises:
        MediaError: no local regular file or folder, of a kind that is not read, or not what its header says.
    """
    if is_collection(path):
        return _open_images(path)
    suffix = local_file(path).suffix.lower()
    if suffix in {".npz", ".npy"}:
        return _open_array(path, suffix)
    if suffix in _VIDEO_SUFFIXES:
        return _open_video(path)
    if suffix == ".exr":
        return _exr_images(path, (path,))
    if suffix == ".png":
        return _raw_images(path, (path,))
    raise MediaError(f"{path} is not a depth file; {_WHAT_IS_READ}")


def _open_array(path: Path, suffix: str) -> RawDepth:
    array = open_npz(path) if suffix == ".npz" else open_npy(path)
    frames, height, width = _as_frames(array, path)
    check_size(path, width, height)

    def read(indices: Sequence[int]) -> Iterator[RawFrame]:
        for values in array.read(height * width, indices):
            yield values.reshape(height, width)

    stated = (array.unit, array.unknown, array.horizontal_angle_deg)
    return RawDepth(path, width, height, frames, array.dtype.kind in "iu", read, *stated)


def _as_frames(array: ArrayFile, path: Path) -> tuple[int, int, int]:
    """Return frames, height, width of an array whose numbers can be depth."""
    shape = array.shape if len(array.shape) != 2 else (1, *array.shape)
    if len(shape) != 3 or math.prod(shape) == 0:
        raise MediaError(f"{path} holds an array of shape {array.shape}; depth is (frames, height, width)")
    if array.dtype.kind not in "fiu" or array.dtype.itemsize == 1:
        raise MediaError(f"{path} holds {array.dtype}; depth is floating point, or whole numbers of 16 bits or more")
    return shape[0], shape[1], shape[2]


def _open_images(path: Path) -> RawDepth:
    images = files_of(path, (".png", ".exr"))
    if images[0].suffix.lower() == ".exr":
        return _exr_images(path, images)
    return _raw_images(path, images)


def _exr_images(path: Path, images: tuple[Path, ...]) -> RawDepth:
    first = read_exr_header(images[0])
    for image in images[1:]:
        header = read_exr_header(image)
        if (header.width, header.height) != (first.width, first.height):
            raise MediaError(f"{image} is {header.width}x{header.height}, the first is {first.width}x{first.height}")
        if (header.channel, header.dtype) != (first.channel, first.dtype):
            here, there = f"{header.channel}, {header.dtype}", f"{first.channel}, {first.dtype}"
            raise MediaError(f"{image} has its depth in {here}; the first has it in {there}")

    def read(indices: Sequence[int]) -> Iterator[RawFrame]:
        for index in indices:
            depth = read_exr(images[index])
            if (depth.shape, depth.dtype) != ((first.height, first.width), first.dtype):
                raise MediaError(f"{images[index]} changed while it was read")
            yield depth

    return RawDepth(path, first.width, first.height, len(images), is_integer=first.dtype.kind == "u", read=read)


def _raw_images(path: Path, images: tuple[Path, ...]) -> RawDepth:
    first = read_header(images[0])
    for image in images:
        _check_depth_image(image, read_header(image), first)

    def read(indices: Sequence[int]) -> Iterator[RawFrame]:
        for index in indices:
            depth = read_gray16(images[index])
            if depth.shape != (first.height, first.width):
                raise MediaError(f"{images[index]} changed while it was read")
            yield depth

    return RawDepth(path, first.width, first.height, len(images), is_integer=True, read=read)


def _check_depth_image(path: Path, header: ImageHeader, first: ImageHeader) -> None:
    if (header.bits, header.channels) != (16, 1):
        raise MediaError(
            f"{path} has {header.channels} channel(s) of {header.bits} bits; depth images have one channel of 16 bits"
        )
    if header != first:
        raise MediaError(f"{path} is {header.width}x{header.height}, the first is {first.width}x{first.height}")


def _open_video(path: Path) -> RawDepth:
    info = probe(path)
    if info.pixel_format != "gray16le":
        raise MediaError(
            f"{path} stores {info.pixel_format}; depth video is lossless 16-bit gray: "
            "ffmpeg -i DEPTH -c:v ffv1 -pix_fmt gray16le depth.mkv"
        )

    text = _tag(path)
    if text is not None:
        return _with_meaning(info, text)

    def read(indices: Sequence[int]) -> Iterator[RawFrame]:
        return read_gray16_video(info, indices)

    return RawDepth(path, info.width, info.height, info.frame_count, is_integer=True, read=read)


def _tag(path: Path) -> str | None:
    with opened(path) as (container, _):
        return container.metadata.get(TAG)


def _with_meaning(info: MediaInfo, tag: str) -> RawDepth:
    """Return the depth that the codes of a video stand for, by the video's own word."""
    try:
        meaning, codes = read_tag(tag)
    except MediaError as cause:
        raise MediaError(f"{info.path}: {cause}") from cause

    def read(indices: Sequence[int]) -> Iterator[RawFrame]:
        return map(codes.decode, read_gray16_video(info, indices))

    size, angle = (info.width, info.height), meaning.horizontal_angle_deg
    return RawDepth(info.path, *size, info.frame_count, False, read, meaning.unit, 0.0, angle)
