"""What every tracker does; CoTracker3 takes part where its package is installed, with random weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from ex4d.errors import MissingPart
from ex4d.models import COTRACKER3
from ex4d.training.masks.flow_tracker import FlowTracker
from ex4d.training.masks.tracker import Tracker
from ex4d.training.masks.trackers import open_tracker
from tests.training.masks.moving_clips import TrueTracker, panned, texture

cv2 = pytest.importorskip("cv2", reason="needs the depth extra")

MOVES = [(0, 0), (2, 1), (4, 2)]


def random_co_tracker(models: Path) -> Tracker:
    if importlib.util.find_spec("cotracker") is None:
        pytest.skip("needs the package cotracker, which is under CC-BY-NC and not among the extras")
    torch = pytest.importorskip("torch")
    from cotracker.predictor import CoTrackerPredictor

    (models / "cotracker3").mkdir()
    torch.save(CoTrackerPredictor(checkpoint=None).model.state_dict(), models / "cotracker3" / "scaled_offline.pth")
    return open_tracker("cotracker3", models=models, device="cpu")


@pytest.fixture(params=["true", "flow", "cotracker3"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Tracker:
    if request.param == "cotracker3":
        return random_co_tracker(tmp_path)
    return open_tracker("flow") if request.param == "flow" else TrueTracker(MOVES)


def test_a_tracker_keeps_the_first_frames_points_and_answers_for_every_frame(tracker: Tracker) -> None:
    points = np.array([[20.5, 30.5], [0.0, 0.0], [64.0, 48.0], [31.25, 11.75]], np.float32)
    tracks = tracker.track(panned(1, 64, 48, MOVES), points)
    assert (tracks.positions[0] == points).all()
    assert tracks.positions.shape == (3, 4, 2)
    assert np.isfinite(tracks.positions).all()
    assert tracks.seen.shape == (3, 4)
    assert tracks.seen[0].all()


def test_a_tracker_takes_no_points(tracker: Tracker) -> None:
    tracks = tracker.track(panned(1, 64, 48, MOVES), np.zeros((0, 2), np.float32))
    assert tracks.positions.shape == (3, 0, 2)
    assert tracks.seen.shape == (3, 0)


def test_the_same_clip_is_followed_the_same_way_again(tracker: Tracker) -> None:
    frames, points = panned(2, 64, 48, MOVES), np.array([[20.5, 30.5]], np.float32)
    one, other = (tracker.track(frames, points) for _ in range(2))
    assert (one.positions == other.positions).all()


def test_flow_follows_within_a_tenth_of_a_pixel_there_and_back() -> None:
    frames = panned(5, 96, 72, [(2 * k, k) for k in range(6)])
    down, right = np.mgrid[20:50:6, 20:70:6] + 0.5
    points = np.stack([right.ravel(), down.ravel()], axis=1).astype(np.float32)
    there = FlowTracker().track(frames, points)
    assert np.abs(there.positions[-1] - points - np.float32([10, 5])).max() < 0.1
    assert there.seen.all()
    back = FlowTracker().track(np.ascontiguousarray(frames[::-1]), there.positions[-1])
    assert np.abs(back.positions[-1] - points).max() < 0.1


def test_flow_follows_what_grows_and_leans_to_no_side() -> None:
    """A picture grows by 8 % a frame about its centre: where flow is looked up half a pixel off, all points lean."""
    picture = texture(4, 96, 96)
    scales = [1.08**index for index in range(4)]
    frames = np.stack(
        [cv2.warpAffine(picture, np.array([[s, 0, 47.5 * (1 - s)], [0, s, 47.5 * (1 - s)]]), (96, 96)) for s in scales]
    )
    down, right = np.mgrid[28:72:4, 28:72:4] + 0.5
    points = np.stack([right.ravel(), down.ravel()], axis=1).astype(np.float32)
    off = FlowTracker().track(frames, points).positions[-1] - (48 + (points - 48) * scales[-1])
    assert np.abs(off).max() < 1
    assert np.abs(off.mean(axis=0)).max() < 0.04


def test_points_that_something_else_takes_the_place_of_are_not_seen() -> None:
    """A square shows another picture at once: of its points few are seen, of those aside all are."""
    frames = np.repeat(texture(6, 96, 72)[None], 2, axis=0)
    frames[1, 16:56, 16:56] = texture(7, 40, 40)
    down, right = np.mgrid[22:50:3, 22:50:3] + 0.5
    gone = np.stack([right.ravel(), down.ravel()], axis=1).astype(np.float32)
    seen = FlowTracker().track(frames, np.concatenate([gone, gone * np.float32([0.2, 1]) + np.float32([80, 0])])).seen
    assert seen[1, : len(gone)].mean() < 0.5
    assert seen[1, len(gone) :].all()


def test_points_that_leave_the_picture_are_not_seen() -> None:
    frames = panned(5, 96, 72, [(4 * k, 0) for k in range(4)])
    tracks = FlowTracker().track(frames, np.array([[92.5, 36.5], [40.5, 36.5]], np.float32))
    assert not tracks.seen[-1][0]
    assert tracks.positions[-1][0, 0] > 96
    assert tracks.seen[-1][1]


@pytest.mark.parametrize("size", [(3, 5), (1, 1), (40, 9)])
def test_pictures_too_small_for_flow_stand_still(size: tuple[int, int]) -> None:
    frames = np.stack([texture(seed, *size) for seed in (1, 2)])
    points = np.array([[0.5, 0.5]], np.float32)
    assert (FlowTracker().track(frames, points).positions == points).all()


def test_what_cotracker_needs_is_said_with_its_licence(tmp_path: Path) -> None:
    with pytest.raises(MissingPart) as fault:
        open_tracker("cotracker3", models=tmp_path)
    assert "ex4d models pull cotracker3" in str(fault.value)
    assert "CC-BY-NC-4.0, commercial use: no" in str(fault.value)
    assert "tracker: flow" in str(fault.value)
    if importlib.util.find_spec("cotracker") is None:
        assert "pip install git+https://github.com/facebookresearch/co-tracker" in str(fault.value)
    assert COTRACKER3.commercial == "no"


def test_without_opencv_flow_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(MissingPart, match=r"pip install 'ex4d\[depth\]'"):
        open_tracker("flow")
