"""The reference's own results, and its tiny checkpoint, loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from ex4d.reconstruction.depth_crafter.download import Download, open_download
from tests.shared_data import shared_data
from tests.tiny_depth_crafter import write_tiny_depth_crafter

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Networks:
    """The reference's tiny networks in float32."""

    download: Download
    unet: Any
    encoder: Any
    to_moments: Any
    decoder: Any
    picture_encoder: Any


@pytest.fixture(autouse=True)
def inference() -> Iterator[None]:
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield


@pytest.fixture(scope="session")
def golden() -> dict[str, Tensor]:
    return load_file(shared_data("reference_depth") / "golden.safetensors")


@pytest.fixture(scope="session")
def reference_folders() -> tuple[Path, Path]:
    models = shared_data("reference_depth") / "models"
    return models / "DepthCrafter", models / "stable-video-diffusion-img2vid"


@pytest.fixture(scope="session")
def networks(reference_folders: tuple[Path, Path]) -> Networks:
    download = open_download(*reference_folders)
    loads = download.loaded_unet, download.loaded_decoder, download.loaded_picture_encoder
    unet, decoder, seeing = (load(torch.float32, CPU) for load in loads)
    return Networks(download, unet, *download.loaded_encoder(torch.float32, CPU), decoder, seeing)


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Path, Path]:
    return write_tiny_depth_crafter(tmp_path / "models")
