"""Every error that ex4d raises on purpose.

Ex4dError                     shown without a traceback
├── UserError                 exit 2: what the user gave is at fault
│   ├── ShotFileError         a shot list, preset or training file: all of its faults at once, with their places
│   ├── TrajectoryError       a shot that cannot be compiled into cameras
│   ├── MediaError            a video, image or depth file that cannot be used
│   ├── ReconstructionError   depth that cannot become a mesh
│   ├── SynthesisError        a shot that an engine cannot complete as asked
│   ├── TrainingError         a training that cannot begin, go on or be resumed as asked
│   └── OutputError           a place that cannot be written
└── MissingPart               exit 3: something needed is not installed or not downloaded
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


class Ex4dError(Exception):
    """An error that ex4d foresaw; its text says what, where, and what to do."""


class UserError(Ex4dError):
    """What the user gave is at fault (exit code 2)."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a file, with the place where the user finds it."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    path: str
    """Where in the document, as in ``shots[2].camera[0].orbit.right``; empty for the file itself."""
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}   {self.path}: {self.message}" if self.path else f"{where}   {self.message}"


class ShotFileError(UserError):
    """All faults of a shot list, in the order of the file; or of a training file, after which nothing was trained."""

    def __init__(self, faults: tuple[Fault, ...], *, undone: str = "rendered") -> None:
        self.faults = tuple(sorted(set(faults)))
        count = len(self.faults)
        closing = f"{count} problem{'s' if count != 1 else ''}; nothing was {undone}"
        super().__init__("\n".join([*map(str, self.faults), closing]))


class TrajectoryError(UserError):
    """A shot that cannot be compiled into cameras."""

    def __init__(self, message: str, *, part: str | int | None = None) -> None:
        super().__init__(message)
        self.part = part
        """What of the shot is at fault: one of its keys, as in ``frames`` or ``time[2]``, or which item of its camera;
        None where it is the whole."""
        self.others: tuple[TrajectoryError, ...] = ()
        """What else is."""

    @classmethod
    def together(cls, faults: Sequence[TrajectoryError]) -> TrajectoryError:
        """Return the first of the faults, which knows of the others."""
        faults[0].others = tuple(faults[1:])
        return faults[0]


class MediaError(UserError):
    """A video, image or depth file that cannot be used."""


class ReconstructionError(UserError):
    """Depth that cannot become a mesh."""


class SynthesisError(UserError):
    """A shot that an engine cannot complete as asked."""


class TrainingError(UserError):
    """A training that cannot begin, go on or be resumed as asked."""


class OutputError(UserError):
    """A place that cannot be written."""


class MissingPart(Ex4dError):  # noqa: N818 - it names what is missing, not what failed
    """Something needed is not installed or not downloaded (exit code 3)."""


class Faults:
    """Gathers what is wrong with what a user gave, so that all of it is told at once."""

    def __init__(self) -> None:
        self.found: list[UserError] = []

    def of(self, work: Callable[[], Result]) -> Result | None:
        """Return what ``work`` returns; None where the user is at fault, which is kept."""
        try:
            return work()
        except UserError as fault:
            self.found.append(fault)
            return None

    def tell(self) -> None:
        """Raise what was found, if anything was: one fault as it is, several in lines of their own."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise UserError("\n".join(dict.fromkeys(map(str, self.found))))
