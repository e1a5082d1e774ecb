"""What presets there are: built in and a project's, with what each is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ex4d.errors import ShotFileError
from ex4d.shotlist.library import Library
from ex4d.shotlist.preset_file import Preset

PEERS = {
    "ex4d": "EX-4D", "recammaster": "ReCamMaster", "trajectorycrafter": "TrajectoryCrafter", "gen3c": "GEN3C",
    "seva": "Stable Virtual Camera", "uni3c": "Uni3C",
}  # fmt: skip
"""Whose moves a preset retells, by the first word of its name."""


@dataclass(frozen=True)
class Entry:
    """A preset of the catalogue: its newest version, or why that cannot be used."""

    name: str
    versions: tuple[int, ...]
    """All there are, oldest first; empty where the name is at fault."""
    newest: Preset | None
    released: bool
    """Whether the newest version may never change."""
    group: str
    """Where it belongs, in words."""
    fault: str = ""
    """Why it cannot be used; empty where it can."""

    def has(self, word: str) -> bool:
        """Return whether a word stands in its name, in what it says of itself, or in its group; case is no matter."""
        told = [self.name, self.group]
        if self.newest is not None:
            told += [self.newest.about, *self.newest.params, *(each.about for each in self.newest.params.values())]
        return any(word.lower() in text.lower() for text in told)


def library_beside(place: Path) -> Library:
    """Return the presets that a shot list can use: one that is named, or any in a folder."""
    return Library.beside(place / "any.yaml" if place.is_dir() else place)


def catalogue(library: Library) -> tuple[Entry, ...]:
    """Return all presets: a project's own first, then those built in, then what other projects' moves are called."""
    entries = [_entry(library, name) for name in library.names()]
    order = [entry.group for entry in sorted(entries, key=lambda entry: _rank(entry, library))]
    return tuple(sorted(entries, key=lambda entry: (order.index(entry.group), entry.name)))


def grouped(entries: tuple[Entry, ...]) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the groups in the order of the catalogue."""
    for group in dict.fromkeys(entry.group for entry in entries):
        yield group, [entry for entry in entries if entry.group == group]


def _rank(entry: Entry, library: Library) -> tuple[int, int]:
    peers = [f"after {peer}" for peer in PEERS.values()]
    if entry.group in peers:
        return 2, peers.index(entry.group)
    return (1, 0) if entry.group == BUILT_IN else (0, 0)


BUILT_IN = "built in"


def _entry(library: Library, name: str) -> Entry:
    try:
        versions = library.versions(name)
        newest = library.preset(name, None)
    except ShotFileError as error:
        return Entry(name, tuple(versions), None, False, _group(library, name, versions), str(error.faults[0]))
    except ValueError as error:
        home = next((home for home in library.projects if (home / name).is_dir()), library.built_in)
        return Entry(name, (), None, False, f"in {home}", str(error))
    return Entry(name, tuple(versions), newest, library.is_released(newest), _group(library, name, versions))


def _group(library: Library, name: str, versions: dict[int, Path]) -> str:
    home = next(iter(versions.values())).parent.parent
    if home != library.built_in:
        return f"in {home}"
    peer = PEERS.get(name.partition("-")[0])
    return f"after {peer}" if peer else BUILT_IN
