"""``ex4d models`` as its user runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.cli.conftest import Run

NAME = "depth-anything-v2-small"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the hub would send."""
    sent = tmp_path / "hub"
    sent.mkdir()
    for name in ("config.json", "preprocessor_config.json"):
        (sent / name).write_text("{}", encoding="utf-8")
    save_file({"a": np.ones(3, np.float32)}, sent / "model.safetensors")

    def snapshot_download(_repository: str, *, local_dir: Path, allow_patterns: list[str]) -> None:
        for pattern in allow_patterns:
            for file in sent.glob(pattern):
                shutil.copy(file, local_dir / file.name)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return sent


def state(run: Run) -> str:
    (row,) = json.loads(run("models", "list", "--json").out)
    return str(row["state"])


def test_pull_says_size_and_licence_first_and_then_where_they_are(run: Run, hub: Path, tmp_path: Path) -> None:
    assert state(run) == "missing"
    done = run("models", "pull", NAME)
    assert done.code == 0
    first, last = done.out.splitlines()
    assert "99 MB, licence Apache-2.0, commercial use: yes" in first
    assert last == f"{NAME} is here: {tmp_path / 'models' / NAME}"
    assert state(run) == "here"
    assert "already" in run("models", "pull", NAME).out


def test_list_has_a_line_for_each(run: Run) -> None:
    done = run("models", "list")
    assert done.code == 0
    assert done.out.startswith(f"{NAME}: missing; 99 MB, licence Apache-2.0, commercial use: yes; ")


def test_check_tells_whole_from_damaged_by_its_exit_code(run: Run, hub: Path, tmp_path: Path) -> None:
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
    assert state(run) == "incomplete"


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
