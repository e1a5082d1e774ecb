"""Which engine completes a shot, and what is said where it cannot."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ex4d.engines.choice import Choice, chosen, chosen_for_shot, require, require_adapter
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.errors import MissingPart, UserError
from ex4d.models import DISTILLATION, EX4D, VACE, WAN
from ex4d.shotlist.model import Synthesis
from ex4d.shotlist.source import ENGINES as WORDS
from tests.small_engines import lay_down, set_cards


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path))
    return tmp_path


@pytest.fixture
def all_here(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for weights in (WAN, EX4D, VACE):
        lay_down(weights, models)
    set_cards(monkeypatch, "NVIDIA H200")


def test_every_engine_of_the_language_is_there() -> None:
    assert {*ENGINES, "auto"} == set(WORDS)


def test_auto_is_ex4d_where_all_is_here_and_says_on_what_and_on_which_terms(all_here: None) -> None:
    choice = chosen("auto", AS_IS)
    assert (choice.name, choice.lacks, choice.shown) == ("ex4d", (), "ex4d (auto)")
    assert "it works on NVIDIA H200" in choice.reason
    assert "whether ex4d (licence not known) may be used commercially is unclear" in choice.reason


def test_auto_is_mesh_without_a_card(all_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    choice = chosen("auto", AS_IS)
    assert (choice.name, choice.lacks) == ("mesh", ())
    assert choice.reason == "no NVIDIA graphics card is here"


def test_auto_is_mesh_without_weights(all_here: None, models: Path) -> None:
    (models / "ex4d" / "ex4d.ckpt").unlink()
    assert chosen("auto", AS_IS).name == "mesh"
    assert chosen("auto", AS_IS).reason == "the weights ex4d are not here"


def test_auto_is_mesh_without_packages(all_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert chosen("auto", AS_IS).reason == "the packages of ex4d are not installed"


def test_auto_never_takes_what_must_not_be_used_commercially(all_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden = replace(EX4D, commercial="no")
    monkeypatch.setitem(ENGINES, "ex4d", replace(ENGINES["ex4d"], own_weights=(WAN, forbidden)))
    choice = chosen("auto", AS_IS)
    assert choice.name == "mesh"
    assert "forbids commercial use; write engine: ex4d" in choice.reason
    assert chosen("ex4d", AS_IS).lacks == ()


def test_auto_leaves_what_never_leaves_the_source_to_mesh_but_a_written_engine_is_taken(all_here: None) -> None:
    assert chosen_for_shot(Synthesis(), AS_IS, at_source=True).name == "mesh"
    assert chosen_for_shot(Synthesis(), AS_IS, at_source=False).name == "ex4d"
    assert chosen_for_shot(Synthesis(engine="ex4d"), AS_IS, at_source=True).name == "ex4d"


def test_a_written_engine_that_cannot_work_is_answered_with_all_commands_and_what_works() -> None:
    with pytest.raises(MissingPart) as error:
        require([chosen("ex4d", AS_IS), chosen("mesh", AS_IS)], AS_IS)
    text = str(error.value)
    assert "ex4d models pull wan2.1-i2v-14b-480p" in text
    assert "ex4d models pull ex4d" in text
    assert "no NVIDIA graphics card is here" in text
    assert "--device cpu" in text
    assert "engine: mesh, which needs none of it" in text


def test_mesh_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    require([chosen("mesh", AS_IS), chosen("auto", AS_IS)], AS_IS)


def test_weights_that_are_not_whole_are_refused_before_anything_is_made(all_here: None) -> None:
    with pytest.raises(MissingPart, match="to get it anew"):
        require([chosen("ex4d", AS_IS)], AS_IS)


def test_more_cards_than_there_are_is_a_missing_part(all_here: None) -> None:
    (lack,) = chosen("ex4d", EngineOptions({"devices": 2})).lacks
    assert lack.what == "1 graphics cards are here, not 2"
    assert chosen("ex4d", EngineOptions(device="cuda:1")).lacks == (lack,)


def test_the_cpu_is_taken_where_it_is_asked_for_alone(all_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert chosen("ex4d", AS_IS).lacks
    assert not chosen("ex4d", EngineOptions(device="cpu")).lacks


def test_fast_needs_its_own_weights_and_takes_four_steps_without_guidance(all_here: None) -> None:
    fast = EngineOptions({"distilled": True})
    (lack,) = chosen("ex4d", fast).lacks
    assert DISTILLATION.name in lack.what
    settings = ENGINES["ex4d"].settings(fast)
    assert (settings.steps, settings.guidance, settings.distilled) == (4, 1.0, True)


def test_settings_that_mean_nothing_to_an_engine_are_refused(all_here: None) -> None:
    options = EngineOptions({"precision": "fp8"})
    with pytest.raises(UserError, match="vace engine cannot do precision fp8"):
        require([chosen("vace", options)], options)


def test_a_card_that_is_too_small_is_told_with_what_would_fit(all_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ex4d.engines.choice.check_weights", lambda weights, folder: None)
    set_cards(monkeypatch, "NVIDIA Small", memory_bytes=4_000_000_000)
    with pytest.raises(UserError, match=r"need a card of \d+ GB, this one is taken to have 4\.0 GB"):
        require([chosen("ex4d", AS_IS)], AS_IS)
    stated = EngineOptions({"vram_gb": 7.0, "size": (1024, 1024)})
    with pytest.raises(UserError, match=r"this one is taken to have 4\.0 GB"):
        require([chosen("ex4d", stated)], stated)
    set_cards(monkeypatch, "NVIDIA H200")
    with pytest.raises(UserError, match=r"need a card of \d+ GB, this one is taken to have 7\.0 GB"):
        require([chosen("ex4d", stated)], stated)


def test_weights_that_are_not_in_the_folder_that_is_given_are_missing_and_are_to_come_there(
    all_here: None, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    options = EngineOptions(device="cpu", models=tmp_path / "empty")
    assert chosen("auto", EngineOptions(device="cpu")).name == "ex4d"
    choice = chosen("auto", options)
    assert (choice.name, choice.reason) == (
        "mesh",
        f"the weights {WAN.name} are not here and the weights ex4d are not here",
    )
    with pytest.raises(MissingPart) as error:
        require([chosen("ex4d", options)], options)
    for weights in (WAN, EX4D):
        assert f"EX4D_MODELS={tmp_path / 'empty'} ex4d models pull {weights.name} " in str(error.value)
    lay_down(WAN, tmp_path / "empty")
    lay_down(EX4D, tmp_path / "empty")
    with pytest.raises(MissingPart, match=rf"to get it anew, run\n  EX4D_MODELS={tmp_path / 'empty'} ex4d models pull"):
        require([chosen("ex4d", options)], options)


@pytest.mark.parametrize("lost", ["google/umt5-xxl/tokenizer.json", "models_t5_umt5-xxl-enc-bf16.pth"])
def test_what_reads_prompts_is_needed_unless_they_come_embedded(all_here: None, models: Path, lost: str) -> None:
    (models / WAN.name / lost).unlink()
    (lack,) = chosen("ex4d", AS_IS).lacks
    assert lost in lack.what
    assert "--prompt-embeds" in lack.what
    assert lack.remedy.startswith("ex4d models pull wan2.1-i2v-14b-480p ")
    (models / "embeds").write_bytes(b"one")
    assert not chosen("ex4d", EngineOptions({"prompt_embeds": models / "embeds"})).lacks


def test_vace_needs_what_reads_prompts(all_here: None, models: Path) -> None:
    (models / VACE.name / "tokenizer" / "tokenizer.json").unlink()
    (lack,) = chosen("vace", AS_IS).lacks
    assert "tokenizer/tokenizer.json" in lack.what
    assert "--prompt-embeds" not in lack.what


def test_all_that_is_wrong_with_all_engines_is_said_at_once(all_here: None, models: Path) -> None:
    (models / "style.safetensors").write_bytes(b"one")
    options = EngineOptions({"precision": "fp8", "cache": 0.1}, loras=(models / "style.safetensors",))
    with pytest.raises(UserError) as misused:
        require([chosen("ex4d", options), chosen("vace", options)], options)
    assert "ex4d takes no LoRAs" in str(misused.value)
    assert "vace engine cannot do precision fp8" in str(misused.value)
    (models / "ex4d" / "ex4d.ckpt").unlink()
    with pytest.raises(MissingPart) as missing:
        require([chosen("ex4d", AS_IS), chosen("vace", AS_IS)], AS_IS)
    said = str(missing.value)
    assert "engine ex4d cannot work here: the weights ex4d are not here" in said
    assert f"{models / WAN.name}: " in said
    assert f"{models / VACE.name}: " in said


def test_loras_are_for_engines_that_take_them(all_here: None, tmp_path: Path) -> None:
    (tmp_path / "style.safetensors").write_bytes(b"one")
    options = EngineOptions(loras=(tmp_path / "style.safetensors",))
    with pytest.raises(UserError, match="engine ex4d takes no LoRAs beside its own"):
        require([chosen("ex4d", options)], options)
    assert chosen("vace", options).manifest(Synthesis(), 9, options)["loras"] == [str(tmp_path / "style.safetensors")]
    with pytest.raises(UserError, match="lora none: no such file"):
        EngineOptions(loras=(Path("none"),))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """An adapter of the user's own."""
    import torch

    torch.save({"latent_encoder.0.weight": torch.ones(1), "q.lora_A.weight": torch.ones(1)}, tmp_path / "mine.ckpt")
    return tmp_path / "mine.ckpt"


def test_an_adapter_of_ones_own_takes_the_place_of_ex4ds(all_here: None, models: Path, mine: Path) -> None:
    (models / "ex4d" / "ex4d.ckpt").unlink()
    options = EngineOptions(adapter=mine)
    assert [lack.what for lack in chosen("ex4d", AS_IS).lacks] == ["the weights ex4d are not here"]
    assert not chosen("ex4d", options).lacks
    choice = chosen("auto", options)
    assert choice.name == "ex4d"
    assert choice.reason.endswith(f"{mine} may be used on its maker's terms, and those of what it was trained on")
    said = choice.manifest(Synthesis(), 9, options)
    assert (said["adapter"]["file"], said["adapter"]["sha256"]) == (str(mine), sha256(mine.read_bytes()).hexdigest())
    assert [each["name"] for each in said["weights"]] == [WAN.name]
    assert chosen("ex4d", AS_IS).manifest(Synthesis(), 9, AS_IS)["adapter"] is None
    assert chosen("vace", options).manifest(Synthesis(), 9, options)["adapter"] is None


def test_an_adapter_is_for_ex4d_alone(all_here: None, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several engines it is enough that one takes it: shots that stay at the source's camera go to mesh."""
    options = EngineOptions(adapter=mine)
    for engines in (["vace"], ["mesh"], ["mesh", "vace"]):
        with pytest.raises(UserError, match=rf"used is {' and '.join(engines)}; leave .*, or write engine: ex4d"):
            require_adapter([chosen(name, options) for name in engines], options)
        with pytest.raises(UserError, match="engine ex4d alone takes an adapter"):
            require([chosen(name, options) for name in engines], options)
    require_adapter([chosen("mesh", options), chosen("ex4d", options)], options)
    require_adapter([chosen("mesh", AS_IS)], AS_IS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UserError, match="used is mesh, because no NVIDIA graphics card is here; leave out --adapter"):
        require_adapter([chosen("auto", options)], options)


def test_what_is_no_adapter_is_refused(all_here: None, mine: Path) -> None:
    options = EngineOptions(adapter=mine)
    mine.write_bytes(b"words")
    with pytest.raises(UserError, match=r"adapter .*mine\.ckpt: is no archive of torch\.save"):
        require([chosen("ex4d", options)], options)
    with pytest.raises(UserError, match="adapter none: no such file"):
        EngineOptions(adapter=Path("none"))


def test_weights_may_lie_elsewhere(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_cards(monkeypatch, "NVIDIA H200")
    elsewhere = tmp_path / "elsewhere"
    lay_down(VACE, elsewhere)
    assert chosen("vace", AS_IS).lacks
    assert not chosen("vace", EngineOptions(models=elsewhere)).lacks


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"device": "tpu"}, "device tpu: write cuda, cuda:1 or cpu"),
        ({"device": "cpu", "stated": {"devices": 2}}, "device cpu is one, but 2 graphics cards"),
        ({"stated": {"steps": 0, "size": (500, 512)}}, r"(?s)steps 0.*size 500x512"),
        ({"stated": {"distilled": True, "steps": 6}}, "fast is four steps without guidance; leave out steps"),
        ({"models": Path("nowhere")}, "models nowhere: no such folder"),
        ({"stated": {"prompt_embeds": Path("none.safetensors")}}, "prompt embeds none.safetensors: no such file"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object], answer: str) -> None:
    with pytest.raises(UserError, match=answer):
        EngineOptions(**options)  # type: ignore[arg-type]


def test_the_manifest_tells_what_was_chosen_for_the_user(all_here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    choice: Choice = chosen("auto", AS_IS)
    said = choice.manifest(Synthesis(seed=3), 100, AS_IS)
    assert said["used"] == "ex4d"
    assert said["erode"] == "random"
    assert said["prompt"] == "EX-4D's own"
    assert said["guide"]["profile"]["rule"] == "vertex"
    assert said["settings"]["steps"] == 25
    assert {"name": "ex4d", "licence": "not known", "commercial": "unclear"} in said["weights"]
    assert said["device"] == ("NVIDIA H200",)
    assert said["packages"].keys() >= {"torch", "diffusers"}
    assert said["windows"][0][0] == 0
    assert said["windows"][-1][1] == 100
    two = EngineOptions({"devices": 2})
    set_cards(monkeypatch, "NVIDIA H200", "NVIDIA H100")
    assert chosen("ex4d", two).manifest(Synthesis(), 9, two)["device"] == ("NVIDIA H200", "NVIDIA H100")
    assert chosen("vace", two).manifest(Synthesis(), 9, two)["device"] == ("NVIDIA H200",)
    assert chosen("vace", AS_IS).manifest(Synthesis(), 83, AS_IS)["erode"] == 0
    assert chosen("vace", AS_IS).manifest(Synthesis(), 50, AS_IS)["padding"] == 3
