"""The contract of every way to depth: each depth model, and depth files."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.depth_adapters import ADAPTERS
from ex4d.errors import MissingPart
from ex4d.media import reading
from ex4d.models import DEPTH_MODELS
from tests.reconstruction.estimator_kinds import KINDS, MODELS, Folders, Kind, Listener, filmed, pictures

COUNT, SIZE = 4, (62, 46)
LONG = 30
"""Frames; more than any of them holds at a time."""


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Folders]:
    models = tmp_path_factory.mktemp("models")
    return {name: kind.write(models) for name, kind in KINDS.items()}


@pytest.fixture
def kind(name: str) -> Kind:
    return KINDS[name]


@pytest.fixture
def folders(name: str, written: dict[str, Folders]) -> Folders:
    return written[name]


def content(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_known_model_has_its_adapter_and_one_of_each_adapter_is_tested() -> None:
    assert list(ADAPTERS) == [model.name for model in DEPTH_MODELS]
    assert {id(ADAPTERS[name]) for name in MODELS} == {id(adapter) for adapter in ADAPTERS.values()}


@pytest.mark.parametrize("name", KINDS)
class TestDepthEstimators:
    @pytest.mark.parametrize(
        ("count", "size"), [(COUNT, SIZE), (1, SIZE), (2, (16, 48)), (2, (131, 35)), (1, (35, 300)), (1, (350, 300))]
    )
    def test_there_is_depth_for_the_whole_picture_of_every_frame(
        self, kind: Kind, folders: Folders, tmp_path: Path, count: int, size: tuple[int, int]
    ) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(count, size))
        depth = kind.open(folders, clip).estimate(clip, tmp_path / "depth")
        frames = list(depth.frames(range(count)))
        assert depth.frame_count == len(frames) == count
        for values, known in frames:
            assert values.shape == known.shape == (depth.height, depth.width)
            assert known.all()
            assert np.isfinite(values).all()
            assert values.min() > 0
        assert depth.width <= clip.width
        assert depth.height <= clip.height
        assert abs(depth.width - depth.height * clip.width / clip.height) <= kind.rounding * max(1, size[0] / size[1])

    def test_metres_and_the_lens_are_as_the_kind_promises(self, kind: Kind, folders: Folders, tmp_path: Path) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(COUNT, SIZE))
        depth = kind.open(folders, clip).estimate(clip, tmp_path / "depth")
        assert depth.metric == kind.metric
        assert (depth.lens is not None) == kind.lens
        if depth.lens:
            assert (depth.lens.width, depth.lens.height) == clip.size
            assert depth.lens.center_px == (clip.width / 2, clip.height / 2)

    def test_the_same_clip_gives_the_same_bytes(self, kind: Kind, folders: Folders, tmp_path: Path) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(COUNT, SIZE))
        for folder in ("one", "two"):
            kind.open(folders, clip).estimate(clip, tmp_path / folder)
        assert content(tmp_path / "one") == content(tmp_path / "two")

    def test_the_folder_is_whole_and_nothing_is_left_beside_it(
        self, kind: Kind, folders: Folders, tmp_path: Path
    ) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(COUNT, SIZE))
        depth = kind.open(folders, clip).estimate(clip, tmp_path / "made" / "depth")
        loaded = DepthVideo.load(tmp_path / "made" / "depth")
        assert (loaded.statistics, loaded.lens, loaded.assumed) == (depth.statistics, depth.lens, depth.assumed)
        assert [path.name for path in (tmp_path / "made").iterdir()] == ["depth"]

    @pytest.mark.parametrize("step", [1, COUNT])
    def test_stopped_at_any_step_it_leaves_nothing(
        self, kind: Kind, folders: Folders, tmp_path: Path, step: int
    ) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(COUNT, SIZE))
        with pytest.raises(KeyboardInterrupt):
            kind.open(folders, clip).estimate(clip, tmp_path / "made" / "depth", progress=Listener(step))
        assert [*(tmp_path / "made").iterdir()] == []

    def test_stopped_it_leaves_what_was_there(self, kind: Kind, folders: Folders, tmp_path: Path) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(2, SIZE))
        kind.open(folders, clip).estimate(clip, tmp_path / "made" / "depth")
        before = content(tmp_path / "made")
        with pytest.raises(KeyboardInterrupt):
            kind.open(folders, clip).estimate(clip, tmp_path / "made" / "depth", progress=Listener(2))
        assert content(tmp_path / "made") == before

    @pytest.mark.parametrize("count", [1, 9])
    def test_progress_is_told_of_as_many_steps_as_there_are_frames(
        self, kind: Kind, folders: Folders, tmp_path: Path, count: int
    ) -> None:
        listener = Listener()
        clip = filmed(tmp_path / "a.mkv", pictures(count, (30, 20)))
        kind.open(folders, clip).estimate(clip, tmp_path / "depth", progress=listener)
        assert listener.steps == count

    def test_what_it_was_made_by_is_said_and_kept(self, kind: Kind, folders: Folders, tmp_path: Path) -> None:
        listener = Listener()
        clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE))
        depth = kind.open(folders, clip).estimate(clip, tmp_path / "depth", progress=listener)
        assert listener.said == [depth.assumed[0]]
        if kind.is_model:
            assert depth.assumed[0] == f"depth by {folders[0].name} in float32 on the CPU"

    def test_another_picture_has_another_depth(self, kind: Kind, folders: Folders, tmp_path: Path) -> None:
        clip = filmed(tmp_path / "a.mkv", pictures(2, SIZE))
        depth = kind.open(folders, clip).estimate(clip, tmp_path / "depth")
        first, second = (values for values, _ in depth.frames([0, 1]))
        assert (first != second).mean() > 0.5


@pytest.mark.parametrize("name", MODELS)
class TestDepthModels:
    def test_the_clip_is_read_as_a_stream(
        self, kind: Kind, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a long clip no more frames are alive than are looked at together, and those that come and go."""
        decoded: list[weakref.ref[np.ndarray]] = []
        alive = []
        decode = reading.decode

        def watched(*arguments: Any) -> Iterator[np.ndarray]:
            for frame in decode(*arguments):
                own = frame.copy()  # which the views of it keep alive
                decoded.append(weakref.ref(own))
                alive.append(sum(held() is not None for held in decoded))
                yield own

        monkeypatch.setattr(reading, "decode", watched)
        clip = filmed(tmp_path / "a.mkv", pictures(LONG, (30, 20)))
        kind.open(folders, clip).estimate(clip, tmp_path / "depth")
        assert len(alive) == LONG
        assert max(alive) <= kind.held + 2

    def test_without_its_weights_nothing_is_made(self, kind: Kind, folders: Folders, name: str, tmp_path: Path) -> None:
        nowhere = tuple(tmp_path / "nowhere" / folder.name for folder in folders)
        clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE))
        with pytest.raises(MissingPart, match=f"{folders[0].name} cannot be loaded"):
            kind.open(nowhere, clip).estimate(clip, tmp_path / "depth")
        assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]

    @pytest.mark.parametrize("damage", ["cut", "empty", "lacking", "settings"])
    def test_damaged_weights_are_refused_rather_than_filled_by_chance(
        self, kind: Kind, folders: Folders, tmp_path: Path, damage: str
    ) -> None:
        copies = tuple(copied(folder, tmp_path / "models" / folder.name) for folder in folders)
        file = min(copies[-1].rglob("*.safetensors"), key=lambda file: kind.tensor not in load_file(file))
        if damage == "lacking":
            tensors = load_file(file)
            del tensors[kind.tensor]
            save_file(tensors, file, metadata={"format": "pt"})
        elif damage == "settings":
            file.with_name("config.json").write_text("[]", encoding="utf-8")
        else:
            file.write_bytes(file.read_bytes()[: 1000 if damage == "cut" else 0])
        clip = filmed(tmp_path / "a.mkv", pictures(1, SIZE))
        with pytest.raises(MissingPart) as refused:
            kind.open(copies, clip).estimate(clip, tmp_path / "depth")
        assert str(file.parent) in str(refused.value)
        assert damage != "lacking" or kind.tensor in str(refused.value)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "models"]


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to, copy_function=shutil.copyfile)
    return to
