"""A finished video, lossless, in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.array_types import UInt8
from ex4d.artifacts.folders import StoredLayer, checksum, damaged, open_layer, rate_from, read_record, write_record
from ex4d.media.atomic import replacing_folder
from ex4d.media.reading import read_frames
from ex4d.media.writing import LosslessWriter

Frame = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Video:
    """A handle: what the video is, and where; frames are read when asked for."""

    folder: Path
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    frame_rate: Fraction
    """Frames a second, exact."""
    stored: StoredLayer
    """The video file in the folder."""

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return len(self.stored.checksums)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.width, self.height

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Yield the R'G'B' of frames ``start`` up to, not including, ``stop``, one at a time.

        Raises:
            MediaError: a frame that is not there, or damaged.
        """
        wanted = range(start, self.frame_count if stop is None else stop)
        return self.stored.checked(read_frames(self.stored.media, wanted), start)

    @classmethod
    @contextmanager
    def writer(cls, folder: Path, size: tuple[int, int], rate: Fraction) -> Iterator[Callable[[Frame], None]]:
        """Lend the function that appends a frame; ``folder`` appears, or is replaced, when the block ends well.

        Raises:
            OutputError: the place cannot be written, a frame has another size, or there was none.
        """
        with replacing_folder(folder) as temporary:
            checksums: list[int] = []

            def write(frame: Frame) -> None:
                colour.write(frame)
                checksums.append(checksum(frame))

            with LosslessWriter(temporary / "colour.mkv", size, rate) as colour:
                yield write
            fields = {"width": size[0], "height": size[1], "frame_rate": str(rate), "checksums": checksums}
            write_record(temporary, "video", fields)

    @classmethod
    def load(cls, folder: Path) -> Video:
        """Open a folder that :meth:`writer` wrote.

        Raises:
            MediaError: not such a folder, or damaged.
        """
        fields = read_record(folder, "video")
        try:
            size = int(fields["width"]), int(fields["height"])
            rate = rate_from(fields["frame_rate"])
        except (KeyError, TypeError, ValueError) as cause:
            raise damaged(folder, f"video.json: {cause}") from cause
        return cls(folder, *size, rate, open_layer(folder, "colour.mkv", size, fields.get("checksums")))
