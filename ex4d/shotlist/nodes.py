"""What a YAML file holds, as text, each piece with the place where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ex4d.errors import Fault
from ex4d.shotlist.units import Quantity, quoted

_WORD = re.compile(r"[\w-]{1,40}")


@dataclass(frozen=True)
class Mark:
    """Where something stands: for a value in a mapping, the place of its key."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    path: str
    """In the document, as in ``shots[2].camera[0].orbit.right``."""
    used_at: str = ""
    """For what stands in a preset: where the shot list uses it, ``file:line:column``."""

    def fault(self, message: str) -> Fault:
        """Return the fault ``message`` at this place; characters that would move a terminal about are spelt out."""
        suffix = f" (used at {self.used_at})" if self.used_at else ""
        return Fault(self.file, self.line, self.column, self.path, _printable(message + suffix))

    def inside(self, key: str | int) -> str:
        """Return the document path of an entry of this node."""
        if isinstance(key, int):
            return f"{self.path}[{key}]"
        word = key if _WORD.fullmatch(key) else quoted(key)
        return f"{self.path}.{word}" if self.path else word

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


IN_PYTHON = Mark("<python>", 1, 1, "")
"""Where a text stands that was given from Python."""


class PlacedError(ValueError):
    """What is wrong with one node, which may be a part of what is read."""

    def __init__(self, message: str, where: Mark) -> None:
        super().__init__(message)
        self.where = where


class Text(str):
    """A scalar, as written."""

    where: Mark
    plain: bool
    """Written without quotes."""
    quantity: Quantity | None
    """The exact value, where a preset computed it; the text is then a rounded form."""
    negated: bool
    """Stands for the opposite of what is written: ``left: 20deg`` read as ``right``."""

    def __new__(
        cls, text: str, where: Mark, *, plain: bool = True, quantity: Quantity | None = None, negated: bool = False
    ) -> Text:
        """Build a scalar; ``text`` is kept as it is."""
        self = super().__new__(cls, text)
        self.where, self.plain, self.quantity, self.negated = where, plain, quantity, negated
        return self

    def __getnewargs__(self) -> Any:
        return str(self), self.where  # what copies and pickles begin with; str's own begin with the text alone

    @property
    def missing(self) -> bool:
        """Whether nothing is written, as in ``camera:`` alone."""
        return self.plain and self == ""


class Listed(list[Any]):
    """A sequence of nodes."""

    def __init__(self, items: list[Any], where: Mark) -> None:
        super().__init__(items)
        self.where = where


class Mapped(dict[str, Any]):
    """A mapping from words to nodes."""

    def __init__(self, items: dict[str, Any], where: Mark) -> None:
        super().__init__(items)
        self.where = where


Node = Text | Listed | Mapped


def unwrapped(node: Node, key: str) -> Node:
    """Return the value of ``{key: value}``; what is no such mapping is returned as it is."""
    if isinstance(node, Mapped) and len(node) == 1 and key in node:
        value: Node = node[key]
        return value
    return node


def negated(value: Any) -> Any:
    """Return the opposite of a scalar or of a number."""
    if isinstance(value, Text):
        return Text(value, value.where, plain=value.plain, quantity=value.quantity, negated=not value.negated)
    return -value if isinstance(value, int | float) else value
