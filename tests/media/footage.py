"""Tiny media that tests write themselves."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import imageio.v3 as iio
import numpy as np

from ex4d.media.writing import H264Writer, LosslessWriter

BITS = 10
SIZE = (BITS * 8, 16)


def numbered(index: int) -> np.ndarray:
    """A frame that carries its number as black and white bars, legible through any codec."""
    bars = np.array([255 * (index >> bit & 1) for bit in range(BITS)], np.uint8)
    row = np.repeat(bars, 8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (16, BITS * 8, 3)))


def number_of(frame: np.ndarray) -> int:
    """Read the number of a frame that `numbered` made."""
    bars = frame[8, 4::8, 1] > 127
    return int(sum(1 << bit for bit, bar in enumerate(bars) if bar))


def write_numbered(path: Path, count: int, rate: Fraction = Fraction(24)) -> Path:
    """Write frames 0..count-1, as H.264 if the name ends in .mp4, else FFV1."""
    writer = H264Writer if path.suffix == ".mp4" else LosslessWriter
    with writer(path, SIZE, rate) as video:
        for index in range(count):
            video.write(numbered(index))
    return path


def write_stamped(
    path: Path, stamps: Sequence[int], time_base: Fraction = Fraction(1, 90_000), **options: object
) -> Path:
    """Write numbered frames with the given time stamps, as a phone of variable rate does."""
    turn = options.pop("rotation", 0)
    with av.open(str(path), "w", options={"video_track_timescale": str(time_base.denominator)}) as output:
        stream = output.add_stream("libx264", rate=30, options={"g": "12", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = time_base
        if turn:
            stream.set_display_rotation(turn)
        for index, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(numbered(index), "rgb24")
            frame.pts, frame.time_base = stamp, time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def write_images(folder: Path, count: int, size: tuple[int, int] = (8, 6), name: str = "{}.png") -> Path:
    """Write a folder of images whose level is their number."""
    folder.mkdir(exist_ok=True)
    for index in range(count):
        iio.imwrite(folder / name.format(index), np.full((size[1], size[0], 3), index, np.uint8))
    return folder


def write_depth_png(path: Path, depth: np.ndarray) -> None:
    """Write a 16-bit PNG."""
    iio.imwrite(path, depth.astype(np.uint16))
