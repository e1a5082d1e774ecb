"""What the cameras of a shot see of the source: colour, where it was seen, and perhaps what lies behind the holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ex4d.array_types import Bool, UInt8
from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.camera_path_file import load_camera_path, save_camera_path
from ex4d.artifacts.folders import (
    StoredLayer,
    checksum,
    damaged,
    lens_fields,
    lens_from,
    open_layer,
    read_record,
    write_record,
)
from ex4d.errors import OutputError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.atomic import replacing_folder
from ex4d.media.lossless import read_gray
from ex4d.media.reading import read_frames
from ex4d.media.writing import LosslessKind, LosslessWriter


@dataclass(frozen=True)
class GuideFrame:
    """One frame of a guide."""

    colour: UInt8[np.ndarray, "height width 3"]
    """R'G'B'; zero where not visible."""
    visible: Bool[np.ndarray, "height width"]
    """True where the source was seen."""
    background: UInt8[np.ndarray, "height width 3"] | None = None
    """R'G'B' of what lies behind the holes, as seen by the same camera; None where the guide has no such layer."""


@dataclass(frozen=True)
class GuideVideo:
    """A handle: what the guide is, and where; frames are read when asked for."""

    folder: Path
    path: CameraPath
    """The cameras it was rendered with; its scene, rate and length are the guide's."""
    lens: Pinhole
    """The lens it was rendered with at lens factor 1; its size is the guide's."""
    colour: StoredLayer
    visible: StoredLayer
    background: StoredLayer | None
    """The video files in the folder."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.lens.width, self.lens.height

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return len(self.path)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[GuideFrame]:
        """Yield frames ``start`` up to, not including, ``stop``, one at a time.

        Raises:
            MediaError: a frame that is not there, or damaged.
        """
        wanted = range(start, self.frame_count if stop is None else stop)
        colour = self.colour.checked(read_frames(self.colour.media, wanted), start)
        visible = self.visible.checked(read_gray(self.visible.media, wanted), start)
        if self.background is None:
            yield from (GuideFrame(c, v > 0) for c, v in zip(colour, visible, strict=True))
        else:
            behind = self.background.checked(read_frames(self.background.media, wanted), start)
            yield from (GuideFrame(c, v > 0, b) for c, v, b in zip(colour, visible, behind, strict=True))

    @classmethod
    @contextmanager
    def writer(
        cls, folder: Path, path: CameraPath, lens: Pinhole, *, background: bool = False
    ) -> Iterator[Callable[[GuideFrame], None]]:
        """Lend the function that appends a frame; ``folder`` appears, or is replaced, when the block ends well.

        With ``background`` every frame brings that layer, without it none does.

        Raises:
            OutputError: the place cannot be written, a frame has another size or other layers, or not as many frames
                were written as the path has cameras.
        """
        layers = ["colour", "visible", *(["background"] if background else [])]
        with replacing_folder(folder) as temporary:
            with ExitStack() as stack:
                sinks = [stack.enter_context(_layer(temporary, name, path, lens)) for name in layers]
                checksums: dict[str, list[int]] = {name: [] for name in layers}

                def write(frame: GuideFrame) -> None:
                    for name, sink, image in zip(layers, sinks, _images(frame, background), strict=True):
                        sink.write(image)
                        checksums[name].append(checksum(image))

                yield write
            if len(checksums["colour"]) != len(path):
                raise OutputError(f"{folder}: {len(checksums['colour'])} frames were written for {len(path)} cameras")
            save_camera_path(path, temporary / "camera_path.npz")
            write_record(temporary, "guide", {"lens": lens_fields(lens), "checksums": checksums})

    @classmethod
    def load(cls, folder: Path) -> GuideVideo:
        """Open a folder that :meth:`writer` wrote.

        Raises:
            MediaError: not such a folder, or damaged.
        """
        fields = read_record(folder, "guide")
        try:
            lens, checksums = lens_from(fields["lens"]), dict(fields["checksums"])
        except (KeyError, TypeError, ValueError) as cause:
            raise damaged(folder, f"guide.json: {cause}") from cause
        path, size = load_camera_path(folder / "camera_path.npz"), (lens.width, lens.height)
        names = ["colour", "visible", *(["background"] if "background" in checksums else [])]
        layers = [open_layer(folder, f"{name}.mkv", size, checksums.get(name)) for name in names]
        if any(len(layer.checksums) != len(path) for layer in layers):
            raise damaged(folder, f"not as many frames as the {len(path)} cameras")
        return cls(folder, path, lens, layers[0], layers[1], layers[2] if len(layers) > 2 else None)


def _layer(folder: Path, name: str, path: CameraPath, lens: Pinhole) -> LosslessWriter:
    kind: LosslessKind = "gray" if name == "visible" else "colour"
    return LosslessWriter(folder / f"{name}.mkv", (lens.width, lens.height), path.frame_rate, kind)


def _images(frame: GuideFrame, background: bool) -> list[np.ndarray]:
    """Return the frame's layers as images; masks as 0 and 255, so that they can be looked at."""
    if (frame.background is not None) is not background:
        raise OutputError("every frame of a guide has a background layer, or none has")
    mask = frame.visible.astype(np.uint8) * np.uint8(255)
    return [frame.colour, mask, *([] if frame.background is None else [frame.background])]
