"""The base of every record of the language: frozen, closed, and readable from nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from ex4d.shotlist.fields import NOTHING, near, nearest, shown
from ex4d.shotlist.nodes import IN_PYTHON, Mapped, Node, Text, negated
from ex4d.shotlist.other_words import meaning
from ex4d.shotlist.report import Reading, Report

LATER = "is not in this version of ex4d yet"


class EntryError(ValueError):
    """A fault of one entry of a list or mapping, found by the reader of the whole."""

    def __init__(self, index: int | str, message: str) -> None:
        super().__init__(message)
        self.index = index


class ToldError(ValueError):
    """What is wrong with a record is in its report already."""


class Record(BaseModel):
    """A frozen record; built from Python with canonical values, or from the nodes of a file.

    From nodes, reading has three steps that a record may refine: ``opened`` finds the mapping that the user wrote
    (or a short form of it), its words are checked, ``spelled`` turns the words into fields.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, defer_build=True,
        arbitrary_types_allowed=True,
    )  # fmt: skip

    pairs: ClassVar[dict[str, tuple[str, str]]] = {}
    """Fields written by a direction: field → (positive word, negative word)."""
    found: ClassVar[tuple[str, ...]] = ()
    """Keys that ``opened`` puts there and no user may write."""
    later: ClassVar[tuple[str, ...]] = ()
    """Words of the language that this version refuses."""
    elsewhere: ClassVar[Mapping[str, str]] = {}
    """What is said to keys that users write here and that mean something else, or stand elsewhere."""
    example: ClassVar[str] = ""
    """How a user writes it."""

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        fields = [info.alias or name for name, info in cls.model_fields.items() if name not in cls.pairs]
        return (*fields, *(word for pair in cls.pairs.values() for word in pair))

    @classmethod
    def opened(cls, node: Node) -> Mapped | Record:
        """Return the mapping as written, or the record itself where the user wrote a short form.

        Raises:
            ValueError: where it is neither.
        """
        if isinstance(node, Mapped):
            return node
        if isinstance(node, Text) and node.missing:
            return Mapped({}, node.where)
        refuse_glued(node, cls.words())
        if not cls.words():
            raise ValueError(f"takes no value, but got {shown(node)}")
        as_in = f", as in {cls.example}" if cls.example else f" of {', '.join(cls.words())}"
        raise ValueError(f"needs a mapping{as_in}, but got {shown(node)}")

    @classmethod
    def spelled(cls, node: Mapped) -> dict[str, Any]:
        """Turn written words into fields: ``left: 20deg`` into ``angle: -20deg``.

        Raises:
            ValueError: where both words of a pair are given.
        """
        fields: dict[str, Any] = dict(node)
        for name, (positive, negative) in cls.pairs.items():
            if positive in node and negative in node:
                raise ValueError(f"has both {positive!r} and {negative!r}; keep one")
            values = [fields.pop(word) for word in (positive, negative) if word in node]
            if values:
                fields[name] = values[0] if positive in node else negated(values[0])
        return fields

    @model_validator(mode="wrap")
    @classmethod
    def _from_node(cls, raw: Any, validate: Callable[[Any], Any], info: Reading) -> Any:
        node = Text(raw, IN_PYTHON) if type(raw) is str else raw
        if not isinstance(node, Node):
            return validate(raw)
        mapping = cls.opened(node)
        if isinstance(mapping, Record):
            return mapping
        kept = known(mapping, cls.words(), cls.later, info.context, also=cls.found, elsewhere=cls.elsewhere)
        if mapping and not kept:
            raise ToldError("has unknown keys only")  # what it then lacks is no second fault
        return validate(Mapped(cls.spelled(kept), node.where))


def known(
    node: Mapped,
    words: tuple[str, ...],
    later: tuple[str, ...],
    report: Report | None,
    *,
    also: tuple[str, ...] = (),
    elsewhere: Mapping[str, str] = NOTHING,
) -> Mapped:
    """Return the mapping without the keys that are not ``words``, each of which is reported.

    A misspelt key is read as the word it is nearest to, so that its value is checked too.

    Raises:
        ValueError: for the first such key, where there is no report.
    """
    kept = {key: value for key, value in node.items() if key in words or key in also}
    for key in [key for key in node if key not in kept]:
        meant = meaning(key, elsewhere)
        message = f"unknown key {shown(key)}{meant}" if meant else _unknown(key, words, later)
        if report is None:
            raise ValueError(message)
        report.add(node[key].where, message)
        if not meant and key not in later and (word := nearest(key, words)):
            kept.setdefault(word, node[key])
    return Mapped(kept, node.where)


def _unknown(key: str, words: tuple[str, ...], later: tuple[str, ...]) -> str:
    if key in later:
        return f"{key!r} {LATER}"
    return f"unknown key {shown(key)}{near(key, words) or '; allowed: ' + (', '.join(words) or 'nothing')}"


def refuse_glued(node: Any, words: tuple[str, ...]) -> None:
    """Answer ``at:50%``, which YAML reads as one word.

    Raises:
        ValueError: where the text begins with one of the words and a colon.
    """
    word, colon, rest = node.partition(":") if isinstance(node, Text) else ("", "", "")
    if colon and word in words and rest and not rest[0].isspace():
        raise ValueError(f"put a space after the colon: {word}: {shown(rest)[1:-1]}")
