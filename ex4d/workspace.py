"""Where takes live: content keys, atomic folders, what can be kept from an earlier run, manifests.

out/courtyard.mp4                     the edit
out/courtyard.otio                    the same as a timeline
out/courtyard.takes/swing/guide/      what each stage made; guide.key beside it says from what
out/courtyard.takes/swing/result/
out/courtyard.takes/swing/swing.mp4   the shot alone, to look at
out/courtyard.takes/swing/cameras.json  its cameras, which another shot may follow
out/courtyard.takes/swing/manifest.json
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ex4d.errors import OutputError
from ex4d.kernels import cache_folder
from ex4d.media.atomic import replacing
from ex4d.media.local_files import is_collection, matching_files

MANIFEST = "manifest.json"
"""The file in a take's folder that says what it was made of."""
_HASH_CHUNK = 1 << 20


def key_of(ingredients: Any) -> str:
    """Return the SHA-256 of JSON-like ingredients, the same for the same content on any machine."""
    canonical = json.dumps(ingredients, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def content_hash(path: Path, *, verify: bool = False) -> str:
    """Return the SHA-256 of a file's bytes; of the names and bytes of all files in a folder or glob.

    A file's hash is remembered by path, size, time and inode; ``verify`` computes it again.
    """
    if is_collection(path):
        return key_of([[file.name, content_hash(file, verify=verify)] for file in matching_files(path)])
    status = path.stat()
    identity = key_of([str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino])
    remembered = cache_folder() / "hashes" / identity
    if remembered.exists() and not verify:
        return remembered.read_text()
    digest = _hash_file(path)
    with suppress(OutputError):  # a cache that cannot be written costs time, nothing else
        write_text(remembered, digest)
    return digest


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@cache
def code_hash(*parts: str) -> str:
    """Return one hash of the parts of ex4d that make something, so that no result outlives the code it came from.

    A part is a module, as in ``guide.py``, or a folder of modules.
    """
    root = Path(__file__).parent
    files = [file for part in parts for file in ([root / part] if part.endswith(".py") else (root / part).glob("*.py"))]
    return key_of({file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files})


def write_text(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def require_apart(target: Path, sources: Iterable[Path], advice: str) -> None:
    """Refuse a file to be written that is a source, lies among a source's images, or is a folder.

    Raises:
        OutputError: says which source, and ``advice``.
    """
    if target.is_dir():
        raise OutputError(f"{target} is a folder; {advice}")
    for source in sources:
        among = (
            is_collection(source)
            and target.parent.resolve() == (source if source.is_dir() else source.parent).resolve()
        )
        if among or target.resolve() == source.resolve():
            raise OutputError(f"{target} would be written over or among its own source {source}; {advice}")


def require_folder(folder: Path, written: str) -> None:
    """Refuse a folder that cannot be written before long work is done for it; it need not be there yet.

    Raises:
        OutputError: with what was ``written``.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{written}: {folder} is a file, and has to be the folder that is written to")
        there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    except OSError as cause:  # a name that cannot be
        raise OutputError(f"{written}: it cannot be written ({cause.strerror}); choose another") from cause
    try:
        with TemporaryDirectory(prefix=".ex4d-", dir=there):
            pass
    except OSError as cause:
        raise OutputError(f"{written}: {there} cannot be written ({cause.strerror}); choose another") from cause


@contextmanager
def held(folder: Path, instead: str) -> Iterator[None]:
    """Hold a folder for this process; it is let go when the block ends, or the process does, however that is.

    Raises:
        OutputError: it cannot be written, or another run is at work in it; says what to do ``instead``.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")  # what is there is not ours to empty
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}); {instead}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(f"{folder}: another run of ex4d is at work here; wait for it, or {instead}") from error
        yield


@dataclass(frozen=True)
class Workspace:
    """The output folder of one edit."""

    folder: Path
    """Where the edit itself is written."""
    file: str
    """The edit's plain file name."""

    @property
    def edit(self) -> Path:
        """The finished film."""
        return self.folder / self.file

    @property
    def timeline(self) -> Path:
        """The film as an OpenTimelineIO timeline."""
        return self.edit.with_suffix(".otio")

    @property
    def takes(self) -> Path:
        """The folder of all takes."""
        return self.folder / f"{self.edit.stem}.takes"

    @property
    def cut(self) -> Stage:
        """The edit as a stage."""
        return Stage((self.edit, self.timeline), self.takes / "edit.key")

    def take(self, shot: str) -> Path:
        """Return the folder of one shot's take."""
        return self.takes / shot

    def require_apart_from(self, sources: Iterable[Path]) -> None:
        """Refuse to write over what the film is made from.

        Raises:
            OutputError: the film or its timeline would replace a source, or lie among its images; or is a folder; or a
                source lies among the film's own takes.
        """
        sources, takes = list(sources), self.takes.resolve()
        for target in (self.edit, self.timeline):
            require_apart(target, sources, "choose another --out, or another output.file")
        for source in sources:
            if takes in source.resolve().parents:
                raise OutputError(
                    f"{source} is made by this film, which cannot be made from it too; copy it to another folder"
                )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the takes' folder for this process; raises as :func:`held`."""
        with held(self.takes, "choose another --out"):
            yield


@dataclass(frozen=True)
class Stage:
    """Something that is made once: files and folders, and beside them the note of what they were made from."""

    results: tuple[Path, ...]
    """Each appears whole, or not at all."""
    note: Path
    """Holds the key."""

    def made(self, key: str) -> bool:
        """Tell whether the finished result of exactly these ingredients is there."""
        return self.key == key and all(map(_has_contents, self.results))

    @property
    def key(self) -> str:
        """The key of what is there; empty where nothing finished is."""
        return self.note.read_text(encoding="utf-8") if self.note.is_file() else ""

    def make(self, key: str, work: Callable[[], None]) -> None:
        """Let ``work`` put the result in place, then note what went into it.

        The note goes first and comes last, so that an interrupted stage is never taken for a finished one.
        """
        try:
            self.note.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.note.parent} cannot be written: {error.strerror}; move it out of the way"
            ) from error
        work()
        write_text(self.note, key)


def stage(folder: Path, *names: str) -> Stage:
    """Return a stage of a take: its results in the take's folder, and its note, named after the first."""
    return Stage(tuple(folder / name for name in names), folder / f"{names[0]}.key")


def _has_contents(result: Path) -> bool:
    return result.is_dir() or (result.is_file() and result.stat().st_size > 0)


def write_manifest(take: Path, manifest: dict[str, Any]) -> None:
    """Write what a take was made of and what was chosen for the user."""
    write_json(take / MANIFEST, manifest)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a record for people and programs, whole or not at all."""
    write_text(path, json.dumps(data, indent=2, sort_keys=True, default=str) + "\n")
