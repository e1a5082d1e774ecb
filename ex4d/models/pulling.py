"""Bringing weights here from the hub: sizes first, from where the last try ended, a file at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ex4d.errors import Ex4dError, MissingPart
from ex4d.models.checking import check, file_fault
from ex4d.models.commands import install_command
from ex4d.models.hub import Offer, RemoteFile, arrival_fault, fetch, is_withheld, offer, page
from ex4d.models.weights import Weights
from ex4d.progress import SILENT, Progress

MEGABYTE = 1_000_000
SPARE = 100 * MEGABYTE
"""Bytes of the disk that are left free."""


def pull(weights: Weights, progress: Progress = SILENT) -> Path:
    """Bring weights here and return their folder; what came whole is kept, what came in part is gone on with.

    They go where they were begun, where that is in the layout that is published, else to `Weights.home`. Only files
    that they are made of are taken. A file takes its name when it is whole; one of another size or a damaged one that
    has it keeps it until then.

    Args:
        weights: which.
        progress: told the sizes, then each file and its megabytes.

    Raises:
        MissingPart: they could not be had, or do not fit on the disk; says why.
    """
    published = weights.layouts[0]
    folder = weights.folder if weights.layout_in(weights.folder) is published else weights.home
    with _explaining(weights, folder):
        offered = offer(weights.repository)
        wanted = _wanted(weights, offered)
        to_bring = [file for file in wanted if not _is_here(file, folder)]
        progress.say(_sizes(weights, wanted, to_bring, folder))
        folder.mkdir(parents=True, exist_ok=True)
        _make_sure_of_room(weights, to_bring, folder)
        with _alone(weights, folder):
            for number, file in enumerate(to_bring, 1):
                progress.begin(f"{number}/{len(to_bring)} {Path(file.name).name}", _megabytes(file.size))
                _bring(weights, offered.commit, file, folder, progress)
    check(weights, folder)
    return folder


def _wanted(weights: Weights, offered: Offer) -> list[RemoteFile]:
    """Return all that the repository has of them; what only prompts need may be lacking."""
    layout = weights.layouts[0]
    names = layout.offered(offered.files)
    if lacking := [name for name in names if name not in offered.files and name not in layout.for_prompts]:
        raise MissingPart(
            f"{weights.repository} on the hub has no {', '.join(lacking)}; {weights.name} was published otherwise when "
            "this ex4d was made: a newer one may know"
        )
    return [offered.files[name] for name in names if name in offered.files]


def _is_here(file: RemoteFile, folder: Path) -> bool:
    here = folder / file.name
    return here.is_file() and here.stat().st_size == file.size and not file_fault(here)


def _sizes(weights: Weights, wanted: list[RemoteFile], to_bring: list[RemoteFile], folder: Path) -> str:
    total = sum(file.size for file in wanted)
    left = _bytes_left(to_bring, folder)
    return (
        f"{weights.name}: {_megabytes(total):,} MB in {len(wanted)} files; {_megabytes(total - left):,} MB are here, "
        f"{_megabytes(left):,} MB in {len(to_bring)} files to come; {folder} has {_megabytes(_free(folder)):,} MB free"
    )


def _make_sure_of_room(weights: Weights, to_bring: list[RemoteFile], folder: Path) -> None:
    left, free = _bytes_left(to_bring, folder), _free(folder)
    if to_bring and left + SPARE > free:
        raise MissingPart(
            f"{weights.name} does not fit: {_megabytes(left + SPARE):,} MB are needed, {_megabytes(free):,} are free "
            f"in {folder}; make room, or name another folder in EX4D_MODELS"
        )


def _bytes_left(to_bring: list[RemoteFile], folder: Path) -> int:
    begun = [part.stat().st_size for file in to_bring if (part := _part(file, folder)).is_file()]
    return sum(file.size for file in to_bring) - sum(begun)


def _free(folder: Path) -> int:
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    return shutil.disk_usage(there).free


def _part(file: RemoteFile, folder: Path) -> Path:
    """Return where a file lies until it is whole; what belongs to another version of it has another name."""
    version = file.sha256 or str(file.size)
    return folder / f"{file.name}.{version[:12]}.part"


def _bring(weights: Weights, commit: str, file: RemoteFile, folder: Path, progress: Progress) -> None:
    part = _part(file, folder)
    part.parent.mkdir(parents=True, exist_ok=True)
    told = _MegabyteSteps(progress, part.stat().st_size if part.exists() else 0)
    fetch(weights.repository, commit, file, part, told.add)
    if fault := arrival_fault(file, part):
        part.unlink(missing_ok=True)
        raise MissingPart(f"{file.name}: {fault}; it was removed: run the same command again")
    part.replace(folder / file.name)
    for outdated in part.parent.glob(f"{Path(file.name).name}.*.part"):
        outdated.unlink()


class _MegabyteSteps:
    """Makes steps of megabytes from the bytes that come."""

    def __init__(self, progress: Progress, begun: int) -> None:
        self._progress = progress
        self._steps = 0
        self._bytes = 0
        self.add(begun)

    def add(self, count: int) -> None:
        self._bytes += count
        while self._steps < _megabytes(self._bytes):
            self._progress.advance()
            self._steps += 1


@contextmanager
def _explaining(weights: Weights, folder: Path) -> Iterator[None]:
    try:
        yield
    except Ex4dError:
        raise
    except ImportError as cause:
        raise MissingPart(f"pulling weights needs the hub's client; run\n  {install_command(weights.extra)}") from cause
    except Exception as cause:  # the client lets through the errors of the HTTP library that its release is built on
        if isinstance(cause, OSError) and cause.errno is not None:  # its own OSErrors have none
            raise MissingPart(f"{folder} cannot be written ({cause.strerror}); name another in EX4D_MODELS") from cause
        if is_withheld(cause):
            raise MissingPart(
                f"{weights.repository} is withheld by the hub ({_first_line(cause)}); sign in to "
                f"{page(weights.repository)} and accept its licence there ({weights.licence}), set HF_TOKEN to an "
                "access token of yours, and run the same command again"
            ) from cause
        raise MissingPart(
            f"{weights.repository} could not be fetched ({_first_line(cause)}); "
            "what came is kept: run the same command again to go on"
        ) from cause


@contextmanager
def _alone(weights: Weights, folder: Path) -> Iterator[None]:
    """Keep a second pull of the same weights out, where the system can."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / ".pull").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as cause:
            raise MissingPart(f"{weights.name} is being pulled already, to {folder}") from cause
        yield


def _megabytes(count: int) -> int:
    return round(count / MEGABYTE)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
