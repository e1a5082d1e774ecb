"""The moves of the camera: one record each, with amounts in canonical units.

Angles are radians, distances fractions of the subject's distance. Positive is right, up, in, clockwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.base_moves import MoveRecord
from ex4d.shotlist.fields import Amount, Frequency, ImageShare, Weight, Whole, listed, reader, shown
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text, unwrapped
from ex4d.shotlist.other_words import WAYS_ROUND, WAYS_TO_MOVE, WAYS_TO_TURN
from ex4d.shotlist.places import Place, Subject
from ex4d.shotlist.records import Record
from ex4d.shotlist.timing import OptionalDuration
from ex4d.shotlist.units import part, radians


class Hold(MoveRecord):
    """Do nothing: a word for the reader."""

    key: ClassVar[str] = "hold"


class SignedMove(MoveRecord):
    """A move of one signed amount, which may be written with a direction instead."""

    dimension: ClassVar[units.Dimension] = units.ANGLE
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_TO_TURN

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


_TURN = dict.fromkeys(("%", "x", "m"), "a {} turns in place and takes an angle, as in 20deg; moving {} is {}")
_MOVE = dict.fromkeys(("deg", "rad"), "a {} moves and takes a distance, as in 40%; turning {} is {}")


def _instead(answers: dict[str, str], *words: str) -> dict[str, str]:
    return {unit: answer.format(*words) for unit, answer in answers.items()}


class Pan(SignedMove):
    """Turn the head to the side where it stands; the horizon stays level."""

    key: ClassVar[str] = "pan"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"angle": ("right", "left")}
    angle: Annotated[float, reader(units.ANGLE, radians, misused=_instead(_TURN, "pan", "sideways", "truck"))]
    """How far it turns to the right."""


class Tilt(SignedMove):
    """Turn the head up or down where it stands."""

    key: ClassVar[str] = "tilt"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"angle": ("up", "down")}
    angle: Annotated[float, reader(units.ANGLE, radians, misused=_instead(_TURN, "tilt", "up or down", "pedestal"))]
    """How far it turns up."""


class Roll(SignedMove):
    """Turn the head about its view axis, so that the horizon tips."""

    key: ClassVar[str] = "roll"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"angle": ("clockwise", "counterclockwise")}
    elsewhere: ClassVar[Mapping[str, str]] = {}  # left and right may mean either
    angle: Annotated[float, reader(units.ANGLE, radians, misused=_instead(_TURN, "roll", "sideways", "truck"))]
    """How far it turns clockwise; the picture turns the other way."""


class Dolly(SignedMove):
    """Move along the view axis, as it is when the move begins: a pan at the same time does not bend the track."""

    key: ClassVar[str] = "dolly"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("in", "out")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_TO_MOVE
    distance: Annotated[
        float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "dolly", "in place", "pan, tilt or roll"))
    ]
    """How far in it moves: 40% is that much of the way to the subject."""


class Truck(SignedMove):
    """Move sideways on a level track, which is fixed when the move begins."""

    key: ClassVar[str] = "truck"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("right", "left")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_TO_MOVE
    distance: Annotated[float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "truck", "sideways", "pan"))]
    """How far to the right it moves."""


class Pedestal(SignedMove):
    """Move straight up or down; the head keeps its direction."""

    key: ClassVar[str] = "pedestal"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("up", "down")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_TO_MOVE
    distance: Annotated[float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "pedestal", "up or down", "tilt"))]
    """How far up it moves."""


class Crane(SignedMove):
    """Move straight up or down while the head keeps the subject where it is in frame."""

    key: ClassVar[str] = "crane"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("up", "down")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_TO_MOVE
    distance: Annotated[float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "crane", "up or down", "tilt"))]
    """How far up it moves."""


class DollyZoom(SignedMove):
    """Move along the view axis while the lens keeps the subject's size: the vertigo shot."""

    key: ClassVar[str] = "dolly-zoom"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {"distance": ("in", "out")}
    dimension: ClassVar[units.Dimension] = units.DISTANCE
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_TO_MOVE
    distance: Annotated[
        float, reader(units.DISTANCE, part, misused=_instead(_MOVE, "dolly-zoom", "in place", "pan, tilt or roll"))
    ]
    """How far in it moves: 40% is that much of the way to the subject."""


_ROUND = dict.fromkeys(("%", "x", "m"), "an orbit turns by an angle, as in 30deg; coming nearer is closer: 20%")
Azimuth = Annotated[float, reader(units.ANGLE, radians, misused=_ROUND)]
"""Radians round a pivot."""
Elevation = Annotated[float, reader(units.ANGLE, radians, "-85deg", "85deg", misused=_ROUND)]
"""Radians over a pivot, within 85 degrees of the horizon."""
_RADIUS = dict.fromkeys(("m", "deg", "rad"), "closer and farther take a share of the radius, as in 20%")
Closer = Annotated[float, reader(units.RADIUS, part, high="99%", misused=_RADIUS)]
"""Fraction by which a radius shrinks."""


class Orbit(MoveRecord):
    """Turn the camera rigidly about a pivot, which stays exactly where it was in frame; the horizon stays level."""

    key: ClassVar[str] = "orbit"
    elsewhere: ClassVar[Mapping[str, str]] = WAYS_ROUND
    example: ClassVar[str] = "orbit: {right: 30deg}"
    pairs: ClassVar[dict[str, tuple[str, str]]] = {
        "right": ("right", "left"),
        "up": ("up", "down"),
        "closer": ("closer", "farther"),
    }
    right: Azimuth = 0.0
    """How far round it travels: right puts the camera to the right of the source view."""
    up: Elevation = 0.0
    """How high it rises over the pivot."""
    closer: Closer = 0.0
    """How much of the radius it takes away; farther adds to it."""
    about: Place = Subject()
    """The pivot round which it turns."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Answer ``30deg`` alone, which does not say which way."""
        value = unwrapped(node, cls.key)
        if isinstance(value, Text) and value.lstrip("-")[:1].isdigit():
            raise ValueError(f"{shown(value)} does not say which way; write {cls.example}, or left, up, down, closer")
        return super().opened(node)

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
    """Aim the head at a place, with a level horizon."""

    key: ClassVar[str] = "look-at"
    example: ClassVar[str] = "look-at: {target: subject}"
    target: Place
    """What it looks at."""
    weight: Weight = 1.0
    """How much of the aim is taken, 0 to 1."""
    frame: PlaceInFrame = None
    """Where in the picture to keep it, as parts of width and height from the top left; if not stated, where the shot's
    first source frame shows it."""

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Read ``subject`` or ``[50%, 60%]`` as ``{target: …}``."""
        value = unwrapped(node, cls.key)
        if isinstance(value, Listed) or (isinstance(value, Text) and not value.missing):
            return Mapped({"target": value}, value.where)
        return super().opened(value)


class Handheld(MoveRecord):
    """Shake the head as a hand would: steady noise of six axes, the same for every rate and on every machine."""

    key: ClassVar[str] = "handheld"
    example: ClassVar[str] = "handheld: {amount: 0.4}"
    amount: Amount = 1.0
    """1 is 1deg RMS of pan and tilt, 0.5deg of roll, 1% of the subject's distance sideways and up, and 0.5% in."""
    frequency: Frequency = 1.5
    """How fast it shakes; its energy lies between a third of this and three times it."""
    seed: Whole | None = None
    """If not stated, it follows from the shot's name, and for a second handheld from its number too."""
    settle: OptionalDuration = None
    """How long it takes to come to rest at the end of its window; if not stated, it never does."""
