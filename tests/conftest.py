"""One cache of compiled kernels for all tests and their processes, whatever cache folder they set; tiny weights."""

import os
from pathlib import Path

import pytest

_USERS_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
os.environ.setdefault("NUMBA_CACHE_DIR", str(_USERS_CACHE / "ex4d" / "numba" / "tests"))


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all weights, tiny but real, written for the first test that asks."""
    from tests.small_engines import write_tiny_models

    return write_tiny_models(tmp_path_factory.mktemp("models"))
