"""Whether cameras of rendering masks are sound at both ends and in the middle of all of their ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from ex4d.errors import Fault
from ex4d.shotlist.nodes import Listed, Node, Text
from ex4d.training.config.cameras import ReadCamera
from ex4d.training.config.draws import ShotCamera, WrittenCamera, openings
from ex4d.training.config.ranges import ranges_of
from ex4d.training.config.records import CameraChoice, TrainingConfig

SHARES = (0.0, 0.5, 1.0)
"""Of the way from the first value of each range to its last."""


def camera_faults(written: Node, file: Path, config: TrainingConfig | None) -> list[Fault]:
    """Find what is wrong with cameras as they are written.

    Args:
        written: the list of them; entries that are none are told elsewhere.
        file: the training file.
        config: what its excerpts and clips are; None where something else is wrong with it.
    """
    faults: list[Fault] = []
    choices = tuple(_choices(written))
    for opened in openings(choices, file, faults):
        if isinstance(opened, ShotCamera):
            faults += _uncompiled(opened.camera, config, "")
        elif opened is not None:
            faults += _faults_of_moves(opened, config)
    return faults


def _choices(written: Node) -> Iterator[CameraChoice]:
    for node in written if isinstance(written, Listed) else ():
        try:
            yield CameraChoice.model_validate(node)
        except ValidationError:
            continue


def _faults_of_moves(camera: WrittenCamera, config: TrainingConfig | None) -> Iterator[Fault]:
    faults: list[Fault] = []
    ranges = [text for text, _ in ranges_of(camera.moves, faults)]
    yield from faults
    if faults:
        return
    for share in SHARES if ranges else SHARES[:1]:
        read, words = camera.at(partial(float, share), faults)
        if read is not None:
            faults += _uncompiled(read, config, f"; so it is with {words}" if ranges else "")
    yield from (_of_range(fault, ranges) for fault in faults)


def _of_range(fault: Fault, ranges: list[Text]) -> Fault:
    """Say of which range a value is that is at fault."""
    for text in ranges:
        where = text.where
        if (where.line, where.column, where.path) == (fault.line, fault.column, fault.path):
            return replace(fault, message=f"{fault.message}, in {text}")
    return fault


def _uncompiled(camera: ReadCamera, config: TrainingConfig | None, words: str) -> Iterator[Fault]:
    """Find out whether a camera can be compiled at all: for some clip that the file leaves open."""
    if config is None:
        return
    from ex4d.trajectory.assumed import compile_assumed
    from ex4d.trajectory.placing import placing

    shot, film = camera.trial(config)
    faults: list[Fault] = []
    with placing(shot, faults):
        compile_assumed(shot, film)
    yield from (replace(fault, message=f"{fault.message}{words}") for fault in faults)
