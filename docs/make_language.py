"""Make the reference of the language, docs/language.md, from its template, the model and the docstrings.

``python docs/make_language.py`` writes the page; with ``--pictures`` it draws the pictures anew too, which needs the
extra ``docs``. In the template a line ``<!-- keys: Orbit -->`` becomes the table of a record's keys, ``<!-- move: orbit
-->`` all about a move, ``<!-- errors -->`` true error texts, ``<!-- moves -->`` an overview.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from ex4d.errors import ShotFileError
from ex4d.shotlist import model
from ex4d.shotlist.camera import BASES, MOVES, WITHOUT_EASE
from ex4d.shotlist.easing import Ease
from ex4d.shotlist.load import INHERITED, WORDS, parse
from ex4d.shotlist.moves import SignedMove
from ex4d.shotlist.parameters import Parameter
from ex4d.shotlist.schema.keys import Key, about, keys
from ex4d.shotlist.schema.spelling import kind_of
from ex4d.shotlist.schema.spellings import RECORDS

DOCS = Path(__file__).parent
TEMPLATE, PAGE, PICTURES = DOCS / "language.md.template", DOCS / "language.md", DOCS / "pictures" / "moves"
EASES = ("linear", "in 2", "out 2", "in-out", "in-out 4")
"""Those that are drawn."""

EXAMPLES = {
    "dolly": "- dolly: {in: 40%}",
    "truck": "- truck: {right: 30%}",
    "pedestal": "- pedestal: {up: 30%}",
    "crane": "- crane: {up: 40%}",
    "orbit": "- orbit: {right: 40deg, up: 10deg, closer: 15%}",
    "pan": "- pan: {left: 15deg}",
    "tilt": "- tilt: {up: 12deg}",
    "roll": "- roll: {clockwise: 12deg}",
    "zoom": "- zoom: 35mm..70mm",
    "dolly-zoom": "- dolly-zoom: {out: 45%}",
    "look-at": "- truck: {right: 40%}\n- look-at: {target: subject, weight: 0.7}",
    "handheld": "- handheld: {amount: 2, frequency: 1Hz, settle: 0.5s}",
    "spline": "- spline:\n    keys:\n      - {at: 0%, look_at: subject}\n"
    "      - {at: 45%, position: [-30%, 6%, 5%], look_at: subject}\n"
    "      - {at: 100%, position: [-40%, 30%, 35%], look_at: subject, lens: 1.15x}",
    "path": "- path:\n    right: radius * sin(2 * pi * s)\n    up: radius * sin(4 * pi * s) / 2\n    look_at: subject\n"
    "    parameters: {radius: 25%}",
}  # fmt: skip
"""Of each move that is drawn, items of a camera."""
OF_LISTS = {
    "ex4d": ("`1`", "**needed**", "The version of the language; it stands first."),
    "source": ("a mapping", "", "What was filmed: the default of every shot, key by key."),
    "synthesis": ("a mapping", "", "Who completes the picture: the default of every shot, key by key."),
    "shots": ("a list of shots", "**needed**", "The shots, in the order of the film."),
}
"""Keys of a list that are no field of its record: what they are written as, their default, what they say."""
FAULTY = """\
ex4d: 1
source: {video: media/courtyard.mp4}
shots:
  - name: swing
    clip: 0s..2s
    camera:
      - orbit: {right: 60}
      - obrit: {right: 60deg}
      - pan: 20%
"""


def page() -> str:
    """Return the reference."""
    made = re.sub(r"^<!-- (\w+)(?:: ([\w-]+))? -->$", _filled, TEMPLATE.read_text("utf-8"), flags=re.MULTILINE)
    told = set(re.findall(r"^### `([\w-]+)`$", made, re.MULTILINE))
    missing = set(MOVES) - told
    if missing:
        raise ValueError(f"{TEMPLATE.name} says nothing of {', '.join(sorted(missing))}: add <!-- move: … -->")
    return made


def _filled(found: re.Match[str]) -> str:
    kind, what = found[1], found[2]
    if kind == "keys":
        return table(Parameter if what == "Parameter" else getattr(model, what))
    if kind == "move":
        return chapter(what)
    if kind == "errors":
        return errors()
    return overview()


def table(record: Any) -> str:
    """Return a record's keys as a table."""
    return "\n".join(["| key | written as | default | what it says |", "|---|---|---|---|", *rows(record)])


def rows(record: Any) -> list[str]:
    """Return a row for every key, and one for both words of a pair."""
    pairs = dict(record.pairs.values())
    found = {key.word: _row(key, pairs.get(key.word)) for key in keys(record, _words(record))}
    if record is model.ShotList:
        return [found.get(word) or f"| `{word}` | {' | '.join(OF_LISTS[word])} |" for word in WORDS]
    return [row for word, row in found.items() if word not in pairs.values()]


def _words(record: Any) -> tuple[str, ...]:
    return tuple(word for word in record.words() if record is not model.ShotList or word not in ("file", "shots"))


def _row(key: Key, opposite: str | None) -> str:
    word = f"`{key.word}`" + (f" `{opposite}`" if opposite else "")
    stated = "**needed**" if key.required else f"`{key.default}`" if key.default is not None else ""
    default = "the list's" if key.spelling.name in INHERITED else stated
    return f"| {word} | {key.spelling.says} | {default} | {_told(key.about)} |"


def _told(docstring: str) -> str:
    return docstring.replace("``", "`")


def chapter(word: str) -> str:
    """Return all about a move: what it does, how it is written, an example and its picture."""
    kind = MOVES[word]
    parts = [f"### `{word}`", _told(about(kind)), _written(kind)]
    if kind.words() and kind not in RECORDS and not issubclass(kind, SignedMove):
        parts.append(table(kind))
    if word in EXAMPLES:
        parts += [
            f"```yaml\n{EXAMPLES[word]}\n```",
            f"![What this {word} does: its plan, and the picture](pictures/moves/{word}.png)",
        ]
    return "\n\n".join(part for part in parts if part)


def _written(kind: Any) -> str:
    """Say the forms that a table of keys does not show."""
    if kind in RECORDS:
        return f"Written as {RECORDS[kind].says}."
    if issubclass(kind, SignedMove):
        ((positive, negative),) = kind.pairs.values()
        example = kind.dimension.example
        return (
            f"Written as {kind_of(kind.dimension)}, which is {positive}, or with a direction: `{kind.key}: {example}` "
            f"is `{kind.key}: {{{positive}: {example}}}`, and `-{example}` is `{{{negative}: {example}}}`. "
            f"{_told(keys(kind)[0].about)}"
        )
    return {
        "look-at": "`look-at: subject` is short for `look-at: {target: subject}`.",
        "file": "`file: cameras.json` is short for `file: {file: cameras.json}`.",
        "handheld": "`- handheld` alone takes every default; with `at` beside it, it is `- handheld:`.",
        "hold": "`- hold` needs no value.",
    }.get(kind.key, "")


def overview() -> str:
    """Return every move with what it does, in the order of the page."""
    order = re.findall(r"^<!-- move: ([\w-]+) -->$", TEMPLATE.read_text("utf-8"), re.MULTILINE)
    first = {word: _told(about(MOVES[word])).split("\n")[0].split(". ")[0].rstrip(".") for word in order}
    lines = [f"| [`{word}`](#{word}) | {first[word]} | {_ease(word)} |" for word in order]
    return "\n".join(["| move | what it does | ease |", "|---|---|---|", *lines])


def _ease(word: str) -> str:
    return "none" if word in WITHOUT_EASE else "`linear`" if MOVES[word] in BASES else "`in-out`"


def errors() -> str:
    """Return a faulty list and the true answer to it."""
    try:
        parse(FAULTY, "shots/demo.yaml")
    except ShotFileError as error:
        return f"```\n{FAULTY}```\n\n```\n{error}\n```"
    raise AssertionError("the faulty list is read")


def draw() -> None:
    """Draw the picture of every move that has an example, and of the eases."""
    from move_pictures import draw_eases, draw_move

    for word, camera in EXAMPLES.items():
        draw_move(word, camera, PICTURES / f"{word}.png")
    draw_eases({name: Ease.model_validate(name) for name in EASES}, PICTURES / "ease.png")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    if "--pictures" in sys.argv:
        draw()
