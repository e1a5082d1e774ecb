"""DepthCrafter from a clip to its depth, on a tiny checkpoint of its layout."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import MediaError, ReconstructionError, UserError
from ex4d.media.probe import MediaInfo, probe
from ex4d.media.writing import LosslessWriter
from ex4d.reconstruction.ahead import ahead
from ex4d.reconstruction.depth_crafter import DepthCrafter, estimating
from ex4d.reconstruction.depth_crafter.adapter import needed_gib
from ex4d.reconstruction.depth_crafter.work import DECODED, ENCODED, PASSED, Work
from ex4d.reconstruction.disparity import ex4d_depth

Folders = tuple[Path, Path]


class Listener:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.frames = 0
        self.said: list[str] = []

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None:
        self.frames += 1

    def say(self, text: str) -> None:
        self.said.append(text)


def filmed(folder: Path, count: int, size: tuple[int, int] = (32, 16)) -> MediaInfo:
    file = folder / f"{count}.mkv"
    random = np.random.default_rng(4)
    with LosslessWriter(file, size, Fraction(12)) as video:
        for _ in range(count):
            blocks = random.integers(0, 255, (-(-size[1] // 4), -(-size[0] // 4), 3)).astype(np.uint8)
            video.write(blocks.repeat(4, axis=0).repeat(4, axis=1)[: size[1], : size[0]])
    return probe(file)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 11])
def test_clips_shorter_and_longer_than_a_window_have_a_frame_of_depth_a_frame(
    tiny: Folders, tmp_path: Path, count: int
) -> None:
    listener = Listener()
    estimator = DepthCrafter(*tiny, "cpu", window=4, overlap=2, steps=1)
    depth = estimator.estimate(filmed(tmp_path, count), tmp_path / "depth", progress=listener)
    assert (depth.width, depth.height, depth.frame_count) == (32, 16, count)
    assert listener.frames == count
    assert listener.said == list(depth.assumed) == ["depth by depthcrafter in float32 on the CPU"]


def test_a_picture_is_scaled_down_to_what_the_network_may_see_and_its_depth_stays_so(
    tiny: Folders, tmp_path: Path
) -> None:
    depth = DepthCrafter(*tiny, "cpu", longest=64, steps=1).estimate(filmed(tmp_path, 2, (96, 52)), tmp_path / "depth")
    assert (depth.width, depth.height) == (64, 35)


def test_the_margin_that_is_cut_off_is_the_one_that_was_put_round(
    tiny: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """13 rows and 21 columns are seen with 1 row and 5 columns before them; what is seen there is in no depth."""
    ramp = torch.arange(16.0)[:, None] * 32 + torch.arange(32.0)
    monkeypatch.setattr(estimating, "disparity_of", lambda pictures: ramp.expand(len(pictures), -1, -1))
    clip = filmed(tmp_path, 3, (21, 13))
    ((depth, _),) = DepthCrafter(*tiny, "cpu", steps=1).estimate(clip, tmp_path / "depth").frames([2])
    expected = ramp[1:14, 5:26].numpy()
    np.testing.assert_allclose(depth, ex4d_depth(expected, float(expected.min()), float(expected.max())), rtol=1e-6)


def test_the_image_encoder_sees_the_picture_and_the_network_its_margin_too(
    tiny: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a picture shows is not told by its mirror images; where things are, is."""
    seen: dict[str, list[tuple[int, ...]]] = {"told": [], "encoded": []}
    embedded, encoded = estimating.picture_encoder.embedded, estimating.autoencoder.encoded

    def noted_embedded(network: torch.nn.Module, pictures: torch.Tensor, *rest: object) -> torch.Tensor:
        seen["told"].append(tuple(pictures.shape[-2:]))
        return embedded(network, pictures, *rest)  # type: ignore[arg-type]

    def noted_encoded(encoder: torch.nn.Module, moments: torch.nn.Module, pictures: torch.Tensor) -> torch.Tensor:
        seen["encoded"].append(tuple(pictures.shape[-2:]))
        return encoded(encoder, moments, pictures)

    monkeypatch.setattr(estimating.picture_encoder, "embedded", noted_embedded)
    monkeypatch.setattr(estimating.autoencoder, "encoded", noted_encoded)
    DepthCrafter(*tiny, "cpu", steps=1).estimate(filmed(tmp_path, 3, (21, 13)), tmp_path / "depth")
    assert set(seen["told"]) == {(13, 21)}
    assert set(seen["encoded"]) == {(16, 32)}


def test_settings_change_the_depth_and_the_seed_alone_decides_the_rest(tiny: Folders, tmp_path: Path) -> None:
    clip = filmed(tmp_path, 5)
    common = {"window": 4, "overlap": 1, "steps": 1}
    changes = [{}, {}, {"seed": 1}, {"steps": 2}, {"guidance": 1.5}, {"overlap": 2}]
    seen = []
    for index, change in enumerate(changes):
        estimator = DepthCrafter(*tiny, "cpu", **common | change)
        depth = estimator.estimate(clip, tmp_path / str(index))
        seen.append(np.stack([1 / values for values, _ in depth.frames(range(5))]))
    first, again, *others = seen
    np.testing.assert_array_equal(first, again)
    for other in others:
        assert np.abs(first - other).max() > 1e-4


def test_memory_is_bounded_by_the_window(tiny: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No frame is read long before its window, and depth is written before the last frames are read."""
    read, written = [], []

    def watched(clip: MediaInfo, indices: range) -> Iterator[np.ndarray]:
        for index in indices:
            read.append((index, len(written)))
            yield np.full((16, 32, 3), index, np.uint8)

    disparity_of = estimating.disparity_of

    def noted(pictures: torch.Tensor) -> torch.Tensor:
        written.extend(range(len(pictures)))
        return disparity_of(pictures)

    monkeypatch.setattr(estimating, "read_frames", watched)
    monkeypatch.setattr(estimating, "disparity_of", noted)
    window, ahead_of = 6, 3 * estimating.TOGETHER
    DepthCrafter(*tiny, "cpu", window=window, overlap=2, steps=1).estimate(filmed(tmp_path, 70), tmp_path / "depth")
    assert [index for index, _ in read] == list(range(70))
    assert all(index - done <= window + estimating.TOGETHER + ahead_of for index, done in read)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"window": 25, "overlap": 25}, "window 25, overlap 25: a window is longer than its overlap"),
        ({"overlap": 0}, "overlap 0"),
        ({"steps": 0}, "steps 0"),
        ({"longest": 8}, "longest 8"),
        ({"guidance": 0.5}, "guidance 0.5"),
        ({"guidance": float("nan")}, "guidance nan"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        DepthCrafter(tmp_path, tmp_path, **settings)


def test_all_of_what_makes_no_sense_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        DepthCrafter(tmp_path, tmp_path, longest=1, window=1, overlap=9, steps=-1, guidance=0.0)
    assert len(str(caught.value).splitlines()) == 4


def test_a_clip_without_any_relief_has_no_depth(tiny: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimating, "disparity_of", lambda pictures: torch.zeros(pictures[:, 0].shape))
    clip = filmed(tmp_path, 2)
    with pytest.raises(ReconstructionError, match="finds no depth"):
        DepthCrafter(*tiny, "cpu", steps=1).estimate(clip, tmp_path / "depth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.mkv", "models"]


def test_a_frame_that_cannot_be_read_ends_it_and_leaves_nothing(
    tiny: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(clip: MediaInfo, indices: range) -> Iterator[np.ndarray]:
        yield np.zeros((16, 32, 3), np.uint8)
        raise MediaError("frame 1 is damaged")

    monkeypatch.setattr(estimating, "read_frames", damaged)
    clip = filmed(tmp_path, 3)
    with pytest.raises(MediaError, match="frame 1 is damaged"):
        DepthCrafter(*tiny, "cpu", steps=1).estimate(clip, tmp_path / "depth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.mkv", "models"]


def test_a_card_that_is_too_small_is_told_what_would_fit(
    tiny: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("ex4d.reconstruction.depth_crafter.denoising.velocity", full)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 << 30, 8 << 30))
    with pytest.raises(UserError, match=r"3 frames of 32x16 .* the GPU has 8, 2 of them free; set longest below 1024"):
        DepthCrafter(*tiny, "cpu", steps=1).estimate(filmed(tmp_path, 3), tmp_path / "depth")


def test_what_a_card_needs_is_what_was_measured() -> None:
    """On an H200: a window of 110 frames of 1024x576 took 9.7 GiB, and decoding 8 frames 8.7."""
    assert needed_gib((1024, 576), 110) == pytest.approx(9.7, abs=0.5)
    assert needed_gib((1024, 576), 1) == pytest.approx(8.7, abs=0.5)


@given(st.integers(1, 50), st.integers(1, 9))
def test_progress_is_told_of_each_frame_once_and_never_before_its_share_is_done(count: int, passes: int) -> None:
    listener = Listener()
    work = Work(count, count * passes, listener)
    stages = [ENCODED] + [PASSED] * passes + [DECODED]
    for at, cost in enumerate(stages):
        work.done(cost, count)
        assert listener.frames == int(count * sum(stages[: at + 1]) / sum(stages) + 1e-6)
    assert listener.frames == count


@given(st.integers(0, 20), st.integers(1, 5))
def test_work_that_is_done_ahead_gives_the_same_items_and_is_not_far_ahead(length: int, count: int) -> None:
    made = []

    def items() -> Iterator[int]:
        for item in range(length):
            made.append(item)
            yield item

    for expected, item in enumerate(ahead(items(), count)):
        assert item == expected
        assert len(made) <= expected + 1 + count + 1
    assert len(made) == length
