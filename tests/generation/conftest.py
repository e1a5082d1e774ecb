"""A job of its own for each test, and folders that no other test sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ex4d.engines.registry import ENGINES
from ex4d.given_render import Generation
from tests.generation.renders import MESH, Mirror, colours, masks, write


@pytest.fixture(autouse=True)
def apart(own_folders: None) -> None:
    """Nothing here touches the user's own folders."""


@pytest.fixture
def job(tmp_path: Path) -> Generation:
    colour, mask = write(tmp_path / "colour.mkv", colours()), write(tmp_path / "mask.mkv", masks())
    return Generation(colour, mask, tmp_path / "film.mp4", MESH)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Mirror:
    made = Mirror()
    monkeypatch.setitem(ENGINES, "mesh", replace(ENGINES["mesh"], open=lambda options, progress: made))
    return made
