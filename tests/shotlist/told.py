"""Where the code says that something is wrong, and which of these places some work reaches."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

TELLING = ("fault", "_fault", "add")
"""Methods that note a fault without raising it."""


def places(file: Path) -> dict[int, str]:
    """Return the lines on which a file raises or notes a fault, each with its source."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.lineno: ast.unparse(node) for node in ast.walk(tree) if _tells(node)}


def _tells(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise):
        return node.exc is not None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in TELLING and "self.add" not in ast.unparse(node.func)


@contextmanager
def reaching(places: set[tuple[str, int]]) -> Iterator[set[tuple[str, int]]]:
    """Note which of some lines, each a file and a number, run meanwhile; only functions that have one are followed."""
    reached: set[tuple[str, int]] = set()
    followed: dict[CodeType, bool] = {}

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, _event: str, _argument: Any) -> Any:
        code = frame.f_code
        if code not in followed:
            followed[code] = any((code.co_filename, number) in places for _, _, number in code.co_lines() if number)
        return line if followed[code] else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield reached
    finally:
        sys.settrace(before)
