"""A LoRA's file is refused, with all that is wrong, where it is damaged, ambiguous or of another model."""

import pytest
import torch

from ex4d.errors import MissingPart, UserError
from ex4d.synthesis.wan.adapter import read_adapter
from tests.synthesis.wan.lora_files import BASE, MODULE, load, written
from tests.synthesis.wan.tiny_wan import (
    RANK,
    WIDTH,
    adapter_tensors,
    lora_tensors,
    original_tensors,
)


def spoiled(changes):
    """Return EX-4D's tensors with some replaced, or left out where the change is None."""
    tensors = adapter_tensors() | changes
    return {key: one for key, one in tensors.items() if one is not None}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({f"{BASE}.lora_A.default.weight": None}, rf"{MODULE}: its other half is missing"),
        (
            {f"{BASE}.lora_A.default.weight": torch.zeros(3, WIDTH)},
            rf"{MODULE} is 3x{WIDTH} down and {WIDTH}x{RANK} up",
        ),
        ({"something.else": torch.zeros(3)}, r"something\.else is no part of a LoRA"),
        ({f"{BASE}.alpha": torch.ones(2)}, rf"{MODULE}: alpha is no single number"),
        ({"blocks.0.norm3.alpha": torch.ones(())}, r"blocks\.0\.norm2: an alpha without a LoRA"),
    ],
)
def test_tensors_that_do_not_belong_together_are_named(tmp_path, changes, told):
    with pytest.raises(UserError, match=told):
        read_adapter(written(tmp_path, spoiled(changes)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{BASE}.lora_A.default.weight", f"diffusion_model.{BASE}.lora_A.default.weight"),
        (f"{BASE}.lora_A.default.weight", f"{BASE}.lora_A.second.weight"),
        (f"{BASE}.lora_A.default.weight", f"{BASE}.lora_down.weight"),
        (f"{BASE}.lora_B.default.weight", f"transformer.{MODULE}.lora_B.weight"),
        (f"{BASE}.alpha", f"{MODULE}.alpha"),
        ("blocks.0.diff_m", "blocks.0.modulation.diff"),
        ("latent_encoder.0.bias", "diffusion_model.latent_encoder.0.bias"),
    ],
)
def test_what_is_given_by_two_names_is_refused_with_both(tmp_path, first, second):
    tensor = (adapter_tensors() | {f"{BASE}.alpha": torch.ones(())}).get(first, torch.ones(1, 6, WIDTH))
    with pytest.raises(UserError) as refusal:
        read_adapter(written(tmp_path, adapter_tensors() | {first: tensor, second: tensor.clone()}))

    (line,) = str(refusal.value).splitlines()[1:]
    assert " is given twice: " in line
    assert set(line.partition(": ")[2].split(" and ")) == {first, second}


@pytest.mark.parametrize("key", [f"{BASE}.lora_A.default.weight", "latent_encoder.0.bias", "blocks.0.ffn.0.diff_b"])
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda one: one.int(), "not floating-point"),
        (lambda one: torch.full_like(one, torch.nan), "has numbers that are not finite"),
        (lambda one: torch.full_like(one, -torch.inf), "has numbers that are not finite"),
    ],
)
def test_tensors_that_hold_no_numbers_are_named(tmp_path, key, spoil, told):
    tensor = spoil(adapter_tensors().get(key, torch.ones(48)))
    with pytest.raises(UserError, match=rf"{key}.* {told}") as refusal:
        read_adapter(written(tmp_path, spoiled({key: tensor})))

    assert len(str(refusal.value).splitlines()) == 2


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    changes = {
        f"{BASE}.lora_A.second.weight": torch.ones(RANK, WIDTH),
        "blocks.0.ffn.0.diff_b": torch.ones(48) / 0,
        "something.else": torch.ones(3),
        "blocks.1.ffn.0.lora_B.default.weight": None,
    }
    with pytest.raises(UserError) as refusal:
        read_adapter(written(tmp_path, spoiled(changes)))

    assert len(str(refusal.value).splitlines()) == 1 + len(changes)


def test_a_lora_without_any_rank_is_refused(tmp_path):
    halves = {f"{BASE}.lora_A.weight": torch.ones(0, WIDTH), f"{BASE}.lora_B.weight": torch.ones(WIDTH, 0)}
    with pytest.raises(UserError, match=rf"{MODULE} is 0x{WIDTH} down and {WIDTH}x0 up"):
        read_adapter(written(tmp_path, halves | {f"{BASE}.alpha": torch.ones(())}))


def test_a_file_without_a_lora_is_refused(tmp_path):
    with pytest.raises(UserError, match="it holds no LoRA"):
        read_adapter(written(tmp_path, original_tensors()["transformer"]))


def test_a_lora_of_a_wider_or_deeper_model_is_refused_with_what_differs(tiny_wan, tmp_path):
    wide = {key: torch.cat([one, one], dim=-1) if "lora_A" in key else one for key, one in lora_tensors().items()}
    deep = {key.replace("blocks.1", "blocks.7"): one for key, one in wide.items()}
    with pytest.raises(UserError) as refusal:
        load(tiny_wan, read_adapter(written(tmp_path, deep)))

    text = str(refusal.value)
    assert "lora.safetensors was made for another model" in text
    assert "the model has no blocks.7.attn1.to_k.weight" in text
    assert f"blocks.0.attn1.to_q.weight, {WIDTH}x{2 * WIDTH} in the file and {WIDTH}x{WIDTH} in the model" in text


def test_an_adapter_of_ex4d_that_leaves_blocks_out_is_refused(tiny_wan, tmp_path):
    tensors = {key: one for key, one in adapter_tensors().items() if not key.startswith("blocks.1.")}
    with pytest.raises(UserError, match=r"its LoRA lacks blocks\.1\.attn1\.to_k"):
        load(tiny_wan, read_adapter(written(tmp_path, tensors)))


def test_a_lora_cut_short_is_named(tiny_wan, tmp_path):
    file = tmp_path / "ex4d.ckpt"
    file.write_bytes(tiny_wan.adapter.read_bytes()[:-100])
    with pytest.raises(MissingPart, match=r"ex4d\.ckpt cannot be read as weights"):
        read_adapter(file)
