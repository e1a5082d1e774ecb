"""The gallery shows every preset as it is: run ``python docs/make_gallery.py`` where it does not."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from ex4d.shotlist.library import Library

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures" / "gallery"
MOST_BYTES = 2_500_000
"""Of all pictures together: whoever clones the project takes them along."""


@pytest.fixture(scope="module")
def script() -> dict[str, object]:
    """Return what the script defines; it needs the extra ``docs`` for pictures only."""
    known = set(sys.modules)
    found = runpy.run_path(str(ROOT / "docs" / "make_gallery.py"))
    assert "matplotlib" not in set(sys.modules) - known
    return found


@pytest.fixture(scope="module")
def presets() -> tuple[str, ...]:
    return Library.beside(ROOT / "shots" / "scene.yaml").names()


def test_the_page_is_what_the_library_says(script: dict[str, object]) -> None:
    """Names, versions, what they are about, parameters with defaults and ranges; else run the script again."""
    assert (ROOT / "docs" / "gallery.md").read_text("utf-8") == script["page"]()  # type: ignore[operator]


def test_the_page_tells_of_every_preset_once_and_links_to_it(presets: tuple[str, ...]) -> None:
    text = (ROOT / "docs" / "gallery.md").read_text("utf-8")

    assert sorted(re.findall(r"^### (.+)$", text, re.MULTILINE)) == sorted(presets)
    assert sorted(re.findall(r"\]\(#(.+?)\)", text)) == sorted(presets)
    assert sorted(re.findall(r"\(pictures/gallery/(.+?)\.jpg\)", text)) == sorted(presets)


def test_every_preset_has_its_picture_and_no_picture_is_left_over(presets: tuple[str, ...]) -> None:
    files = sorted(PICTURES.iterdir())

    assert [file.name for file in files] == sorted(f"{name}.jpg" for name in presets)
    assert all(file.read_bytes()[:2] == b"\xff\xd8" for file in files)
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
