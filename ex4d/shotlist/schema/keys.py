"""The keys of a record as a user writes them: type, default, and what its docstring says."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from ex4d.shotlist.fields import QuantityReader
from ex4d.shotlist.model import Center, Subject, Transition
from ex4d.shotlist.playing import Speed
from ex4d.shotlist.records import Record
from ex4d.shotlist.schema.spelling import Json, Spelling, as_read, listed, of_quantity, ref, told
from ex4d.shotlist.schema.spellings import RECORDS, spelling_of_reader
from ex4d.shotlist.timing import WHOLE_SHOT
from ex4d.shotlist.units import exact, format_number, part, plain, radians

WRITTEN: Final[tuple[tuple[Record, str], ...]] = (
    (Center(), "center"), (Subject(), "subject"), (Transition(), "cut"), (Speed(), "1"), (WHOLE_SHOT, "0%..100%"),
)  # fmt: skip
"""Defaults that are records, as a user would write them."""
SCALES: Final[dict[Callable[..., Any], Fraction | float]] = {
    radians: 180.0 / math.pi, part: Fraction(100), plain: Fraction(1), exact: Fraction(1),
}  # fmt: skip
"""From a canonical value to the first unit of its dimension."""


@dataclass(frozen=True)
class Key:
    """One key of a record."""

    word: str
    spelling: Spelling
    about: str
    """What its docstring says, on one line."""
    required: bool = False
    default: str | None = None
    """As a user would write it; None where the docstring says what happens without the key."""
    sign: int = 1
    """-1 for the second word of a pair of directions."""

    @property
    def schema(self) -> Json:
        """The JSON Schema of the key."""
        default = {} if self.default is None else {"default": as_read(self.default)}
        return (ref(self.spelling.name) if self.spelling.name else self.spelling.schema) | told(self.about) | default


@cache
def keys(record: type[Record], words: tuple[str, ...] | None = None) -> tuple[Key, ...]:
    """Return the keys that a user may write, or those of ``words``, in the order of the model.

    Raises:
        TypeError: for a field whose type has no spelling.
    """
    paired = {
        word: (name, sign) for name, pair in record.pairs.items() for word, sign in zip(pair, (1, -1), strict=True)
    }
    aliases = {info.alias or name: name for name, info in record.model_fields.items()}
    docs = attribute_docs(record)
    found = []
    for word in words or record.words():
        name, sign = paired.get(word, (aliases.get(word, word), 1))
        about = docs.get(name, "") if sign > 0 else f"The opposite of {record.pairs[name][0]}."
        found.append(_key(word, record.model_fields[name], about, sign, paired=word in paired))
    return tuple(found)


def _key(word: str, info: FieldInfo, about: str, sign: int, *, paired: bool) -> Key:
    spelling = spelled(info.annotation, tuple(info.metadata))
    if sign < 0:
        spelling = opposite(spelling, info)
    default = None if paired else _written(info)
    return Key(word, spelling, about, info.is_required() and not paired, default, sign)


def opposite(spelling: Spelling, info: FieldInfo) -> Spelling:
    """Return the spelling of the second word of a pair, whose bounds have the other sign."""
    reader = next((each.func for each in info.metadata if isinstance(each, BeforeValidator)), None)
    if not isinstance(reader, QuantityReader) or (reader.low is None and reader.high is None):
        return spelling
    low, high = _negated(reader.high), _negated(reader.low)
    if (low, high) == (reader.low, reader.high):
        return spelling
    return of_quantity(f"opposite-of-{spelling.name}", replace(reader, low=low, high=high))


def _negated(bound: str | None) -> str | None:
    return None if bound is None else bound[1:] if bound.startswith("-") else f"-{bound}"


def spelled(kind: Any, metadata: tuple[Any, ...] = ()) -> Spelling:
    """Return the spelling of a type: by its reader, or else by its structure.

    Raises:
        TypeError: where it has none.
    """
    if get_origin(kind) is Annotated:
        kind, *inner = get_args(kind)
        metadata = (*metadata, *inner)
    for each in metadata:
        found = spelling_of_reader(each)
        if found is not None:
            return found
    return _structured(kind, metadata)


def _structured(kind: Any, metadata: tuple[Any, ...]) -> Spelling:
    if isinstance(kind, type) and issubclass(kind, Record):
        says = f"a mapping as `{kind.example}`" if kind.example.startswith("{") else "a mapping"
        return RECORDS.get(kind) or Spelling(name_of(kind), says, ref(name_of(kind)))
    stated = [each for each in get_args(kind) if each is not NoneType]
    if get_origin(kind) in (Union, UnionType) and len(stated) == 1:
        return spelled(stated[0])
    if get_origin(kind) is tuple:
        of = [spelled(each) for each in stated if each is not Ellipsis]
        if Ellipsis in stated:
            least = next((each.min_length for each in metadata if hasattr(each, "min_length")), 0)
            return Spelling("", f"a list, each {of[0].says}", listed(ref(of[0].name), least))
        return Spelling("", f"a list of {len(of)}, each {of[0].says}", listed(ref(of[0].name), len(of), len(of)))
    raise TypeError(f"no spelling for {kind}; add it to ex4d.shotlist.schema.spellings")


def name_of(record: type[Record]) -> str:
    """Return the name of a record's definition: ``SplineKey`` is spline-key; a move has its word."""
    name = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in record.__name__)
    return getattr(record, "key", name[1:])


def _written(info: FieldInfo) -> str | None:
    default = info.default
    if info.is_required() or default is None or default in ("", ()):
        return None
    if isinstance(default, Record):
        return next((text for record, text in WRITTEN if record == default), None)
    if isinstance(default, bool):
        return str(default).lower()
    reader = next((each.func for each in info.metadata if isinstance(each, BeforeValidator)), None)
    if isinstance(reader, QuantityReader):
        value = round(Fraction(default) * Fraction(SCALES[reader.convert]), 9)
        return f"{format_number(value)}{reader.dimension.units[0]}"
    return str(default) if isinstance(default, str | int) else None


def attribute_docs(record: type[Record]) -> dict[str, str]:
    """Return the docstrings that stand under the fields of a record and of the records that it extends."""
    found: dict[str, str] = {}
    for each in reversed(record.__mro__):
        if issubclass(each, Record) and each is not Record:
            body = ast.parse(textwrap.dedent(inspect.getsource(each))).body[0]
            found |= _docs(getattr(body, "body", []))
    return found


def _docs(body: list[Any]) -> dict[str, str]:
    return {
        field.target.id: " ".join(inspect.cleandoc(doc.value.value).split())
        for field, doc in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        and isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant) and isinstance(doc.value.value, str)
    }  # fmt: skip


def about(record: type[Any]) -> str:
    """Return the docstring of a record on one line a paragraph."""
    paragraphs = inspect.cleandoc(record.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
