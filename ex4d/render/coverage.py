"""How much of a frame the source never showed, and where in the frame that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ex4d.array_types import Bool

Row = tuple[float, float, float]
Ninths = tuple[Row, Row, Row]

NOWHERE = "nowhere"
SCATTERED = "here and there"
"""Where two places of different names fit equally well."""

_PICTURES = {
    "in the middle": ("... .x. ...",),
    "down the middle": (".x. .x. .x.",),
    "across the middle": ("... xxx ...",),
    "at the top left": ("x.. ... ...", "xx. xx. ..."),
    "at the top right": ("..x ... ...", ".xx .xx ..."),
    "at the bottom left": ("... ... x..", "... xx. xx."),
    "at the bottom right": ("... ... ..x", "... .xx .xx"),
    "at the top": (".x. ... ...", "xxx ... ...", "xxx xxx ..."),
    "at the bottom": ("... ... .x.", "... ... xxx", "... xxx xxx"),
    "on the left": ("... x.. ...", "x.. x.. x..", "xx. xx. xx."),
    "on the right": ("... ..x ...", "..x ..x ..x", ".xx .xx .xx"),
    "on both sides": ("x.x x.x x.x",),
    "at the top and the bottom": ("xxx ... xxx",),
    "at the top and on the left": ("xxx x.. x..",),
    "at the top and on the right": ("xxx ..x ..x",),
    "at the bottom and on the left": ("x.. x.. xxx",),
    "at the bottom and on the right": ("..x ..x xxx",),
    "in the corners": ("x.x ... x.x",),
    "round the edges": ("xxx x.x xxx",),
    "all over": ("xxx xxx xxx",),
}
PLACES: Mapping[str, str] = MappingProxyType({picture: name for name, found in _PICTURES.items() for picture in found})
"""What each picture of ninths is called, its rows from the top."""


@dataclass(frozen=True)
class Coverage:
    """How much of a frame is uncovered, and where."""

    uncovered: float
    """Share of its pixels that the source never showed, 0 to 1."""
    ninths: Ninths
    """The same of 3 x 3 parts of the frame, by rows from the top. Outer rows and columns are equally wide, and as near
    to a third as pixels allow."""

    @property
    def where(self) -> str:
        """The place in words, as in "on the left": of the picture in :data:`PLACES` that is most like the ninths."""
        if self.uncovered == 0:
            return NOWHERE
        likeness = {picture: _likeness(self.ninths, picture) for picture in PLACES}
        best = max(likeness.values())
        names = {PLACES[picture] for picture, value in likeness.items() if value == best}
        return names.pop() if len(names) == 1 else SCATTERED

    @property
    def in_words(self) -> str:
        """As in "34% uncovered, on the left"."""
        return f"{_percent(self.uncovered)} uncovered, {self.where}" if self.uncovered else "nothing uncovered"

    def as_json(self) -> dict[str, Any]:
        """Return it for files, whole: what is read back is equal."""
        return {"uncovered": self.uncovered, "where": self.where, "ninths": [list(row) for row in self.ninths]}

    @classmethod
    def from_json(cls, stored: Any) -> Coverage:
        """Return what :meth:`as_json` has stored.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        top, middle, bottom = (_row(*row) for row in stored["ninths"])
        return cls(float(stored["uncovered"]), (top, middle, bottom))


def coverage_of(visible: Bool[np.ndarray, "height width"]) -> Coverage:
    """Measure a frame by its mask of what the source showed."""
    height, width = visible.shape
    columns = _thirds(width)
    top, middle, bottom = (_row(*(_uncovered(visible[rows, part]) for part in columns)) for rows in _thirds(height))
    return Coverage(_uncovered(visible), (top, middle, bottom))


def worst_frame(coverage: Mapping[int, Coverage]) -> int:
    """Return which frame has most uncovered, the first of equals."""
    return max(coverage, key=lambda index: coverage[index].uncovered)


def worst_in_words(coverage: Mapping[int, Coverage]) -> str:
    """Say how much of the worst frame is uncovered, which it is, and where, as in "34% at 48f, on the left"."""
    worst = worst_frame(coverage)
    if not coverage[worst].uncovered:
        return "none"
    return f"{_percent(coverage[worst].uncovered)} at {worst}f, {coverage[worst].where}"


def summary_of(coverage: Mapping[int, Coverage]) -> dict[str, Any]:
    """Return the mean over frames; and of the worst how much, which it is, and where."""
    worst = worst_frame(coverage)
    return {
        "mean": math.fsum(frame.uncovered for frame in coverage.values()) / len(coverage),
        "worst": coverage[worst].uncovered,
        "worst_frame": worst,
        "where": coverage[worst].where,
    }


def _percent(share: float) -> str:
    """Say a share in two digits."""
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def _thirds(side: int) -> tuple[slice, slice, slice]:
    """Cut a side in three, the same from either end."""
    third = (side + 1) // 3
    return slice(0, third), slice(third, side - third), slice(side - third, side)


def _uncovered(visible: Bool[np.ndarray, "rows columns"]) -> float:
    """Return the share that is not visible; of no pixels, none."""
    hidden = visible.size - int(np.count_nonzero(visible))
    return hidden / visible.size if visible.size else 0.0


def _row(left: float, middle: float, right: float) -> Row:
    return float(left), float(middle), float(right)


def _likeness(ninths: Ninths, picture: str) -> float:
    """Return the cosine of the ninths and a picture, times what is the same for all pictures."""
    shares = (share for row in ninths for share in row)
    inside = [share for share, mark in zip(shares, picture.replace(" ", ""), strict=True) if mark == "x"]
    return math.fsum(inside) / math.sqrt(len(inside))  # exact sums: what mirrors each other is equally like
