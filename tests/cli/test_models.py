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
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "wan2.1-i2v-14b-480p",
        "ex4d",
        "wan2.1-vace-1.3b",
        "wan2.1-i2v-distill",
    ]
    assert "ex4d: missing; 400 MB, licence not known, commercial use: unclear; " in done.out


def test_list_as_json_has_all_of_it(run: Run) -> None:
    rows = json.loads(run("models", "list", "--json").out)
    keys = {"name", "state", "megabytes", "licence", "commercial", "repository", "folder"}
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
