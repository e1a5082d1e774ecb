"""Every fault that a shot file shows by itself; opens no media and imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ex4d.artifacts.camera_path import CameraPath
from ex4d.errors import Fault, ShotFileError, TrajectoryError, UserError
from ex4d.shotlist.load import load
from ex4d.shotlist.model import DepthModel, Shot, ShotList
from ex4d.trajectory.assumed import compile_assumed
from ex4d.trajectory.assumed_timings import is_open
from ex4d.trajectory.placing import placing

MOST_FRAMES = 500_000
"""Frames of a film before transitions, almost six hours at 24 a second; what is checked of them stays in memory."""


@dataclass(frozen=True)
class Checked:
    """A shot list that is sound as far as the file alone can tell."""

    film: ShotList
    paths: tuple[CameraPath, ...]
    """Compiled for what the file states and what had to be assumed."""

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the file leaves open and was assumed, in words."""
        return tuple(dict.fromkeys(words for path in self.paths for words in path.scene.assumed))

    @property
    def frames_told(self) -> tuple[int, ...]:
        """The frames of each shot whose length does not depend on how long its source is."""
        shots = zip(self.film.shots, self.paths, strict=True)
        return tuple(len(path) for shot, path in shots if shot.frames is not None or not is_open(shot))


def check(file: Path) -> Checked:
    """Find every fault that the file alone can show.

    Raises:
        ShotFileError: all faults of the language, or else those of all shots that cannot be compiled.
    """
    film = load(file)
    faults: list[Fault] = []
    paths: list[CameraPath] = []
    for shot in film.shots:
        with placing(shot, faults):
            _require_depth_model(shot)
            paths.append(compile_assumed(shot, film.output))
            _require_room(sum(map(len, paths)))
        if faults and sum(map(len, paths)) > MOST_FRAMES:
            break
    if faults:
        raise ShotFileError(tuple(faults))
    return Checked(film, tuple(paths))


def _require_room(frames: int) -> None:
    if frames > MOST_FRAMES:
        raise TrajectoryError(
            f"with it the film has {frames} frames, and the shots of a film have at most {MOST_FRAMES} together; "
            "make several films of it"
        )


def _require_depth_model(shot: Shot) -> None:
    if not isinstance(shot.source.depth, DepthModel):
        return
    from ex4d.models import depth_model, require_settings  # most lists ask for none, and need not wait

    try:
        require_settings(depth_model(shot.source.depth.model), shot.source.depth.settings)
    except UserError as error:
        raise TrajectoryError(str(error), part="source") from error
