"""One tiny VACE for all tests of its engine."""

import pytest

from tests.synthesis.vace.tiny_vace import write_tiny_vace


@pytest.fixture(scope="session")
def tiny_vace(tmp_path_factory):
    return write_tiny_vace(tmp_path_factory.mktemp("vace") / "Wan2.1-VACE-tiny")
