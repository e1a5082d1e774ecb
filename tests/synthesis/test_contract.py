"""What every engine promises, over all engines."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame, GuideVideo
from ex4d.artifacts.scene import Scene
from ex4d.engines.registry import ENGINES
from ex4d.engines.run import Engines
from ex4d.geometry.pinhole import Pinhole
from ex4d.synthesis.mesh_engine import MeshEngine
from ex4d.synthesis.synthesizer import SynthesisRequest, Synthesizer
from tests.small_engines import ON_CPU

WIDTH, HEIGHT, FRAMES = 34, 22, 4


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest, tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    """Each engine as a run opens it, on tiny weights; the prompts are embedded anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield Engines(replace(ON_CPU, models=tiny_models)).opened(ENGINES[request.param])


@pytest.fixture(params=[False, True], ids=["bare guide", "guide with background"])
def guide(request: pytest.FixtureRequest, tmp_path: Path) -> GuideVideo:
    """Seeded noise with a hole that moves; the first frame is fully visible, the last not at all."""
    draws = np.random.default_rng(11)
    lens = Pinhole(WIDTH, HEIGHT, 30.0, (17.0, 11.0))
    rate = Fraction(24000, 1001)
    scene = Scene(lens, (0.0, 0.0, 1.0), rate, rate, FRAMES / rate)
    times = tuple(k / rate for k in range(FRAMES))
    path = CameraPath(np.tile(np.eye(4), (FRAMES, 1, 1)), np.ones(FRAMES), times, rate, scene)
    with GuideVideo.writer(tmp_path / "guide", path, lens, background=request.param) as write:
        for k in range(FRAMES):
            visible = np.ones((HEIGHT, WIDTH), np.bool_)
            visible[3 * k : 3 * k + 9, 5:20] = k == 0
            visible &= k < FRAMES - 1
            colour = draws.integers(1, 256, (HEIGHT, WIDTH, 3), np.uint8)
            background = draws.integers(1, 256, (HEIGHT, WIDTH, 3), np.uint8)
            write(GuideFrame(colour * visible[..., None], visible, background if request.param else None))
    return GuideVideo.load(tmp_path / "guide")


def test_each_frame_of_the_guide_gives_one_of_the_same_size(engine, guide):
    frames = list(engine.synthesize(guide, SynthesisRequest()))

    assert [frame.shape for frame in frames] == [(HEIGHT, WIDTH, 3)] * FRAMES
    assert all(frame.dtype == np.uint8 for frame in frames)


def test_equal_requests_give_equal_frames(engine, guide):
    request = SynthesisRequest(prompt="a courtyard at dusk", seed=7)

    one, other = (list(engine.synthesize(guide, request)) for _ in range(2))

    np.testing.assert_array_equal(one, other)


def test_a_fully_visible_frame_comes_back_from_an_engine_without_weights_as_it_is(guide):
    """Engines with weights draw every pixel, and match its colours alone."""
    first = next(iter(guide.frames(0, 1)))

    completed = next(iter(MeshEngine().synthesize(guide, SynthesisRequest())))

    np.testing.assert_array_equal(completed, first.colour)


def test_no_hole_is_left_where_anything_is_known(engine, guide):
    """Tiny random networks paint a pixel black now and then; a hole that is left is black all over."""
    least = 1.0 if isinstance(engine, MeshEngine) else 0.5
    for frame, completed in zip(guide.frames(), engine.synthesize(guide, SynthesisRequest()), strict=True):
        if not frame.visible.all() and (frame.visible.any() or frame.background is not None):
            assert completed.any(axis=-1)[~frame.visible].mean() >= least


def test_the_seed_changes_what_an_engine_with_weights_draws_and_nothing_else(engine, guide):
    one, other = (list(engine.synthesize(guide, SynthesisRequest(seed=seed))) for seed in (1, 2))

    assert np.array_equal(one, other) == isinstance(engine, MeshEngine)
