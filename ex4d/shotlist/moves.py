"""The moves of the camera: one record each, with amounts in canonical units.

Angles are radians, distances fractions of the subject's distance. Positive is right, up, in, clockwise.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.base_moves import MoveRecord
from ex4d.shotlist.fields import (
    Amount,
    Angle,
    Elevation,
    Frequency,
    ImageShare,
    Weight,
    Whole,
    listed,
    part,
    radians,
    reader,
    shown,
)
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text, unwrapped
from ex4d.shotlist.places import Place, Subject
from ex4d.shotlist.records import Record
from ex4d.shotlist.timing import OptionalDuration


class Hold(MoveRecord):
    """Nothing: a word for the reader."""

    key: ClassVar[str] = "hold"


class SignedMove(MoveRecord):
    """A move of one signed amount, which may be written with a direction instead."""

    dimension: ClassVar[units.Dimension] = units.ANGLE

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``20deg`` as ``{right: 20deg}``."""
        value = unwrapped(node, cls.key)
        if isinstance(value, Mapped) and value:
            return value
        if isinstance(value, Text) and not value.missing:
            ((positive, _),) = cls.pairs.values()
            return Mapped({positive: value}, value.where)
        raise ValueError(
            f"needs {cls.dimension.noun}, as in {cls.key}: {cls.dimension.example}, but got {shown(value)}"
        )

    @classmethod
    def spelled(cls, node: Mapped) -> dict[str, Any]:
        """Give the amount its sign."""
        ((positive, negative),) = cls.pairs.values()
        if not node:
            raise ValueError(f"needs {positive!r} or {negative!r} with {cls.dimension.noun}")
        return super().spelled(node)


_TURN = dict.fromkeys(("%", "x", "m"), "a {} turns in place and takes an angle, as in 20deg; moving {} is {}")
_MOVE = dict.fromkeys(("deg", "rad"), "a {} moves and takes a distance, as in 40%; turning {} is {}")


def _instead(answers: dict[str, str], *words: str) -> dict[str, str]:
    return {unit: answer.format(*words) for unit, answer in answers.items()}


class Pan(SignedMove):
    """Turn the head about the vertical."""

    key: ClassVar[str] = "pan"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"angle": ("right", "left")}
    angle: Annotated[float, reader(units.ANGLE, radians, misused=_instead(_TURN, "pan", "sideways", "truck"))]
    """Radians, right."""


class Tilt(SignedMove):
    """Turn the head about its right axis."""

    key: ClassVar[str] = "tilt"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"angle": ("up", "down")}
    angle: Annotated[float, reader(units.ANGLE, radians, misused=_instead(_TURN, "tilt", "up or down", "pedestal"))]
    """Radians, up."""


class Roll(SignedMove):
    """Turn the head about its view axis."""

    key: ClassVar[str] = "roll"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"angle": ("clockwise", "counterclockwise")}
    angle: Annotated[float, reader(units.ANGLE, radians, misused=_instead(_TURN, "roll", "sideways", "truck"))]
    """Radians, clockwise."""


class Dolly(SignedMove):
    """Move along the view axis."""

    key: ClassVar[str] = "dolly"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("in", "out")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    distance: Annotated[
        float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "dolly", "in place", "pan, tilt or roll"))
    ]
    """Fraction of the subject's distance, in."""


class Truck(SignedMove):
    """Move sideways."""

    key: ClassVar[str] = "truck"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("right", "left")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    distance: Annotated[float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "truck", "sideways", "pan"))]
    """Fraction of the subject's distance, right."""


class Pedestal(SignedMove):
    """Move along the vertical."""

    key: ClassVar[str] = "pedestal"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("up", "down")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    distance: Annotated[float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "pedestal", "up or down", "tilt"))]
    """Fraction of the subject's distance, up."""


class Crane(SignedMove):
    """Move along the vertical while the head keeps the subject where it is in frame."""

    key: ClassVar[str] = "crane"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("up", "down")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    distance: Annotated[float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "crane", "up or down", "tilt"))]
    """Fraction of the subject's distance, up."""


class DollyZoom(SignedMove):
    """Move along the view axis while the lens keeps the subject's size."""

    key: ClassVar[str] = "dolly-zoom"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("in", "out")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    distance: Annotated[
        float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "dolly-zoom", "in place", "pan, tilt or roll"))
    ]
    """Fraction of the subject's distance, in."""


_RADIUS = {"m": "closer and farther take a share of the radius, as in 20%"}
Closer = Annotated[float, reader(units.RADIUS, part, high="99%", misused=_RADIUS)]
"""Fraction by which a radius shrinks."""


class Orbit(MoveRecord):
    """Turn the camera rigidly about a pivot."""

    key: ClassVar[str] = "orbit"
    example: ClassVar[str] = "orbit: {right: 30deg}"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {
        "right": ("right", "left"),
        "up": ("up", "down"),
        "closer": ("closer", "farther"),
    }
    right: Angle = 0.0
    """Radians; the camera ends to the right of the source view."""
    up: Elevation = 0.0
    """Radians of elevation, within 85 degrees."""
    closer: Closer = 0.0
    """Fraction by which the radius shrinks, at most 0.99; negative lengthens it."""
    about: Place = Subject()
    """The pivot."""

    @classmethod
    def spelled(cls, node: Mapped) -> dict[str, Any]:
        """Give each amount its sign; an orbit without any is refused."""
        fields = super().spelled(node)
        if not cls.pairs.keys() & fields.keys():
            raise ValueError(f"needs an angle, or closer or farther, as in {cls.example}")
        return fields


def _frame(value: Any) -> Any:
    if isinstance(value, str) and value == "center":
        return (0.5, 0.5)
    return listed(value, (2,), "[33%, 50%], or center")


PlaceInFrame = Annotated[tuple[ImageShare, ImageShare] | None, BeforeValidator(_frame)]


class LookAt(MoveRecord):
    """Aim the head at a place."""

    key: ClassVar[str] = "look-at"
    example: ClassVar[str] = "look-at: {target: subject}"
    target: Place
    weight: Weight = 1.0
    """How much of the aim is taken, 0 to 1."""
    frame: PlaceInFrame = None
    """Where in the picture to keep it, fractions of (width, height) from the top left; None keeps it where the shot's
    first source frame shows it."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``subject`` or ``[50%, 60%]`` as ``{target: …}``."""
        value = unwrapped(node, cls.key)
        if isinstance(value, Listed) or (isinstance(value, Text) and not value.missing):
            return Mapped({"target": value}, value.where)
        return super().opened(value)


class Handheld(MoveRecord):
    """Shake the head as a hand would: band-limited noise of six axes."""

    key: ClassVar[str] = "handheld"
    example: ClassVar[str] = "handheld: {amount: 0.4}"
    amount: Amount = 1.0
    """1 is 1 degree RMS of pan and tilt, and 1 % of the subject's distance sideways and up."""
    frequency: Frequency = 1.5
    """Hertz."""
    seed: Whole | None = None
    """None takes it from the shot's name, and for a second handheld from its number too."""
    settle: OptionalDuration = None
    """Seconds over which it fades out at the end of its window; None never."""
