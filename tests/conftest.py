"""One cache of compiled kernels for all tests and their processes, whatever cache folder they set; tiny weights.

Where several processes test at the same time, as the README's command has it, each computes in one thread: together
they have as many as there are cores, and matrices so small are worth no more.

Folders that no other test sees, and the tiny film, are for whoever asks for them.
"""

import os
from pathlib import Path

import pytest

_USERS_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
os.environ.setdefault("NUMBA_CACHE_DIR", str(_USERS_CACHE / "ex4d" / "numba" / "tests"))
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of numpy, scipy and torch, in every process that is started from here


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all weights, tiny but real, written for the first test that asks."""
    from tests.small_engines import write_tiny_models

    return write_tiny_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches and weights that no other test sees, and no graphics card."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The shot list of the tiny film, written anew."""
    from tests.tiny_film import write_tiny_film

    return write_tiny_film(tmp_path)
