"""One tiny checkpoint on the disk for all tests of Wan; they must not write into it."""

import pytest

from tests.synthesis.wan.tiny_wan import TinyWan, write_tiny_wan


@pytest.fixture(scope="session")
def tiny_wan(tmp_path_factory) -> TinyWan:
    return write_tiny_wan(tmp_path_factory.mktemp("tiny_wan"))
