"""What pydantic found, as faults with the place and in the words of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from ex4d.errors import Fault
from ex4d.shotlist.nodes import Mapped, Mark, Node, PlacedError
from ex4d.shotlist.records import EntryError, ToldError

GLUED = "put a space after the colon"
"""How the answer to ``{at:50%}`` begins."""


NO_PART = "not part of the language"
"""What is said of YAML's anchors, aliases, tags and merge keys."""


def without_echoes(faults: list[Fault]) -> tuple[Fault, ...]:
    """Leave out what is wrong only because something else is.

    A key and its value that were glued are at fault at the key, not with its mapping too; and what an alias or a tag
    stands for is not read.
    """
    glued = [fault for fault in faults if fault.message.startswith(GLUED)]
    causes = {*glued, *(fault for fault in faults if NO_PART in fault.message)}
    places = {(fault.line, fault.path) for fault in causes}
    places |= {(fault.line, fault.path.rpartition(".'")[0]) for fault in glued}
    return tuple(fault for fault in faults if fault in causes or (fault.line, fault.path) not in places)


def faults_of(error: ValidationError, within: Mark) -> Iterator[Fault]:
    """Turn each error into a fault at the node that was being read.

    Args:
        error: of a record that was read from nodes.
        within: the place of the whole, for errors of what carries no place.
    """
    for found in error.errors(include_url=False):
        where = found["input"].where if isinstance(found["input"], Node) else within
        yield from _faults(found, where)


def _faults(found: Any, where: Mark) -> Iterator[Fault]:
    cause = found.get("ctx", {}).get("error")
    if isinstance(cause, ValidationError):
        yield from faults_of(cause, where)
    elif isinstance(cause, ToldError):
        return
    elif isinstance(cause, EntryError):
        yield _entry(found["input"], cause.index, where).fault(str(cause))
    elif found["type"] == "missing":
        yield where.fault(f"needs {str(found['loc'][-1])!r}")
    elif isinstance(cause, PlacedError):
        yield cause.where.fault(str(cause))
    else:
        yield where.fault(str(cause) if cause is not None else found["msg"])


def _entry(whole: Any, index: int | str, where: Mark) -> Mark:
    """Return the place of an entry of a list, of a mapping, or of a move's mapping in ``{move: mapping}``."""
    if isinstance(whole, Mapped) and index not in whole and len(whole) == 1:
        whole = next(iter(whole.values()))
    try:
        entry = whole[index]
    except (LookupError, TypeError):  # a record that was given from Python, without places
        return where
    return entry.where if isinstance(entry, Node) else where
