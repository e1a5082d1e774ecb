"""A folder of models of its own for each test, and a hub to fill it from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ex4d.models import Weights
from tests.models.small_weights import SMALL, published_files, write

if TYPE_CHECKING:
    from tests.models.small_hub import SmallHub


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("EX4D_MODELS", str(folder))
    return folder


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return published_files(tmp_path)


@pytest.fixture
def here(files: dict[str, bytes]) -> Weights:
    """Weights that are here and whole."""
    write(files, SMALL.home)
    return SMALL


@pytest.fixture
def hub(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    from tests.models.small_hub import SmallHub, serving

    monkeypatch.setattr("ex4d.models.hub.PAUSE_S", 0.0)
    extra = {"README.md": b"words", "pytorch_model.bin": b"\x80\x04.", "model-00001-of-00002.fp16.safetensors": b"x"}
    hub = SmallHub(SMALL.repository, {**files, **extra})
    with serving(hub):
        yield hub
