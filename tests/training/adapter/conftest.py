"""A tiny Wan in files for the tests of the trainer, and adapters on it."""

import pytest
import torch

from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.weight_folders import WanFolder, find_wan_folder
from ex4d.training.adapter.trainable import TrainableAdapter
from tests.synthesis.wan.tiny_wan import HIDDEN, RANK, TinyWan, write_tiny_wan

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def trained_wan(tmp_path_factory) -> TinyWan:
    return write_tiny_wan(tmp_path_factory.mktemp("trained_wan"))


@pytest.fixture(scope="session")
def wan_folder(trained_wan) -> WanFolder:
    return find_wan_folder(trained_wan.diffusers)


@pytest.fixture
def new_adapter(wan_folder):
    """Make a new adapter on tiny Wan, in float32."""

    def make(*, seed: int = 0, checkpointing: bool = False) -> TrainableAdapter:
        transformer = load_transformer(wan_folder, dtype=torch.float32, device_of=lambda _: CPU, fuse=True)
        return TrainableAdapter(transformer, rank=RANK, hidden=HIDDEN, seed=seed, checkpointing=checkpointing)

    return make
