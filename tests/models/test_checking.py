"""When weights are whole, and what is said where they are not."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from ex4d.errors import MissingPart
from ex4d.models import EX4D, WAN, Weights, check, located, missing
from tests.models.small_weights import SMALL, write
from tests.shared_data import shared_data

SHARD = "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


def test_absent_weights_are_answered_with_the_command_and_their_size() -> None:
    with pytest.raises(MissingPart, match=r"\n  ex4d models pull small  # 1 MB, licence Apache-2\.0, commercial use"):
        check(SMALL)


@pytest.mark.parametrize("at", ["small", "Somebody/Small"])
def test_weights_in_another_folder_are_to_come_there(here: Weights, tmp_path: Path, at: str) -> None:
    other = tmp_path / "other" / at
    command = f"EX4D_MODELS={tmp_path / 'other'} ex4d models pull small"
    with pytest.raises(MissingPart, match=rf"\n  {command}"):
        check(SMALL, other)
    write({"config.json": b"{"}, other)
    with pytest.raises(MissingPart, match=rf"anew, run\n  {command}"):
        check(SMALL, other)
    (here.folder / "config.json").unlink()
    with pytest.raises(MissingPart, match=r"run\n  ex4d models pull small"):
        check(SMALL, here.folder)


def test_whole_weights_pass(here: Weights) -> None:
    check(here)
    assert missing(here) == ()


@pytest.mark.parametrize("name", ["config.json", "encoder.pth", INDEX, SHARD, "vae/model.safetensors"])
def test_a_file_that_is_not_there_is_named(here: Weights, name: str) -> None:
    (here.folder / name).unlink()
    assert missing(here) == (name,)
    with pytest.raises(MissingPart, match=f"{re.escape(name)} is missing"):
        check(here)


def test_what_only_prompts_need_may_be_lacking_but_not_damaged(here: Weights) -> None:
    file = here.folder / "tokenizer/words.json"
    file.write_bytes(b"{")
    with pytest.raises(MissingPart, match=r"tokenizer/words\.json: is not JSON"):
        check(here)
    file.unlink()
    check(here)


def test_all_that_is_wrong_is_said_at_once(here: Weights) -> None:
    (here.folder / "config.json").write_bytes(b"\xff{")
    (here.folder / "encoder.pth").write_bytes(b"\x80\x04.")
    (here.folder / "vae/model.safetensors").write_bytes(b"cut")
    (here.folder / SHARD).unlink()
    with pytest.raises(MissingPart) as fault:
        check(here)
    for said in (
        f"{SHARD} is missing",
        "config.json: is not JSON",
        "encoder.pth: is no archive of torch.save",
        "vae/model.safetensors: is cut short",
        "to get it anew, run\n  ex4d models pull small",
    ):
        assert said in str(fault.value)


@pytest.mark.parametrize("name", ["encoder.pth", SHARD, "vae/model.safetensors"])
def test_a_file_cut_short_anywhere_is_found(here: Weights, name: str) -> None:
    file = here.folder / name
    whole = file.read_bytes()
    for length in range(0, len(whole), 1 + len(whole) // 150):
        file.write_bytes(whole[:length])
        with pytest.raises(MissingPart, match=rf"{re.escape(name)}: (is cut short|is no |has [\d,]+ bytes)"):
            check(here)


def test_other_bytes_under_the_name_of_safetensors_are_found(here: Weights) -> None:
    file = here.folder / SHARD
    nested = b"[" * 100_000
    spoiled = [b"\x80\x04" + b"." * 200, b"\xff" * 64, bytes(8), len(nested).to_bytes(8, "little") + nested]
    spoiled += [
        len(text).to_bytes(8, "little") + text for text in (b"[]", b'{"a": 1}', b'{"a": {"data_offsets": [0]}}')
    ]
    for content in (*spoiled, file.read_bytes() + b"more"):
        file.write_bytes(content)
        with pytest.raises(MissingPart, match=rf"(?s){re.escape(SHARD)}: .*ex4d models pull"):
            check(here)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"weight_map": {}}',
        b'{"weight_map": {"a": 1}}',
        b'{"weight_map": {"a": "../../elsewhere.safetensors"}}',
        b'{"weight_map": {"a": "model.bin"}}',
    ],
)
def test_an_index_that_is_none_is_found_and_leads_nowhere_else(here: Weights, content: bytes) -> None:
    (here.folder / INDEX).write_bytes(content)
    with pytest.raises(MissingPart, match=rf"{re.escape(INDEX)}: is no index of safetensors files beside it"):
        check(here)


def test_a_shard_without_a_tensor_that_the_index_names_is_found(here: Weights) -> None:
    (here.folder / SHARD).write_bytes(save({"b": np.ones(5, np.float16), "other": np.zeros(1, np.float32)}))
    with pytest.raises(MissingPart, match=f"{INDEX} names 1 tensors that {SHARD} does not have, as c"):
        check(here)


def test_the_index_says_how_many_shards_there_are(here: Weights) -> None:
    index = json.loads((here.folder / INDEX).read_bytes())
    index["weight_map"]["d"] = "model-00003-of-00003.safetensors"
    (here.folder / INDEX).write_text(json.dumps(index))
    assert missing(here) == ("model-00003-of-00003.safetensors",)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "another.pth", "vae/model.ckpt", "tokenizer/x.pkl"])
def test_a_pickle_that_is_none_of_them_is_refused(here: Weights, name: str) -> None:
    (here.folder / name).write_bytes(b"\x80\x04.")
    with pytest.raises(MissingPart, match=rf"{re.escape(name)}: a pickle, which may run code"):
        check(here)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(here: Weights) -> None:
    (here.folder / "encoder.pth").chmod(0)
    with pytest.raises(MissingPart, match=r"encoder\.pth: cannot be read \(Permission denied\)"):
        check(here)


def test_the_header_is_all_that_is_read(here: Weights) -> None:
    """A file with a hole of a terabyte is checked at once."""
    header = json.dumps({"z": {"dtype": "U8", "shape": [1 << 40], "data_offsets": [0, 1 << 40]}}).encode()
    with (here.folder / "vae/model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + (1 << 40))
    check(here)


def test_a_json_file_that_is_larger_than_any_is_not_read(here: Weights) -> None:
    with (here.folder / "config.json").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(MissingPart, match=r"config\.json: is not JSON"):
        check(here)


def test_the_published_layout_of_ex4d_is_whole_with_as_many_shards_as_its_index_names() -> None:
    """The tiny checkpoint has two shards where the true one has seven, and no tokenizer."""
    models = shared_data("reference_wan") / "models"
    for weights in (WAN, EX4D):
        check(weights, located(weights.name, models))


@pytest.mark.parametrize("at", [0.0, 0.01, 0.5, 0.99, 0.9999])
def test_a_published_file_cut_short_is_named(tmp_path: Path, at: float) -> None:
    models = shared_data("reference_wan") / "models"
    folder = located("wan2.1-i2v-14b-480p", models)
    for name in WAN.layout_in(folder).files_in(folder):
        content = (folder / name).read_bytes()
        copy = write({other: (folder / other).read_bytes() for other in WAN.layouts[0].files_in(folder)}, tmp_path)
        (copy / name).write_bytes(content[: int(at * len(content))])
        with pytest.raises(MissingPart, match=re.escape(name)):
            check(WAN, copy)
