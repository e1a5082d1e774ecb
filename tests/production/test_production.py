"""The main job on a tiny real source: the film is right, kept when it can be, and never half there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.video import Video
from ex4d.errors import MediaError, MissingPart, UserError
from ex4d.media.probe import probe
from ex4d.production import shoot
from ex4d.shotlist.load import load
from tests.production.shooting import digests, shot_in
from tests.tiny_film import SHOTS, source_frames


def test_the_film_has_the_size_rate_and_length_that_the_shots_promise(file: Path) -> None:
    made = shot_in(file)
    film = probe(made.workspace.edit)
    assert film.size == (64, 48)
    assert film.frame_rate == Fraction(12)
    assert film.frame_count == 6 + 12 + 6 - 3
    assert made.workspace.timeline.is_file()


def test_a_locked_off_shot_is_the_source_to_the_bit(file: Path) -> None:
    made = shot_in(file)
    result = list(Video.load(made.takes[0].folder / "result").frames())
    assert len(result) == 6
    for ours, theirs in zip(result, source_frames(), strict=False):
        np.testing.assert_array_equal(ours, theirs)


def test_what_the_camera_uncovers_is_filled_with_the_wall_not_with_the_square(file: Path) -> None:
    made = shot_in(file)
    swing = made.takes[1]
    assert 0.02 < max(swing.uncovered) < 0.4
    last = list(Video.load(swing.folder / "result").frames())[-1].astype(int)
    red = (last[..., 0] > 200) & (last[..., 1] < 70)
    assert 0 < red.mean() < 1.3 * 20 * 16 / (64 * 48)


def test_the_same_shots_give_the_same_bytes(file: Path) -> None:
    shot_in(file, "one")
    shot_in(file, "two")
    assert digests(file.parent / "one") == digests(file.parent / "two")


def test_only_makes_the_named_shot_and_no_edit(file: Path) -> None:
    made = shot_in(file, only=["swing"])
    assert not made.workspace.edit.exists()
    assert probe(made.takes[0].movie).frame_count == 12
    with pytest.raises(UserError, match="no shot named swimg; its shots are still, swing, push"):
        shot_in(file, only=["swimg"])


def test_the_manifest_tells_what_was_chosen(file: Path) -> None:
    file.write_text(SHOTS.replace("engine: mesh", "engine: auto").replace(", lens: 54deg", ""), encoding="utf-8")
    made = shot_in(file)
    manifest = json.loads((made.takes[1].folder / "manifest.json").read_text())
    assert manifest["engine"].items() >= {"written": "auto", "used": "mesh", "seed": 3}.items()
    assert "no NVIDIA graphics card is here" in manifest["engine"]["reason"]
    assert manifest["first_frame"] == "the source's own, fully visible"
    assert any("lens" in words for words in manifest["assumed"])
    assert manifest["subject_distance"] == pytest.approx(2.0)


def test_nothing_is_rendered_when_a_later_shot_cannot_be(file: Path) -> None:
    file.write_text(SHOTS.replace("clip: 1.5s..2s", "clip: 1.5s..9s"), encoding="utf-8")
    with pytest.raises(UserError, match=r"'push'.*leaves the source.*2s long"):
        shot_in(file)
    assert not (file.parent / "out").exists()


def test_an_engine_that_is_not_here_is_a_missing_part(file: Path) -> None:
    file.write_text(SHOTS.replace("engine: mesh", "engine: ex4d"), encoding="utf-8")
    with pytest.raises(MissingPart, match="engine: mesh"):
        shot_in(file)


def test_a_shot_without_depth_is_answered_with_what_fixes_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    file.write_text(SHOTS.replace(", depth: {file: tiny.npz, unit: m}", ""), encoding="utf-8")
    with pytest.raises(MissingPart, match=r"(?s)shot 'still' has no depth.*pip install.*ex4d "):
        shot_in(file)


def test_a_disk_that_runs_full_leaves_no_half_written_file(file: Path) -> None:
    """In a process of its own, where no file may grow beyond 20 kB: the limit would hit the tests' own output too."""
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "sys.argv = ['ex4d', 'shoot', 'tiny.yaml', '--quiet']\n"
        "from ex4d.cli import main\n"
        "main()"
    )
    shot_in(file, "kernels-are-compiled-now")
    done = subprocess.run([sys.executable, "-c", limited], cwd=file.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr
    assert not list((file.parent / "out").rglob("*.part"))
    assert not (file.parent / "out" / "tiny.mp4").exists()
    assert not (file.parent / "out" / "tiny.takes" / "swing" / "guide").exists()


def test_depth_of_another_length_is_refused_before_anything_is_made(file: Path) -> None:
    depth = np.load(file.parent / "tiny.npz")["depth"]
    np.savez_compressed(file.parent / "tiny.npz", depth=depth[:-1])
    with pytest.raises(MediaError, match=r"23 frames, but the video tiny\.mkv has 24"):
        shot_in(file)
    assert not (file.parent / "out").exists()


def test_caches_stay_in_the_users_cache_folder(file: Path) -> None:
    shot_in(file)
    assert (Path(os.environ["XDG_CACHE_HOME"]) / "ex4d" / "hashes").is_dir()


def test_sources_are_never_written_over(file: Path) -> None:
    file.write_text(SHOTS.replace("tiny.mkv", "tiny.mp4").replace("file: tiny.mp4", "file: tiny.mp4"), encoding="utf-8")
    (file.parent / "tiny.mkv").rename(file.parent / "tiny.mp4")
    before = (file.parent / "tiny.mp4").read_bytes()
    with pytest.raises(UserError, match="its own source"):
        shoot(load(file), folder=file.parent)
    assert (file.parent / "tiny.mp4").read_bytes() == before
    assert not (file.parent / "tiny.takes").exists()
