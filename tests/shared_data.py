"""Find the real footage and reference results that lie beside the checkout, or skip."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1].parent / "shared" / "data"


def shared_data(name: str) -> Path:
    """Return the path of a file or folder of the test data; skip the test where it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"needs the test data {name!r} in a folder shared/data beside the checkout")
    return path
