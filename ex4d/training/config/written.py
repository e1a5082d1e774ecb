"""What of a training file stands where, before it is read."""

from __future__ import annotations

from ex4d.shotlist.nodes import Mapped, Node, Text


def written_at(root: Mapped, *keys: str) -> Node:
    """Return what is written under keys inside each other; a text of nothing where nothing is."""
    node: Node = root
    for key in keys:
        if not isinstance(node, Mapped) or key not in node:
            return Text("", root.where)
        node = node[key]
    return node
