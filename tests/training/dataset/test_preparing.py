"""A data set is prepared once, whatever interrupts it; what of it cannot be is told."""

from __future__ import annotations

import json
import shutil
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ex4d.errors import MediaError, MissingPart, OutputError, ReconstructionError, UserError
from ex4d.media.probe import MediaInfo
from ex4d.progress import Progress
from ex4d.reconstruction.depth_anything import DepthAnything
from ex4d.shotlist.model import DepthFile, DepthModel
from ex4d.training.config.records import Excerpts, TrainingConfig
from ex4d.training.dataset import preparing
from ex4d.training.dataset.encoders import FrozenEncoders
from ex4d.training.dataset.prepared import open_prepared
from ex4d.training.dataset.preparing import prepare
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawn import DrawnMask
from tests.synthesis.wan.tiny_wan import TinyWan
from tests.tiny_depth_model import write_tiny_weights
from tests.training.dataset import quick_encoders
from tests.training.dataset.tiny_clips import (
    config,
    drawing,
    hidden,
    write_clip,
    write_depth,
    write_shard,
)

HALF = 2.0**-11
"""Of a number, at most, that float16 is off."""


class Heard:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps = 0

    def begin(self, task: str, total: int) -> None:
        self.task, self.steps = task, 0

    def advance(self) -> None:
        self.steps += 1

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    quick_encoders.use(monkeypatch)


@pytest.fixture
def weights(tiny_weights: TinyWan) -> Path:
    return tiny_weights.original


def two_clips(folder: Path) -> TrainingConfig:
    for seed, name in enumerate(("bear", "dog")):
        write_clip(folder / "clips" / f"{name}.mkv", seed)
    return config(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "out" / "prepared").glob("*.safetensors")}


def report_of(folder: Path) -> dict[str, str]:
    found = json.loads((folder / "out" / "prepared" / "report.json").read_text())
    return {one["name"]: one["reason"] for one in found["skipped"]}


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, weights: Path) -> None:
    """The file that was there is not touched, and all are the same bytes as if nothing had happened."""
    given = two_clips(tmp_path)
    whole = tmp_path / "undisturbed"
    prepare(given.model_copy(update={"output": whole / "out"}), drawing(), weights)

    def killed(opened: OpenedExcerpt, index: int) -> DrawnMask:
        if opened.excerpt.name.startswith("dog") and index:
            raise KeyboardInterrupt
        return hidden(opened, index)

    with pytest.raises(KeyboardInterrupt):
        prepare(given, drawing(draw=killed), weights)
    assert list(files(tmp_path)) == ["bear-0002.safetensors"]
    with pytest.raises(MediaError, match="no finished preparation"):
        open_prepared(tmp_path / "out" / "prepared")
    drawn = _counting()
    heard = Heard()
    prepare(given, drawing(draw=drawn), weights, progress=heard)

    assert drawn.names == ["dog-0002", "dog-0002"]
    assert files(tmp_path) == files(whole)
    assert "2 excerpts prepared, 1 of them kept from an earlier run" in heard.said
    assert (heard.task, heard.steps) == ("preparing clips", 2)


class _counting:  # noqa: N801 - stands for a function
    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, opened: OpenedExcerpt, index: int) -> DrawnMask:
        self.names.append(opened.excerpt.name)
        return hidden(opened, index)


def drawn_again(given: TrainingConfig, weights: Path, **changed: object) -> list[str]:
    """Prepare once more, and return whose masks were drawn."""
    drawn = _counting()
    prepare(given, drawing(**{"draw": drawn, **changed}), weights)  # type: ignore[arg-type]
    return list(dict.fromkeys(drawn.names))


def test_what_did_not_change_is_not_made_again(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    given = two_clips(tmp_path)
    assert drawn_again(given, weights) == ["bear-0002", "dog-0002"]
    with monkeypatch.context() as patch:  # nothing is encoded for it
        patch.setattr(FrozenEncoders, "encoded", None)
        assert drawn_again(given, weights) == []
        held = given.model_copy(update={"clips": given.clips.model_copy(update={"hold_out": 1})})
        assert drawn_again(held, weights) == []  # nor for holding others out
    assert drawn_again(given, weights, key="other settings") == ["bear-0002", "dog-0002"]
    assert drawn_again(given, weights, key="other settings", count=3) == ["bear-0002", "dog-0002"]
    write_clip(tmp_path / "clips" / "dog.mkv", seed=5)
    assert drawn_again(given, weights, key="other settings", count=3) == ["dog-0002"]


def test_other_weights_or_another_code_make_all_of_it_again(
    tmp_path: Path, weights: Path, tiny_weights: TinyWan, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = two_clips(tmp_path)
    drawn_again(given, weights)
    assert len(drawn_again(given, tiny_weights.diffusers)) == 2
    monkeypatch.setattr(preparing, "code_hash", lambda *_: "of another version")
    assert len(drawn_again(given, tiny_weights.diffusers)) == 2


def test_another_prompt_embeds_it_and_nothing_else(tmp_path: Path, weights: Path) -> None:
    given = two_clips(tmp_path)
    drawn_again(given, weights)
    (tmp_path / "clips" / "bear.txt").write_text("a bear")
    assert drawn_again(given, weights) == []
    assert open_prepared(tmp_path / "out" / "prepared").trained[0].prompt == "a bear"


def test_a_damaged_file_is_made_again(tmp_path: Path, weights: Path) -> None:
    given = two_clips(tmp_path)
    drawn_again(given, weights)
    before = files(tmp_path)
    (tmp_path / "out/prepared/dog-0002.safetensors").write_bytes(before["dog-0002.safetensors"][:-7])

    assert drawn_again(given, weights) == ["dog-0002"]
    assert files(tmp_path) == before


def test_what_the_config_no_longer_asks_for_is_said_and_not_trained_on(tmp_path: Path, weights: Path) -> None:
    given = two_clips(tmp_path)
    prepare(given, drawing(), weights)
    (tmp_path / "clips" / "bear.mkv").unlink()
    heard = Heard()
    prepared = prepare(given, drawing(), weights, progress=heard)

    assert [one.name for one in prepared.trained] == ["dog-0002"]
    assert any("no longer asks for them: bear-0002 in" in said for said in heard.said)
    assert (tmp_path / "out/prepared/bear-0002.safetensors").exists()


def test_clips_not_excerpts_are_held_out(tmp_path: Path, weights: Path) -> None:
    for seed in range(3):
        write_clip(tmp_path / "clips" / f"{seed}.mkv", seed, frames=12)
    cut = Excerpts(frames=5, size=(48, 32), each=2)
    prepared = prepare(config(tmp_path, excerpts=cut, hold_out=1), drawing(count=1), weights)
    clips = [{one.name.partition("-")[0] for one in which} for which in (prepared.held_out, prepared.trained)]

    assert (len(prepared.held_out), len(prepared.trained)) == (2, 4)
    assert [len(which) for which in clips] == [1, 2]


def test_one_excerpt_is_in_memory_at_a_time(tmp_path: Path, weights: Path) -> None:
    for seed in range(3):
        write_clip(tmp_path / "clips" / f"{seed}.mkv", seed, frames=12)
    alive: list[weakref.ref[OpenedExcerpt]] = []

    def watched(opened: OpenedExcerpt, index: int) -> DrawnMask:
        assert [one() for one in alive if one() is not None] == []
        alive.append(weakref.ref(opened))
        return hidden(opened, index)

    cut = Excerpts(frames=5, size=(48, 32), each=2)
    prepare(config(tmp_path, excerpts=cut), drawing(draw=watched, count=1), weights)
    assert len(alive) == 6


def test_all_clips_held_out_is_an_error_before_long_work(tmp_path: Path, weights: Path) -> None:
    two_clips(tmp_path)
    drawn = _counting()
    with pytest.raises(UserError, match="hold_out: 2 of 2"):
        prepare(config(tmp_path, hold_out=2), drawing(draw=drawn), weights)
    assert drawn.names == []


def without_depth(opened: OpenedExcerpt, index: int) -> DrawnMask:
    if opened.footage is None:
        raise ReconstructionError("a rendering mask needs depth, and the clip has none")
    return hidden(opened, index)


def test_broken_clips_are_skipped_and_reported_with_what_is_wrong(tmp_path: Path, weights: Path) -> None:
    clips = tmp_path / "clips"
    write_clip(clips / "good.mkv")
    write_clip(clips / "short.mkv", frames=3)
    write_clip(clips / "flat.mkv")
    write_clip(clips / "shallow.mkv", 2)
    (clips / "broken.mp4").write_bytes(b"no video")
    (clips / "cut.mkv").write_bytes((clips / "good.mkv").read_bytes()[:900])
    video = (clips / "good.mkv").read_bytes()
    write_shard(clips / "train.tar", {"a.mkv": video, "b.mp4": b"none", "c.mkv": video[:900]})
    for name in ("good", "short", "broken", "cut", "train-a", "train-b", "train-c"):
        write_depth(tmp_path / "depth" / f"{name}.npz")
    write_depth(tmp_path / "depth" / "shallow.npz", frames=4)
    given = config(tmp_path, depth=DepthFile(file=tmp_path / "depth" / "{name}.npz"))
    heard = Heard()
    prepared = prepare(given, drawing(count=1, with_depth=True), weights, progress=heard)
    reasons = report_of(tmp_path)

    assert [one.name for one in prepared.trained] == ["good-0002", "train-a-0002"]
    assert reasons["short"] == "has 3 frames, an excerpt takes 5"
    assert "flat.npz" in reasons["flat"]
    assert "4 frames" in reasons["shallow"]
    assert "broken.mp4 cannot be read as a video" in reasons["broken"]
    assert "train.tar: b.mp4 cannot be read" in reasons["train-b"]
    assert sorted(reasons) == ["broken", "cut", "flat", "shallow", "short", "train-b", "train-c"]
    (told,) = (said for said in heard.said if said.startswith("skipped"))
    assert told.splitlines()[0] == "skipped 7 clips:"
    assert not [file for file in (tmp_path / "out" / "prepared").iterdir() if file.name.endswith(".part")]


def test_when_nothing_is_left_the_first_reasons_are_told(tmp_path: Path, weights: Path) -> None:
    for index in range(13):
        write_clip(tmp_path / "clips" / f"{index:02}.mkv", frames=2)
    with pytest.raises(UserError) as fault:
        prepare(config(tmp_path), drawing(), weights)
    lines = str(fault.value).splitlines()

    assert lines[0].endswith("clips: none of its clips can be trained on")
    assert lines[1] == "  00: has 2 frames, an excerpt takes 5"
    assert lines[-1] == "  and 3 more"
    assert len(lines) == 12
    assert len(report_of(tmp_path)) == 13


def test_rendering_masks_of_clips_without_depth_are_reported(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(UserError, match="bear: a rendering mask needs depth"):
        prepare(two_clips(tmp_path), drawing(draw=without_depth, with_depth=True), weights)


def test_a_depth_model_that_is_not_here_is_said_before_any_work(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    two_clips(tmp_path)
    given = config(tmp_path, depth=DepthModel(model="auto"))
    with pytest.raises(MissingPart, match=r"clips\.depth: depth-anything.*\n  ex4d models pull"):
        prepare(given, drawing(with_depth=True), weights)
    assert len(prepare(given, drawing(), weights).trained) == 2  # which tracking masks do without


def test_depth_is_estimated_once_for_what_needs_it_and_a_model_that_fails_costs_the_clip(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    write_tiny_weights(tmp_path / "models")
    two_clips(tmp_path)
    estimate = DepthAnything.estimate

    def failing(self: DepthAnything, clip: MediaInfo, folder: Path, *, progress: Progress) -> None:
        if clip.path.stem == "bear":
            raise ReconstructionError("no depth is found in it")
        estimate(self, clip, folder, progress=progress)

    monkeypatch.setattr(DepthAnything, "estimate", failing)
    given, drawn = config(tmp_path, depth=DepthModel(model="auto")), drawing(draw=without_depth, with_depth=True)
    heard = Heard()
    assert [one.name for one in prepare(given, drawn, weights, progress=heard).trained] == ["dog-0002"]
    assert report_of(tmp_path) == {"bear": "no depth is found in it"}
    (told,) = (said for said in heard.said if "estimating" in said)
    assert told.startswith("clip …: estimating the depth of … by depth-anything-v2-small (licence Apache-2.0")

    monkeypatch.setattr(DepthAnything, "estimate", None)  # of the dog's the cache has the depth, and its key
    shutil.rmtree(tmp_path / "cache" / "ex4d" / "depth")
    (tmp_path / "clips" / "bear.mkv").unlink()
    assert drawn_again(given, weights, draw=without_depth, with_depth=True) == []


def test_what_was_assumed_is_in_the_report(tmp_path: Path, weights: Path) -> None:
    write_clip(tmp_path / "clips" / "bear.mkv")
    depth = DepthFile(file=write_depth(tmp_path / "bear.npz"))
    heard = Heard()
    prepared = prepare(config(tmp_path, depth=depth), drawing(with_depth=True), weights, progress=heard)
    report = json.loads((tmp_path / "out" / "prepared" / "report.json").read_text())

    assert any("lens" in words for words in report["assumed"]["bear-0002"])
    assert list(prepared.trained[0].notes.assumed) == report["assumed"]["bear-0002"]
    assert any("1 excerpt something was assumed" in said for said in heard.said)


def test_clips_of_shards_are_prepared_like_files(tmp_path: Path, weights: Path) -> None:
    video = write_clip(tmp_path / "clips" / "train-a.mkv").read_bytes()
    depth = write_depth(tmp_path / "a.npz").read_bytes()
    write_shard(tmp_path / "shards" / "train.tar", {"a.mkv": video, "a.txt": b"a bear", "a.depth.npz": depth})
    alone = config(tmp_path, depth=DepthFile(file=tmp_path / "a.npz"))
    in_shard = config(tmp_path, "shards").model_copy(update={"output": tmp_path / "other" / "out"})
    drawn = drawing(draw=without_depth, with_depth=True)
    prepare(alone, drawn, weights)
    assert prepare(in_shard, drawn, weights).trained[0].prompt == "a bear"
    # All but how its depth is stated, in the notes' key, is the same.
    (one,), (other,) = (open_prepared(root / "out" / "prepared").trained for root in (tmp_path, tmp_path / "other"))
    assert replace(one.notes, key="") == replace(other.notes, key="", assumed=one.notes.assumed)
    assert torch.equal(one.example(0).guide, other.example(0).guide)


@pytest.mark.parametrize("place", ["out", "out/prepared"])
def test_an_output_that_cannot_be_written_is_an_error_not_a_broken_clip(
    tmp_path: Path, weights: Path, place: str
) -> None:
    given = two_clips(tmp_path)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("a file")
    with pytest.raises(OutputError):
        prepare(given, drawing(), weights)


@pytest.mark.parametrize("shard", [False, True])
def test_a_full_disk_is_an_error_not_a_broken_clip(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, shard: bool
) -> None:
    from safetensors import SafetensorError

    from ex4d.training.dataset import excerpt_file, shards

    given = two_clips(tmp_path)
    if shard:
        write_shard(tmp_path / "shards" / "s.tar", {"a.mkv": (tmp_path / "clips" / "bear.mkv").read_bytes()})
        given = config(tmp_path, "shards")

        def no_room(member: shards.Member, target: Path) -> str:
            raise OutputError(f"{target} cannot be written: No space left on device")

        monkeypatch.setattr(shards.Member, "copy_to", no_room)
    else:

        def full(*_: object) -> None:
            raise SafetensorError("No space left on device")

        monkeypatch.setattr(excerpt_file, "save_file", full)
    with pytest.raises(OutputError, match="No space left"):
        prepare(given, drawing(), weights)
    assert not files(tmp_path)


@pytest.mark.parametrize("part", ["Wan2.1_VAE.pth", "models_t5_umt5-xxl-enc-bf16.pth"])
def test_weights_that_are_not_there_are_told_before_any_clip_is_opened(
    tmp_path: Path, weights: Path, part: str
) -> None:
    copied = shutil.copytree(weights, tmp_path / "weights")
    (copied / part).unlink()
    with pytest.raises(MissingPart, match=part):
        prepare(two_clips(tmp_path), drawing(), copied)


def test_a_card_that_is_not_here_is_told(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(MissingPart, match="no CUDA device cuda:7"):
        prepare(two_clips(tmp_path), drawing(), weights, device="cuda:7")
