"""The main job on a tiny real source: the film is right, kept when it can be, and never half there."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.artifacts.video import Video
from ex4d.engine_options import EngineOptions
from ex4d.engines import ENGINES
from ex4d.errors import MediaError, MissingPart, SynthesisError, UserError
from ex4d.media.probe import probe
from ex4d.media.writing import H264Writer
from ex4d.production import Production, shoot
from ex4d.progress import Progress
from ex4d.shotlist.load import load
from ex4d.synthesis.synthesizer import SynthesisRequest, Synthesizer
from tests.small_engines import ON_CPU
from tests.tiny_film import SHOTS, source_frames, write_tiny_film


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


def shot_in(file: Path, folder: str = "out", **options: object) -> Production:
    return shoot(load(file), folder=file.parent / folder, **options)  # type: ignore[arg-type]


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def written_at(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.m*") if path.is_file()
    }


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


def test_a_second_run_makes_nothing_again(file: Path) -> None:
    first = shot_in(file)
    before = written_at(file.parent / "out")
    second = shot_in(file)
    assert [take.kept for take in first.takes] == [False] * 3
    assert [take.kept for take in second.takes] == [True] * 3
    assert before == written_at(file.parent / "out")


def test_what_is_kept_keeps_what_was_said_of_how_it_was_made(file: Path) -> None:
    manifest = shot_in(file).takes[1].folder / "manifest.json"
    elsewhere = json.loads(manifest.read_text()) | {"machine": "another"}
    manifest.write_text(json.dumps(elsewhere), encoding="utf-8")
    assert shot_in(file).takes[1].kept
    assert json.loads(manifest.read_text())["machine"] == "another"
    assert not shot_in(file, force=True).takes[1].kept
    assert json.loads(manifest.read_text())["machine"] != "another"


def test_force_makes_everything_again(file: Path) -> None:
    shot_in(file)
    assert [take.kept for take in shot_in(file, force=True).takes] == [False] * 3


def test_a_changed_transition_remakes_the_edit_alone(file: Path) -> None:
    shot_in(file)
    file.write_text(SHOTS.replace("dissolve 0.25s", "cut"), encoding="utf-8")
    made = shot_in(file)
    assert [take.kept for take in made.takes] == [True] * 3
    assert probe(made.workspace.edit).frame_count == 24


def test_a_changed_move_remakes_its_shot_alone(file: Path) -> None:
    shot_in(file)
    file.write_text(SHOTS.replace("20deg", "15deg"), encoding="utf-8")
    assert [take.kept for take in shot_in(file).takes] == [True, False, True]


def test_changed_media_remake_what_was_made_of_them(file: Path) -> None:
    shot_in(file)
    depth = np.load(file.parent / "tiny.npz")["depth"]
    np.savez_compressed(file.parent / "tiny.npz", depth=depth * np.float32(1.5))
    assert [take.kept for take in shot_in(file).takes] == [False] * 3


def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shot_in(file, "whole")
    frames_left = iter(range(10))
    write = H264Writer.write

    def interrupted(writer: H264Writer, frame: np.ndarray) -> None:
        if next(frames_left, None) is None:
            raise KeyboardInterrupt
        write(writer, frame)

    with monkeypatch.context() as patch:
        patch.setattr(H264Writer, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shot_in(file, "broken")
    assert not (file.parent / "broken" / "tiny.mp4").exists()
    assert [take.kept for take in shot_in(file, "broken").takes] == [True, False, False]
    assert digests(file.parent / "broken") == digests(file.parent / "whole")


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(file: Path) -> None:
    shot_in(file, "whole")
    command = [sys.executable, "-m", "ex4d.cli", "shoot", str(file), "--out", str(file.parent / "killed"), "--quiet"]
    with subprocess.Popen(command) as running:
        for _ in range(1200):
            if (file.parent / "killed" / "tiny.takes" / "still" / "result.key").exists() or running.poll() is not None:
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    shot_in(file, "killed")
    assert digests(file.parent / "killed") == digests(file.parent / "whole")


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


@pytest.mark.parametrize(
    "lost",
    [
        "tiny.mp4",
        "tiny.otio",
        "tiny.takes/swing/swing.mp4",
        "tiny.takes/swing/uncovered.json",
        "tiny.takes/swing/manifest.json",
    ],
)
def test_what_is_deleted_or_emptied_is_made_again(file: Path, lost: str) -> None:
    shot_in(file)
    before = digests(file.parent / "out")
    (file.parent / "out" / lost).unlink()
    shot_in(file)
    assert digests(file.parent / "out") == before
    (file.parent / "out" / lost).write_bytes(b"")
    shot_in(file)
    assert digests(file.parent / "out") == before


def test_a_damaged_note_of_a_take_is_a_clear_error(file: Path) -> None:
    shot_in(file)
    (file.parent / "out" / "tiny.takes" / "swing" / "uncovered.json").write_text("{", encoding="utf-8")
    with pytest.raises(MediaError, match=r"uncovered\.json is damaged .* made again"):
        shot_in(file)


EX4D = SHOTS.replace("engine: mesh, seed: 3", "engine: ex4d, seed: 3, erode: 2")


@pytest.fixture
def small(tiny_models: Path) -> EngineOptions:
    return replace(ON_CPU, models=tiny_models)


class Counted:
    """Counts what an engine is opened for and asked to complete."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.completed = 0, 0
        engine, count = ENGINES["ex4d"], self

        def opened(options: EngineOptions, progress: Progress) -> Synthesizer:
            self.opened += 1
            synthesizer = engine.open(options, progress)

            class Counting:
                def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
                    count.completed += 1
                    return synthesizer.synthesize(guide, request)

            return Counting()

        monkeypatch.setitem(ENGINES, "ex4d", replace(engine, open=opened))


def test_ex4d_makes_a_film_is_opened_once_and_not_at_all_where_all_is_kept(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")
    counted = Counted(monkeypatch)
    made = shot_in(file, options=small)
    assert (counted.opened, counted.completed) == (1, 3)
    assert probe(made.workspace.edit).frame_count == 21
    assert all(take.result.size == (64, 48) for take in made.takes)
    first = next(iter(GuideVideo.load(made.takes[1].folder / "guide").frames()))
    assert first.visible.all()
    assert first.background is None
    again = shot_in(file, options=small)
    assert [take.kept for take in again.takes] == [True] * 3
    assert (counted.opened, counted.completed) == (1, 3)


def test_what_the_engine_is_asked_remakes_results_and_no_guide(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")
    shot_in(file, options=small, only=["push"])
    guide = file.parent / "out" / "tiny.takes" / "push" / "guide" / "colour.mkv"
    before = guide.stat().st_mtime_ns
    counted = Counted(monkeypatch)
    file.write_text(EX4D.replace("seed: 3", "seed: 4"), encoding="utf-8")
    assert [take.kept for take in shot_in(file, options=small, only=["push"]).takes] == [False]
    assert counted.completed == 1
    assert guide.stat().st_mtime_ns == before
    shot_in(file, options=replace(small, guide="clean"), only=["push"])
    assert guide.stat().st_mtime_ns > before


def test_the_manifest_tells_all_of_an_engine_with_weights(file: Path, small: EngineOptions) -> None:
    file.write_text(EX4D, encoding="utf-8")
    take = shot_in(file, options=small, only=["swing"]).takes[0]
    said = json.loads((take.folder / "manifest.json").read_text())["engine"]
    assert (said["written"], said["used"], said["seed"], said["erode"]) == ("ex4d", "ex4d", 3, 2)
    assert said["guide"] == {"style": "reference", "background": False, "whole_first_frame": True}
    assert said["device"] == ["cpu"]
    assert said["settings"]["size"] == [48, 32]
    assert said["windows"][-1][1] == 12
    assert {"name": "ex4d", "licence": "not known", "commercial": "unclear"} in said["weights"]


def test_an_engine_that_stops_in_the_middle_leaves_nothing_half_made(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")

    class Stopped:
        def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
            yield next(iter(guide.frames())).colour
            raise SynthesisError("window 1, step 3 of 25: the latents are not finite numbers any more")

    monkeypatch.setitem(ENGINES, "ex4d", replace(ENGINES["ex4d"], open=lambda options, progress: Stopped()))
    with pytest.raises(SynthesisError, match="step 3"):
        shot_in(file, options=small)
    take = file.parent / "out" / "tiny.takes" / "still"
    assert sorted(path.name for path in take.iterdir()) == ["guide", "guide.key", "uncovered.json"]
