"""One shot in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ex4d.artifacts.camera_path import CameraPath
from ex4d.preflight.explanation.ending import Ending, ending_of
from ex4d.preflight.explanation.joining import entering
from ex4d.preflight.explanation.moments import Telling, pace, when
from ex4d.preflight.explanation.moves import SENTENCE_OF
from ex4d.preflight.explanation.playing import length_in_words, playing
from ex4d.preflight.explanation.quantities import told
from ex4d.shotlist.camera import WITHOUT_EASE
from ex4d.shotlist.model import CameraFile, CameraItem, Hold, Path, Shot, ShotList, Spline
from ex4d.trajectory.cue import LINEAR, SMOOTH
from ex4d.trajectory.timing import clock_of


@dataclass(frozen=True)
class ShotTold:
    """What one shot is, in sentences."""

    name: str
    length: str
    frames: int | None
    """None where only the media can tell."""
    plays: tuple[str, ...]
    entered: str
    """How it is entered from the one before; empty for a cut."""
    camera: tuple[str, ...]
    """What each of its moves does."""
    ends: str
    ending: Ending
    remarks: tuple[str, ...]
    """What was chosen for the user."""


def tell_shot(shot: Shot, path: CameraPath, film: ShotList, before: str | None) -> ShotTold:
    """Tell one shot.

    Args:
        shot: of the film.
        path: compiled, as far as the file tells.
        film: that has it.
        before: the name of the shot before; None for the first.
    """
    rate = film.output.fps or shot.source.fps
    lasts = shot.duration(shot.source.fps, rate) is not None or (shot.frames is not None and rate is not None)
    telling = Telling(shot, clock_of(shot, path.scene), lasts, str(film.file.parent))
    ending = ending_of(path)
    entered, words = entering(shot.transition, before), ending.in_words(shot.source)
    return ShotTold(
        name=shot.name,
        length=length_in_words(shot, shot.source.fps, rate),
        frames=len(path) if rate is not None and lasts else shot.frames,
        plays=tuple(map(told, playing(shot))),
        entered=told(entered) if entered else "",
        camera=tuple(_camera(telling)),
        ends=told(_LOCKED_OFF if all(isinstance(item.move, Hold) for item in shot.camera) else words),
        ending=ending,
        remarks=tuple(_remarks(shot)),
    )


_LOCKED_OFF = "the camera is locked off: it shows what the source's camera saw"


def _camera(telling: Telling) -> Iterator[str]:
    """Yield a sentence for each move; those of one preset follow its name."""
    trails = telling.shot.origin.presets or ((),) * len(telling.shot.camera)
    for trail, group in groupby(zip(trails, telling.shot.camera, strict=True), key=lambda pair: pair[0]):
        for index, (_, item) in enumerate(group):
            lead = "" if not trail else f"by {_presets(trail)}: " if not index else "by the same preset: "
            yield told(lead + sentence(item, telling))


def _presets(trail: tuple[str, ...]) -> str:
    named = [f"{name} (version {version})" for name, _, version in (each.partition("@") for each in trail)]
    return f"the preset {named[0]}" if len(named) == 1 else f"the preset {', which uses '.join(named)}"


def sentence(item: CameraItem, telling: Telling) -> str:
    """Say one move: when, what, and how its speed runs."""
    what, at = SENTENCE_OF[type(item.move)](item, telling), when(item.at, telling)
    said = f"{at}, {what}" if at else what
    if item.move.key in WITHOUT_EASE:
        return said
    base = isinstance(item.move, Spline | Path | CameraFile)
    if base and (item.ease is None or item.ease == LINEAR):
        return said
    return f"{said}, {pace(item, SMOOTH)}"


def _remarks(shot: Shot) -> Iterator[str]:
    for use in shot.presets:
        if not use.pinned:
            pinned = f"{use.name}@{use.version}"
            yield told(
                f"no version of {use.name} is written, so the newest is taken: {pinned}; ex4d presets pin keeps it"
            )
