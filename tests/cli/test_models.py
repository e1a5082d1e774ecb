"""``ex4d models`` as its user runs it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from ex4d.models import KNOWN, weights_for
from tests.cli.conftest import Run
from tests.models.small_hub import SmallHub, serving
from tests.shared_data import shared_data

NAME = "depth-anything-v2-small"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    files = dict.fromkeys(("config.json", "preprocessor_config.json"), b"{}")
    hub = SmallHub(
        "depth-anything/Depth-Anything-V2-Small-hf", {**files, "model.safetensors": save({"a": np.ones(3, np.float32)})}
    )
    monkeypatch.setattr("ex4d.models.hub.PAUSE_S", 0.0)
    with serving(hub):
        yield hub


def states(run: Run) -> dict[str, str]:
    return {row["name"]: row["state"] for row in json.loads(run("models", "list", "--json").out)}


def test_pull_says_size_and_licence_first_and_then_where_they_are(run: Run, hub: SmallHub, tmp_path: Path) -> None:
    assert set(states(run).values()) == {"missing"}
    done = run("models", "pull", NAME)
    assert done.code == 0
    first, last = done.out.splitlines()
    assert "99 MB, licence Apache-2.0, commercial use: yes" in first
    assert last == f"{NAME} is here: {tmp_path / 'models' / NAME}"
    assert re.search(r"0 MB in 3 files; 0 MB are here, 0 MB in 3 files to come; .* free", done.err)
    assert states(run)[NAME] == "here"
    assert "already" in run("models", "pull", NAME).out


@pytest.fixture
def two_repositories(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[SmallHub]]:
    """A hub that has both parts of DepthCrafter, in the files that a pull asks for and one that it does not."""
    tensors = save({"a": np.ones(3, np.float32)})
    hubs = []
    for weights in weights_for("depthcrafter"):
        layout = weights.layouts[0]
        hubs.append(
            SmallHub(weights.repository, dict.fromkeys(layout.files, b"{}") | dict.fromkeys(layout.tensors, tensors))
        )
    hubs[1].files |= {"unet/config.json": b"{}", "unet/diffusion_pytorch_model.fp16.safetensors": tensors}
    hubs[1].files |= {"vae/diffusion_pytorch_model.safetensors": tensors}
    monkeypatch.setattr("ex4d.models.hub.PAUSE_S", 0.0)
    with serving(hubs[0]) as both:
        both.others = hubs[1:]
        yield hubs


def test_a_model_of_two_weights_comes_by_its_name_with_all_terms_first(
    run: Run, two_repositories: list[SmallHub], tmp_path: Path
) -> None:
    done = run("models", "pull", "depthcrafter")
    assert done.code == 0
    models = tmp_path / "models"
    assert done.out.splitlines() == [
        "depthcrafter: 3050 MB, licence DepthCrafter research, commercial use: no; "
        "from tencent/DepthCrafter on the hub",
        "stable-video-diffusion: 1460 MB, licence Stable Video Diffusion Community, commercial use: unclear; "
        "from stabilityai/stable-video-diffusion-img2vid on the hub",
        f"depthcrafter is here: {models / 'depthcrafter'}",
        f"stable-video-diffusion is here: {models / 'stable-video-diffusion'}",
    ]
    assert states(run)["depthcrafter"] == states(run)["stable-video-diffusion"] == "here"
    brought = {name for name, _ in two_repositories[1].asked}
    assert "vae/diffusion_pytorch_model.fp16.safetensors" in brought
    assert not [
        name for name in brought if name.startswith("unet/") or name == "vae/diffusion_pytorch_model.safetensors"
    ]


def test_what_is_here_of_two_weights_is_not_brought_again(run: Run, two_repositories: list[SmallHub]) -> None:
    assert run("models", "pull", "stable-video-diffusion").code == 0
    two_repositories[1].asked.clear()
    done = run("models", "pull", "depthcrafter")
    assert done.code == 0
    assert re.search(r"^stable-video-diffusion is here already", done.out, re.MULTILINE)
    assert two_repositories[1].asked == []
    assert run("models", "check", "depthcrafter").out.count("whole") == 2


def test_the_first_of_two_weights_is_kept_where_the_second_is_withheld(
    run: Run, two_repositories: list[SmallHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    two_repositories[1].withheld = 401
    done = run("models", "pull", "depthcrafter")
    assert done.code == 3
    assert re.search(r"stable-video-diffusion-img2vid is withheld.*accept its licence there \(Stable Video", done.err)
    assert states(run)["depthcrafter"] == "here"
    assert states(run)["stable-video-diffusion"] == "missing"


def test_a_pull_that_breaks_leaves_nothing_that_looks_whole(run: Run, hub: SmallHub, tmp_path: Path) -> None:
    hub.breaks = [1] + [0] * 4
    done = run("models", "pull", NAME)
    assert done.code == 3
    assert "run the same command again to go on" in done.err
    assert states(run)[NAME] == "missing"
    assert run("models", "pull", NAME).code == 0


def test_list_has_a_line_for_each_with_its_terms(run: Run) -> None:
    done = run("models", "list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{NAME}: missing; 99 MB, licence Apache-2.0, commercial use: yes; ")
    names = [line.partition(":")[0] for line in lines]
    assert names == [weights.name for weights in KNOWN]
    assert names[-4:] == ["wan2.1-i2v-14b-480p", "ex4d", "wan2.1-vace-1.3b", "wan2.1-i2v-distill"]
    assert lines[names.index("stable-video-diffusion")].startswith(
        "stable-video-diffusion: missing; 1460 MB, licence Stable Video Diffusion Community, commercial use: unclear; "
        "part of depthcrafter; "
    )
    assert "ex4d: missing; 400 MB, licence not known, commercial use: unclear; " in done.out


def test_list_as_json_has_all_of_it(run: Run) -> None:
    rows = json.loads(run("models", "list", "--json").out)
    keys = {"name", "state", "megabytes", "licence", "commercial", "repository", "part_of", "folder"}
    assert all(row.keys() == keys for row in rows)


def test_check_tells_whole_from_damaged_by_its_exit_code(run: Run, hub: SmallHub, tmp_path: Path) -> None:
    nothing = run("models", "check")
    assert (nothing.code, nothing.err) == (0, "")
    assert run("models", "check", NAME).code == 3
    run("models", "pull", NAME)
    whole = run("models", "check")
    assert whole.code == 0
    assert whole.out.startswith(f"{NAME}: whole; ")
    (tmp_path / "models" / NAME / "model.safetensors").write_bytes(b"cut")
    damaged = run("models", "check")
    assert damaged.code == 3
    assert f"ex4d models pull {NAME}" in damaged.err
    assert states(run)[NAME] == "incomplete"


def test_what_was_downloaded_for_the_reference_is_whole_until_it_is_cut(run: Run, tmp_path: Path) -> None:
    shutil.copytree(shared_data("reference_wan") / "models", tmp_path / "models", copy_function=shutil.copyfile)
    for folder in (tmp_path / "models", *(tmp_path / "models").rglob("*/")):
        folder.chmod(0o755)
    whole = run("models", "check", "wan2.1-i2v-14b-480p", "ex4d")
    assert whole.code == 0
    wan, adapter = whole.out.splitlines()
    assert re.fullmatch(r"wan2\.1-i2v-14b-480p: whole; .*; without google/umt5-xxl/.*, which prompts need .*", wan)
    assert adapter == f"ex4d: whole; {tmp_path / 'models' / 'EX-4D'}"
    for file in (tmp_path / "models").rglob("*.[cp]*t*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-1])
    cut = run("models", "check")
    assert cut.code == 3
    for name in ("Wan2.1_VAE.pth", "models_clip", "models_t5", "ex4d.ckpt"):
        assert re.search(rf"{re.escape(name)}\S*: is cut short", cut.err)
    assert states(run)["wan2.1-i2v-14b-480p"] == states(run)["ex4d"] == "incomplete"


@pytest.mark.parametrize("command", ["pull", "check"])
def test_an_unknown_name_is_answered_with_the_known_ones(run: Run, command: str) -> None:
    done = run("models", command, "depth-anythin")
    assert done.code == 2
    assert f"known are {NAME}" in done.err


@pytest.mark.parametrize("command", ["list", "pull", "check"])
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    done = run("models", command, "--help")
    assert done.code == 0
    assert f"Example: ex4d models {command}" in done.out


def test_nothing_heavy_is_imported_to_list_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("torch", "transformers", "huggingface_hub"):
        monkeypatch.setitem(sys.modules, name, None)
    assert run("models", "list").code == 0
