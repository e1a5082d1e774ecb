"""What a video is, before any of its frames is wanted: size, exact rate, the time of every frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from ex4d.errors import MediaError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.containers import opened
from ex4d.media.image_files import IMAGE_SUFFIXES, read_colour, read_header
from ex4d.media.lens_metadata import StatedLens, lens_of_images, lens_of_video
from ex4d.media.local_files import files_of, is_collection
from ex4d.media.timestamps import Timing, packet_timing


@dataclass(frozen=True)
class MediaInfo:
    """A video file, or a folder or glob of images taken as one."""

    path: Path
    """As the user gave it."""
    width: int
    """Pixels, after the rotation that a phone notes in the file."""
    height: int
    """Pixels, after that rotation."""
    frame_rate: Fraction
    """Frames a second; of a variable rate, the nearest usual one to the mean."""
    frame_times: tuple[Fraction, ...] = field(repr=False)
    """Seconds, increasing; the first is 0."""
    duration: Fraction
    """Seconds, from the start of the first frame to the end of the last."""
    variable_rate: bool = False
    """True where the frames do not keep to any one rate."""
    images: tuple[Path, ...] = field(default=(), repr=False)
    """The images in order; empty for a video file."""
    quarter_turns: int = 0
    """Counterclockwise quarter turns that show the stored frames upright."""
    timestamps: tuple[int, ...] = field(default=(), repr=False)
    """Each frame's stamp in units of the stream's time base; empty where frames must be counted instead."""
    pixel_format: str = ""
    """As the decoder names it; empty for images."""
    assumed: tuple[str, ...] = ()
    """What the file does not say and ex4d assumed, in words for the user."""
    lens: StatedLens | None = None
    """What its metadata says of the lens; None for nothing."""

    @property
    def stated_lens(self) -> Pinhole | None:
        """The lens that its metadata say, in its own pixels; None where they say none."""
        if self.lens is None or self.lens.focal_px is None:
            return None
        return Pinhole(*self.size, self.lens.focal_px, (0.5 * self.width, 0.5 * self.height))

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return len(self.frame_times)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.width, self.height

    @cached_property
    def index_of_timestamp(self) -> dict[int, int]:
        """Which frame a stamp belongs to."""
        return {stamp: index for index, stamp in enumerate(self.timestamps)}


def probe(path: Path, fps: Fraction | None = None) -> MediaInfo:
    """Read what a video is; of its frames only the first is decoded.

    ``fps`` is the rate of a folder or glob of images, which have none; given for a video file, it takes the place of
    the file's own: the same frames, evenly, at that rate.

    Raises:
        MediaError: unreadable, not local, of a format or size that is not read, images of several sizes or without a
            rate.
    """
    if fps is not None and fps <= 0:
        raise MediaError(f"{path}: fps must be above 0, not {fps}")
    if not is_collection(path):
        info = _probe_video(path)
        return info if fps is None else _at_rate(info, fps)
    if fps is None:
        raise MediaError(f"{path} is a folder or glob of images; say how fast they play, as in 'fps: 24'")
    return _probe_images(path, fps)


def _at_rate(info: MediaInfo, fps: Fraction) -> MediaInfo:
    count = info.frame_count
    times = tuple(index / fps for index in range(count))
    return replace(info, frame_rate=fps, frame_times=times, duration=count / fps, variable_rate=False)


def _probe_images(path: Path, fps: Fraction) -> MediaInfo:
    images = files_of(path, IMAGE_SUFFIXES)
    first = read_header(images[0])
    if (first.bits, first.channels) == (16, 1):
        raise MediaError(f"{images[0]} has one channel of 16 bits: a depth image; a video has R'G'B' images")
    for image in images[1:]:
        header = read_header(image)
        if (header.width, header.height) != (first.width, first.height):
            raise MediaError(
                f"{image} is {header.width}x{header.height}, but {images[0].name} is {first.width}x{first.height}; "
                "all images of a video have one size"
            )
    height, width, _ = read_colour(images[0]).shape
    lens = lens_of_images(images, (width, height))
    times = (Fraction(0),) * len(images)
    return _at_rate(MediaInfo(path, width, height, fps, times, Fraction(1), images=images, lens=lens), fps)


def _probe_video(path: Path) -> MediaInfo:
    from ex4d.media.colour import assumptions
    from ex4d.media.orientation import quarter_turns

    with opened(path) as (container, stream):
        timing: Timing = packet_timing(container, stream, path)
    with opened(path) as (container, stream):
        frame = next(container.decode(stream), None)
        if frame is None:
            raise MediaError(f"{path}: its first frame cannot be decoded")
        turns = quarter_turns(frame, stream, path)
        width, height = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
        return MediaInfo(
            path=path,
            width=width,
            height=height,
            frame_rate=timing.frame_rate,
            frame_times=timing.frame_times,
            duration=timing.duration,
            variable_rate=timing.variable_rate,
            quarter_turns=turns,
            timestamps=timing.timestamps,
            pixel_format=frame.format.name,
            assumed=assumptions(frame),
            lens=lens_of_video(path, container, stream, (width, height)),
        )
