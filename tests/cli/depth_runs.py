"""A film and its model's weights, for tests of ``ex4d depth``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_depth_model import write_tiny_weights
from tests.tiny_film import SHOTS, write_tiny_film

BASIC = ("depth", "tiny.mkv", "-o", "out/tiny.depth.npz")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A shot list over a clip, and the weights to see it with."""
    write_tiny_weights(tmp_path / "models")
    return write_tiny_film(tmp_path, SHOTS.replace("{file: tiny.npz, unit: m}", "{model: auto}"))


def saved(depth: np.ndarray, **scalars: object) -> Callable[[Path], None]:
    return lambda folder: np.savez(folder / "mine.npz", depth=depth, **scalars)


OF_FILE = ("depth", "tiny.mkv", "-o", "out/d.npz", "--depth", "mine.npz")
