"""Make the tables of docs/training-file.md from the records of a training file and their docstrings.

``python docs/make_training_file.py`` writes them anew between the two marks of the page, and leaves the rest alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from ex4d.shotlist.fields import Choice, QuantityReader
from ex4d.shotlist.records import Record
from ex4d.shotlist.schema.keys import attribute_docs
from ex4d.shotlist.source import Nearest
from ex4d.training.config.fields import Count
from ex4d.training.config.records import (
    CameraChoice,
    Clips,
    Excerpts,
    Keeping,
    Masks,
    Model,
    RenderingMasks,
    TrackingMasks,
    Training,
)

PAGE = Path(__file__).parent / "training-file.md"
BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->\n"
SECTIONS: tuple[tuple[str, type[Record]], ...] = (
    ("clips", Clips),
    ("excerpts", Excerpts),
    ("masks", Masks),
    ("masks.rendering", RenderingMasks),
    ("masks.rendering.cameras[]", CameraChoice),
    ("masks.tracking", TrackingMasks),
    ("model", Model),
    ("training", Training),
    ("keep", Keeping),
)
WRITTEN = {
    "clips.videos": "a path",
    "clips.depth": '`{model: auto}`, `{file: "depth/{name}.npz", unit: m}`',
    "clips.lens": "`54deg`, `35mm`, `500px` or `auto`",
    "clips.fps": "`24`, `30000/1001`",
    "clips.subject": "`center` or `nearest`",
    "clips.prompt": "text",
    "excerpts.size": "`512x512`",
    "masks.rendering": "a mapping",
    "masks.tracking": "a mapping",
    "masks.erode": "`random`, or pixels, 0 to 64",
    "masks.rendering.cameras": "a list",
    "masks.rendering.cameras[].camera": "a list of moves",
    "masks.rendering.cameras[].shot": "`FILE#SHOT`",
    "model.weights": "a name or a path",
    "model.adapter": "a path",
    "training.checkpointing": "`true` or `false`",
}
"""How values are written whose readers do not say it."""
NOT_STATED = ("", (), None)


def tables() -> str:
    """Return all tables, one a section."""
    return "\n".join(f"### `{name}`\n\n{about(record)}\n\n{_table(name, record)}" for name, record in SECTIONS)


def about(record: type[Record]) -> str:
    """Return what a record's docstring says, on one line."""
    return " ".join((record.__doc__ or "").split())


def _table(section: str, record: type[Record]) -> str:
    docs = attribute_docs(record)
    rows = [
        f"| `{key}` | {_allowed(f'{section}.{key}', info)} | {_default(info)} | {docs[key].replace('``', '`')} |"
        for key, info in record.model_fields.items()
    ]
    return "\n".join(["| key | written as | default | |", "|---|---|---|---|", *rows, ""])


def _allowed(place: str, info: FieldInfo) -> str:
    if place in WRITTEN:
        return WRITTEN[place]
    for reader in _readers(info):
        if isinstance(reader, Count):
            return f"{reader.low} to {reader.high}"
        if isinstance(reader, Choice):
            return " or ".join(f"`{word}`" for word in reader.words)
        if isinstance(reader, QuantityReader):
            return _between(reader)
    raise TypeError(f"how {place} is written is not known; add it to docs/make_training_file.py")


def _readers(info: FieldInfo) -> Iterator[Any]:
    """Yield what reads a field, that of a type which may be left out too."""
    inner = [each for kind in get_args(info.annotation) for each in getattr(kind, "__metadata__", ())]
    yield from (each.func for each in (*info.metadata, *inner) if isinstance(each, BeforeValidator))


def _between(reader: QuantityReader) -> str:
    low = "above 0" if reader.positive else reader.low
    share = ", or a `%`" if "%" in reader.dimension.units else ""
    return f"{low}{',' if reader.positive else ''} to {reader.high}{share}".replace("above 0, to", "above 0 to")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**needed**"
    value = info.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple) and value:
        return f"`{value[0]}x{value[1]}`"
    if value == Nearest():
        return "`nearest`"
    if value in NOT_STATED or isinstance(value, Record):
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def page() -> str:
    """Return the page with its tables as they should be.

    Raises:
        ValueError: the page lacks one of the marks.
    """
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE} lacks {BEGIN.strip()} or {END.strip()}")
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
