"""A camera of rendering masks, without ranges, read as any shot's is; and whether it can be filmed with."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ex4d.errors import Fault
from ex4d.shotlist.faults import faults_of
from ex4d.shotlist.library import Library
from ex4d.shotlist.model import Camera, CameraItem, Freeze, Output, Position, PresetUse, Shot, Source, Spline, Window
from ex4d.shotlist.nodes import Listed
from ex4d.shotlist.origin import Origin
from ex4d.shotlist.presets import Expansion, PlacedItem
from ex4d.shotlist.report import Report
from ex4d.shotlist.units import quoted, read_quantity
from ex4d.training.config.ranges import texts_of
from ex4d.training.config.records import TrainingConfig

RATE = Fraction(24)
"""Frames a second of a clip that was not opened; no camera that is allowed depends on it, but for a hand's unrest."""
TRIAL = "camera"
"""The name of the shot that a camera is tried out in."""
Items = tuple[CameraItem, ...]


@dataclass(frozen=True)
class ReadCamera:
    """The moves of a camera, those of presets in their places, and where they stand."""

    items: Items
    origin: Origin
    presets: tuple[PresetUse, ...] = ()

    def trial(self, config: TrainingConfig) -> tuple[Shot, Output]:
        """Return a shot with this camera, and a film of it, to find out whether there are such cameras."""
        frames, start = config.excerpts.frames, Position(value=Fraction(0), unit="s")
        whole = (Freeze(freeze=frames / RATE, of=start),)
        source = Source(video=config.clips.videos, subject=config.clips.subject, lens=config.clips.lens)
        shot = Shot(name=TRIAL, source=source, time=whole, frames=frames, camera=self.items)
        return shot.written_at(self.origin), Output(size=config.excerpts.size, fps=RATE)


class Presets:
    """Puts presets in their places; what they amount to together is bounded, as it is in a shot list."""

    def __init__(self, library: Library) -> None:
        self._faults: list[Fault] = []
        self._expansion = Expansion(library, self._faults)

    def placed(self, camera: Listed, faults: list[Fault]) -> tuple[list[PlacedItem], tuple[PresetUse, ...]]:
        """Return a camera's items with those of its presets, and which were used."""
        found = self._expansion.expand(camera)
        faults += self._faults
        self._faults.clear()
        return found


def read_camera(camera: Listed, presets: Presets, faults: list[Fault]) -> ReadCamera | None:
    """Read a camera without ranges; None where something is wrong, which is added to ``faults``."""
    before = len(faults)
    faults += _metres(camera)
    if len(faults) > before:
        return None
    placed, uses = presets.placed(camera, faults)
    report = Report()
    try:
        items = _reader().validate_python(Listed([item.node for item in placed], camera.where), context=report)
    except ValidationError as error:
        faults += faults_of(error, camera.where)
        items = ()
    faults += [where.fault(message) for where, message in report.found]
    if len(faults) > before:
        return None
    found = _placed(items, placed, faults)
    origin = Origin(camera.where, {}, tuple(item.where for item in placed), tuple(item.presets for item in placed))
    return None if len(faults) > before else ReadCamera(found, origin, uses)


@cache
def _reader() -> Any:
    """Return what reads a camera, whose building takes longer than many readings."""
    return TypeAdapter(Camera)


def _metres(camera: Listed) -> list[Fault]:
    """Find distances in metres, which mean nothing where one camera films many clips."""
    return [
        text.where.fault(
            f"{quoted(text)}: how many metres away a clip's subject is varies; write a share of that, as 40%"
        )
        for text in texts_of(camera)
        if _unit(text) == "m"
    ]


def _unit(text: str) -> str:
    try:
        return read_quantity(text).unit
    except ValueError:
        return ""


def _placed(items: Items, placed: list[PlacedItem], faults: list[Fault]) -> Items:
    found = []
    for item, place in zip(items, placed, strict=True):
        try:
            found.append(place.placed(item))
            require_shares(found[-1])
        except ValueError as error:
            faults.append(place.where.fault(str(error)))
    return tuple(found)


def require_shares(item: CameraItem) -> None:
    """Refuse moments in seconds or frames: one camera films clips of many rates.

    Raises:
        ValueError: a window or a key's time is in either.
    """
    moments: list[Position | None] = []
    window: Window | None = item.at
    while window is not None:  # that of an item of a preset is of the window of the preset's use
        moments += [window.start, window.end]
        window = window.within
    if isinstance(item.move, Spline):
        moments += [key.at for key in item.move.keys]
    for moment in moments:
        if moment is not None and moment.unit != "%":
            raise ValueError(f"{moment}: clips have many rates, so that the moments of their cameras are in %, as 40%")
