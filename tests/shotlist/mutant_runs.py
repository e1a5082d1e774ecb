"""Broken shot lists and presets put through ``ex4d check``: what it says, how long it takes, and what it touches.

``python -m tests.shotlist.mutant_runs SEED COUNT`` prints what became of so many as JSON. It is a program of its own
because the hook that hears what is touched can never be taken out of an interpreter again.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml

import ex4d.preflight.check
from ex4d.errors import Fault, ShotFileError, UserError
from ex4d.preflight.check import check
from ex4d.shotlist.load import load
from ex4d.shotlist.shipped import shipped
from ex4d.shotlist.yaml_text import LOADER
from tests.shotlist.document_trees import Pairs, Tree, Word, read
from tests.shotlist.every_word import EVERY_WORD, furnish
from tests.shotlist.mutations import Mutator

SLOWEST_S = 1.0
"""Processor time that a mutant may take."""
OWN = "own-preset"
SHOT = f"""\
ex4d: 1
source: {{video: media/clip.mp4}}
output: {{size: 512x512, fps: 24}}
shots:
  - name: a
    clip: 0s..1s
    camera: [{{use: {OWN}, at: 10%..90%}}]
"""
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_TOUCHING = (
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate",
    "os.utime", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.putenv", "os.setxattr",
    "os.kill", "shutil.", "socket.", "subprocess.", "tempfile.", "pickle.find_class", "ctypes.", "urllib.", "http.",
    "ftplib.", "pty.", "signal.", "webbrowser.",
)  # fmt: skip
_LIBRARIES = (
    *{sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")},
    str(shipped("trajectories").parent),
)


@dataclass
class Tally:
    """What became of mutants."""

    mutants: int = 0
    parsed: int = 0
    """Are YAML."""
    read: int = 0
    """Are sound to the loader."""
    sound: int = 0
    """Are sound to ``ex4d check``."""
    faults: int = 0
    """Told of all the others."""
    slowest: float = 0.0
    """Seconds of processor time."""
    slowest_text: str = ""
    wrong: list[str] = field(default_factory=list)
    """What no mutant may do, each with its text."""

    def add(self, other: Tally) -> None:
        """Take in what became of other mutants."""
        for name in ("mutants", "parsed", "read", "sound", "faults"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.slowest > self.slowest:
            self.slowest, self.slowest_text = other.slowest, other.slowest_text
        self.wrong += other.wrong


class _Watch:
    """Hears what the interpreter does; a hook cannot be taken out again, so it is told when to listen."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.listening = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.listening and _is_forbidden(event, arguments):
            self.heard.append(f"{event} {arguments!r}"[:200])


def _is_forbidden(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        _, mode, flags = arguments
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        return bool(writes) or bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if event in ("exec", "compile"):
        name = arguments[0].co_filename if event == "exec" else arguments[1]
        name = name.decode() if isinstance(name, bytes) else str(name)
        return not (name.startswith((*_LIBRARIES, "<frozen", "<@beartype")) or name == "None")
    return event.startswith(_TOUCHING)


_WATCHES: list[_Watch] = []


@contextmanager
def watched() -> Iterator[list[str]]:
    """Hear of every write, connection, process and piece of new code meanwhile."""
    if not _WATCHES:
        _WATCHES.append(_Watch())
    (watch,) = _WATCHES
    watch.heard = []
    watch.listening = True
    try:
        yield watch.heard
    finally:
        watch.listening = False


def documents() -> list[Tree]:
    """Return all shot lists that are shipped, the film of every word (both often), and all presets."""
    films = [read(file.read_text()) for file in (*sorted(shipped("shots").glob("*.yaml")), EVERY_WORD)]
    presets = [read(file.read_text()) for file in sorted(shipped("trajectories").glob("*/v*.yaml"))]
    return [*films * max(1, len(presets) // 2), *presets]


def _renamed(document: Tree) -> tuple[Tree, bool]:
    """Return a preset under a name that no built-in has, and whether it is a preset."""
    if not isinstance(document, Pairs) or "preset" not in dict(document.pairs):
        return document, False
    kept = [(key, value) for key, value in document.pairs if key not in ("preset", "version")]
    return Pairs([("preset", Word(OWN)), ("version", Word("1")), *kept]), True


class Run:
    """Mutants of one seed, in a folder of their own."""

    def __init__(self, folder: Path, seed: int, *, sources: Sequence[Tree] | None = None) -> None:
        self._folder = folder
        self._random = Random(seed)
        self._documents = documents() if sources is None else sources
        self._mutator = Mutator(self._documents, self._random)
        self._was_read = False
        furnish(folder)
        self._film = folder / "film.yaml"
        self._preset = folder / "trajectories" / OWN / "v1.yaml"
        self._preset.parent.mkdir(parents=True)
        self._warm_up()

    def _warm_up(self) -> None:
        """Import all that is imported late, and build all that is built late: that is code, but no mutant's."""
        self._preset.write_text(SHOT)
        for film in (EVERY_WORD, *shipped("shots").glob("*.yaml")):
            self._film.write_bytes(film.read_bytes())
            check(self._film)

    def tally(self, count: int) -> Tally:
        """Judge so many mutants."""
        total = Tally()
        for _ in range(count):
            document, is_preset = _renamed(self._random.choice(self._documents))
            total.add(self._judged(self._mutator.mutant(document), is_preset=is_preset))
        return total

    def _judged(self, text: str, *, is_preset: bool) -> Tally:
        found = Tally(mutants=1, parsed=int(_is_yaml(text)))
        texts = {self._film: SHOT, self._preset: text} if is_preset else {self._film: text}
        for file, content in texts.items():
            file.write_bytes(content.encode("utf-8", "surrogatepass"))
        with watched() as heard, _noting(self):
            start = time.process_time()
            try:
                check(self._film)
                found.sound = 1
            except ShotFileError as error:
                found.faults = len(error.faults)
                found.wrong += [wrong for fault in error.faults for wrong in _misplaced(fault, texts)]
            except UserError as error:
                found.wrong.append(f"a UserError without a place: {error}")
            except Exception as error:  # what this is all about
                found.wrong.append(f"{type(error).__name__}: {error}")
            found.slowest, found.slowest_text = time.process_time() - start, text
        found.read = int(self._was_read)
        found.wrong += heard
        if found.slowest > SLOWEST_S:
            found.wrong.append(f"took {found.slowest:.2f} s")
        found.wrong = [f"{wrong}\n---\n{text}" for wrong in found.wrong]
        return found


@contextmanager
def _noting(run: Run) -> Iterator[None]:
    """Note whether the loader took the mutant, whatever compiling it says."""

    def noted(file: Path) -> Any:
        film = load(file)
        run._was_read = True
        return film

    run._was_read = False
    ex4d.preflight.check.load = noted
    try:
        yield
    finally:
        ex4d.preflight.check.load = load


def _is_yaml(text: str) -> bool:
    try:
        for _ in yaml.parse(text, Loader=LOADER):
            pass
    except yaml.YAMLError:
        return False
    return True


def _misplaced(fault: Fault, texts: dict[Path, str]) -> Iterator[str]:
    """Find what is wrong with a fault: it stands in a file that was read, within it, and is printable."""
    file = Path(fault.file)
    text = texts.get(file) or (file.read_text() if file.is_relative_to(shipped("trajectories")) else "")
    lines = _BREAK.split(text)
    if not (1 <= fault.line <= len(lines) and 1 <= fault.column <= len(lines[fault.line - 1]) + 1):
        yield f"{fault.file}:{fault.line}:{fault.column} is nowhere: {fault}"
    if not (fault.message.isprintable() and fault.path.isprintable() and fault.message):
        yield f"cannot be printed: {fault.message!r} at {fault.path!r}"


def run(seed: int, count: int) -> Tally:
    """Judge so many mutants of a seed in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return Run(Path(folder), seed).tally(count)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dataclasses.asdict(run(*map(int, sys.argv[1:])))) + "\n")
