"""Releasing a preset: only one that is fit, once, for ever, and none is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ex4d.errors import OutputError, ShotFileError, UserError
from ex4d.preflight.releasing import release
from ex4d.shotlist.library import lock_text
from ex4d.shotlist.lock_file import add_to_lock, read_lock

TURN = "[{pan: $angle}]"


def written(folder: Path, name: str, camera: str = TURN, *, version: int = 1, angle: str = "{default: 3deg}") -> Path:
    """Write a version of a project's preset with one parameter."""
    file = folder / "trajectories" / name / f"v{version}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    head = f"preset: {name}\nversion: {version}\nex4d: 1\nabout: a test\nparams: {{angle: {angle}}}\n"
    file.write_text(f"{head}camera: {camera}\n")
    return file


def lock(folder: Path) -> Path:
    return folder / "trajectories" / "lock.json"


def test_the_newest_version_is_released_and_the_next_one_is_named(tmp_path: Path) -> None:
    """The lock file has just the hash that reading compares with."""
    written(tmp_path, "turn")
    written(tmp_path, "turn", version=9)
    made = release("turn", None, tmp_path)
    assert (made.preset.identity, made.before, made.following.name) == ("turn@9", False, "v10.yaml")
    assert read_lock(lock(tmp_path)) == {"turn@9": made.preset.sha256}

    assert not release("turn", 1, tmp_path / "trajectories").before
    assert lock(tmp_path).read_text() == lock_text(tmp_path / "trajectories")


def test_releasing_again_writes_nothing(tmp_path: Path) -> None:
    """Not even the same bytes."""
    written(tmp_path, "turn")
    release("turn", None, tmp_path)
    before = lock(tmp_path).stat()

    assert release("turn", 1, tmp_path).before
    assert (lock(tmp_path).stat().st_ino, lock(tmp_path).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_released_version_that_changed_is_refused(tmp_path: Path) -> None:
    """Its change belongs to the next version."""
    written(tmp_path, "turn")
    release("turn", None, tmp_path)
    before = lock(tmp_path).read_bytes()
    written(tmp_path, "turn", "[{tilt: $angle}]")

    with pytest.raises(UserError, match=r"turn@1 has changed since it was released; .* make the change v2\.yaml"):
        release("turn", 1, tmp_path)
    assert lock(tmp_path).read_bytes() == before


@pytest.mark.parametrize(
    ("camera", "angle", "message"),
    [
        ("[{pan: 3}]", "{default: 3deg}", "'3' has no unit"),
        ("[{orbit: {up: $angle}}]", "{default: 3deg, max: 89deg}", r"with angle: 89deg: .* out of range.* smaller"),
        ("[{zoom: $(angle / 3deg)}]", "{default: 3deg}", "has no unit|needs a factor|not a factor"),
        ("[{use: orbit-right}]", "{default: 3deg}", "takes the newest orbit-right, and would change with it; pin it"),
        ("[{use: inner@1}]", "{default: 3deg}", "uses inner@1, which is not released; release that first"),
        ("[{spline: {keys: [{at: 0%}, {at: 90s}]}}]", "{default: 3deg}", "."),
    ],
)
def test_what_is_not_fit_is_not_released(tmp_path: Path, camera: str, angle: str, message: str) -> None:
    """A fault at an end of a range, and a preset inside that can still change, are told before it is too late."""
    written(tmp_path, "inner")
    written(tmp_path, "turn", camera, angle=angle)

    with pytest.raises(ShotFileError, match=message):
        release("turn", None, tmp_path)
    assert not lock(tmp_path).exists()


def test_no_message_names_the_shot_that_only_tries_it_out(tmp_path: Path) -> None:
    """Its author knows no such place."""
    written(tmp_path, "inner", "[{pan: 3}]")
    written(tmp_path, "turn", "[{pan: 3}, {use: inner@1}]")
    with pytest.raises(ShotFileError) as caught:
        release("turn", None, tmp_path)

    assert "trial" not in str(caught.value)
    assert "(used at" in str(caught.value)


def test_what_stands_in_no_folder_of_the_project_is_unknown_with_the_nearest_name(tmp_path: Path) -> None:
    """A built-in preset too."""
    written(tmp_path, "turn")

    with pytest.raises(UserError, match=r"no preset 'trun' in .*; did you mean 'turn'"):
        release("trun", None, tmp_path)
    with pytest.raises(UserError, match=r"no preset 'orbit-right' in .*; presets there: turn"):
        release("orbit-right", None, tmp_path)
    with pytest.raises(UserError, match="has no version 7; versions: 1"):
        release("turn", 7, tmp_path)
    with pytest.raises(UserError, match="is not a folder"):
        release("turn", None, tmp_path / "nowhere")


def test_a_lock_file_that_leads_out_of_its_folder_is_not_written(tmp_path: Path) -> None:
    """Nothing outside the folder is."""
    written(tmp_path, "turn")
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    lock(tmp_path).symlink_to(outside)

    with pytest.raises(OutputError, match="is a link that leads out of its folder"):
        release("turn", None, tmp_path)
    assert outside.read_text() == "{}"


def test_a_broken_lock_file_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    """It is named."""
    written(tmp_path, "turn")
    lock(tmp_path).write_text("[]")

    with pytest.raises((UserError, ShotFileError), match="is not a lock file"):
        release("turn", None, tmp_path)
    assert lock(tmp_path).read_text() == "[]"


def test_another_hash_of_the_same_version_is_refused(tmp_path: Path) -> None:
    """Whoever wrote it."""
    add_to_lock(tmp_path, "turn@1", "a" * 64)

    with pytest.raises(UserError, match="with another SHA-256"):
        add_to_lock(tmp_path, "turn@1", "b" * 64)


RUN = """
import sys
from pathlib import Path
from ex4d.shotlist.lock_file import add_to_lock
for number in range(20):
    add_to_lock(Path(sys.argv[1]), f"{sys.argv[2]}@{number + 1}", "a" * 64)
"""


def test_runs_at_once_lose_no_entry(tmp_path: Path) -> None:
    """Three of them, twenty versions each; nothing else is left in the folder."""
    runs = [subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), name]) for name in ("a", "b", "c")]
    assert [run.wait() for run in runs] == [0, 0, 0]

    assert list(json.loads((tmp_path / "lock.json").read_text())) == [
        f"{name}@{number}" for name in ("a", "b", "c") for number in range(1, 21)
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["lock.json"]
