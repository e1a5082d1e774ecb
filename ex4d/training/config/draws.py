"""The cameras of rendering masks as a distribution: one of several choices, with a value in the place of each range."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.library import Library
from ex4d.shotlist.nodes import Listed
from ex4d.training.config.cameras import Items, ReadCamera, read_camera
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

    def at(self, share: Callable[[], float], faults: list[Fault]) -> tuple[ReadCamera | None, str]:
        """Return the camera whose values are at a share of their ranges, asked for anew for each, and its words."""
        moves = settled(self.moves, share)
        assert isinstance(moves, Listed)
        return read_camera(moves, self.library, faults), on_one_line(moves)


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
