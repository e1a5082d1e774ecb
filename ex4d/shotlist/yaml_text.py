"""YAML as text: scalars, lists and mappings with positions; YAML's own types never apply.

The document is built from the parser's events with a stack of its own, so that nesting is counted before anything
recurses: a hundred thousand brackets would kill the C composer. Tags, anchors, merge keys and duplicates are faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ex4d.errors import Fault, ShotFileError
from ex4d.shotlist.faults import GLUED, NO_PART
from ex4d.shotlist.nodes import Listed, Mapped, Mark, Node, Text
from ex4d.shotlist.units import quoted

MAX_BYTES = 1 << 20
MAX_DEPTH = 50
MAX_NODES = 10_000

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's parser where it is there."""

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line in YAML 1.1."""
_GLUED = re.compile(r"([A-Za-z][\w-]*):(\S+)")
_ALONE = re.compile(r"- ([a-z-]+)")


def compose(data: bytes | str, file: str, faults: list[Fault], *, begins: str = "ex4d: 1") -> Mapped:
    """Build the document's nodes; faults that allow reading on are appended to ``faults``.

    Args:
        data: the text.
        file: where it stands.
        faults: takes what is wrong.
        begins: how such a document begins.

    Raises:
        ShotFileError: where the text cannot be read as one mapping, with all faults so far.
    """
    try:
        text = _decoded(data, file)
        builder = _Builder(file, faults)
        for event in _events(text, file):
            builder.add(event)
    except _Unreadable as unreadable:
        raise ShotFileError((*faults, unreadable.fault)) from unreadable
    if isinstance(builder.root, Mapped):
        return builder.root
    got = "empty" if builder.root is None or builder.root == "" else "not a mapping"
    raise ShotFileError((*faults, Fault(file, 1, 1, "", f"the file is {got}; it begins with {begins!r}")))


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _decoded(data: bytes | str, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise _Unreadable(
            Fault(file, 1, 1, "", f"the file has more than {MAX_BYTES >> 20} MiB; no file of this language needs that")
        )
    text = data if isinstance(data, str) else _utf8(data, file)
    text = text.removeprefix("\ufeff")
    wrong = _UNPRINTABLE.search(text)
    if wrong:
        line, column = _place(text, wrong.start())
        raise _Unreadable(
            Fault(file, line, column, "", f"the character U+{ord(wrong[0]):04X} is not allowed in YAML; delete it")
        )
    return text


def _utf8(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"), error.start)
        raise _Unreadable(Fault(file, line, column, "", "the file is not UTF-8 text; save it as UTF-8")) from error


def _place(text: str, index: int) -> tuple[int, int]:
    lines = _BREAK.split(text[:index])
    return len(lines), len(lines[-1]) + 1


def _events(text: str, file: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line, column = _within(text, mark.line + 1, mark.column + 1) if mark else (1, 1)
        hint = _hint(text.splitlines()[:line], error.problem or "")
        raise _Unreadable(Fault(file, line, column, "", f"this is not YAML: {error.problem}{hint}")) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _Unreadable(Fault(file, 1, 1, "", f"this is not YAML: {quoted(str(error))}")) from error


def _within(text: str, line: int, column: int) -> tuple[int, int]:
    """Return a place, or the end of the text where the parser, at the end of what it was given, counts a line more."""
    return min((line, column), _place(text, len(text)))


def _parted(glued: re.Match[str]) -> str:
    return f"{GLUED}: {glued[1]}: {quoted(glued[2])[1:-1]}"


def _hint(lines: list[str], problem: str) -> str:
    """Say what the three commonest slips look like to the parser."""
    if lines and lines[-1].lstrip(" ").startswith("\t"):
        return "; indent with spaces, not tabs"
    for line in reversed(lines[-2:]):
        glued = _GLUED.fullmatch(line.strip().removeprefix("- ").strip())
        if glued:
            return f"; {_parted(glued)}"
    unclosed = re.search("expected ',' or ('.')", problem)
    if unclosed:
        return f"; close what opened before this with {unclosed[1]}"
    alone = _ALONE.fullmatch(lines[-2].strip()) if len(lines) > 1 else None
    if "mapping values" in problem:
        return f"; write '- {alone[1]}:' where more follows" if alone else "; put text that holds a colon in quotes"
    return ""


class _Builder:
    """Builds nodes from events, with a stack instead of recursion."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self.root: Node | None = None
        self._file = file
        self._faults = faults
        self._open: list[Listed | Mapped] = []
        self._keys: list[Text | None] = []
        """For each open node, the key that waits for its value."""
        self._count = 0

    def add(self, event: Any) -> None:
        """Take one event."""
        if isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def _document(self, event: Any) -> None:
        if self.root is not None:
            raise _Unreadable(self._mark(event, "").fault("a second document; a file holds one"))
        if event.version or event.tags:
            self._faults.append(self._mark(event, "").fault(f"YAML directives (%) are {NO_PART}; leave it out"))

    def _node(self, event: Any) -> None:
        self._count += 1
        where = self._where(event)
        self._check(event, where)
        if self._open and isinstance(self._open[-1], Mapped) and self._keys[-1] is None:
            self._key(event, where)
            return
        node = _made(event, where)
        self._place(node)
        if isinstance(node, Listed | Mapped):
            self._open.append(node)
            self._keys.append(None)

    def _mark(self, event: Any, path: str) -> Mark:
        return Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1, path)

    def _where(self, event: Any) -> Mark:
        if not self._open:
            return self._mark(event, "")
        parent, key = self._open[-1], self._keys[-1]
        if isinstance(parent, Listed):
            return self._mark(event, parent.where.inside(len(parent)))
        return key.where if key is not None else self._mark(event, parent.where.path)

    def _check(self, event: Any, where: Mark) -> None:
        if self._count > MAX_NODES:
            raise _Unreadable(where.fault(f"the file has more than {MAX_NODES} values"))
        if len(self._open) >= MAX_DEPTH and not isinstance(event, yaml.ScalarEvent):
            raise _Unreadable(where.fault(f"nested more than {MAX_DEPTH} deep"))
        if event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            message = f"{quoted(sign + event.anchor)}: anchors and aliases are {NO_PART}; write it out"
            self._faults.append(where.fault(message))
        if getattr(event, "tag", None) is not None:
            self._faults.append(where.fault(f"{quoted(event.tag)}: tags are {NO_PART}; leave it out"))

    def _key(self, event: Any, where: Mark) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Unreadable(where.fault("a key must be a word, not a list, a mapping or an alias"))
        parent = self._open[-1]
        path = parent.where.inside(event.value)
        key = Text(event.value, Mark(where.file, where.line, where.column, path), plain=not event.style)
        if key == "<<":
            self._faults.append(key.where.fault(f"'<<': merge keys are {NO_PART}; write the keys out"))
        elif key in parent:
            self._faults.append(key.where.fault(f"{quoted(key)} stands here twice; keep one"))
        self._keys[-1] = key

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent, key = self._open[-1], self._keys[-1]
        if isinstance(parent, Listed):
            parent.append(node)
        elif key is not None:
            self._keys[-1] = None
            if isinstance(node, Text) and node.missing and (glued := _GLUED.fullmatch(key)) and key.plain:
                self._faults.append(key.where.fault(_parted(glued)))
                parent.setdefault(glued[1], Text(glued[2], key.where))
            elif key != "<<":
                parent.setdefault(str(key), node)


def _made(event: Any, where: Mark) -> Node:
    if isinstance(event, yaml.MappingStartEvent):
        return Mapped({}, where)
    if isinstance(event, yaml.SequenceStartEvent):
        return Listed([], where)
    return Text(getattr(event, "value", ""), where, plain=not getattr(event, "style", None))
