"""A camera on one line, as it could be written between the brackets of ``camera: [...]``."""

from __future__ import annotations

import json
import re

from ex4d.shotlist.nodes import Listed, Mapped, Node, Text

_PLAIN = re.compile(r"[A-Za-z0-9$(.][\w.%@/()*+^$ -]*|-[0-9][\w.%]*")
"""What needs no quotes wherever it stands."""


def on_one_line(camera: Listed) -> str:
    """Return ``orbit: {right: 43.2deg}, handheld: {amount: 0.3}``; brackets round it make YAML of it again."""
    return ", ".join(_alone(item) for item in camera)


def _alone(item: Node) -> str:
    """Write an item of a list, whose braces may be left out round a single key."""
    text = _flow(item)
    single = isinstance(item, Mapped) and len(item) == 1 and not _missing(next(iter(item.values())))
    return text[1:-1] if single else text


def _missing(node: Node) -> bool:
    return isinstance(node, Text) and node.missing


def _flow(node: Node) -> str:
    if isinstance(node, Mapped):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(value)}" for key, value in node.items()) + "}"
    if isinstance(node, Listed):
        return f"[{', '.join(_alone(item) for item in node)}]"
    return "" if node.missing else _scalar(node)


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text == text.strip()
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
