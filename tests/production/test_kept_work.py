"""What is made is kept while it can be, and made again where it cannot, to the same bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ex4d.engines.cards import GraphicsCard
from ex4d.engines.options import EngineOptions
from ex4d.errors import MediaError, MissingPart
from ex4d.media.probe import probe
from ex4d.media.writing import H264Writer
from ex4d.render.cpu_rasterizer import CpuRasterizer
from tests.production.shooting import digests, shot_in, written_at
from tests.tiny_film import SHOTS


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


def test_another_stretch_of_the_source_remakes_its_shot_though_all_else_is_the_same(file: Path) -> None:
    first = shot_in(file).takes[0].setup.path.scene
    file.write_text(SHOTS.replace("0s..0.5s", "0.25s..0.75s"), encoding="utf-8")
    made = shot_in(file).takes
    assert [take.kept for take in made] == [False, True, True]
    assert made[0].setup.path.scene == first, "nothing else tells the two apart"


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


@pytest.mark.parametrize(
    "lost",
    [
        "tiny.mp4",
        "tiny.otio",
        "tiny.takes/swing/swing.mp4",
        "tiny.takes/swing/uncovered.json",
        "tiny.takes/swing/cameras.json",
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


def test_a_rasterizer_that_is_missing_costs_no_guide_that_was_made(file: Path) -> None:
    """And another rasterizer's frames are another guide, made again."""
    shot_in(file)
    before = digests(file.parent / "out")
    with pytest.raises(MissingPart, match="nvdiffrast"):
        shot_in(file, options=EngineOptions(rasterizer="nvdiffrast"))
    assert digests(file.parent / "out") == before
    assert all(take.kept for take in shot_in(file).takes)


def test_the_manifest_tells_who_drew_the_guide(file: Path) -> None:
    said = json.loads((shot_in(file).takes[1].folder / "manifest.json").read_text())["engine"]["guide"]
    assert said["rasterizer"] == "cpu"
    assert said["profile"]["rule"] == "face"


def test_the_manifest_tells_of_a_card_that_drew_the_guide(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ex4d.engines.run.open_rasterizer", lambda name, progress: CpuRasterizer())
    monkeypatch.setattr("ex4d.manifest.graphics_cards", lambda: (GraphicsCard("NVIDIA Imagined"),))
    take = shot_in(file, options=EngineOptions(rasterizer="nvdiffrast")).takes[1]
    said = json.loads((take.folder / "manifest.json").read_text())
    assert (said["rasterizer"], said["rasterizer_device"]) == ("nvdiffrast", "NVIDIA Imagined")
    assert {"torch", "triton", "nvdiffrast"} <= said["packages"].keys()


def test_another_version_of_what_drew_a_guide_makes_it_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the rasterizer needs that was asked for, and of that only."""
    monkeypatch.setattr("ex4d.engines.run.open_rasterizer", lambda name, progress: CpuRasterizer())
    card: Any = {"options": EngineOptions(rasterizer="nvdiffrast")}
    shot_in(file, "cpu")
    shot_in(file, "card", **card)
    monkeypatch.setattr("ex4d.manifest.versions_of", lambda names: dict.fromkeys(names, "another"))
    assert [take.kept for take in shot_in(file, "cpu").takes] == [True] * 3
    assert [take.kept for take in shot_in(file, "card", **card).takes] == [False] * 3
