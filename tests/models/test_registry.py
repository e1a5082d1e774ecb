"""Where weights lie, what they are called, on what terms."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ex4d.errors import UserError
from ex4d.models import (
    DEPTH_MODELS,
    KNOWN,
    WAN,
    check,
    commands_for,
    depth_model,
    located,
    missing,
    models_folder,
    require_settings,
    weights_for,
    weights_named,
)
from ex4d.reconstruction.depth_crafter import DepthCrafter
from tests.models.small_weights import SMALL, write
from tests.shared_data import shared_data


def test_weights_lie_where_the_user_says_or_in_the_users_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert DEPTH_MODELS[0].weights[0].folder == tmp_path / "models" / "depth-anything-v2-small"
    monkeypatch.delenv("EX4D_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert models_folder() == tmp_path / "data" / "ex4d" / "models"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models_folder() == tmp_path / ".local" / "share" / "ex4d" / "models"


def test_auto_is_free_for_commercial_use_in_all_of_its_parts() -> None:
    assert depth_model("auto") is DEPTH_MODELS[0]
    assert [weights.commercial for weights in depth_model("auto").weights] == ["yes"]
    assert depth_model("auto").commercial == "yes"


def test_a_model_may_be_used_commercially_only_if_all_of_its_parts_may() -> None:
    for model in DEPTH_MODELS:
        allowed = {weights.commercial for weights in model.weights}
        assert model.commercial == ("no" if "no" in allowed else "unclear" if "unclear" in allowed else "yes")
    assert depth_model("depthcrafter").commercial == "no"
    assert depth_model("depthcrafter").licence == "DepthCrafter research and Stable Video Diffusion Community"


def test_the_name_of_a_depth_model_stands_for_all_of_its_weights() -> None:
    assert [model.weights for model in DEPTH_MODELS] == [weights_for(model.name) for model in DEPTH_MODELS]
    assert [weights.name for weights in weights_for("depthcrafter")] == ["depthcrafter", "stable-video-diffusion"]
    assert weights_for(WAN.name) == (WAN,)
    assert weights_for("stable-video-diffusion") == (weights_named("stable-video-diffusion"),)


def test_every_weight_is_found_by_its_name_and_states_its_terms() -> None:
    assert len({weights.name for weights in KNOWN}) == len(KNOWN)
    for weights in KNOWN:
        assert weights_named(weights.name) is weights
        assert weights.licence in weights.terms
        assert missing(weights)


def test_only_a_known_licence_allows_commercial_use() -> None:
    for weights in KNOWN:
        assert (weights.commercial == "yes") == (weights.licence == "Apache-2.0")


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    for wanted in (weights_named, weights_for):
        with pytest.raises(UserError, match=r"'depthcrofter'; known are depth-anything-v2-small, depth-anything-v2-b"):
            wanted("depthcrofter")
    with pytest.raises(UserError, match=r"depth: \{model: depthcrofter\}.*auto, or one of depth-anything-v2-small"):
        depth_model("depthcrofter")


def test_a_window_that_is_too_short_for_a_model_is_answered_with_the_shortest(tmp_path: Path) -> None:
    """Which is what its adapter takes."""
    model = depth_model("depthcrafter")
    shortest = model.shortest_window
    require_settings(model, {"window": shortest})
    DepthCrafter(tmp_path, tmp_path, window=shortest)

    with pytest.raises(
        UserError, match=rf"window: {shortest - 1}f\}}: too short a window for it; write {shortest}f or"
    ):
        require_settings(model, {"window": shortest - 1})
    with pytest.raises(UserError, match=r"a window is longer"):
        DepthCrafter(tmp_path, tmp_path, window=shortest - 1)


@pytest.mark.parametrize("there", ["Wan-AI/Wan2.1-I2V-14B-480P", "Wan-AI"])
def test_what_was_downloaded_for_the_reference_is_found(tmp_path: Path, there: str) -> None:
    """Its README downloads to the second, its generate.py looks in the first."""
    assert located(WAN.name, tmp_path) == tmp_path / WAN.name
    files = dict.fromkeys(WAN.layouts[0].files, b"x")
    write(files, tmp_path / there)
    assert located(WAN.name, tmp_path) == tmp_path / there
    write(files, tmp_path / WAN.name)
    assert located(WAN.name, tmp_path) == tmp_path / WAN.name


def test_what_was_downloaded_of_depthcrafter_is_found_whole_in_either_precision(tmp_path: Path) -> None:
    """The tiny download has the plain names; the pull takes the same under those of half precision."""
    models = shared_data("reference_depth") / "models"
    unet, parts = weights_for("depthcrafter")
    for weights, there in ((unet, "DepthCrafter"), (parts, "stable-video-diffusion-img2vid")):
        assert located(weights.name, models) == models / there
        check(weights, models / there)
    copy = tmp_path / parts.name
    shutil.copytree(models / there, copy, copy_function=shutil.copyfile)
    for folder in (copy, *copy.rglob("*/")):
        folder.chmod(0o755)
    for file in [*copy.rglob("*.safetensors")]:
        file.rename(file.with_suffix(".fp16.safetensors"))
    check(parts, copy)
    assert parts.layout_in(copy) is parts.layouts[0]


def test_the_complete_one_is_preferred_to_the_one_that_was_begun(files: dict[str, bytes]) -> None:
    there = write(files, SMALL.home.parent / "Somebody" / "Small")
    write({"config.json": b"{}"}, SMALL.home)
    assert SMALL.folder == there


def test_wan_in_the_layout_of_diffusers_is_here_too(tmp_path: Path) -> None:
    folder = tmp_path / WAN.name
    parts = ("transformer/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "image_encoder/model")
    names = [f"{part}.safetensors" for part in parts]
    names += [f"{part}/config.json" for part in ("transformer", "vae", "image_encoder")]
    for count, name in enumerate(names, 1):
        write({name: b"{}"}, folder)
        assert located(WAN.name, tmp_path) == folder
        assert len(missing(WAN, folder)) == len(names) - count
    layout = WAN.layout_in(folder)
    write({"text_encoder/config.json": b"{}", "text_encoder/model.safetensors": b"{}"}, folder)
    assert layout.missing_for_prompts(folder) == ("tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json")


def test_the_text_encoder_comes_with_the_others_but_is_for_prompts_alone(tmp_path: Path) -> None:
    published = WAN.layouts[0]
    assert "models_t5_umt5-xxl-enc-bf16.pth" not in published.files_in(tmp_path)
    assert "models_t5_umt5-xxl-enc-bf16.pth" in published.offered(())
    assert "google/umt5-xxl/spiece.model" not in published.offered(())
    assert "google/umt5-xxl/spiece.model" in published.offered(("google/umt5-xxl/spiece.model",))
    shards = tuple(f"text_encoder/model-0000{k}-of-00002.safetensors" for k in (1, 2))
    offered = WAN.layouts[1].offered(("text_encoder/model.safetensors.index.json", *shards))
    assert {*shards, "text_encoder/model.safetensors.index.json"} <= set(offered)
    index = {"weight_map": dict(zip("ab", [shard.rpartition("/")[2] for shard in shards], strict=True))}
    write({"text_encoder/model.safetensors.index.json": json.dumps(index).encode()}, tmp_path)
    assert set(shards) < set(WAN.layouts[1].missing_for_prompts(tmp_path))


def test_commands_for_engines_name_the_extra_and_each_pull(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], tmp_path: Path
) -> None:
    pulls = tuple(f"ex4d models pull {each.name}  # {each.terms}" for each in (SMALL, WAN))
    assert commands_for(SMALL, WAN) == pulls
    write(files, SMALL.home)
    assert commands_for(SMALL, WAN, extra="wan") == pulls[1:]
    others = tmp_path / "other models"
    assert commands_for(SMALL, WAN, models=others) == tuple(f"EX4D_MODELS='{others}' {pull}" for pull in pulls)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "peft" else name)
    assert commands_for(SMALL, WAN) == ("pip install 'ex4d[wan]'", *pulls[1:])
    assert commands_for(SMALL, extra="depth") == ()
