"""What changed from one version of a preset to another: its words, and its camera."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.geometry.se3 import turn_between
from ex4d.preflight.preset_trials import compiled
from ex4d.shotlist.library import Library
from ex4d.shotlist.parameters import Parameter
from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.text_file import bytes_of


@dataclass(frozen=True)
class CameraChange:
    """The largest differences between two cameras of the same moment, each over all moments."""

    turn_deg: float
    """Degrees."""
    distance: float
    """Subject distances."""
    lens: float
    """How many times one focal length is the other, at least 1."""

    @property
    def nothing(self) -> bool:
        """Whether the cameras are the same, but for rounding."""
        return self.turn_deg < 1e-6 and self.distance < 1e-8 and self.lens - 1.0 < 1e-8


@dataclass(frozen=True)
class PresetChanges:
    """From one version to another."""

    before: Preset
    after: Preset
    parameters: tuple[str, ...]
    """What changed of them, in words."""
    text: str
    """A unified diff of the two files; empty where they are the same."""
    camera: CameraChange
    """With the defaults of each, in a standard scene of two seconds."""


def changes_between(before: Preset, after: Preset, library: Library) -> PresetChanges:
    """Compare two versions.

    Raises:
        ShotFileError: one of them has no cameras.
    """
    old, new = (bytes_of(preset.file).decode("utf-8").splitlines() for preset in (before, after))
    text = "\n".join(difflib.unified_diff(old, new, before.identity, after.identity, lineterm="", n=2))
    camera = _camera_change(compiled(before, library), compiled(after, library))
    return PresetChanges(before, after, tuple(_parameters(before, after)), text, camera)


def _parameters(before: Preset, after: Preset) -> Iterator[str]:
    for name in dict.fromkeys([*before.params, *after.params]):
        old, new = before.params.get(name), after.params.get(name)
        if old is None or new is None:
            yield f"{name}: new, {_said(new)}" if new is not None else f"{name}: gone"
        elif _said(old) != _said(new):
            yield f"{name}: {_said(old)} → {_said(new)}"


def _said(parameter: Parameter) -> str:
    return f"{parameter.default} ({parameter.range})"


def _camera_change(before: CameraPath, after: CameraPath) -> CameraChange:
    old, new = before.world_from_camera, after.world_from_camera
    lenses = np.log(after.lens_factor / before.lens_factor)
    return CameraChange(
        turn_deg=math.degrees(turn_between(new[:, :3, :3], old[:, :3, :3]).max()),
        distance=float(np.linalg.norm(new[:, :3, 3] - old[:, :3, 3], axis=1).max()),
        lens=float(np.exp(np.abs(lenses).max())),
    )
