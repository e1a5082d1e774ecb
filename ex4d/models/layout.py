"""Which files make up weights, in a layout that they are published in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ex4d.models.shard_index import shards_of

SINGLE = ".safetensors"
INDEX = ".safetensors.index.json"
SHARD = re.compile(r"-\d{5}-of-\d{5}\.safetensors")
"""What follows the stem in the name of a shard."""


@dataclass(frozen=True)
class Layout:
    """The files of weights, below their folder, with slashes."""

    files: tuple[str, ...]
    """What has to be there by this name."""
    tensors: tuple[str, ...] = ()
    """What has to be there in either of two forms, whichever is written here: STEM.safetensors, or
    STEM.safetensors.index.json with the shards that it names."""
    for_prompts: tuple[str, ...] = ()
    """What only a prompt that was never embedded needs."""

    def files_in(self, folder: Path) -> tuple[str, ...]:
        """Return all that has to be there; how many shards there are is for the index in the folder to say."""
        found = [part for name in self.tensors for part in _set_in(folder, name)]
        return tuple(dict.fromkeys((*self.files, *found)))

    def missing(self, folder: Path) -> tuple[str, ...]:
        """Return what has to be in the folder and is not."""
        return tuple(name for name in self.files_in(folder) if not (folder / name).is_file())

    def found(self, folder: Path) -> int:
        """Return how many of the files are there."""
        return len(self.files_in(folder)) - len(self.missing(folder))

    def indexes(self, folder: Path) -> tuple[str, ...]:
        """Return the indexes of shards that are there."""
        return tuple(name for name in self.files_in(folder) if name.endswith(INDEX) and (folder / name).is_file())

    def folders(self) -> tuple[str, ...]:
        """Return the folders, below that of the weights, that hold some of the files; the weights' own is ``.``."""
        names = (*self.files, *self.tensors, *self.for_prompts)
        return tuple(dict.fromkeys(str(Path(name).parent) for name in names))

    def offered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what to take of a repository that has files of these names; what it lacks is returned, too."""
        there = tuple(names)
        sets = [part for name in self.tensors for part in _set_of(there, name)]
        return tuple(dict.fromkeys((*self.files, *sets, *self.for_prompts)))


def _set_in(folder: Path, name: str) -> tuple[str, ...]:
    stem = stem_of(name)
    if (folder / (stem + SINGLE)).is_file():
        return (stem + SINGLE,)
    index = stem + INDEX
    if not (folder / index).is_file():
        return (name,)
    beside = Path(name).parent
    return (index, *((beside / shard).as_posix() for shard in shards_of(folder / index)))


def _set_of(there: tuple[str, ...], name: str) -> tuple[str, ...]:
    stem = stem_of(name)
    if stem + INDEX not in there:
        return (stem + SINGLE,) if stem + SINGLE in there else (name,)
    shards = (other for other in there if other.startswith(stem) and SHARD.fullmatch(other[len(stem) :]))
    return (stem + INDEX, *sorted(shards))


def stem_of(name: str) -> str:
    """Return the name of a set of tensors without the ending of either form."""
    return name.removesuffix(INDEX).removesuffix(SINGLE)
