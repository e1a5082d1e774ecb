"""What results are known by, and how engines are opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.engines.cards import GraphicsCard
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.engines.run import Engines
from ex4d.errors import UserError
from ex4d.models import DISTILLATION, EX4D, VACE, WAN
from ex4d.shotlist.model import Synthesis
from ex4d.workspace import key_of
from tests.small_engines import lay_down

USUAL = Synthesis(engine="ex4d", seed=3, prompt="a wall", erode=2)


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    for weights in (WAN, EX4D, VACE, DISTILLATION):
        lay_down(weights, tmp_path / "models")
    return tmp_path / "models"


def key(synthesis: Synthesis = USUAL, engine: str = "ex4d", *, device: str | None = None, **stated: Any) -> str:
    """What a result is known by that this process makes."""
    return keys(synthesis, engine, device=device, **stated)[0]


def keys(
    synthesis: Synthesis = USUAL, engine: str = "ex4d", *, device: str | None = None, **stated: Any
) -> tuple[str, ...]:
    """What every result is known by that this run may make."""
    engines = Engines(EngineOptions(stated, device))
    known = engines.ingredients(ENGINES[engine], synthesis)
    return tuple(key_of({**known, **way}) for way in engines.ways(ENGINES[engine]))


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


def test_a_result_is_known_by_how_it_is_computed() -> None:
    """On a card or not, frames in tiles or whole, and how many cards share the tokens; see the tests of each."""
    assert key(device="cpu") != key()
    assert key(device="cuda:1") == key()
    large = {"size": (1024, 1024)}
    assert key(**large, vram_gb=12.0) != key(**large, vram_gb=24.0) == key(**large)
    assert key(devices=4) != key()
    assert key(distilled=True, devices=2) != key(distilled=True)


def test_what_was_made_by_fewer_cards_is_what_several_make_of_more_shots() -> None:
    assert set(keys(devices=4)) == {key(), key(devices=4)}
    assert set(keys(distilled=True, devices=4)) == {key(distilled=True, devices=count) for count in (1, 2, 4)}
    assert keys(distilled=True) == (key(distilled=True),)
    assert keys(engine="vace", devices=2) == (key(engine="vace"),)


def test_cards_of_another_size_make_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = (GraphicsCard("Large", 48 * 10**9), GraphicsCard("Small", 12 * 10**9))
    monkeypatch.setattr("ex4d.engines.registry.graphics_cards", lambda: cards)
    large = {"size": (1024, 1024)}
    whole, tiled = key(**large, device="cuda:0"), key(**large, device="cuda:1")
    assert whole != tiled
    assert keys(**large, devices=2) == (tiled, whole)


def test_what_is_not_heard_changes_no_result(models: Path, tmp_path: Path) -> None:
    grey = {"negative_prompt": "grey"}
    assert key(guidance=1.0, **grey) == key(guidance=1.0)
    assert key(distilled=True, **grey) == key(distilled=True)
    embeds = tmp_path / "embeds.safetensors"
    embeds.write_bytes(b"one")
    before, without = key(prompt_embeds=embeds), key()
    lamp = USUAL.model_copy(update={"prompt": "a lamp"})
    assert key(lamp, prompt_embeds=embeds) == before
    with pytest.raises(UserError, match="leave out negative"):
        key(prompt_embeds=embeds, **grey)
    (models / WAN.name / "models_t5_umt5-xxl-enc-bf16.pth").write_bytes(b"another")
    assert key(prompt_embeds=embeds) == before
    assert (other := key()) != without
    (models / WAN.name / "google/umt5-xxl/special_tokens_map.json").write_bytes(b"{}")
    assert key() != other
    assert key(prompt_embeds=embeds) == before


@pytest.mark.parametrize(("engine", "cards", "used"), [("ex4d", 3, 2), ("vace", 2, 1)])
def test_cards_that_one_shot_cannot_use_are_told(engine: str, cards: int, used: int) -> None:
    said: list[str] = []
    progress = SimpleNamespace(begin=lambda *_: None, advance=lambda: None, say=said.append)
    unopened = replace(ENGINES[engine], open=ENGINES["mesh"].open)
    Engines(EngineOptions({"devices": used}), progress).opened(unopened)
    assert not any("graphics cards" in text for text in said)
    Engines(EngineOptions({"devices": cards}), progress).opened(unopened)
    assert f"{engine}: {cards} graphics cards are asked for, one shot can use {used} of them" in said


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


def test_a_result_is_known_by_the_content_of_the_users_own_adapter(models: Path, tmp_path: Path) -> None:
    """EX-4D's own then is no part of it; nor is the user's of what another engine makes."""

    def known(adapter: Path | None, engine: str = "ex4d") -> str:
        return key_of(Engines(EngineOptions(adapter=adapter)).ingredients(ENGINES[engine], USUAL))

    mine, copy = tmp_path / "mine.ckpt", tmp_path / "copy.ckpt"
    for file in (mine, copy):
        file.write_bytes(b"one")
    before, of_vace = known(mine), known(None, "vace")
    (models / "ex4d" / "ex4d.ckpt").unlink()
    assert known(mine) == known(copy) == before
    mine.write_bytes(b"other")
    assert known(mine) != before
    assert known(mine, "vace") == of_vace


def test_on_which_terms_an_adapter_may_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.ckpt").write_bytes(b"one")
    for name, told in {"ex4d": 1, "vace": 0}.items():
        said: list[str] = []
        progress = SimpleNamespace(begin=lambda *_: None, advance=lambda: None, say=said.append)
        unopened = replace(ENGINES[name], open=ENGINES["mesh"].open)
        Engines(EngineOptions(adapter=tmp_path / "mine.ckpt"), progress).opened(unopened)
        assert sum("mine.ckpt, on its maker's terms" in text for text in said) == told
        assert not any(text.startswith("ex4d: ex4d, licence") for text in said)


def test_weights_are_read_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr("ex4d.engines.run.content_hash", lambda file, verify: read.append(file) or file.name)
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
    profiles = {name: recipe.profile for name, recipe in drawn.items()}
    assert profiles == {name: PROFILES["reference" if name == "ex4d" else "clean"] for name in ENGINES}
    assert [name for name, recipe in drawn.items() if recipe.renders_unmoved] == ["ex4d"]
    assert {name: recipe.background for name, recipe in drawn.items()} == {"mesh": True, "ex4d": False, "vace": False}
    assert ENGINES["ex4d"].recipe(clean).profile == PROFILES["clean"]
    assert ENGINES["ex4d"].recipe(clean).whole_first_frame
