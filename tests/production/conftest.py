"""The tiny film for each test anew, and folders that no other test sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_film import write_tiny_film


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)
