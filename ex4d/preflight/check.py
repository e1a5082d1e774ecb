"""Every fault that a shot file shows by itself; opens no media and imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ex4d.artifacts.camera_path import CameraPath
from ex4d.edit.sequence import lay_out
from ex4d.models import depth_weights
from ex4d.shotlist.load import load
from ex4d.shotlist.model import DepthModel, ShotList
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.scenery import assumed_scene


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


def check(file: Path) -> Checked:
    """Find every fault that the file alone can show.

    Raises:
        ShotFileError: all faults of the language.
        UserError: a shot that cannot be compiled, or an edit that cannot be cut.
    """
    film = load(file)
    for shot in film.shots:
        if isinstance(shot.source.depth, DepthModel):
            depth_weights(shot.source.depth.model)
    paths = tuple(compile_shot(shot, assumed_scene(shot, film.output)) for shot in film.shots)
    stated = all(shot.clip is not None and shot.clip.end is not None for shot in film.shots)
    if stated and len({path.frame_rate for path in paths}) == 1:
        names = [shot.name for shot in film.shots]
        lay_out(names, [len(path) for path in paths], [shot.transition for shot in film.shots], paths[0].frame_rate)
    return Checked(film, paths)
