"""Shots ready to be made: media opened, cameras compiled, engine chosen, and their places in the edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ex4d.artifacts.camera_path import CameraPath
from ex4d.edit.sequence import Segment, lay_out
from ex4d.engines.cards import count_by_place
from ex4d.engines.choice import Choice, chosen_for_shot
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.errors import Fault, ShotFileError, UserError
from ex4d.estimated_depth import DepthMeans
from ex4d.footage import Footage, open_footage
from ex4d.progress import SILENT, Progress
from ex4d.shotlist.model import CameraFile, DepthFile, DepthModel, Output, Shot, ShotList, Transition
from ex4d.shotlist.source import ENGINES
from ex4d.source_media import Media, called, open_media
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.placing import placing


@dataclass(frozen=True)
class Setup:
    """A shot ready to be made."""

    shot: Shot
    footage: Footage
    path: CameraPath
    engine: Choice
    """The engine that will complete it, chosen or as written; it may lack what it needs."""

    @property
    def frame_count(self) -> int:
        """Frames of the shot."""
        return len(self.path)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its frames, pixels."""
        return self.path.scene.lens.width, self.path.scene.lens.height


def sources_of(film: ShotList) -> tuple[Path, ...]:
    """Return every file, folder or glob that a film is made from, the shot list among them."""
    depths = [shot.source.depth.file for shot in film.shots if isinstance(shot.source.depth, DepthFile)]
    cameras = [item.move.file for shot in film.shots for item in shot.camera if isinstance(item.move, CameraFile)]
    return (film.file, *dict.fromkeys([*(shot.source.video for shot in film.shots), *depths, *cameras]))


def set_up_all(
    shots: Sequence[Shot],
    output: Output,
    *,
    options: EngineOptions = AS_IS,
    progress: Progress = SILENT,
    verify: bool = False,
) -> list[Setup]:
    """Open the media of shots, compile their cameras and choose their engines; shared media are opened once.

    What was chosen is told. An engine that cannot work here is for whoever needs it to refuse.

    Raises:
        ShotFileError: shots that cannot be compiled, all of them at once.
        UserError: a shot or its media are at fault.
        MissingPart: depth is missing.
    """
    count_by_place()  # before a depth model starts CUDA
    means = DepthMeans(options.models, "cpu" if options.device == "cpu" else None, verify)
    faults: list[Fault] = []
    opened: dict[tuple[object, ...], Media] = {}
    setups = []
    for shot in shots:
        through = shot.source.lens if isinstance(shot.source.depth, DepthModel) else None  # its metres are that lens's
        which = (shot.source.video, shot.source.fps, shot.source.depth, through)
        with placing(shot, faults):
            if which not in opened:
                opened[which] = open_media(shot.source, called(shot), progress=progress, means=means)
            footage = open_footage(shot, output, opened[which])
            path = compile_shot(shot, footage.scene)
            engine = chosen_for_shot(shot.synthesis, options, at_source=bool(path.at_source.all()))
            setups.append(Setup(shot, footage, path, engine))
    if faults:
        raise ShotFileError(tuple(faults))
    _tell(setups, progress)
    return setups


def _tell(setups: Sequence[Setup], progress: Progress) -> None:
    """Say which engines were chosen for the user, and why."""
    chosen: dict[tuple[str, str], list[str]] = {}
    for setup in setups:
        if setup.engine.reason:
            chosen.setdefault((setup.engine.name, setup.engine.reason), []).append(setup.shot.name)
    for (name, reason), shots in chosen.items():
        which = "" if len(shots) == len(setups) else f" for {', '.join(shots)}"
        progress.say(f"engine: {name}{which}, because {reason}")


def set_up(shot: Shot, output: Output, *, options: EngineOptions = AS_IS, progress: Progress = SILENT) -> Setup:
    """Open one shot's media and compile its cameras; raises as :func:`set_up_all`."""
    return set_up_all([shot], output, options=options, progress=progress)[0]


def with_engine(film: ShotList, engine: str) -> ShotList:
    """Return the shot list with one engine for all shots, whatever each says.

    Raises:
        UserError: there is no such engine.
    """
    if engine not in ENGINES:
        raise UserError(f"--engine {engine}: unknown; write one of {', '.join(ENGINES)}")
    shots = [
        shot.model_copy(update={"synthesis": shot.synthesis.model_copy(update={"engine": engine})})
        for shot in film.shots
    ]
    return film.model_copy(update={"shots": tuple(shots)})


def cut(setups: Sequence[Setup], end: Transition) -> tuple[Segment, ...]:
    """Lay the shots out in the edit, which closes with ``end``.

    Raises:
        UserError: sizes or rates differ, or shots have no room for their transitions.
    """
    rates = {setup.path.frame_rate for setup in setups}
    sizes = {setup.size for setup in setups}
    if len(rates) > 1 or len(sizes) > 1:
        found = ", ".join(sorted(f"{w}x{h}" for w, h in sizes)) + " at " + ", ".join(sorted(map(str, rates)))
        raise UserError(
            f"the shots' sources differ in size or rate ({found} frames a second); give output.size and output.fps"
        )
    names, counts = [setup.shot.name for setup in setups], [setup.frame_count for setup in setups]
    return lay_out(names, counts, [setup.shot.transition for setup in setups], rates.pop(), end)
