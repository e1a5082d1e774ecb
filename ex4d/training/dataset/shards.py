"""WebDataset shards: tar files in which the files of a clip stand together and share the name before the first dot.

    000017.mp4  000017.txt  000017.depth.npz  000018.mp4  ...

A shard is read as a list of places in it. Nothing is ever unpacked by the name that it gives itself; only regular files
count; no header is believed that tells of more than there is, or of more than :data:`MOST_BYTES`.
Source: the format's description, https://github.com/webdataset/webdataset.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from ex4d.errors import MediaError, OutputError
from ex4d.media.local_files import MOST_FILES

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts")
DEPTH_SUFFIXES = (".depth.npz", ".depth.mkv")
TEXT_SUFFIX = ".txt"
MOST_BYTES = {"video": 4 << 30, "depth": 16 << 30, "text": 1 << 16}
"""Of a member, by its kind."""
LONGEST_HEADER = 1 << 20
"""Bytes that may be read of a shard at once while its members are listed: names, not contents."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """Where a file lies in a shard."""

    shard: Path
    name: str
    offset: int
    size: int

    @property
    def suffix(self) -> str:
        """What follows the first dot of its name, dot included."""
        return _parts(self.name)[1]

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes.

        Raises:
            MediaError: the shard cannot be read, or ends before it.
        """
        left = self.size
        try:
            with self.shard.open("rb") as file:
                file.seek(self.offset)
                while left > 0 and (chunk := file.read(min(left, _CHUNK))):
                    left -= len(chunk)
                    yield chunk
        except OSError as cause:
            raise MediaError(f"{self.shard} cannot be read: {cause.strerror or cause}") from cause
        if left:
            raise MediaError(f"{self.shard} is cut short in {self.name}; copy it again")

    def copy_to(self, target: Path) -> str:
        """Copy it into a file; return the SHA-256 of its bytes.

        Raises:
            MediaError: as :meth:`chunks`.
            OutputError: the file cannot be written.
        """
        digest = hashlib.sha256()
        try:
            with target.open("wb") as file:
                for chunk in self.chunks():
                    digest.update(chunk)
                    file.write(chunk)
        except OSError as cause:
            raise OutputError(f"{target} cannot be written: {cause.strerror or cause}") from cause
        return digest.hexdigest()


@dataclass(frozen=True)
class Sample:
    """The files of one clip in a shard."""

    key: str
    video: Member
    text: Member | None = None
    depth: Member | None = None


@dataclass(frozen=True)
class Shard:
    """What a shard holds."""

    samples: tuple[Sample, ...]
    faults: tuple[tuple[str, str], ...]
    """What cannot be used: its key, empty for the shard itself, and why."""


def read_shard(path: Path) -> Shard:
    """List the clips of a shard in their order; what is wrong with one costs only that one."""
    listing = _Listing()
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            for entry in _entries(file):
                listing.take(path, entry, size)
    except (OSError, tarfile.TarError, ValueError, EOFError, RecursionError, OverflowError) as cause:
        listing.close()
        listing.blame("", f"it is damaged or cut short after {len(listing.samples)} clips ({cause}); copy it again")
    listing.close()
    return Shard(tuple(listing.samples.values()), tuple(listing.faults.items()))


def _entries(file: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """Yield what an archive's headers tell of.

    Raises:
        tarfile.TarError: a header that is none; no end mark; more members than are read.
    """
    with tarfile.open(fileobj=_Headers(file), mode="r:") as archive:  # type: ignore[call-overload] # it asks for less
        for _ in range(MOST_FILES):
            entry = archive.next()
            if entry is None:
                break
            archive.members = []  # it would keep them all
            yield entry
        else:
            raise tarfile.ReadError(f"it has more than {MOST_FILES} members")
        file.seek(archive.offset)  # where tarfile, which takes a damaged header for the end, found none
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("no end mark")


class _Headers:
    """A file that gives headers only, and only forwards: so no header's word leads to a gigabyte, or in circles."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Read as much as a header may have."""
        if not 0 <= size <= LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """Go on."""
        if position < self._file.tell():
            raise tarfile.ReadError("a member of less than no bytes")
        return self._file.seek(position)

    def tell(self) -> int:
        """Return where it is."""
        return self._file.tell()


@dataclass
class _Listing:
    """Gathers the members of one key after the other."""

    samples: dict[str, Sample] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _key: str | None = None
    _found: dict[str, Member] = field(default_factory=dict)

    def take(self, shard: Path, entry: tarfile.TarInfo, size: int) -> None:
        """Add a member; ``size`` is the shard's."""
        if entry.isdir():
            return
        name = entry.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        key, suffix = _parts(name)
        if key != self._key:
            self.close()
            self._key = key
            if key in self._seen:
                self.blame(key, "its files do not stand together in the shard, or two clips have this key")
            self._seen.add(key)
        kind = _kind(suffix)
        if why := _why_refused(entry, name, kind, size):
            self.blame(key, f"{name} {why}")
        elif kind in self._found:
            self.blame(key, f"{name} is its second {kind}")
        elif kind:
            self._found[kind] = Member(shard, name, entry.offset_data, entry.size)

    def close(self) -> None:
        """Finish the clip whose members came last."""
        if self._key is not None and self._key not in self.faults:
            if "video" in self._found:
                self.samples[self._key] = Sample(self._key, **self._found)
            else:
                self.blame(self._key, f"has no video; a clip's is KEY{VIDEO_SUFFIXES[0]}")
        self._key, self._found = None, {}

    def blame(self, key: str, why: str) -> None:
        """Note the first thing that is wrong with a clip; nothing of it is used."""
        self.faults.setdefault(key, why)
        self.samples.pop(key, None)


def _why_refused(entry: tarfile.TarInfo, name: str, kind: str, size: int) -> str:
    """Return why a member is not read; empty where it is, or has no meaning here."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or any(ord(letter) < 32 for letter in name):
        return "is no name within a shard"
    if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or entry.sparse is not None:
        return "is a link or a device, or has holes; only plain files are read"
    if entry.size < 0 or entry.offset_data + entry.size > size:
        return "reaches beyond the end of the shard; copy it again"
    if kind and entry.size > MOST_BYTES[kind]:
        return f"has {entry.size:,} bytes; at most {MOST_BYTES[kind]:,} are read of a {kind}"
    return ""


def _parts(name: str) -> tuple[str, str]:
    """Return a member's key and its suffix: all that follows the first dot of its last part, dot included."""
    folder, slash, last = name.rpartition("/")
    stem, dot, rest = last.partition(".")
    return f"{folder}{slash}{stem}", f"{dot}{rest}".lower()


def _kind(suffix: str) -> str:
    kinds = {TEXT_SUFFIX: "text", **dict.fromkeys(DEPTH_SUFFIXES, "depth"), **dict.fromkeys(VIDEO_SUFFIXES, "video")}
    return kinds.get(suffix, "")
