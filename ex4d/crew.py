"""Several graphics cards share the shots of a film: a process for each, which makes its shots' takes and nothing else.

What they make is what one process would make, and is kept for it: afterwards it finds the takes there and cuts the
film. Engines keep state of their own libraries for a whole process, so cards are not shared out to threads. A worker is
``python -m ex4d.crew``; it reads its job from its input, and tells what it does in lines of JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TextIO

from ex4d.engine_options import EngineOptions
from ex4d.engine_run import Engines
from ex4d.errors import Ex4dError, MissingPart, SynthesisError, UserError
from ex4d.kernels import keep_compiled
from ex4d.progress import SILENT, Progress
from ex4d.setups import Setup, set_up_all
from ex4d.shotlist.model import ShotList
from ex4d.takes import is_made, make_take
from ex4d.workspace import Workspace


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
    """What it has to find in its environment beside ours: which cards it may see."""


@dataclass(frozen=True)
class Share:
    """One worker's part of a film."""

    shots: tuple[str, ...]
    cards: tuple[int, ...]
    """Of ours, from 0."""


def make_beforehand(
    film: ShotList, setups: Sequence[Setup], workspace: Workspace, engines: Engines, progress: Progress, *, force: bool,
    verify: bool,
) -> frozenset[str]:  # fmt: skip
    """Let several cards make what has to be made with weights; return the names of the shots that were made.

    None are, and no process is started, where there are not both shots and cards to share out.

    Raises:
        UserError, MissingPart: what stopped a worker.
    """
    options = engines.options
    missing = [
        setup
        for setup in setups
        if setup.engine.engine.own_weights
        and (force or not is_made(setup, workspace.take(setup.shot.name), engines, verify=verify))
    ]
    shares = share_out(missing, options)
    jobs = [
        Job(
            film,
            share.shots,
            workspace.folder,
            options.with_cards(len(share.cards)),
            force,
            verify,
            visible(share.cards),
        )
        for share in shares
    ]
    if jobs:
        make_together(jobs, progress)
    return frozenset(name for share in shares for name in share.shots)


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


def make_together(jobs: Sequence[Job], progress: Progress = SILENT) -> None:
    """Let workers make their shots at the same time; returns when all are made.

    Raises:
        UserError, MissingPart: what stopped a worker; the others are stopped, and what they finished is kept.
    """
    told: SimpleQueue[tuple[Job, dict[str, Any]]] = SimpleQueue()
    progress.begin(f"shots on {len(jobs)} graphics cards", sum(len(job.shots) for job in jobs))
    with _at_work(jobs, told):
        for _ in range(sum(len(job.shots) for job in jobs) + len(jobs)):
            _hear(told, progress)


def _hear(told: SimpleQueue[tuple[Job, dict[str, Any]]], progress: Progress) -> None:
    """Pass on what workers say, until a shot is made or a worker has ended well."""
    while True:
        job, event = told.get()
        if "say" in event:
            progress.say(event["say"])
        elif "made" in event:
            progress.advance()
            return
        elif "error" in event:
            raise (MissingPart if event["missing"] else UserError)(event["error"])
        elif "bug" in event:
            raise RuntimeError(f"the worker for {', '.join(job.shots)} failed:\n{event['bug']}")
        elif event["ended"] != 0:
            raise SynthesisError(
                f"the worker for {', '.join(job.shots)} was ended from outside (exit code {event['ended']}); "
                "if memory ran out, take fewer graphics cards at a time (--gpus)"
            )
        else:
            return


@contextmanager
def _at_work(jobs: Sequence[Job], told: SimpleQueue[tuple[Job, dict[str, Any]]]) -> Iterator[None]:
    """Have a worker for each job; whatever happens, none outlives the block."""
    workers = [_start(job) for job in jobs]
    listeners = [Thread(target=_listen, args=(*each, told), daemon=True) for each in zip(jobs, workers, strict=True)]
    for listener in listeners:
        listener.start()
    try:
        yield
    finally:
        for worker, listener in zip(workers, listeners, strict=True):
            worker.terminate()
            listener.join()
            assert worker.stdout is not None
            worker.stdout.close()


def _start(job: Job) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ex4d.crew"]
    environment = {**os.environ, **job.environment}
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - ours
    assert worker.stdin is not None
    with suppress(BrokenPipeError), worker.stdin:  # a worker that is gone already is heard of as such
        pickle.dump(job, worker.stdin)
    return worker


def _listen(job: Job, worker: subprocess.Popen[bytes], told: SimpleQueue[tuple[Job, dict[str, Any]]]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        told.put((job, json.loads(line)))
    told.put((job, {"ended": worker.wait()}))


class _Teller:
    """Tells the process that waits what a worker does; bars of several would only disturb one another."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def say(self, text: str) -> None:
        self.tell(say=text)

    def tell(self, **event: Any) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


def _work(job: Job, teller: _Teller) -> None:
    """Make the shots of a job, one after the other."""
    wanted = [shot for shot in job.film.shots if shot.name in job.shots]
    setups = set_up_all(wanted, job.film.output, options=job.options, verify=job.verify)
    workspace = Workspace(job.folder, job.film.output.file)
    engines = Engines(replace(job.options, previews=workspace.takes / "previews"), teller, verify=job.verify)
    for setup in setups:
        name = setup.shot.name
        make_take(setup, workspace.take(name), engines, teller, force=job.force, verify=job.verify)
        teller.tell(made=name)


def main() -> None:
    """Do the job that is handed in, by the process that started this one, and so to be trusted."""
    teller = _Teller(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)  # what libraries print is not to stand between what is told
    keep_compiled()
    try:
        _work(pickle.load(sys.stdin.buffer), teller)  # noqa: S301 - see above
    except Ex4dError as error:
        teller.tell(error=str(error), missing=isinstance(error, MissingPart))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # told in full to the process that waits, which raises it
        teller.tell(bug=traceback.format_exc())


if __name__ == "__main__":
    main()
