"""A folder of models of its own for each test."""

from pathlib import Path

import pytest

from ex4d.models import Weights
from tests.models.small_weights import SMALL, published_files, write


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
