"""What goes along with the reading of a file: faults that stop nothing, and what its shot says of metres."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from ex4d.shotlist.nodes import Mark


class Report:
    """Collects what is wrong without stopping the reading of a record: unknown and unready words."""

    def __init__(self, subject_distance: Fraction | None = None) -> None:
        self.found: list[tuple[Mark, str]] = []
        self.subject_distance = subject_distance
        """Metres from the source camera to the subject, if the shot's source states them; else metres mean nothing."""

    def add(self, where: Mark, message: str) -> None:
        """Note one fault."""
        self.found.append((where, message))


@runtime_checkable
class Reading(Protocol):
    """What pydantic hands to a reader; the part of its ``ValidationInfo`` that is used."""

    @property
    def context(self) -> Any:
        """The ``Report`` of the file, or None from Python."""
