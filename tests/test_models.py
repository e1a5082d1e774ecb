"""Weights on disk: where they lie, when they are whole, how they come, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ex4d.errors import MissingPart, UserError
from ex4d.models import DEPTH_MODELS, KNOWN, Weights, check, depth_weights, missing, models_folder, pull, weights_named

SMALL = DEPTH_MODELS[0]
TENSORS = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.ones(5, np.float16)}


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))


def bring(_repository: str, folder: Path) -> None:
    """Stand in for the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SMALL.files:
        if (folder / name).exists():
            continue
        if name.endswith(".json"):
            (folder / name).write_text("{}", encoding="utf-8")
        else:
            save_file(TENSORS, folder / name)


@pytest.fixture
def here() -> Iterator[Weights]:
    bring(SMALL.repository, SMALL.folder)
    check(SMALL)
    return SMALL


def test_weights_lie_where_the_user_says_or_in_the_users_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert SMALL.folder == tmp_path / "models" / "depth-anything-v2-small"
    monkeypatch.delenv("EX4D_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert models_folder() == tmp_path / "data" / "ex4d" / "models"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models_folder() == tmp_path / ".local" / "share" / "ex4d" / "models"


def test_auto_is_free_for_commercial_use() -> None:
    assert depth_weights("auto").commercial == "yes"


def test_every_weight_is_found_by_its_name_and_states_its_terms() -> None:
    for weights in KNOWN:
        assert weights_named(weights.name) is weights
        assert weights.licence in weights.terms
        assert any(name.endswith(".safetensors") for name in weights.files)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="'depthcrafter'; known are depth-anything-v2-small"):
        weights_named("depthcrafter")
    with pytest.raises(UserError, match=r"depth: \{model: depthcrafter\}.*auto, or one of depth-anything-v2-small"):
        depth_weights("depthcrafter")


def test_absent_weights_are_answered_with_the_command_and_their_size() -> None:
    with pytest.raises(
        MissingPart, match=r"\n  ex4d models pull depth-anything-v2-small  # 99 MB, licence Apache-2\.0"
    ):
        check(SMALL)


def test_a_checkpoint_cut_short_anywhere_is_found(here: Weights) -> None:
    file = here.folder / "model.safetensors"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(MissingPart, match=r"model\.safetensors: (is cut short|has [\d,]+ bytes)"):
            check(here)


def test_other_bytes_under_its_name_are_found(here: Weights) -> None:
    file = here.folder / "model.safetensors"
    nested = b"[" * 100_000
    spoiled = [b"\x80\x04" + b"." * 200, b"\xff" * 64, bytes(8), len(nested).to_bytes(8, "little") + nested]
    spoiled += [
        len(text).to_bytes(8, "little") + text for text in (b"[]", b'{"a": 1}', b'{"a": {"data_offsets": [0]}}')
    ]
    for content in (*spoiled, file.read_bytes() + b"more"):
        file.write_bytes(content)
        with pytest.raises(MissingPart, match=r"(?s)model\.safetensors: .*ex4d models pull"):
            check(here)


@pytest.mark.parametrize("name", SMALL.files)
def test_a_file_that_is_not_there_is_named(here: Weights, name: str) -> None:
    (here.folder / name).unlink()
    assert missing(here) == (name,)
    with pytest.raises(MissingPart, match=f"{name} is missing"):
        check(here)


def test_settings_that_are_no_json_are_named(here: Weights) -> None:
    (here.folder / "config.json").write_bytes(b"\xff{")
    with pytest.raises(MissingPart, match=r"config\.json: is not JSON"):
        check(here)


def test_a_pickle_is_refused(here: Weights) -> None:
    (here.folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(MissingPart, match=r"pytorch_model\.bin is a pickle, which may run code"):
        check(here)


def test_pull_brings_what_is_not_there_and_keeps_what_is() -> None:
    folder = pull(SMALL, bring)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    (folder / "config.json").unlink()
    pull(SMALL, bring)
    after = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert after.keys() == before.keys()
    assert [name for name in before if before[name] != after[name]] == ["config.json"]


def test_pull_brings_anew_what_is_damaged(here: Weights) -> None:
    (here.folder / "model.safetensors").write_bytes(b"cut")
    pull(here, bring)
    check(here)


def test_a_pull_that_brought_too_little_is_not_taken_for_done() -> None:
    with pytest.raises(MissingPart, match=r"model\.safetensors is missing"):
        pull(SMALL, lambda _, folder: (folder / "config.json").write_text("{}") and None)


def test_the_hub_is_asked_for_settings_and_safetensors_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def snapshot_download(repository: str, *, local_dir: Path, allow_patterns: list[str]) -> None:
        asked.append((repository, allow_patterns))
        bring(repository, local_dir)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    pull(SMALL)
    assert asked == [("depth-anything/Depth-Anything-V2-Small-hf", ["*.json", "*.safetensors"])]


def test_a_hub_that_cannot_be_reached_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def snapshot_download(*_: object, **__: object) -> None:
        raise RuntimeError("Connection refused\nand much more")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    with pytest.raises(MissingPart, match=r"fetched \(Connection refused\); .*run the same command again"):
        pull(SMALL)


def test_the_header_is_all_that_is_read(here: Weights) -> None:
    """A file with a hole of a terabyte is checked at once."""
    header = json.dumps({"a": {"dtype": "U8", "shape": [1 << 40], "data_offsets": [0, 1 << 40]}}).encode()
    with (here.folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + (1 << 40))
    check(here)
