"""What the cameras of a shot see of the source: colour, where it was seen, and perhaps what lies behind the holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.camera_path_file import load_camera_path, save_camera_path
from ex4d.artifacts.folders import damaged, lens_fields, lens_from, probe_stored, read_record, write_record
from ex4d.errors import OutputError
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.atomic import replacing_folder
from ex4d.media.lossless import read_gray
from ex4d.media.probe import MediaInfo
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
    colour: MediaInfo
    visible: MediaInfo
    background: MediaInfo | None
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
        colour, visible = read_frames(self.colour, wanted), read_gray(self.visible, wanted)
        if self.background is None:
            yield from (GuideFrame(c, v > 0) for c, v in zip(colour, visible, strict=True))
        else:
            behind = read_frames(self.background, wanted)
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
            count = 0
            with ExitStack() as stack:
                writers = {layer: stack.enter_context(_layer_writer(temporary, layer, path, lens)) for layer in layers}

                def write(frame: GuideFrame) -> None:
                    nonlocal count
                    _write_frame(writers, frame, folder)
                    count += 1

                yield write
            if count != len(path):
                raise OutputError(f"{folder}: {count} frames were written for {len(path)} cameras")
            save_camera_path(path, temporary / "camera_path.npz")
            write_record(temporary, "guide", {"lens": lens_fields(lens), "layers": layers, "frame_count": count})

    @classmethod
    def load(cls, folder: Path) -> GuideVideo:
        """Open a folder that :meth:`writer` wrote.

        Raises:
            MediaError: not such a folder, or damaged.
        """
        fields = read_record(folder, "guide")
        try:
            lens, layers = lens_from(fields["lens"]), [str(layer) for layer in fields["layers"]]
        except (KeyError, TypeError, ValueError) as cause:
            raise damaged(folder, f"guide.json: {cause}") from cause
        path, size = load_camera_path(folder / "camera_path.npz"), (lens.width, lens.height)
        colour, visible = (probe_stored(folder, f"{name}.mkv", size, len(path)) for name in ("colour", "visible"))
        background = probe_stored(folder, "background.mkv", size, len(path)) if "background" in layers else None
        return cls(folder, path, lens, colour, visible, background)


def _layer_writer(folder: Path, layer: str, path: CameraPath, lens: Pinhole) -> LosslessWriter:
    kind: LosslessKind = "gray" if layer == "visible" else "colour"
    return LosslessWriter(folder / f"{layer}.mkv", (lens.width, lens.height), path.frame_rate, kind)


def _write_frame(writers: dict[str, LosslessWriter], frame: GuideFrame, folder: Path) -> None:
    if (frame.background is None) is ("background" in writers):
        raise OutputError(f"{folder}: every frame of a guide has a background layer, or none has")
    writers["colour"].write(frame.colour)
    writers["visible"].write(frame.visible.astype(np.uint8) * np.uint8(255))
    if frame.background is not None:
        writers["background"].write(frame.background)
