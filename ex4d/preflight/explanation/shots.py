"""One shot in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ex4d.artifacts.camera_path import CameraPath
from ex4d.preflight.explanation.cameras import MovesTold, camera_in_words
from ex4d.preflight.explanation.ending import Ending, ending_of
from ex4d.preflight.explanation.joining import entering
from ex4d.preflight.explanation.moments import Telling
from ex4d.preflight.explanation.playing import length_in_words, playing
from ex4d.preflight.explanation.quantities import told
from ex4d.shotlist.model import Hold, Shot, ShotList
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
    camera: tuple[MovesTold, ...]
    """What its moves do."""
    ends: str
    ending: Ending
    remarks: tuple[str, ...]
    """What was chosen for the user."""


def tell_shot(shot: Shot, path: CameraPath, film: ShotList, before: str | None, abouts: Mapping[str, str]) -> ShotTold:
    """Tell one shot.

    Args:
        shot: of the film.
        path: compiled, as far as the file tells.
        film: that has it.
        before: the name of the shot before; None for the first.
        abouts: what presets say of themselves, by ``NAME@N``.
    """
    rate = film.output.fps or shot.source.fps
    lasts = shot.duration(shot.source.fps, rate) is not None or (shot.frames is not None and rate is not None)
    telling = Telling(shot, clock_of(shot, path.scene), lasts, str(film.file.parent), abouts)
    ending = ending_of(path)
    entered, words = entering(shot.transition, before), ending.in_words(shot.source)
    return ShotTold(
        name=shot.name,
        length=length_in_words(shot, shot.source.fps, rate),
        frames=len(path) if rate is not None and lasts else shot.frames,
        plays=tuple(map(told, playing(shot))),
        entered=told(entered) if entered else "",
        camera=tuple(camera_in_words(telling)),
        ends=told(_LOCKED_OFF if all(isinstance(item.move, Hold) for item in shot.camera) else words),
        ending=ending,
        remarks=tuple(_remarks(shot)),
    )


_LOCKED_OFF = "the camera is locked off: it shows what the source's camera saw"


def _remarks(shot: Shot) -> Iterator[str]:
    for use in shot.presets:
        if not use.pinned:
            pinned = f"{use.name}@{use.version}"
            yield told(
                f"no version of {use.name} is written, so the newest is taken: {pinned}; ex4d presets pin keeps it"
            )
