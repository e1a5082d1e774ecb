"""The records of the shot language: what a user wrote, validated, in canonical units; no behaviour.

Angles are radians, distances fractions of the subject's distance, times exact seconds. Every record can be built from
Python with such values, or read from a file by ``ex4d.shotlist.load``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path as FilePath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, PrivateAttr, model_validator

from ex4d.shotlist.base_moves import CameraFile, MoveRecord, Path, Rotation, Spline, SplineKey
from ex4d.shotlist.camera import MOVES, CameraItem, Move, check_camera
from ex4d.shotlist.depth import DepthFile, DepthModel
from ex4d.shotlist.easing import Ease
from ex4d.shotlist.fields import Switch, Words, choice, shown
from ex4d.shotlist.formulas import Formula
from ex4d.shotlist.lens import DEFAULT_LENS, LensSpec
from ex4d.shotlist.moves import Crane, Dolly, DollyZoom, Handheld, Hold, LookAt, Orbit, Pan, Pedestal, Roll, Tilt, Truck
from ex4d.shotlist.nodes import Listed, Mapped, Text
from ex4d.shotlist.origin import Origin
from ex4d.shotlist.other_words import IN_A_SHOT, SOUNDS_ELSEWHERE
from ex4d.shotlist.places import ImagePoint, Place, SpacePoint, Subject
from ex4d.shotlist.playing import WHOLE_SOURCE, Clip, Count, Freeze, Part, Parts, Play, Speed
from ex4d.shotlist.records import EntryError, Record
from ex4d.shotlist.source import Center, Nearest, Output, Source, SubjectDepth, Synthesis
from ex4d.shotlist.timing import WHOLE_SHOT, Position, Window
from ex4d.shotlist.transitions import Ending, Transition
from ex4d.shotlist.zoom import Zoom

__all__ = [
    "DEFAULT_LENS",
    "MOVES",
    "WHOLE_SHOT",
    "WHOLE_SOURCE",
    "CameraFile",
    "CameraItem",
    "Center",
    "Clip",
    "Crane",
    "DepthFile",
    "DepthModel",
    "Dolly",
    "DollyZoom",
    "Ease",
    "Formula",
    "Freeze",
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
    "Part",
    "Path",
    "Pedestal",
    "Place",
    "Play",
    "Position",
    "PresetUse",
    "Roll",
    "Rotation",
    "Shot",
    "ShotList",
    "Source",
    "SpacePoint",
    "Speed",
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


ShotName = Annotated[str, BeforeValidator(_name)]
Camera = Annotated[tuple[CameraItem, ...], BeforeValidator(_camera), AfterValidator(check_camera)]


class Shot(Record):
    """One shot: a part of a source, seen by a moving camera."""

    elsewhere: ClassVar[Mapping[str, str]] = IN_A_SHOT

    name: ShotName
    """Names its folder and its faults; no two shots of a list may differ in case alone."""
    source: Source
    """What was filmed; takes from the list's ``source`` every key that it does not state itself."""
    clip: Clip | None = None
    """Which part of the source plays; if not stated, all of it, or what ``time`` says."""
    time: Parts = None
    """Parts of the source, retimed; instead of ``clip``."""
    boomerang: Switch = False
    """Whether all of it plays backwards afterwards, without repeating the frame at which it turns."""
    frames: Count | None = None
    """How many frames of all this are used, from the first; if not stated, all."""
    blend: Switch = False
    """Whether a frame between two of the source cross-fades them; else the one on screen then is shown."""
    camera: Camera = ()
    """The moves; none is locked off."""
    transition: Transition = Transition()
    """How it is entered from the shot before."""
    synthesis: Synthesis = Synthesis()
    """Who completes the picture; takes from the list's ``synthesis`` every key that it does not state itself."""
    presets: tuple[PresetUse, ...] = ()
    """What was used, outermost first."""

    @model_validator(mode="after")
    def _one_time(self) -> Shot:
        if self.clip is not None and self.time is not None:
            raise EntryError("time", "stands beside clip; keep one: a clip alone is time with a single part")
        if self.time and isinstance(self.time[0], Freeze) and self.time[0].of is None:
            raise EntryError("time", "begins with a freeze, before which no frame was shown; write of: 9s beside it")
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """What plays, in order; before ``boomerang`` and ``frames``."""
        return self.time or (Play(play=self.clip or WHOLE_SOURCE),)

    def duration(self, source_rate: Fraction | None, rate: Fraction | None) -> Fraction | None:
        """Return its seconds of film, as exactly as rates tell, or None where only the media can tell.

        Args:
            source_rate: of the source, frames a second, if it is stated.
            rate: of the film.
        """
        lengths = [part.duration(source_rate) for part in self.parts]
        if any(length is None for length in lengths):
            return None
        whole = sum((length for length in lengths if length is not None), Fraction(0))
        if self.boomerang:
            whole = Fraction(2 * max(1, math.floor(whole * rate + Fraction(1, 2))) - 1) / rate if rate else 2 * whole
        if self.frames is None:
            return whole
        return self.frames / rate if rate else None

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
    """Of the film."""
    output: Output = Output()
    """The finished film."""
    shots: tuple[Shot, ...]
    end: Ending = Transition()
    """How the film closes."""
    audio: Annotated[Literal["none", "source"], choice("none", "source", elsewhere=SOUNDS_ELSEWHERE)] = "none"
    """``source`` keeps the source's sound under the parts that play at speed 1."""
