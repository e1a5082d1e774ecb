"""Several graphics cards share the shots of a film: a process for each, which makes its shots' takes and nothing else.

What they make is what one process would make, and is kept for it: afterwards it finds the takes there and cuts the
film. Engines keep state of their own libraries for a whole process, so cards are not shared out to threads. A worker is
``python -m ex4d.crew``; it reads its job from its input, and tells what it does in lines of JSON. Its input stays open
for as long as the process that waits lives: a worker whose input ends is alone, and ends too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TextIO

from ex4d.crew_jobs import Job, read_job, share_out, visible
from ex4d.engines.run import Engines
from ex4d.errors import Ex4dError, MissingPart, SynthesisError, UserError
from ex4d.kernels import keep_compiled
from ex4d.progress import SILENT, Progress
from ex4d.setups import Setup, set_up_all
from ex4d.shotlist.model import ShotList
from ex4d.takes import is_made, make_take
from ex4d.workspace import Workspace

HERE = Path(__file__).parents[1]
"""What this process imports ex4d from, and so its workers too."""
EVENTS = frozenset({"say", "made", "error", "bug"})
"""What workers tell."""
INTERRUPTED = 130
"""The exit code of what is interrupted from a terminal."""


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
        elif event["ended"] == 0:
            return
        else:
            raise _end(job, event["ended"])


def _end(job: Job, code: int) -> Exception:
    """Return the error for a worker that ended without a word of why."""
    who = f"the worker for {', '.join(job.shots)}"
    if code > 0 and code != INTERRUPTED:
        return RuntimeError(f"{who} could not begin, or stopped (exit code {code}); what it said of it stands above")
    memory = "; if memory ran out, take fewer graphics cards at a time (--gpus)" if code == -signal.SIGKILL else ""
    return SynthesisError(f"{who} was ended from outside (exit code {code}){memory}")


@contextmanager
def _at_work(jobs: Sequence[Job], told: SimpleQueue[tuple[Job, dict[str, Any]]]) -> Iterator[None]:
    """Have a worker for each job; whatever happens, none outlives the block."""
    workers: list[subprocess.Popen[bytes]] = []
    listeners: list[Thread] = []
    try:
        for job in jobs:
            workers.append(_start(job))
            listeners.append(Thread(target=_listen, args=(job, workers[-1], told), daemon=True))
            listeners[-1].start()
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for listener in listeners:
            listener.join()
        for worker in workers:
            worker.communicate()  # closes what is open between us


def _start(job: Job) -> subprocess.Popen[bytes]:
    """Start a worker that imports what we import, and nothing from the folder that the user stands in."""
    command = [sys.executable, "-P", "-m", "ex4d.crew"]
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, **job.environment, "PYTHONPATH": os.pathsep.join(paths)}
    written = job.written().encode()
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - ours
    assert worker.stdin is not None
    with suppress(BrokenPipeError):  # a worker that is gone already is heard of as such
        worker.stdin.write(written)
        worker.stdin.flush()
    return worker


def _listen(job: Job, worker: subprocess.Popen[bytes], told: SimpleQueue[tuple[Job, dict[str, Any]]]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        told.put((job, _event(line)))
    told.put((job, {"ended": worker.wait()}))


def _event(line: bytes) -> dict[str, Any]:
    """Return what a worker tells; what libraries print before it takes the word is text to be said."""
    with suppress(ValueError, RecursionError):
        event = json.loads(line)
        if isinstance(event, dict) and event.keys() & EVENTS:
            return event
    return {"say": line.decode(errors="replace").rstrip()}


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


def _end_when_alone() -> None:
    """End this process as soon as the one that waits for it is gone, and with it its lock of the folder."""
    while os.read(0, 1):  # not by sys.stdin, whose lock would be waited for when the interpreter ends
        pass
    os._exit(1)


def main() -> None:
    """Do the job that is handed in by the process that started this one."""
    teller = _Teller(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)  # what libraries print is not to stand between what is told
    keep_compiled()
    written = sys.stdin.buffer.readline()
    Thread(target=_end_when_alone, daemon=True).start()
    try:
        _work(read_job(written), teller)
    except Ex4dError as error:
        teller.tell(error=str(error), missing=isinstance(error, MissingPart))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:  # told in full to the process that waits, which raises it
        teller.tell(bug=traceback.format_exc())


if __name__ == "__main__":
    main()
