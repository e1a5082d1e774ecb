"""Which clips there are: by name, whatever the file system says first; what cannot be one is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import MediaError, UserError
from ex4d.shotlist.model import DepthFile, DepthModel
from ex4d.training.config.records import Clips
from ex4d.training.dataset.clips import find_clips, held_out, on_disk
from ex4d.training.dataset.report import Report
from tests.training.dataset.tiny_clips import write_clip, write_depth, write_shard

Names = st.lists(st.text("abcdef0123456789", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


def found(videos: Path, **stated: object) -> tuple[dict[str, str], dict[str, str]]:
    """Return the clips' prompts by name, and what was skipped and why."""
    report = Report()
    clips = find_clips(Clips(videos=videos, **stated), report)  # type: ignore[arg-type]
    return {clip.name: clip.prompt for clip in clips}, {one.name: one.reason for one in report.skipped}


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def test_clips_are_in_the_order_of_their_names_and_nothing_else_is_one(tmp_path: Path) -> None:
    touch(tmp_path, "b10.mp4", "b2.MOV", "a.webm", ".hidden.mp4", "b2.txt", "a.depth.mkv", "notes.md", "sub/c.mp4")
    touch(tmp_path, "frames/0001.png", "frames/0002.png")
    names, skipped = found(tmp_path)

    assert list(names) == ["a", "b2", "b10", "frames"]
    assert not skipped


def test_a_glob_chooses_among_them(tmp_path: Path) -> None:
    touch(tmp_path, "b1.mp4", "b2.mp4", "c.mp4")
    assert list(found(tmp_path / "b*")[0]) == ["b1", "b2"]


def test_one_file_is_a_data_set_too(tmp_path: Path) -> None:
    touch(tmp_path, "b1.mp4", "b2.mp4")
    assert list(found(tmp_path / "b1.mp4")[0]) == ["b1"]


def test_a_prompt_is_the_config_s_else_that_beside_the_video(tmp_path: Path) -> None:
    touch(tmp_path, "bear.mp4", "dog.mp4", "walk/0.png")
    (tmp_path / "bear.txt").write_text("\ufeff a bear\n walks ", encoding="utf-8")
    (tmp_path / "walk.txt").write_text("a walk", encoding="utf-8")

    assert found(tmp_path)[0] == {"bear": "a bear walks", "dog": "", "walk": "a walk"}
    assert found(tmp_path, prompt="a film")[0] == dict.fromkeys(["bear", "dog", "walk"], "a film")


@pytest.mark.parametrize(("text", "why"), [(b"\xff\xfe\x00", "no text in UTF-8"), (b"x" * 65537, "too long")])
def test_a_text_that_is_none_costs_its_clip_alone(tmp_path: Path, text: bytes, why: str) -> None:
    touch(tmp_path, "bear.mp4", "dog.mp4")
    (tmp_path / "bear.txt").write_bytes(text)
    names, skipped = found(tmp_path)

    assert list(names) == ["dog"]
    assert why in skipped["bear.mp4"]


def test_namesakes_are_told_whatever_their_case(tmp_path: Path) -> None:
    touch(tmp_path, "Bear.mp4", "bear.mov")
    names, skipped = found(tmp_path)

    assert list(names) == ["Bear"]
    assert "has the name of" in skipped["bear"]


@pytest.mark.parametrize("name", ["a b:c", "ä/x", "..", ".hidden", "x" * 300, "a\nb"])
def test_names_that_no_file_should_have_become_plain_and_stay_different(tmp_path: Path, name: str) -> None:
    from ex4d.training.dataset.clips import _plain

    plain = _plain(name)
    assert Path(plain).name == plain
    assert not plain.startswith(".")
    assert len(plain) < 120
    assert plain != _plain(f"{name}!")
    assert _plain("bear_ü-1.v2") == "bear_ü-1.v2"


def test_a_place_without_clips_is_an_error_that_says_what_would_be_one(tmp_path: Path) -> None:
    touch(tmp_path, "notes.md")
    with pytest.raises(MediaError, match=r"holds no videos \(\.mp4, .*folders of images or shards \(\.tar\)"):
        found(tmp_path)
    with pytest.raises(MediaError, match="no such file"):
        found(tmp_path / "gone")


def test_one_depth_file_for_many_clips_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mp4")
    with pytest.raises(UserError, match=r"the depth of one clip, and there are 2; write \{name\}"):
        found(tmp_path, depth=DepthFile(file=tmp_path / "a.npz"))
    assert len(found(tmp_path / "a.mp4", depth=DepthFile(file=tmp_path / "a.npz"))[0]) == 1


@given(Names, st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_what_is_held_out_depends_on_names_and_seed_alone(names: list[str], seed: int, chance: object) -> None:
    count = len(names) // 2
    apart = held_out(names, count, seed)
    chance.shuffle(names)  # type: ignore[attr-defined]

    assert held_out(names, count, seed) == apart
    assert len(apart) == count
    assert apart <= set(names)


@given(Names, st.integers(0, 2**40))
def test_a_clip_more_changes_at_most_one_of_what_is_held_out(names: list[str], seed: int) -> None:
    count = (len(names) + 1) // 2
    fewer, more = (held_out(some, count, seed) for some in ([*names, "g"], [*names, "g", "h"]))
    assert len(fewer - more) <= 1


def test_seeds_draw_differently() -> None:
    names = [str(number) for number in range(20)]
    assert len({held_out(names, 5, seed) for seed in range(20)}) > 15


def test_all_clips_cannot_be_held_out() -> None:
    with pytest.raises(UserError, match="2 of 2 clips"):
        held_out(["a", "b"], 2, 0)
    assert held_out([], 0, 0) == frozenset()


def test_the_place_of_the_name_in_a_depth_file_s_path_is_filled(tmp_path: Path) -> None:
    video, depth = write_clip(tmp_path / "clips" / "bear.mkv"), write_depth(tmp_path / "bear" / "depth.npz")
    stated = Clips(videos=video, depth=DepthFile(file=tmp_path / "{name}" / "depth.npz", unit="m"))
    (clip,) = find_clips(stated, Report())
    with on_disk(clip, stated, tmp_path / "scratch", with_depth=True) as files:
        assert files.depth == DepthFile(file=depth, unit="m")
    depth.unlink()
    with pytest.raises(MediaError, match=r"depth\.npz"), on_disk(clip, stated, tmp_path, with_depth=True):
        pass
    with on_disk(clip, stated, tmp_path / "scratch", with_depth=False) as files:
        assert files.depth is None


def test_what_is_copied_of_a_shard_is_gone_afterwards_and_has_the_contents_hash_of_a_file(tmp_path: Path) -> None:
    video, depth = write_clip(tmp_path / "bear.mkv"), write_depth(tmp_path / "bear.npz")
    members = {"b.mkv": video.read_bytes(), "b.txt": b"a bear", "b.depth.npz": depth.read_bytes()}
    stated = Clips(videos=write_shard(tmp_path / "s" / "train-0.tar", members))
    (clip,) = find_clips(stated, Report())
    (alone,) = find_clips(Clips(videos=video), Report())

    assert (clip.name, clip.prompt) == ("train-0-b", "a bear")
    with on_disk(clip, stated, tmp_path / "lent" / "clip", with_depth=True) as files:
        assert files.depth is not None
        assert (files.video.read_bytes(), files.depth.file.read_bytes()) == (members["b.mkv"], members["b.depth.npz"])
        with on_disk(alone, Clips(videos=video), tmp_path, with_depth=True) as beside:
            assert beside.video_hash == files.video_hash
    assert not list((tmp_path / "lent").iterdir())

    estimated = stated.model_copy(update={"depth": DepthModel(model="auto")})
    for other, with_depth in ((stated, False), (estimated, True)):  # none is needed, or another one is asked for
        with on_disk(clip, other, tmp_path / "lent" / "clip", with_depth=with_depth) as files:
            assert files.depth is None
            assert len(list(files.video.parent.iterdir())) == 1


def test_a_damaged_clip_of_a_shard_is_named_by_its_place_there(tmp_path: Path) -> None:
    from ex4d.media.probe import probe

    stated = Clips(videos=write_shard(tmp_path / "train.tar", {"b.mp4": b"no video"}))
    (clip,) = find_clips(stated, Report())
    with pytest.raises(MediaError, match=r"train\.tar: b\.mp4 cannot be read as a video"), on_disk(
        clip, stated, tmp_path / "lent" / "clip", with_depth=True
    ) as files:  # fmt: skip
        probe(files.video)


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "bear.mp4", os.fsdecode(b"caf\xe9.mp4"))
    assert found(tmp_path) == ({"bear": ""}, {"caf?.mp4": "its name is not written in UTF-8; rename it"})


def test_names_of_many_bytes_leave_room_for_what_is_added(tmp_path: Path) -> None:
    touch(tmp_path, f"{'熊' * 80}.mp4", f"{'熊' * 81}.mp4")
    names = list(found(tmp_path)[0])

    assert len(set(names)) == 2
    assert max(len(name.encode()) for name in names) <= 110
