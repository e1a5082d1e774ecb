"""One tiny checkpoint on the disk for all tests of Wan, not to be written into, and what tests of engines share."""

import shutil

import pytest

from tests.synthesis.small_guides import static_frames, write_guide
from tests.synthesis.wan.films import SIZE, WINDOW, engine_of, film, window_of
from tests.synthesis.wan.tiny_wan import TinyWan, write_tiny_wan


@pytest.fixture(scope="session")
def tiny_wan(tmp_path_factory) -> TinyWan:
    return write_tiny_wan(tmp_path_factory.mktemp("tiny_wan"))


@pytest.fixture(scope="module")
def prompts_folder(tmp_path_factory):
    """Embedded prompts are kept where nobody else's are."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield cache / "ex4d" / "prompts"


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    return write_guide(tmp_path_factory.mktemp("guide"), static_frames(WINDOW, SIZE))


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """Where previews would go that nobody asked for."""
    return tmp_path_factory.mktemp("looks") / "unasked"


@pytest.fixture(scope="module")
def engine(tiny_wan, looks):
    """The usual one, which tests share."""
    return engine_of(tiny_wan, preview_folder=looks)


@pytest.fixture(scope="module")
def usual(engine, guide, prompts_folder):
    """The usual engine's frames; its prompts are kept from here on."""
    return film(engine, guide)


@pytest.fixture(scope="module")
def exact(engine):
    """A window in float32."""
    return window_of(engine)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache without any embedded prompt."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ex4d" / "prompts"


@pytest.fixture
def copied(tiny_wan, tmp_path):
    """A folder of the weights that a test may damage."""
    return shutil.copytree(tiny_wan.original, tmp_path / "weights")
