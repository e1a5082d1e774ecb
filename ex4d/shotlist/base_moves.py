"""What a move is; and the moves that state the whole base camera: spline, path and file."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from ex4d.shotlist import units
from ex4d.shotlist.fields import Angle, Distance, Factor, choice, listed, quantity, shown
from ex4d.shotlist.formulas import Formula
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text, unwrapped
from ex4d.shotlist.paths import LocalPath
from ex4d.shotlist.places import Place
from ex4d.shotlist.records import EntryError, Record
from ex4d.shotlist.timing import Position
from ex4d.shotlist.units import radians


class MoveRecord(Record):
    """A move; a file writes it ``key: value``."""

    key: ClassVar[str]
    """The word of the language."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Take the value from ``{key: value}``."""
        return super().opened(unwrapped(node, cls.key))


class Rotation(Record):
    """A turn of the head: pan about the vertical, then tilt about its right axis, then roll about its view axis."""

    example: ClassVar[str] = "{pan: 20deg, tilt: -5deg}"
    pan: Angle = 0.0
    """To the right."""
    tilt: Angle = 0.0
    """Up."""
    roll: Angle = 0.0
    """Clockwise."""


def _triple(value: Any) -> Any:
    return listed(value, (3,), "[right, up, in] = [35%, 10%, 0%]")


class SplineKey(Record):
    """A camera that the path goes through; what it leaves out is interpolated from its neighbours."""

    example: ClassVar[str] = "{at: 40%, position: [35%, 10%, 0%], look_at: subject}"
    at: Position | None = None
    """When, in the move's window; every key has it, or with a constant pace the first and the last alone."""
    position: Annotated[tuple[Distance, Distance, Distance] | None, BeforeValidator(_triple)] = None
    """Where the camera is: right, up and in from the shot's first camera, in its axes."""
    look_at: Place | None = None
    """What it looks at, with a level horizon; between two keys that look at the same, it looks at it all the way."""
    rotation: Rotation | None = None
    """How the head is turned; instead of ``look_at``."""
    lens: Factor | None = None
    """Focal length relative to the source's."""

    @model_validator(mode="after")
    def _one_aim(self) -> SplineKey:
        if self.look_at is not None and self.rotation is not None:
            raise ValueError("has both 'look_at' and 'rotation'; keep one")
        return self


def _keys(value: Any) -> Any:
    if isinstance(value, Text | Mapped) or (isinstance(value, Listed) and len(value) < 2):
        raise ValueError(f"a spline needs two keys or more, each as in {SplineKey.example}, but got {shown(value)}")
    return value


class Spline(MoveRecord):
    """Take the camera through keys in space, exactly.

    It is the whole base camera; other moves add to it.
    """

    key: ClassVar[str] = "spline"
    example: ClassVar[str] = "spline: {keys: [{at: 0%}, {at: 100%, position: [35%, 10%, 0%], look_at: subject}]}"
    keys: Annotated[tuple[SplineKey, ...], BeforeValidator(_keys), Field(min_length=2)]
    """Cameras that it goes through, two or more, in the order of time."""
    interpolation: Annotated[Literal["smooth", "linear"], choice("smooth", "linear")] = "smooth"
    """smooth: a curve without corners. linear: straight from key to key."""
    pace: Annotated[Literal["timed", "constant"], choice("timed", "constant")] = "timed"
    """timed: every key has its time. constant: only the ends have, and the speed between them is even."""

    @model_validator(mode="after")
    def _times(self) -> Spline:
        timed = [index for index, key in enumerate(self.keys) if key.at is not None]
        last = len(self.keys) - 1
        if self.pace == "timed" and len(timed) <= last:
            missing = next(index for index in range(last + 1) if index not in timed)
            raise ValueError(f"keys[{missing}] has no time; write at: 40%, or pace: constant")
        if self.pace == "constant" and timed != [0, last]:
            raise ValueError("with pace: constant the first and the last key have a time (at), and no key between them")
        _check_order([(index, at) for index, key in enumerate(self.keys) if (at := key.at) is not None])
        return self


def _check_order(times: list[tuple[int, Position]]) -> None:
    for (before, first), (after, second) in pairwise(times):
        if first.unit == second.unit and first.value >= second.value:
            raise ValueError(f"keys[{after}] at {second} does not come after keys[{before}] at {first}")


def _formula(value: Any) -> Any:
    if isinstance(value, Listed | Mapped) or (isinstance(value, Text) and value.missing):
        raise ValueError(f"needs a formula of s, as in sin(2 * pi * s), but got {shown(value)}")
    if isinstance(value, Text) and value.quantity is not None:
        return Formula(f"{'-' if value.negated else ''}({value})")
    return Formula(str(value)) if isinstance(value, str) else value


def _constants(value: Any) -> Any:
    if isinstance(value, Text | Listed):
        raise ValueError(f"needs names with numbers, as in parameters: {{radius: 40%}}, but got {shown(value)}")
    return {name: _constant(name, item) for name, item in value.items()} if isinstance(value, Mapped) else value


def _constant(name: str, value: Any) -> float:
    Formula.check_name(name)
    found = quantity(value, units.CONSTANT)
    return radians(found) if found.unit in ("deg", "rad") else float(found.value / (100 if found.unit == "%" else 1))


Function = Annotated[Formula | None, BeforeValidator(_formula)]
Constants = Annotated[dict[str, float], BeforeValidator(_constants)]


class Path(MoveRecord):
    """Take the camera along formulas of ``s``, which runs from 0 to 1 over the move's window.

    It is the whole base camera; other moves add to it.
    """

    key: ClassVar[str] = "path"
    example: ClassVar[str] = "path: {right: sin(60deg * s), in: 1 - cos(60deg * s), look_at: subject}"
    right: Function = None
    """How far to the right, in subject distances; 0 if not stated."""
    up: Function = None
    """How far up, in subject distances; 0 if not stated."""
    inward: Annotated[Function, Field(alias="in")] = None
    """How far in, in subject distances; 0 if not stated."""
    pan: Function = None
    """To the right, in radians; 0 if not stated."""
    tilt: Function = None
    """Up, in radians; 0 if not stated."""
    roll: Function = None
    """Clockwise, in radians; 0 if not stated."""
    lens: Function = None
    """Focal length relative to the source's; 1 if not stated."""
    look_at: Place | None = None
    """What the head looks at, with a level horizon; pan, tilt and roll are added to that."""
    parameters: Constants = Field(default_factory=dict)
    """Numbers that the formulas name: angles count in radians, shares as fractions."""

    @property
    def formulas(self) -> dict[str, Formula]:
        """The formulas that are stated, by the word of the language."""
        written = {"in": self.inward} | {
            name: getattr(self, name) for name in ("right", "up", "pan", "tilt", "roll", "lens")
        }
        return {name: formula for name, formula in written.items() if formula is not None}

    @model_validator(mode="after")
    def _names(self) -> Path:
        if not self.formulas:
            raise ValueError(f"has no formula; write one or more, as in {self.example}")
        for word, formula in self.formulas.items():
            for name in sorted(formula.names - {"s"} - set(self.parameters)):
                raise EntryError(word, f"{formula.text!r} names {name!r}, which is not s and not in parameters")
        return self


class CameraFile(MoveRecord):
    """Take the camera from a file: EX-4D's .npz, TUM's text, or ex4d's own JSON.

    It is the whole base camera; other moves add to it.
    """

    key: ClassVar[str] = "file"
    example: ClassVar[str] = "file: {file: cameras.npz, scale: 40%}"
    file: LocalPath
    """The camera file."""
    scale: Distance | None = None
    """How long one of the file's units is; left out only where the file says it, as ex4d's own does."""
    mode: Annotated[Literal["replace", "append"], choice("replace", "append")] = "replace"
    """replace: its cameras as they stand, in the source camera's axes. append: relative to its own first, on top of
    the base camera."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``cameras.json`` as ``{file: cameras.json}``."""
        if isinstance(node, Mapped) and isinstance(named := node.get(cls.key), Text) and not named.missing:
            return node
        return super().opened(node)

    @model_validator(mode="after")
    def _scaled(self) -> CameraFile:
        if self.scale is not None and self.scale <= 0.0:
            raise EntryError("scale", "a unit of the file has a length above 0, as in scale: 40%")
        return self
