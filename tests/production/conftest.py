"""Each test has folders that no other test sees."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def apart(own_folders: None) -> None:
    """Nothing here touches the user's own folders."""
