"""What passes as an adapter of the engine ex4d, by its head alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ex4d.models import adapter_fault
from tests.synthesis.wan.tiny_wan import adapter_tensors, lora_tensors

ADAPTER, LORA = adapter_tensors(), lora_tensors()
CAMERA = {name: one for name, one in ADAPTER.items() if name not in LORA}


def written(file: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, file) if file.suffix == ".safetensors" else torch.save(tensors, file)
    return file


@pytest.mark.parametrize("name", ["ex4d.ckpt", "mine.pt", "mine.safetensors"])
@pytest.mark.parametrize(
    ("tensors", "fault"),
    [
        (ADAPTER, None),
        (LORA, "is no adapter of ex4d's: it holds no camera encoder"),
        (CAMERA, "is no adapter of ex4d's: it holds no LoRA"),
        ({"w": torch.ones(1)}, "is no adapter of ex4d's: it holds no camera encoder and no LoRA"),
    ],
)
def test_an_adapter_holds_a_lora_and_a_camera_encoder(
    tmp_path: Path, name: str, tensors: dict[str, torch.Tensor], fault: str | None
) -> None:
    assert adapter_fault(written(tmp_path / name, tensors)) == fault


@pytest.mark.parametrize("name", ["ex4d.ckpt", "mine.safetensors"])
def test_one_that_is_cut_short_is_none(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / name, ADAPTER)
    whole = file.read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert adapter_fault(file) is not None, length


def test_what_may_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"latent_encoder": torch.nn.Linear(1, 1)}, tmp_path / "ex4d.ckpt")
    assert "may run code when it is loaded" in str(adapter_fault(tmp_path / "ex4d.ckpt"))


def test_one_that_cannot_be_read_is_answered(tmp_path: Path) -> None:
    assert adapter_fault(tmp_path / "none.ckpt") == "cannot be read (No such file or directory)"
