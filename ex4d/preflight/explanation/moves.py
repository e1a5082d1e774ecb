"""What each kind of move does, in a sentence; without when it happens and how its speed runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ex4d.preflight.explanation.base_moves import of_file, of_path, of_spline
from ex4d.preflight.explanation.moments import Telling
from ex4d.preflight.explanation.quantities import (
    counted_as,
    degrees,
    distance,
    joined,
    lens,
    magnified,
    number,
    seconds,
    share,
    side,
)
from ex4d.preflight.explanation.spots import picture, place
from ex4d.shotlist.base_moves import CameraFile, MoveRecord, Path, Spline
from ex4d.shotlist.model import (
    CameraItem,
    Crane,
    Dolly,
    DollyZoom,
    Handheld,
    Hold,
    LookAt,
    Orbit,
    Pan,
    Pedestal,
    Roll,
    Tilt,
    Truck,
    Zoom,
)
from ex4d.trajectory.moves import FADE_IN_S


def _hold(item: CameraItem, telling: Telling) -> str:
    return "a hold: by this nothing moves"


def _pan(item: CameraItem, telling: Telling) -> str:
    angle = _move(item, Pan).angle
    return f"the camera's head turns {degrees(angle)} to the {side(angle, 'right', 'left')} (a pan)"


def _tilt(item: CameraItem, telling: Telling) -> str:
    angle = _move(item, Tilt).angle
    return f"the camera's head turns {degrees(angle)} {side(angle, 'up', 'down')} (a tilt)"


def _roll(item: CameraItem, telling: Telling) -> str:
    angle = _move(item, Roll).angle
    words = ("clockwise", "counterclockwise")
    ways = words if angle >= 0 else words[::-1]
    return f"the camera rolls {degrees(angle)} {ways[0]}, so that the picture leans {ways[1]}"


def _dolly(item: CameraItem, telling: Telling) -> str:
    amount = _move(item, Dolly).distance
    way = side(amount, "in, along its view,", "out, straight back,")
    return f"the camera moves {way} by {distance(amount, telling.shot.source)}"


def _truck(item: CameraItem, telling: Telling) -> str:
    amount = _move(item, Truck).distance
    way = side(amount, "right", "left")
    return f"the camera moves sideways to the {way} by {distance(amount, telling.shot.source)}"


def _pedestal(item: CameraItem, telling: Telling) -> str:
    amount = _move(item, Pedestal).distance
    verb = side(amount, "rises straight up", "sinks straight down")
    return f"the camera {verb} by {distance(amount, telling.shot.source)}"


def _crane(item: CameraItem, telling: Telling) -> str:
    amount = _move(item, Crane).distance
    verb = side(amount, "rises", "sinks")
    size = distance(amount, telling.shot.source)
    return f"the camera {verb} by {size} and keeps the subject where it is in the picture"


def _dolly_zoom(item: CameraItem, telling: Telling) -> str:
    amount = _move(item, DollyZoom).distance
    way = side(amount, "in", "out")
    effect = side(
        amount,
        "the lens widens: the subject keeps its size, and what is behind it shrinks away",
        "the lens lengthens: the subject keeps its size, and what is behind it grows",
    )
    return f"the camera moves {way} by {distance(amount, telling.shot.source)} while {effect}"


def _orbit(item: CameraItem, telling: Telling) -> str:
    move = _move(item, Orbit)
    pivot = place(move.about, telling.shot.source)
    ways = [
        f"{degrees(angle)} {side(angle, *words)}"
        for angle, words in ((move.right, ("to the right", "to the left")), (move.up, ("up", "down")))
        if angle
    ]
    nearer = ""
    if move.closer:
        nearer = f"comes {share(abs(move.closer))} {side(move.closer, 'closer to', 'farther from')} "
    if not ways:
        return f"the camera {nearer}{pivot}, straight along the line between them" if nearer else "the camera stays"
    also = f" and {nearer}it" if nearer else ""
    return f"the camera travels {joined(ways)} round {pivot}{also}, turning so that it keeps its place in the picture"


def _zoom(item: CameraItem, telling: Telling) -> str:
    move = _move(item, Zoom)
    if move.end is not None:
        start = lens(move.start) if move.start is not None else "the source's own lens"
        return f"the lens goes from {start} to {lens(move.end)}"
    factor = move.factor or 1.0
    if factor == 1:
        return "the lens stays as it is, by a zoom of 1x"
    return f"the lens zooms {side(factor - 1, 'in', 'out')} until things are {magnified(factor)}"


def _look_at(item: CameraItem, telling: Telling) -> str:
    move = _move(item, LookAt)
    spot = place(move.target, telling.shot.source)
    where = "where the first frame shows it" if move.frame is None else f"at {picture(*move.frame)}"
    part = "" if move.weight == 1 else f", but goes only {share(move.weight)} of the way"
    span = telling.span(item.at)
    whole = span.start <= 0 and span.end >= telling.clock.last
    if whole:
        return f"the camera keeps looking at {spot}, {where}{part}"
    return f"the camera turns to look at {spot}, and keeps it {where}{part}"


def _handheld(item: CameraItem, telling: Telling) -> str:
    move = _move(item, Handheld)
    if move.amount == 0:
        return "the camera shakes as in a hand of amount 0: not at all"
    fade = min(FADE_IN_S, float(telling.clock.duration) / 4)
    begins = f", fading in over {seconds(fade)}" if telling.lasts else ", fading in"
    settles = f" and settling over the last {seconds(move.settle)}" if move.settle else ""
    return (
        f"the camera shakes as in a hand (amount {number(move.amount)}: turns of about "
        f"{counted_as(move.amount, 'degree')}, about {counted_as(move.frequency, 'time')} a second){begins}{settles}"
    )


def _move(item: CameraItem, kind: type[Any]) -> Any:
    assert isinstance(item.move, kind)
    return item.move


Sentence = Callable[[CameraItem, Telling], str]
SENTENCE_OF: dict[type[MoveRecord], Sentence] = {
    Hold: _hold,
    Pan: _pan,
    Tilt: _tilt,
    Roll: _roll,
    Dolly: _dolly,
    Truck: _truck,
    Pedestal: _pedestal,
    Crane: _crane,
    Orbit: _orbit,
    Zoom: _zoom,
    DollyZoom: _dolly_zoom,
    LookAt: _look_at,
    Handheld: _handheld,
    Spline: of_spline,
    Path: of_path,
    CameraFile: of_file,
}
"""Every kind of move."""
