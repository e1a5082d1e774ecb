"""A guide on the disk, of whatever frames a test has."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ex4d.artifacts.guide_video import GuideVideo
from tests.synthesis.small_guides import write_guide


@pytest.fixture
def guide_of(tmp_path: Path) -> Callable[..., GuideVideo]:
    return lambda frames: write_guide(tmp_path / "guide", frames)
