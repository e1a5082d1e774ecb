"""Single values of a training file: counts, shares and rates within bounds, and the words of choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.fields import Choice, choice, reader, shown, whole
from ex4d.shotlist.film_format import MAX_SIDE, Size
from ex4d.shotlist.nodes import IN_PYTHON, Listed, Mapped, Node, Text
from ex4d.shotlist.paths import why_no_path
from ex4d.shotlist.source import Center, Nearest
from ex4d.shotlist.units import Dimension, format_number
from ex4d.shotlist.yaml_text import compose
from ex4d.training.config.other_words import PRECISIONS_ELSEWHERE, SUBJECTS_ELSEWHERE, TRACKERS_ELSEWHERE

GRID = 16
"""Pixels: the autoencoder sees eight a side as one, the transformer two of those."""
MOST_CAMERAS = 100
"""Of which one is drawn; each is tried out when the file is read."""
FEWEST_FRAMES, MOST_FRAMES = 5, 1001
"""Of an excerpt; its first frame is shown whole, so that one alone would teach nothing."""

_EXPONENT = re.compile(r"-?[0-9]{1,8}(?:\.[0-9]{1,8})?[eE][+-]?[0-9]{1,2}")
_RANGE = re.compile(r"[-.0-9]\S*\s+to\s+[-.0-9]\S*")
_WHOLE = re.compile(r"[0-9]+(?:\.0*)?")
_SIZE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
_MOVE = "orbit: {right: 20deg to 60deg}"
_SHARE = Dimension("a share", ("", "%"), "0.5 or 50%")


def plainly_written(value: Any) -> Any:
    """Answer ``1e-4`` with what to write, and a range with where ranges stand; all else passes.

    Raises:
        ValueError: it is a number with an exponent, or a range.
    """
    if isinstance(value, str) and _RANGE.fullmatch(value):
        raise ValueError(f"{shown(value)} is a range, and only a camera's values are drawn from one; write one number")
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        spelt = format_number(Fraction(value))
        hint = f"; write {spelt}" if Fraction(spelt) == Fraction(value) else ", as in 0.0001"
        raise ValueError(f"{shown(value)} is not written as numbers are here, without an exponent{hint}")
    return value


@dataclass(frozen=True, eq=False)  # typing takes equal metadata for the same
class Count:
    """Reads a whole number within bounds, which keep what it counts from filling any memory."""

    low: int
    high: int

    def __call__(self, value: Any) -> Any:
        """Return the number.

        Raises:
            ValueError: where it is none, or out of range.
        """
        if isinstance(value, Text) and not value.missing and not _WHOLE.fullmatch(plainly_written(value)):
            raise ValueError(f"{shown(value)} is no whole number from {self.low} to {self.high}")
        found = whole(value)
        if isinstance(found, int) and not self.low <= found <= self.high:
            raise ValueError(f"{shown(value)} is out of range: it must be {self.low} to {self.high}")
        return found


def _frames(found: int) -> int:
    if found % 4 != 1:
        nearest = max(FEWEST_FRAMES, 4 * round((found - 1) / 4) + 1)
        raise ValueError(f"{found} frames are not one more than a multiple of 4, as the model takes; write {nearest}")
    return found


def _on_the_grid(value: Any) -> Any:
    """Refuse a size off the grid, whether it is written or given from Python."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    sides = [int(found[1]), int(found[2])] if found else value if isinstance(value, tuple) else ()
    if any(side % GRID for side in sides) and max(sides) <= MAX_SIDE:  # larger ones are refused as they are
        width, height = (max(GRID, GRID * round(side / GRID)) for side in sides)
        raise ValueError(f"{shown(value)} has a side that is no multiple of {GRID}; write {width}x{height}")
    return value


_SUBJECTS = Choice(("center", "nearest"), SUBJECTS_ELSEWHERE)


def _subject(value: Any) -> Any:
    if not isinstance(value, Node):
        return value
    if isinstance(value, Listed | Mapped):
        raise ValueError("a place in the picture of one clip is none in another's; write center or nearest")
    return Center() if _SUBJECTS(value) == "center" else Nearest()


def cameras_or_none(value: Any) -> Any:
    """Read a list; one that is not written is empty.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, Text) and value.missing:
        return ()
    if isinstance(value, Text | Mapped):
        raise ValueError(f"needs a list of cameras, each as in - camera: [{{{_MOVE}}}], but got {shown(value)}")
    if isinstance(value, Listed) and len(value) > MOST_CAMERAS:
        raise ValueError(f"has {len(value)} cameras; at most {MOST_CAMERAS} are drawn from")
    return tuple(value) if isinstance(value, Listed) else value


def _moves(value: Any) -> Any:
    """Take moves as they are written, to be read when their values are drawn."""
    if type(value) is str:
        value = compose(f"camera: {value}", IN_PYTHON.file, [])["camera"]
    if isinstance(value, Text | Mapped):
        raise ValueError(f"needs a list of moves, each as in - {_MOVE}, but got {shown(value)}")
    if isinstance(value, Listed) and not value:
        raise ValueError(f"is locked off, so that it uncovers nothing; write a move, as in - {_MOVE}")
    return value


def _shot(value: Any) -> Any:
    """Take the place of a shot as it is written, with a file and a name."""
    text = Text(value, IN_PYTHON) if type(value) is str else value
    if isinstance(text, Listed | Mapped) or (isinstance(text, Text) and not all(text.rpartition("#"))):
        raise ValueError(f"needs a shot of a shot list, as in shots/scene.yaml#swing, but got {shown(text)}")
    if isinstance(text, Text) and (why := why_no_path(text.rpartition("#")[0])) is not None:
        raise ValueError(why)
    return text


def counted(low: int, high: int) -> BeforeValidator:
    """Build the reader of whole numbers within bounds."""
    return BeforeValidator(Count(low, high))


def number(low: str | None = None, high: str | None = None, *, positive: bool = False) -> BeforeValidator:
    """Build the reader of plain numbers within bounds, given in the language's words."""
    return reader(units.PLAIN, units.plain, low, high, positive=positive)


_plain = BeforeValidator(plainly_written)

Share = Annotated[float, reader(_SHARE, units.part, "0", "1"), _plain]
"""0 to 1; ``50%`` may be written for it."""
SomeShare = Annotated[float, reader(_SHARE, units.part, None, "1", positive=True), _plain]
Kept = Annotated[float, reader(_SHARE, units.part, "0", "0.999999"), _plain]
"""Below 1, where nothing new would count."""
LearningRate = Annotated[float, number(None, "1", positive=True), _plain]
Decay = Annotated[float, number("0", "1"), _plain]
Norm = Annotated[float, number(None, "1000000", positive=True), _plain]
Odds = Annotated[float, number(None, "1000000", positive=True), _plain]
Seed = Annotated[int, counted(0, 10**12 - 1)]
FrameCount = Annotated[int, counted(FEWEST_FRAMES, MOST_FRAMES), AfterValidator(_frames)]
GridSize = Annotated[Size, BeforeValidator(_on_the_grid)]
MovesWritten = Annotated[Any, BeforeValidator(_moves)]
"""A list as it stands in the file, or None; read with :mod:`ex4d.training.config.draws`."""
ShotWritten = Annotated[Any, BeforeValidator(_shot)]
"""A text as it stands in the file, or None."""
SubjectWord = Annotated[Center | Nearest, BeforeValidator(_subject)]

Tracker = Literal["flow", "cotracker3"]
Precision = Literal["bf16", "float32"]
TrackerName = Annotated[Tracker, choice("flow", "cotracker3", elsewhere=TRACKERS_ELSEWHERE)]
PrecisionName = Annotated[Precision | None, choice("bf16", "float32", elsewhere=PRECISIONS_ELSEWHERE)]
