"""The reference of the language is what the model says, has every move with its picture, and is fresh."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from ex4d.shotlist.camera import MOVES
from ex4d.shotlist.load import HEADING, INHERITED, WORDS
from ex4d.shotlist.schema.definitions import MAPPINGS
from ex4d.shotlist.schema.keys import keys
from tests.shotlist.reading import camera

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "language.md").read_text("utf-8")
SCRIPT = runpy.run_path(str(ROOT / "docs" / "make_language.py"))


def test_the_page_is_fresh() -> None:
    assert SCRIPT["page"]() == PAGE, "run: python docs/make_language.py"


def test_every_key_of_every_record_is_told() -> None:
    told = set(re.findall(r"`([\w-]+)`", "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))))
    words = {key.word for record in MAPPINGS if record.__name__ != "SubjectDepth" for key in keys(record)}

    assert words | set(MOVES) | set(HEADING) <= told
    assert all(f"`{word}`" in PAGE for word in (*WORDS, *INHERITED))


@pytest.mark.parametrize("word", SCRIPT["EXAMPLES"])
def test_every_picture_is_there_and_small(word: str) -> None:
    """Of an example that is sound and shows the move."""
    picture = ROOT / "docs" / "pictures" / "moves" / f"{word}.png"

    assert f"![What this {word} does: its plan, and the picture](pictures/moves/{word}.png)" in PAGE
    assert picture.stat().st_size <= 15 * 1024
    assert MOVES[word] in {type(item.move) for item in camera(SCRIPT["EXAMPLES"][word])}


def test_every_move_is_drawn_that_can_be() -> None:
    assert set(SCRIPT["EXAMPLES"]) == set(MOVES) - {"hold", "file"}
    assert {file.stem for file in (ROOT / "docs/pictures/moves").glob("*.png")} == {*SCRIPT["EXAMPLES"], "ease"}


def test_what_it_links_to_is_there() -> None:
    """Its own chapters, other pages, and pictures."""
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", PAGE.replace("\n", " ")):
        page, _, chapter = link.partition("#")
        assert (ROOT / "docs" / page).exists() if page else chapter in heads, link
