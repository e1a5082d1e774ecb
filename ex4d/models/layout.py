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
    """What only a prompt that was never embedded needs; tensors among it in either form, too."""
    welcome: tuple[str, ...] = ()
    """What is taken along where it is offered, and works without."""

    def files_in(self, folder: Path) -> tuple[str, ...]:
        """Return all that has to be there; how many shards there are is for the index in the folder to say."""
        found = [part for name in self.tensors for part in _set_in(folder, name)]
        return tuple(dict.fromkeys((*self.files, *found)))

    def for_prompts_in(self, folder: Path) -> tuple[str, ...]:
        """Return all that prompts need which were never embedded, as `files_in` does."""
        found = [part for name in self.for_prompts for part in (_set_in(folder, name) if is_set(name) else (name,))]
        return tuple(dict.fromkeys(found))

    def missing_for_prompts(self, folder: Path) -> tuple[str, ...]:
        """Return what prompts need which were never embedded, and is not in the folder."""
        return tuple(name for name in self.for_prompts_in(folder) if not (folder / name).is_file())

    def missing(self, folder: Path) -> tuple[str, ...]:
        """Return what has to be in the folder and is not."""
        return tuple(name for name in self.files_in(folder) if not (folder / name).is_file())

    def found(self, folder: Path) -> int:
        """Return how many of the files are there."""
        return len(self.files_in(folder)) - len(self.missing(folder))

    def indexes(self, folder: Path) -> tuple[str, ...]:
        """Return the indexes of shards that are there."""
        names = (*self.files_in(folder), *self.for_prompts_in(folder))
        return tuple(name for name in names if name.endswith(INDEX) and (folder / name).is_file())

    def folders(self) -> tuple[str, ...]:
        """Return the folders, below that of the weights, that hold some of the files; the weights' own is ``.``."""
        names = (*self.files, *self.tensors, *self.for_prompts, *self.welcome)
        return tuple(dict.fromkeys(str(Path(name).parent) for name in names))

    def offered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what to take of a repository that has files of these names; what it lacks is returned, too."""
        there = tuple(names)
        names = (*self.tensors, *self.for_prompts)
        parts = [part for name in names for part in (_set_of(there, name) if is_set(name) else (name,))]
        return tuple(dict.fromkeys((*self.files, *parts, *(name for name in self.welcome if name in there))))


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


def is_set(name: str) -> bool:
    """Tell whether a name stands for a set of tensors, in either form."""
    return name.endswith((SINGLE, INDEX))


def stem_of(name: str) -> str:
    """Return the name of a set of tensors without the ending of either form."""
    return name.removesuffix(INDEX).removesuffix(SINGLE)
