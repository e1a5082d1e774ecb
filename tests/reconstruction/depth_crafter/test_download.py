"""What is asked of the two downloads before anything is computed with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ex4d.errors import MissingPart
from ex4d.reconstruction.depth_crafter.download import open_download

Folders = tuple[Path, Path]
FILES = ("vae/diffusion_pytorch_model", "image_encoder/model")


def changed(file: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    tensors = load_file(file)
    change(tensors)
    save_file({name: value.contiguous() for name, value in tensors.items()}, file, metadata={"format": "pt"})


def unet_file(tiny: Folders) -> Path:
    return tiny[0] / "diffusion_pytorch_model.safetensors"


def test_sizes_are_read_from_the_files(tiny: Folders) -> None:
    download = open_download(*tiny)
    assert (download.multiple, download.shrinkage, download.channels) == (16, 8, 4)
    assert download.upcast
    assert download.schedule["sigma_max"] == 700.0


def test_every_tensor_is_the_files_own_in_the_precision_asked_for(tiny: Folders) -> None:
    stored = load_file(unet_file(tiny))
    loaded = open_download(*tiny).loaded_unet(torch.float32, torch.device("cpu")).state_dict()
    assert stored.keys() == loaded.keys()
    assert all(torch.equal(loaded[name], value) for name, value in stored.items())
    half = open_download(*tiny).loaded_decoder(torch.float16, torch.device("cpu"))
    assert {value.dtype for value in half.parameters()} == {torch.float16}
    encoder, to_moments = open_download(*tiny).loaded_encoder(torch.float16, torch.device("cpu"))
    assert {value.dtype for part in (encoder, to_moments) for value in part.parameters()} == {torch.float32}


def test_a_file_in_half_precision_is_taken_by_its_own_name_and_before_the_plain_one(tiny: Folders) -> None:
    for stem in FILES:
        file = tiny[1] / f"{stem}.safetensors"
        half = {name: value.half() for name, value in load_file(file).items()}
        save_file(half, tiny[1] / f"{stem}.fp16.safetensors", metadata={"format": "pt"})
        file.write_bytes(b"damaged, and not read")
    download = open_download(*tiny)
    assert download.autoencoder.file.name == "diffusion_pytorch_model.fp16.safetensors"
    download.loaded_picture_encoder(torch.float32, torch.device("cpu"))


def test_numbers_that_older_files_hold_and_no_module_reads_are_passed_over(tiny: Folders) -> None:
    file = tiny[1] / "image_encoder/model.safetensors"
    changed(file, lambda tensors: tensors.update({"vision_model.embeddings.position_ids": torch.arange(17)[None]}))
    open_download(*tiny)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tensors: tensors.pop("conv_in.weight"), r"conv_in\.weight is missing"),
        (lambda tensors: tensors.update(surplus=torch.zeros(1)), "surplus is not of this network"),
        (lambda tensors: tensors.update({"conv_out.bias": torch.zeros(5)}), r"conv_out\.bias is of another shape"),
        (dict.clear, r"linear_1\.bias, .* and \d+ more are missing"),
    ],
)
def test_no_tensor_is_left_to_chance(tiny: Folders, change: Callable[[dict[str, Tensor]], object], said: str) -> None:
    changed(unet_file(tiny), change)
    with pytest.raises(MissingPart, match=rf"depthcrafter cannot be loaded as DepthCrafter's UNet: .*{said}"):
        open_download(*tiny)


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MissingPart) as caught:
        open_download(tmp_path / "unet", tmp_path / "parts")
    lines = str(caught.value).splitlines()
    assert len(lines) == 5
    assert all("cannot be loaded" in line for line in lines)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0{}      more"])
def test_a_damaged_file_is_said_to_be_so(tiny: Folders, content: bytes) -> None:
    unet_file(tiny).write_bytes(content)
    with pytest.raises(MissingPart, match=r"diffusion_pytorch_model\.safetensors"):
        open_download(*tiny)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"in_channels": 9}, "another shape"),
        ({"block_out_channels": [32]}, "describes no such network"),
        ({"surprise": 1}, "settings that are not known: surprise"),
        ({"down_block_types": ["Nothing", "DownBlockSpatioTemporal"]}, "describes no such network"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tiny: Folders, settings: dict[str, object], said: str) -> None:
    file = tiny[0] / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    with pytest.raises(MissingPart, match=said):
        open_download(*tiny)


@pytest.mark.parametrize("text", ["", "[1]", "nonsense", '{"image_mean": [1, 2], "image_std": [1, 2]}'])
def test_a_preparation_that_cannot_be_read_is_refused(tiny: Folders, text: str) -> None:
    (tiny[1] / "feature_extractor/preprocessor_config.json").write_text(text)
    with pytest.raises(MissingPart, match="preparation of pictures"):
        open_download(*tiny)


def test_parts_that_do_not_belong_together_are_refused(tiny: Folders) -> None:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    with torch.inference_mode(mode=False):
        other = CLIPVisionModelWithProjection(
            CLIPVisionConfig(**sizes, image_size=56, patch_size=14, projection_dim=24)
        )
        other.save_pretrained(tiny[1] / "image_encoder")
    with pytest.raises(MissingPart, match=r"do not belong together \(numbers of a picture's embedding 16 and 24\)"):
        open_download(*tiny)
