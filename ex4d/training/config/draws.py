"""The cameras of rendering masks as a distribution: one of several choices, with a value in the place of each range."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.library import Library
from ex4d.shotlist.model import CameraFile
from ex4d.shotlist.nodes import Listed
from ex4d.training.config.cameras import Items, Presets, ReadCamera, read_camera
from ex4d.training.config.filmed_shots import FilmedShots
from ex4d.training.config.flow_text import on_one_line
from ex4d.training.config.ranges import settled
from ex4d.training.config.records import CameraChoice, TrainingConfig
from ex4d.training.config.usual import usual_cameras


@dataclass(frozen=True)
class WrittenCamera:
    """Moves as they are written, with their ranges."""

    moves: Listed
    library: Library
    """Of their presets."""

    def at(
        self, share: Callable[[], float], faults: list[Fault], presets: Presets | None = None
    ) -> tuple[ReadCamera | None, str]:
        """Return the camera whose values are at a share of their ranges, asked for anew for each, and its words."""
        moves = settled(self.moves, share)
        assert isinstance(moves, Listed)
        return read_camera(moves, presets or Presets(self.library), faults), on_one_line(moves)


@dataclass(frozen=True)
class ShotCamera:
    """The camera of a shot, which has no ranges."""

    camera: ReadCamera
    words: str

    def at(self, share: Callable[[], float], faults: list[Fault]) -> tuple[ReadCamera | None, str]:
        """Return it, and where it is written."""
        return self.camera, self.words


@dataclass(frozen=True)
class CameraDraws:
    """Cameras, of which one is drawn for each mask."""

    cameras: tuple[WrittenCamera | ShotCamera, ...]
    weights: tuple[float, ...]
    """How often each is drawn, beside the others."""

    @classmethod
    def of(cls, config: TrainingConfig) -> CameraDraws:
        """Return the cameras of a training file; where it states none, :data:`~.usual.USUAL_CAMERAS`.

        Raises:
            ShotFileError: a shot that is named is not there any more.
        """
        faults: list[Fault] = []
        choices = config.masks.rendering.cameras or usual_cameras()
        opened = openings(choices, config.file, faults)
        if faults:
            raise ShotFileError(tuple(faults), undone="trained")
        return cls(tuple(filter(None, opened)), tuple(choice.weight for choice in choices))

    def drawn(self, generator: np.random.Generator) -> tuple[Items, str]:
        """Draw a camera, and a value for each of its ranges.

        Returns:
            Its moves, and how they are written, as ``orbit: {right: 43.2deg}``, or the shot that they are of.

        Raises:
            ShotFileError: with these values there is no such camera, though there is one at the ends of its ranges.
        """
        faults: list[Fault] = []
        camera, words = self._chosen(generator.random()).at(generator.random, faults)
        if camera is None:
            raise ShotFileError(tuple(faults), undone="trained")
        return camera.items, words

    def ingredients(self) -> tuple[str, ...]:
        """Return all that decides which cameras are drawn, presets and files of cameras with what they hold.

        Raises:
            OSError: a file of cameras is not there any more.
        """
        return tuple(_ingredients(*each) for each in zip(self.cameras, self.weights, strict=True))

    def _chosen(self, share: float) -> WrittenCamera | ShotCamera:
        ends = list(accumulate(self.weights))
        return self.cameras[min(bisect_right(ends, share * ends[-1]), len(ends) - 1)]


def openings(
    choices: tuple[CameraChoice, ...], file: Path, faults: list[Fault]
) -> list[WrittenCamera | ShotCamera | None]:
    """Return each choice ready to be drawn from; None where its shot is not there, which is added to ``faults``."""
    library, shots = Library.beside(file), FilmedShots()
    return [_opening(choice, library, shots, faults) for choice in choices]


def _opening(
    choice: CameraChoice, library: Library, shots: FilmedShots, faults: list[Fault]
) -> WrittenCamera | ShotCamera | None:
    if choice.camera is not None:
        return WrittenCamera(choice.camera, library)
    camera = shots.camera_of(choice.shot, faults)
    return None if camera is None else ShotCamera(camera, str(choice.shot))


def _ingredients(camera: WrittenCamera | ShotCamera, weight: float) -> str:
    """Write down a camera as it is at both ends of its ranges, between which the rest lies."""
    from ex4d.workspace import content_hash  # a check needs none of it

    found = [camera.at(partial(float, share), [])[0] for share in (0, 1)]
    items = [each.items for each in found if each is not None]
    files = [item.move.file for each in items for item in each if isinstance(item.move, CameraFile)]
    moves = on_one_line(camera.moves) if isinstance(camera, WrittenCamera) else camera.words
    return repr((moves, weight, items, [content_hash(file) for file in files]))
