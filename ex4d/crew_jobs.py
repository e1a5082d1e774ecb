"""Which worker makes which shots on which cards, and how it is told: as JSON, which is data and nothing else.

The shot list itself is not handed over: a worker reads its file anew, and refuses where what it then has is not what
the process that waits has.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ex4d.engines.options import EngineOptions
from ex4d.errors import UserError
from ex4d.setups import Setup, with_engine
from ex4d.shotlist.load import load
from ex4d.shotlist.model import ShotList
from ex4d.workspace import key_of


@dataclass(frozen=True)
class Job:
    """What one worker is to make."""

    film: ShotList
    shots: tuple[str, ...]
    folder: Path
    options: EngineOptions
    force: bool
    verify: bool
    environment: Mapping[str, str]
    """What it has to find in its environment beside ours: which cards it may see. No part of what it is told."""

    def written(self) -> str:
        """Return the job as a line of JSON."""
        told = {
            "file": str(self.film.file),
            "engine": _engine(self.film),
            "film": identity(self.film),
            "shots": self.shots,
            "folder": str(self.folder),
            "options": self.options.written(),
            "force": self.force,
            "verify": self.verify,
        }
        return json.dumps(told) + "\n"


@dataclass(frozen=True)
class Share:
    """One worker's part of a film."""

    shots: tuple[str, ...]
    cards: tuple[int, ...]
    """Of ours, from 0."""


def share_out(setups: Sequence[Setup], options: EngineOptions) -> tuple[Share, ...]:
    """Share shots out to graphics cards, the longest first; each card gets about as many frames.

    Fewer than two shots, or cards, need no workers. More cards than shots go to each as many as its engine can use.
    """
    cards = [int(device.partition(":")[2]) for device in options.devices if device != "cpu"]
    workers = min(len(cards), len(setups))
    if workers < 2:
        return ()
    each = min(len(cards) // workers, *(len(setup.engine.engine.for_one_shot(options).devices) for setup in setups))
    parts: list[list[Setup]] = [[] for _ in range(workers)]
    for setup in sorted(setups, key=lambda setup: setup.frame_count, reverse=True):
        min(parts, key=lambda part: sum(other.frame_count for other in part)).append(setup)
    return tuple(
        Share(tuple(setup.shot.name for setup in part), tuple(cards[k * each : (k + 1) * each]))
        for k, part in enumerate(parts)
    )


def visible(cards: Sequence[int]) -> dict[str, str]:
    """Return the environment in which a process sees these of our cards alone."""
    ours = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(card) for card in cards] if ours is None else [ours.split(",")[card].strip() for card in cards]
    return {"CUDA_VISIBLE_DEVICES": ",".join(names)}


def read_job(written: str | bytes) -> Job:
    """Return the job of a line of :meth:`Job.written`, by the same process's folder.

    Raises:
        UserError: the shot list's file does not hold what the process that waits has.
    """
    told = json.loads(written)
    film = load(told["file"])
    film = with_engine(film, told["engine"]) if told["engine"] else film
    if identity(film) != told["film"]:
        raise UserError(
            f"{told['file']} or a preset that it uses is not what it was when this run began, or the film was made in "
            "Python; run it again, or on one graphics card"
        )
    shots, options = tuple(told["shots"]), EngineOptions.read(told["options"])
    return Job(film, shots, Path(told["folder"]), options, told["force"], told["verify"], {})


def identity(film: ShotList) -> str:
    """Return what tells a film from another: a hash of all that its records say."""
    return key_of(repr(film))


def _engine(film: ShotList) -> str | None:
    """Return the word that all shots have for their engine, which may be the command line's; else each has its own."""
    words = {shot.synthesis.engine for shot in film.shots}
    return words.pop() if len(words) == 1 else None
