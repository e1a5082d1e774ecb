"""What results are known by, and how engines are opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ex4d.engine_options import EngineOptions
from ex4d.engine_run import Engines
from ex4d.engines import ENGINES
from ex4d.models import EX4D, WAN
from ex4d.shotlist.model import Synthesis
from ex4d.workspace import key_of
from tests.small_engines import lay_down

USUAL = Synthesis(engine="ex4d", seed=3, prompt="a wall", erode=2)


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    for weights in (WAN, EX4D):
        lay_down(weights, tmp_path / "models")
    return tmp_path / "models"


def key(synthesis: Synthesis = USUAL, engine: str = "ex4d", **stated: Any) -> str:
    return key_of(Engines(EngineOptions(stated)).ingredients(ENGINES[engine], synthesis))


@pytest.mark.parametrize("change", [{"seed": 4}, {"prompt": "a lamp"}, {"erode": 3}, {"erode": None}])
def test_a_result_is_known_by_what_the_shot_asks(change: dict[str, Any]) -> None:
    assert key() == key()
    assert key(USUAL.model_copy(update=change)) != key()
    assert key(USUAL.model_copy(update=change), "mesh") == key(USUAL, "mesh")


@pytest.mark.parametrize(
    "stated",
    [
        {"steps": 24},
        {"guidance": 4.0},
        {"size": (832, 480)},
        {"precision": "bf16"},
        {"negative_prompt": "grey"},
        {"cache": 0.1},
        {"deterministic": True},
    ],
)
def test_a_result_is_known_by_every_setting_that_changes_it(stated: dict[str, Any]) -> None:
    assert key(**stated) != key()


@pytest.mark.parametrize("stated", [{"devices": 2}, {"vram_gb": 24.0}, {"preview_every": 5}])
def test_where_it_is_made_and_what_is_shown_meanwhile_change_no_result(stated: dict[str, Any]) -> None:
    assert key(**stated) == key()


def test_a_result_is_known_by_its_weights_and_embedded_prompts(models: Path, tmp_path: Path) -> None:
    before = key()
    (models / "ex4d" / "ex4d.ckpt").write_bytes(b"another")
    assert key() != before
    embeds = tmp_path / "embeds.safetensors"
    embeds.write_bytes(b"one")
    with_one = key(prompt_embeds=embeds)
    assert with_one != key()
    embeds.write_bytes(b"other")
    assert key(prompt_embeds=embeds) != with_one
    with_lora = Engines(EngineOptions(loras=(embeds,))).ingredients(ENGINES["ex4d"], USUAL)
    assert key_of(with_lora) != key()


def test_weights_are_read_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr("ex4d.engine_run.content_hash", lambda file, verify: read.append(file) or file.name)
    engines = Engines(EngineOptions())
    for seed in range(3):
        engines.ingredients(ENGINES["ex4d"], USUAL.model_copy(update={"seed": seed}))
    assert len(read) == len(set(read)) > 4


def test_an_engine_is_opened_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[EngineOptions] = []
    mesh = ENGINES["mesh"]
    counted = replace(mesh, open=lambda options, progress: opened.append(options) or mesh.open(options, progress))
    engines = Engines(EngineOptions())
    assert opened == []
    assert engines.opened(counted) is engines.opened(counted)
    assert len(opened) == 1


def test_every_engine_says_how_its_guides_are_drawn() -> None:
    as_is, clean = EngineOptions(), EngineOptions(guide="clean")
    drawn = {name: engine.recipe(as_is) for name, engine in ENGINES.items()}
    assert {name: recipe.style for name, recipe in drawn.items()} == {
        "mesh": "clean",
        "ex4d": "reference",
        "vace": "clean",
    }
    assert {name: recipe.background for name, recipe in drawn.items()} == {"mesh": True, "ex4d": False, "vace": False}
    assert ENGINES["ex4d"].recipe(clean).style == "clean"
    assert ENGINES["ex4d"].recipe(clean).whole_first_frame
