"""Whether cameras of rendering masks are sound at both ends and in the middle of all of their ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from ex4d.errors import Fault
from ex4d.shotlist.library import Library
from ex4d.shotlist.nodes import Listed, Mark, Node
from ex4d.training.config.cameras import TRIAL, Presets, ReadCamera
from ex4d.training.config.draws import ShotCamera, WrittenCamera, openings
from ex4d.training.config.ranges import ranges_of, texts_of
from ex4d.training.config.records import CameraChoice, TrainingConfig

SHARES = (0.0, 1.0, 0.5)
"""Of the way from the first value of each range to its last; the ends come first, as they tell most."""

_END = r"(-?[0-9][0-9.]*?)\s*([A-Za-z%]*?)"
_ALMOST = re.compile(rf"{_END}\s*(?:\.\.|[-\u2013,]|[Tt][Oo])\s*{_END}")
"""Two values and what other programs write between them, or units that stand apart."""
Place = tuple[str, int, int, str]
_TRIAL = f"shot '{TRIAL}', "


def camera_faults(written: Node, file: Path, config: TrainingConfig | None) -> list[Fault]:
    """Find what is wrong with cameras as they are written.

    Args:
        written: the list of them; entries that are none are told elsewhere.
        file: the training file.
        config: what its excerpts and clips are; None where something else is wrong with it.
    """
    faults: list[Fault] = []
    choices, presets = tuple(_choices(written)), Presets(Library.beside(file))
    for opened in openings(choices, file, faults):
        if isinstance(opened, ShotCamera):
            faults += _uncompiled(opened.camera, config, "")
        elif opened is not None:
            faults += _faults_of_moves(opened, config, presets)
    return faults


def _choices(written: Node) -> Iterator[CameraChoice]:
    for node in written if isinstance(written, Listed) else ():
        try:
            yield CameraChoice.model_validate(node)
        except ValidationError:
            continue


def _faults_of_moves(camera: WrittenCamera, config: TrainingConfig | None, presets: Presets) -> Iterator[Fault]:
    broken: list[Fault] = []
    ranges = ranges_of(camera.moves, broken)
    yield from broken
    written = {_place(text.where): text for text in texts_of(camera.moves)}
    told: set[Place] = set()
    for share in SHARES if ranges and not broken else SHARES[: not broken]:
        faults: list[Fault] = []
        read, words = camera.at(partial(float, share), faults, presets)
        if read is not None:
            faults += _uncompiled(read, config, f"; so it is with {words}" if ranges else "")
        yield from (_of_range(fault, written.get(_place(fault), "")) for fault in faults if _place(fault) not in told)
        told |= {_place(fault) for fault in faults}  # what is wrong at one end may be at the other too


def _place(of: Fault | Mark) -> Place:
    return of.file, of.line, of.column, of.path


def _of_range(fault: Fault, written: str) -> Fault:
    """Say of which range a value is that is at fault, and how a range is written that was not read as one."""
    almost = _ALMOST.fullmatch(written)
    if almost and fault.message.endswith("is not a number"):
        low, unit, high, other = almost.groups()
        return replace(fault, message=f"{fault.message}; to draw from a range, write {low}{unit} to {high}{other}")
    return replace(fault, message=f"{fault.message} (of {written})") if " to " in written else fault


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
    yield from (replace(fault, message=fault.message.removeprefix(_TRIAL) + words) for fault in faults)
