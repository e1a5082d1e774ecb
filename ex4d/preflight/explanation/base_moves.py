"""What the moves do that state the whole base camera: splines, formulas and files."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ex4d.preflight.explanation.moments import Telling
from ex4d.preflight.explanation.quantities import degrees, distance, joined, magnified, number, side
from ex4d.preflight.explanation.spots import away, place
from ex4d.shotlist.base_moves import CameraFile, Path, Rotation, Spline, SplineKey
from ex4d.shotlist.model import CameraItem
from ex4d.trajectory.timing import Span, frame_of


def of_spline(item: CameraItem, telling: Telling) -> str:
    """Say the keys of a spline, one after the other."""
    move = item.move
    assert isinstance(move, Spline)
    span = telling.span(item.at)
    keys = "; ".join(_key(index, key, len(move.keys), span, telling) for index, key in enumerate(move.keys))
    shape = "a smooth path" if move.interpolation == "smooth" else "straight lines from point to point"
    even = ", always equally fast" if move.pace == "constant" else ""
    through = "through" if move.interpolation == "smooth" else "over"
    return f"the camera follows {shape} {through} {len(move.keys)} points{even}: {keys}"


def _key(index: int, key: SplineKey, count: int, span: Span, telling: Telling) -> str:
    """Say one key: when, where, which way, through which lens."""
    at = "on the way" if key.at is None else f"at {telling.moment(key.at, frame_of(key.at, span, telling.clock))}"
    if key.at is not None and index in (0, count - 1) and key.at.unit == "%" and key.at.value in (0, 100):
        at = "first" if index == 0 else "last"
    return ", ".join([at, *_key_parts(key, telling, first=not index)])


def _key_parts(key: SplineKey, telling: Telling, *, first: bool) -> Iterator[str]:
    source = telling.shot.source
    position = (0.0, 0.0, 0.0) if key.position is None and first else key.position
    if position is not None:
        moved = any(abs(value) >= 5e-4 for value in position)
        yield away(position, source) if moved else "where the source's camera stood"
    if key.look_at is not None:
        yield f"looking at {place(key.look_at, source)}"
    if key.rotation is not None:
        yield _turned(key.rotation)
    if key.lens is not None:
        yield f"with things {magnified(key.lens)}" if key.lens != 1 else "through the source's lens"


def _turned(turn: Rotation) -> str:
    parts = [
        f"{degrees(angle)} {side(angle, *words)}"
        for angle, words in (
            (turn.pan, ("to the right", "to the left")),
            (turn.tilt, ("up", "down")),
            (turn.roll, ("clockwise", "counterclockwise")),
        )
        if angle
    ]
    return f"turned {joined(parts)}" if parts else "looking straight on"


_OF_DISTANCE = ("right", "up", "in")
_OF_TURN = ("pan", "tilt", "roll")


def of_path(item: CameraItem, telling: Telling) -> str:
    """Say the formulas of a path as they are written, and what they are of."""
    move = item.move
    assert isinstance(move, Path)
    formulas = move.formulas
    said = joined([f"{word} = {formula.text}" for word, formula in formulas.items()])
    units = []
    if any(word in formulas for word in _OF_DISTANCE):
        units.append("distances are shares of the subject's distance")
    if any(word in formulas for word in _OF_TURN):
        units.append("angles without a unit are radians")
    constants = [f"{name} = {number(value, 4)}" for name, value in move.parameters.items()]
    where = f", with {joined(constants)}" if constants else ""
    units = [f"s goes from 0 to 1{where}", *units]
    aim = f", looking at {place(move.look_at, telling.shot.source)}" if move.look_at is not None else ""
    return f"the camera follows formulas: {said} ({', '.join(units)}){aim}"


def of_file(item: CameraItem, telling: Telling) -> str:
    """Say which file the camera follows."""
    move = item.move
    assert isinstance(move, CameraFile)
    name = os.path.relpath(move.file, telling.folder)
    scale = f", one unit of it being {distance(move.scale, telling.shot.source)}" if move.scale is not None else ""
    if move.mode == "append":
        return f"on top of that the camera moves as the cameras of {name} do from their first on{scale}"
    return f"the camera follows the cameras of {name}{scale}"
