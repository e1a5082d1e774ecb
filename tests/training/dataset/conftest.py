"""Folders that no other test sees; torch on one thread; one tiny checkpoint for all."""

import pytest
import torch

from tests.synthesis.wan.tiny_wan import TinyWan, write_tiny_wan


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> TinyWan:
    return write_tiny_wan(tmp_path_factory.mktemp("tiny_weights"))
