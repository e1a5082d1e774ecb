"""A whole shot list in words: from the file alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ex4d.artifacts.camera_path import CameraPath
from ex4d.errors import Fault, ShotFileError, UserError
from ex4d.preflight.explanation.footage import leans, output_in_words, source_in_words, synthesis_in_words
from ex4d.preflight.explanation.joining import closing
from ex4d.preflight.explanation.quantities import seconds, told
from ex4d.preflight.explanation.shots import ShotTold, tell_shot
from ex4d.progress import counted
from ex4d.shotlist.fields import near
from ex4d.shotlist.joins import frames_of
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Shot, ShotList
from ex4d.trajectory.assumed import compile_assumed
from ex4d.trajectory.placing import placing


@dataclass(frozen=True)
class FilmTold:
    """What a shot list is, in sentences."""

    title: str
    length: str
    footage: tuple[str, ...]
    """What was filmed and who completes it: of most shots."""
    made: str
    sound: str
    shots: tuple[ShotTold, ...]
    own_footage: tuple[tuple[str, ...], ...]
    """Of each shot, what differs from that."""
    closes: str
    """Empty for a cut."""
    assumed: tuple[str, ...]
    """What the file leaves open."""


def explain(file: Path, only: str | None = None) -> FilmTold:
    """Tell a film, or one shot of it; no media are opened, nor need they be there.

    Raises:
        ShotFileError: all faults of the file, or else those of all shots that cannot be compiled.
        UserError: it has no such shot.
    """
    film = load(file, must_exist=False)
    if only is not None:
        _require_shot(only, film)
    faults: list[Fault] = []
    paths: list[CameraPath] = []
    for shot in film.shots:
        with placing(shot, faults):
            paths.append(compile_assumed(shot, film.output))
    if faults:
        raise ShotFileError(tuple(faults))
    return _told(film, paths, only)


def parted(place: str) -> tuple[Path, str | None]:
    """Part ``FILE#SHOT``; a file whose name has the sign is taken as it is."""
    file, sign, name = place.rpartition("#")
    return (Path(file), name) if sign and file and not Path(place).is_file() else (Path(place), None)


def _require_shot(name: str, film: ShotList) -> None:
    names = tuple(shot.name for shot in film.shots)
    if name not in names:
        raise UserError(f"{film.file} has no shot {name!r}{near(name, names) or '; shots: ' + ', '.join(names)}")


def _told(film: ShotList, paths: list[CameraPath], only: str | None) -> FilmTold:
    abouts = _abouts(film)
    befores = [None, *(shot.name for shot in film.shots)]
    shots = [
        (shot, tell_shot(shot, path, film, before, abouts), path)
        for shot, path, before in zip(film.shots, paths, befores, strict=False)
        if only in (None, shot.name)
    ]
    footage = [_footage(shot, film) for shot, _, _ in shots]
    usual = max(dict.fromkeys(footage), key=footage.count)
    assumed = dict.fromkeys(words for _, _, path in shots for words in path.scene.assumed)
    return FilmTold(
        title=film.title or film.file.name,
        length=_length(film, [tell.frames for _, tell, _ in shots]) if only is None else "",
        footage=usual,
        made=told(output_in_words(film.output)),
        sound=told(_SOUND[film.audio]),
        shots=tuple(tell for _, tell, _ in shots),
        own_footage=tuple(tuple(words for words in each if words not in usual) for each in footage),
        closes=told(words) if (words := closing(film.end)) and only is None else "",
        assumed=tuple(assumed),
    )


def _abouts(film: ShotList) -> dict[str, str]:
    library = Library.beside(film.file)
    used = dict.fromkeys((use.name, use.version) for shot in film.shots for use in shot.presets)
    return {f"{name}@{version}": library.preset(name, version).about for name, version in used}


_SOUND = {
    "none": "the film is silent",
    "source": "the source's sound is heard under whatever plays forwards at its own speed",
}


def _footage(shot: Shot, film: ShotList) -> tuple[str, ...]:
    others_lean = any(leans(other.source) for other in film.shots)
    source = source_in_words(shot.source, str(film.file.parent), others_lean=others_lean)
    return tuple(map(told, (*source, synthesis_in_words(shot.synthesis))))


def _length(film: ShotList, frames: list[int | None]) -> str:
    """Say how long the film is, where the file tells: transitions that overlap make it shorter."""
    shots, rate = counted(len(film.shots), "shot"), film.output.fps or film.shots[0].source.fps
    if rate is None or None in frames:
        return shots
    shared = sum(frames_of(shot.transition, rate) for shot in film.shots[1:] if shot.transition.overlaps)
    total = sum(count for count in frames if count is not None) - shared
    return f"{shots}, {counted(total, 'frame')}, {seconds(Fraction(total) / rate)}"
