"""The main job: compile every shot, draw its guide, complete it, cut the shots together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ex4d.crew import make_beforehand
from ex4d.edit.sequence import Segment, edit_length, play
from ex4d.edit.soundtrack import Piece, sound_of_frames
from ex4d.edit.timeline import timeline_json
from ex4d.engines.choice import require
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.engines.run import Engines
from ex4d.errors import UserError
from ex4d.kernels import announce_compiling
from ex4d.media.writing import H264Writer
from ex4d.progress import SILENT, Progress
from ex4d.setups import Setup, cut, set_up_all, sources_of
from ex4d.shotlist.model import Shot, ShotList
from ex4d.sync_sound import SyncSound, sync_sound_of, tell
from ex4d.takes import Take, make_take
from ex4d.workspace import Workspace, code_hash, key_of, stage, write_text


@dataclass(frozen=True)
class Production:
    """What a run made, and where it is."""

    workspace: Workspace
    takes: tuple[Take, ...]
    segments: tuple[Segment, ...]
    """The shots as they are cut together; empty where no edit was asked for."""
    sound: SyncSound | None = None
    """What is heard in the edit; None where the shot list keeps no sound."""


def shoot(
    film: ShotList,
    *,
    folder: Path,
    only: Sequence[str] = (),
    options: EngineOptions = AS_IS,
    force: bool = False,
    verify: bool = False,
    progress: Progress = SILENT,
) -> Production:
    """Turn a shot list into an edited film in ``folder``.

    Everything that can be wrong with the shots and their media is found before anything is rendered. What an earlier
    run finished, of the same ingredients, is kept. With ``only``, those shots are made and no edit is cut.

    Raises:
        UserError: the shots or their media are at fault, or the folder cannot be written.
        MissingPart: depth or an engine is missing.
    """
    announce_compiling(progress)
    workspace = Workspace(folder, film.output.file)
    workspace.require_apart_from(sources_of(film))
    setups = set_up_all(_chosen(film, only), film.output, options=options, progress=progress, verify=verify)
    segments = () if only else cut(setups, film.end)
    sound = sync_sound_of(setups) if segments and film.audio == "source" else None
    if sound is not None:
        tell(sound, progress)
    require((setup.engine for setup in setups), options)
    engines = Engines(replace(options, previews=workspace.takes / "previews"), progress, verify=verify)
    with workspace.locked():
        made = make_beforehand(film, setups, workspace, engines, progress, force=force, verify=verify)
        takes = tuple(
            _take(setup, workspace, engines, progress, force=force and setup.shot.name not in made, verify=verify)
            for setup in setups
        )
        production = Production(workspace, takes, segments, sound)
        if segments:
            _write_edit(production, film, progress)
    return production


def _take(
    setup: Setup, workspace: Workspace, engines: Engines, progress: Progress, *, force: bool, verify: bool
) -> Take:
    return make_take(setup, workspace.take(setup.shot.name), engines, progress, force=force, verify=verify)


def _chosen(film: ShotList, only: Sequence[str]) -> list[Shot]:
    names = [shot.name for shot in film.shots]
    unknown = [name for name in only if name not in names]
    if unknown:
        raise UserError(f"{film.file}: no shot named {', '.join(unknown)}; its shots are {', '.join(names)}")
    return [shot for shot in film.shots if not only or shot.name in only]


def _write_edit(production: Production, film: ShotList, progress: Progress) -> None:
    """Cut the results together, unless the same ones were cut the same way before."""
    workspace, segments, takes = production.workspace, production.segments, production.takes
    rate = takes[0].setup.path.frame_rate
    pieces = production.sound.pieces(segments, rate) if production.sound is not None else ()
    key = key_of(
        {
            "results": [stage(take.folder, "result").key for take in takes],
            "segments": segments,
            "sound": [_ingredients(piece, workspace.folder) for piece in pieces],
            "rate": rate,
            "title": film.title,
            "code": code_hash("edit", "media"),
        }
    )

    def write() -> None:
        _write_movie(production, pieces, progress)
        _write_timeline(production, film, pieces)

    if not workspace.cut.made(key):
        workspace.cut.make(key, write)


def _ingredients(piece: Piece, folder: Path) -> list[Any]:
    """Return what a piece of sound adds to the film, but for what is heard, which is the results' source."""
    sound = piece.sound
    heard = [_from(folder, sound.path), sound.stream, sound.begin]
    return [*heard, piece.source, piece.start, piece.count, piece.ramps]


def _write_movie(production: Production, pieces: Sequence[Piece], progress: Progress) -> None:
    segments, takes = production.segments, production.takes
    count, rate = edit_length(segments), takes[0].setup.path.frame_rate
    progress.begin("edit", count)
    frames, sound = play(segments, [take.result.frames for take in takes]), sound_of_frames(pieces, count, rate)
    with H264Writer(production.workspace.edit, takes[0].result.size, rate, sound=bool(pieces)) as movie:
        for frame, samples in zip(frames, sound, strict=True):
            movie.write(frame)
            if pieces:
                movie.write_sound(samples)
            progress.advance()


def _write_timeline(production: Production, film: ShotList, pieces: Sequence[Piece]) -> None:
    takes, workspace = production.takes, production.workspace
    media = {
        take.setup.shot.name: (take.result.folder / "colour.mkv").relative_to(workspace.folder).as_posix()
        for take in takes
    }
    notes = {
        take.setup.shot.name: {"engine": take.setup.engine.name, "seed": take.setup.shot.synthesis.seed}
        for take in takes
    }
    rate = takes[0].setup.path.frame_rate
    title = film.title or workspace.edit.stem
    sources = {path: _from(workspace.folder, path) for path in {piece.sound.path for piece in pieces}}
    text = timeline_json(title, production.segments, media, rate, notes, pieces, sources)
    write_text(workspace.timeline, text)


def _from(folder: Path, path: Path) -> str:
    """Return a path relative to a folder, as a timeline that stands there names it."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
