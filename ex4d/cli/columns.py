"""Text in columns, as wide as the terminal is."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator, Sequence

WIDEST = 110
"""Columns; longer lines are hard to read."""


def width() -> int:
    """Return how many columns there are: the terminal's, or 80 where nobody looks."""
    return max(40, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))


def wrapped(text: str, indent: int = 0) -> str:
    """Break a text into lines; words with hyphens stay whole, and numbers stay with their units."""
    margin = " " * indent
    lines = textwrap.fill(
        _UNIT.sub(_FIXED, text), width(), initial_indent=margin, subsequent_indent=margin,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    return lines.replace(_FIXED, " ")


_UNIT = re.compile(r"(?<=[0-9]) (?=(?:%|s|m|mm|px)(?![A-Za-z]))")
_FIXED = "\u00a0"


def beside(label: str, texts: Sequence[str], column: int) -> Iterator[str]:
    """Yield the lines of texts that stand at a column, the first of them beside a label."""
    lines = [line for text in texts if text for line in wrapped(text, column).splitlines()]
    if not lines or len(label) >= column:
        yield label
    elif lines:
        lines[0] = label + lines[0][len(label) :]
    yield from lines


def printable(text: str) -> str:
    """Spell out control characters, which a hostile file may have in its words, to move a terminal about."""
    return "".join(
        character if character in "\n\t" or character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
