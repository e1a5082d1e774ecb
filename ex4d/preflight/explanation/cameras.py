"""The camera of a shot in words: its moves, those of a preset under the preset's own word for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ex4d.preflight.explanation.moments import Telling, pace, when
from ex4d.preflight.explanation.moves import SENTENCE_OF
from ex4d.preflight.explanation.quantities import told
from ex4d.shotlist.camera import BASES, WITHOUT_EASE
from ex4d.shotlist.model import CameraItem
from ex4d.trajectory.cue import LINEAR, SMOOTH


@dataclass(frozen=True)
class MovesTold:
    """What moves do: one that the shot states, or all those of a preset that it uses."""

    preset: str
    """Which, and what it says of itself, as a sentence; empty for a move of the shot's own."""
    sentences: tuple[str, ...]
    """A sentence for each move."""


def camera_in_words(telling: Telling) -> Iterator[MovesTold]:
    """Yield what each item of a shot's camera does, in the order of writing."""
    shot, origin = telling.shot, telling.shot.origin
    trails = origin.presets or ((),) * len(shot.camera)
    places = [mark.path for mark in origin.camera] or [str(index) for index in range(len(shot.camera))]
    items = zip(places, trails, shot.camera, strict=True)
    for (_, outer), group in groupby(items, key=lambda each: (each[0], each[1][:1])):
        sentences = tuple(told(_nested(trail) + sentence(item, telling)) for _, trail, item in group)
        yield MovesTold(_preset(outer[0], telling) if outer else "", sentences)


def _preset(identity: str, telling: Telling) -> str:
    about = telling.abouts.get(identity, "").rstrip(". ")
    return told(f"the preset {_named(identity)}{f': {about}' if about else ''}")


def _nested(trail: tuple[str, ...]) -> str:
    """Name the presets inside the outermost one."""
    return f"by {', which uses '.join(map(_named, trail[1:]))}: " if len(trail) > 1 else ""


def _named(identity: str) -> str:
    name, _, version = identity.partition("@")
    return f"{name} (version {version})"


def sentence(item: CameraItem, telling: Telling) -> str:
    """Say one move: when, what, and how its speed runs."""
    what, at = SENTENCE_OF[type(item.move)](item, telling), when(item.at, telling)
    said = f"{at}, {what}" if at else what
    if item.move.key in WITHOUT_EASE:
        return said
    evenly = isinstance(item.move, BASES) and item.ease in (None, LINEAR)
    return said if evenly else f"{said}, {pace(item, SMOOTH)}"
