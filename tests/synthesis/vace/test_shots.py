"""Whole shots: guides of any size and length through the VACE engine."""

from fractions import Fraction

import numpy as np
import pytest

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame, GuideVideo
from ex4d.artifacts.scene import Scene
from ex4d.geometry.pinhole import Pinhole
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.vace.engine import VaceEngine
from tests.synthesis.vace.tiny_vace import SIZE, tiny_guide

FRAMES = 11
SETTINGS = DiffusionSettings(steps=1, guidance=1.0, size=SIZE, window=5, overlap=2)
REQUEST = SynthesisRequest(prompt="a dim lamp", seed=7)


@pytest.fixture(scope="module")
def engine(tiny_vace):
    return VaceEngine(tiny_vace, SETTINGS, device="cpu")


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    """A guide of another size than the engine works at, and longer than its window."""
    width, height = 34, 22
    lens, rate = Pinhole(width, height, 30.0, (17.0, 11.0)), Fraction(24000, 1001)
    times = tuple(k / rate for k in range(FRAMES))
    scene = Scene(lens, (0.0, 0.0, 1.0), rate, rate, FRAMES / rate)
    path = CameraPath(np.tile(np.eye(4), (FRAMES, 1, 1)), np.ones(FRAMES), times, rate, scene)
    folder = tmp_path_factory.mktemp("shot") / "guide"
    with GuideVideo.writer(folder, path, lens) as write:
        for colour, visible in zip(*tiny_guide(frames=FRAMES), strict=True):
            write(GuideFrame(colour[:height, :width].copy(), visible[:height, :width].copy()))
    return GuideVideo.load(folder)


@pytest.fixture(scope="module")
def usual(engine, guide):
    return list(engine.synthesize(guide, REQUEST))


def test_each_frame_of_the_guide_gives_one_of_the_same_size(usual, guide):
    assert [frame.shape for frame in usual] == [(guide.size[1], guide.size[0], 3)] * FRAMES
    assert all(frame.dtype == np.uint8 for frame in usual)


def test_equal_requests_give_equal_frames(engine, guide, usual):
    np.testing.assert_array_equal(list(engine.synthesize(guide, REQUEST)), usual)


def test_seed_and_erosion_each_change_the_frames(engine, guide, usual):
    reseeded = SynthesisRequest(prompt=REQUEST.prompt, seed=8)
    eroded = SynthesisRequest(prompt=REQUEST.prompt, seed=7, erode=5)

    for request in (reseeded, eroded):
        assert (np.array(list(engine.synthesize(guide, request))) != usual).any()


def test_without_a_wish_nothing_is_eroded(engine, guide, usual):
    request = SynthesisRequest(prompt=REQUEST.prompt, seed=7, erode=0)

    np.testing.assert_array_equal(list(engine.synthesize(guide, request)), usual)


def test_frames_come_before_later_windows_are_begun(tiny_vace, guide):
    """So that a long shot is not held in memory, and work that was interrupted has its first frames."""
    told = []

    class Listener:
        def begin(self, task, total):
            told.append(task)

        def advance(self): ...

        def say(self, text): ...

    engine = VaceEngine(tiny_vace, SETTINGS, device="cpu", progress=Listener())
    frames = engine.synthesize(guide, REQUEST)

    next(frames)
    assert told == ["load Wan2.1-VACE-tiny", "window 1: VACE"]
    assert sum(1 for _ in frames) == FRAMES - 1
    assert told[-1] == "window 3: VACE"
