"""The records of the shot language: what a user wrote, validated, in canonical units; no behaviour.

Angles are radians, distances fractions of the subject's distance, times exact seconds. Every record can be built from
Python with such values, or read from a file by ``ex4d.shotlist.load``.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, PrivateAttr

from ex4d.shotlist.base_moves import MoveRecord, Path, Rotation, Spline, SplineKey
from ex4d.shotlist.camera import MOVES, CameraItem, Move, check_camera
from ex4d.shotlist.depth import DepthFile, DepthModel
from ex4d.shotlist.fields import Words, shown
from ex4d.shotlist.formulas import Formula
from ex4d.shotlist.lens import DEFAULT_LENS, LensSpec
from ex4d.shotlist.moves import Dolly, DollyZoom, Handheld, Hold, LookAt, Orbit, Pan, Pedestal, Roll, Tilt, Truck
from ex4d.shotlist.nodes import Listed, Mapped, Text
from ex4d.shotlist.origin import Origin
from ex4d.shotlist.places import ImagePoint, Place, SpacePoint, Subject
from ex4d.shotlist.records import Record
from ex4d.shotlist.source import Center, Nearest, Output, Source, SubjectDepth, Synthesis
from ex4d.shotlist.timing import WHOLE_SHOT, Clip, Ease, Position, Transition, Window
from ex4d.shotlist.zoom import Zoom

__all__ = [
    "DEFAULT_LENS",
    "MOVES",
    "WHOLE_SHOT",
    "CameraItem",
    "Center",
    "Clip",
    "DepthFile",
    "DepthModel",
    "Dolly",
    "DollyZoom",
    "Ease",
    "Formula",
    "Handheld",
    "Hold",
    "ImagePoint",
    "LensSpec",
    "LookAt",
    "Move",
    "MoveRecord",
    "Nearest",
    "Orbit",
    "Output",
    "Pan",
    "Path",
    "Pedestal",
    "Place",
    "Position",
    "PresetUse",
    "Roll",
    "Rotation",
    "Shot",
    "ShotList",
    "Source",
    "SpacePoint",
    "Spline",
    "SplineKey",
    "Subject",
    "SubjectDepth",
    "Synthesis",
    "Tilt",
    "Transition",
    "Truck",
    "Window",
    "Zoom",
]

SHOT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Names become folder names."""


def _name(value: Any) -> Any:
    if not isinstance(value, str) or not SHOT_NAME.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a shot name: 1 to 64 of the letters A-Z a-z, digits, _ and -")
    return str(value)


def _camera(value: Any) -> Any:
    if isinstance(value, Text) and value.missing:
        return Listed([], value.where)
    if isinstance(value, Text | Mapped):
        raise ValueError(f"needs a list of moves, each as in - pan: 20deg, but got {shown(value)}")
    return value


class PresetUse(Record):
    """A preset that a shot uses, and the version that was taken."""

    name: str
    version: int
    pinned: bool
    """Whether the shot list states the version; else it is the newest."""
    sha256: str
    """Of the preset's parsed document as canonical JSON."""


class Shot(Record):
    """One shot: a part of a source, seen by a moving camera."""

    later: ClassVar[tuple[str, ...]] = ("time", "frames", "boomerang", "blend")
    name: Annotated[str, BeforeValidator(_name)]
    source: Source
    clip: Clip | None = None
    """None plays the whole source."""
    camera: Annotated[tuple[CameraItem, ...], BeforeValidator(_camera), AfterValidator(check_camera)] = ()
    """Presets are expanded; empty is locked off."""
    transition: Transition = Transition()
    """How it is entered from the shot before."""
    synthesis: Synthesis = Synthesis()
    presets: tuple[PresetUse, ...] = ()
    """What was used, outermost first."""
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def origin(self) -> Origin:
        """Where it is written; no part of what it says."""
        return self._origin

    def written_at(self, origin: Origin) -> Shot:
        """Return the same shot with the place where it is written."""
        placed = self.model_copy()
        placed._origin = origin
        return placed

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        return tuple(word for word in super().words() if word != "presets")


class ShotList(Record):
    """A film: its shots in order."""

    file: FilePath
    title: Words = ""
    output: Output = Output()
    shots: tuple[Shot, ...]
