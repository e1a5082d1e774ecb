"""YAML documents as trees that can be broken in ways no record allows, and written again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from ex4d.shotlist.yaml_text import LOADER

_UNSAFE = re.compile(r"""^[-?:,\[\]{}#&*!|>'"%@`]|^\s|\s$|: |:$| #|[,\[\]{}\n\r\t]|[^\x20-\x7e]""")
_NUMBER_LIKE = re.compile(r"-[0-9]")
_BLOCK_DEPTH = 5
"""Down to which collections are written over lines; below it in braces."""


@dataclass
class Word:
    """A scalar."""

    text: str
    plain: bool = field(default=True, compare=False)


@dataclass
class Items:
    """A list."""

    items: list[Tree] = field(default_factory=list)


@dataclass
class Pairs:
    """A mapping, in which a key may stand twice."""

    pairs: list[tuple[str, Tree]] = field(default_factory=list)


Tree = Word | Items | Pairs


def read(text: str) -> Tree:
    """Read a YAML document."""
    return _read(yaml.compose(text, Loader=LOADER))


def _read(node: yaml.Node) -> Tree:
    if isinstance(node, yaml.MappingNode):
        return Pairs([(key.value, _read(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return Items([_read(item) for item in node.value])
    return Word(node.value, plain=not node.style)


def copied(tree: Tree) -> Tree:
    """Return a copy that shares nothing with the tree."""
    if isinstance(tree, Items):
        return Items([copied(item) for item in tree.items])
    if isinstance(tree, Pairs):
        return Pairs([(key, copied(value)) for key, value in tree.pairs])
    return Word(tree.text, tree.plain)


def inside(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and all that it holds."""
    yield tree
    children = tree.items if isinstance(tree, Items) else [value for _, value in getattr(tree, "pairs", ())]
    for child in children:
        yield from inside(child)


def written(tree: Tree) -> str:
    """Write a document: over lines near its root, in braces below."""
    return "\n".join(_lines(tree, 0)).lstrip("\n") + "\n"


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    if (
        depth >= _BLOCK_DEPTH
        or isinstance(tree, Word)
        or not (getattr(tree, "items", ()) or getattr(tree, "pairs", ()))
    ):
        yield _inline(tree)
    elif isinstance(tree, Items):
        for item in tree.items:
            first, *rest = list(_lines(item, depth + 1)) or [""]
            yield from (f"- {first}", *(f"  {line}" for line in rest))
    else:
        for key, value in tree.pairs:
            below = list(_lines(value, depth + 1))
            if isinstance(value, Word) or below[0][:1] in "[{":
                yield f"{_scalar(Word(key))}: {below[0]}"
            else:
                yield from (f"{_scalar(Word(key))}:", *(f"  {line}" for line in below))


def _inline(tree: Tree) -> str:
    if isinstance(tree, Items):
        return f"[{', '.join(map(_inline, tree.items))}]"
    if isinstance(tree, Pairs):
        return f"{{{', '.join(f'{_scalar(Word(key))}: {_inline(value)}' for key, value in tree.pairs)}}}"
    return _scalar(tree)


def _scalar(word: Word) -> str:
    if word.plain and (not _UNSAFE.search(word.text) or _NUMBER_LIKE.match(word.text)):
        return word.text
    escaped = word.text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
