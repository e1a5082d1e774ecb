"""Takes appear whole or not at all, and are known by everything that went into them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import OutputError
from ex4d.workspace import Workspace, content_hash, key_of, require_folder, stage


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_finished_stage_is_known_by_its_key_alone(tmp_path: Path) -> None:
    guide = stage(tmp_path, "guide")
    guide.make("key-1", guide.results[0].mkdir)
    assert guide.made("key-1")
    assert not guide.made("key-2")


def test_an_interrupted_stage_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    guide = stage(tmp_path, "guide")
    guide.make("key-1", guide.results[0].mkdir)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guide.make("key-2", interrupted)
    assert not guide.made("key-1")
    assert not guide.made("key-2")


def test_a_stage_whose_result_was_deleted_is_made_again(tmp_path: Path) -> None:
    guide = stage(tmp_path, "guide")
    guide.make("key", guide.results[0].mkdir)
    guide.results[0].rmdir()
    assert not guide.made("key")


def test_every_result_of_a_stage_must_be_there_with_contents(tmp_path: Path) -> None:
    result = stage(tmp_path, "result", "shot.mp4")

    def work() -> None:
        (tmp_path / "result").mkdir()
        (tmp_path / "shot.mp4").write_bytes(b"movie")

    result.make("key", work)
    assert result.made("key")
    (tmp_path / "shot.mp4").write_bytes(b"")
    assert not result.made("key")
    (tmp_path / "shot.mp4").unlink()
    assert not result.made("key")


def test_a_take_that_is_in_the_way_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "take").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="take cannot be written"):
        stage(tmp_path / "take", "guide").make("key", lambda: None)


def test_what_a_film_is_made_from_is_not_written_over(tmp_path: Path) -> None:
    source, images = tmp_path / "film.mp4", tmp_path / "images"
    source.write_bytes(b"source")
    images.mkdir()
    (images / "a.png").write_bytes(b"image")
    with pytest.raises(OutputError, match=r"its own source .*film\.mp4"):
        Workspace(tmp_path, "film.mp4").require_apart_from([source])
    with pytest.raises(OutputError, match="among its own source"):
        Workspace(images, "film.mp4").require_apart_from([images])
    with pytest.raises(OutputError, match="among its own source"):
        Workspace(images, "film.mp4").require_apart_from([images / "*.png"])
    Workspace(tmp_path / "out", "film.mp4").require_apart_from([source, images])


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert content_hash(tmp_path / "file") == content_hash(tmp_path / "file")


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "film.mp4")
    with workspace.locked(), pytest.raises(OutputError, match="another run"), workspace.locked():
        pass
    with workspace.locked():
        assert workspace.take("swing") == tmp_path / "film.takes" / "swing"


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="--out"), Workspace(tmp_path / "file", "film.mp4").locked():
        pass


def test_content_is_hashed_once_and_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "clip"
    file.write_bytes(b"a")
    first = content_hash(file)
    assert first == content_hash(file) == content_hash(file, verify=True)
    file.write_bytes(b"bb")
    assert content_hash(file) != first


def test_verify_sees_a_change_that_kept_size_and_time(tmp_path: Path) -> None:
    import os

    file = tmp_path / "clip"
    file.write_bytes(b"a")
    status = file.stat()
    first = content_hash(file)
    file.write_bytes(b"b")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert content_hash(file) == first
    assert content_hash(file, verify=True) != first


def test_a_renamed_file_changes_the_hash_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    before = content_hash(folder)
    assert content_hash(folder / "*.png") == before
    (folder / "a.png").rename(folder / "b.png")
    assert content_hash(folder) != before


@given(st.dictionaries(st.text(), st.integers()))
def test_a_key_does_not_depend_on_the_order_of_writing(ingredients: dict[str, int]) -> None:
    assert key_of(ingredients) == key_of(dict(reversed(ingredients.items())))


def test_a_folder_whose_name_cannot_be_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="output x: it cannot be written"):
        require_folder(tmp_path / ("x" * 300), "output x")
