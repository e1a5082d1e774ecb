"""A film over a clip that comes without depth: the model that its shot list names estimates it, once."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ex4d.errors import MissingPart, UserError
from ex4d.estimated_depth import estimated_depth
from ex4d.media.probe import probe
from ex4d.preflight.check import check
from ex4d.production import Production, shoot
from ex4d.shotlist.load import load
from ex4d.shotlist.model import DepthModel
from tests.tiny_depth_model import write_tiny_weights
from tests.tiny_film import SHOTS, write_tiny_film

FILE = "depth: {file: tiny.npz, unit: m}"
AUTO = SHOTS.replace(FILE, "depth: {model: auto}")
NAME = "depth-anything-v2-small"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path / "models"))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    file = write_tiny_film(tmp_path, AUTO)
    (tmp_path / "tiny.npz").unlink()
    return file


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_tiny_weights(tmp_path / "models")


class Heard:
    def __init__(self) -> None:
        self.tasks: list[tuple[str, int]] = []
        self.said: list[str] = []

    def begin(self, task: str, total: int) -> None:
        self.tasks.append((task, total))

    def advance(self) -> None: ...

    def say(self, text: str) -> None:
        self.said.append(text)


def shot_in(film: Path, folder: str = "out") -> tuple[Production, Heard]:
    heard = Heard()
    return shoot(load(film), folder=film.parent / folder, progress=heard), heard


def estimations(heard: Heard) -> list[str]:
    return [task for task, _ in heard.tasks if task.endswith(": depth")]


def test_a_film_is_shot_from_a_clip_alone_and_its_depth_is_estimated_once(film: Path, weights: Path) -> None:
    made, heard = shot_in(film)
    assert probe(made.workspace.edit).frame_count == 21
    assert ("shot 'still': depth", 24) in heard.tasks
    assert estimations(heard) == ["shot 'still': depth"]
    assert any("Apache-2.0" in words for words in heard.said)
    assert any(words.endswith(("on the CPU", "on the GPU")) for words in heard.said)
    again, heard = shot_in(film)
    assert (estimations(heard), [take.kept for take in again.takes]) == ([], [True] * 3)


def test_of_two_runs_at_once_one_estimates_and_the_other_waits_for_it(film: Path, weights: Path) -> None:
    clip, asked, runs = probe(film.with_name("tiny.mkv")), DepthModel(model="auto"), (Heard(), Heard())
    with ThreadPoolExecutor(2) as pool:
        made = [*pool.map(lambda heard: estimated_depth(asked, "a film", clip, heard), runs)]

    assert made[0].key == made[1].key
    assert sorted(len(estimations(heard)) for heard in runs) == [0, 1]
    waiting = "a film: waiting for another run that estimates this very depth"
    assert [waiting in heard.said for heard in runs] == [not estimations(heard) for heard in runs]
    assert [file.name for file in (film.parent / "cache/ex4d/depth").iterdir()] == [made[0].key]


def test_the_manifest_names_the_model_its_licence_and_its_device(film: Path, weights: Path) -> None:
    made, _ = shot_in(film)
    manifest = json.loads((made.takes[1].folder / "manifest.json").read_text())
    depth = manifest["depth"]
    assert (depth["written"], depth["model"]) == ("auto", NAME)
    assert (depth["licence"], depth["commercial"], depth["metric"]) == ("Apache-2.0", "yes", False)
    assert any(words.startswith(f"depth by {NAME} in float32 on the ") for words in manifest["assumed"])


def test_another_shot_list_over_the_same_clip_takes_the_depth_that_is_there(film: Path, weights: Path) -> None:
    shot_in(film)
    film.write_text(AUTO.replace("auto", NAME).replace("20deg", "10deg"), encoding="utf-8")
    _, heard = shot_in(film, "other")
    assert estimations(heard) == []


def test_other_weights_are_another_depth_and_another_take(film: Path, weights: Path) -> None:
    from safetensors.numpy import load_file, save_file

    shot_in(film)
    file = weights / "model.safetensors"
    tensors = load_file(file)
    tensors["head.conv3.weight"] = tensors["head.conv3.weight"] * np.float32(0.5)
    save_file(tensors, file, metadata={"format": "pt"})
    made, heard = shot_in(film)
    assert estimations(heard) == ["shot 'still': depth"]
    assert [take.kept for take in made.takes] == [False] * 3


def test_an_unknown_model_is_answered_with_the_known_ones_by_check_already(film: Path) -> None:
    film.write_text(AUTO.replace("auto", "depthcrofter"), encoding="utf-8")
    known = r"depth: \{model: depthcrofter\}: unknown; write auto, or one of depth-anything-v2-small"
    with pytest.raises(UserError, match=r"shot 'still': " + known):
        shot_in(film)
    with pytest.raises(UserError, match=known):
        check(film)


def test_a_film_with_depth_of_its_own_needs_none_of_the_model_libraries(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "transformers", "huggingface_hub", "safetensors"):
        monkeypatch.setitem(sys.modules, name, None)
    write_tiny_film(film.parent)
    made, _ = shot_in(film)
    assert made.workspace.edit.is_file()


PIP = r"pip install 'ex4d\[depth\]'"
PULL = rf"ex4d models pull {NAME}  # 99 MB, licence Apache-2\.0, commercial use: yes"
WRITE = r"source: \{depth: \{model: auto\}\}"


def asked_for(film: Path, shots: str) -> str:
    film.write_text(shots, encoding="utf-8")
    with pytest.raises(MissingPart) as refused:
        shot_in(film)
    assert not (film.parent / "out").exists()
    return str(refused.value)


@pytest.mark.parametrize(
    ("torch", "pulled", "steps"),
    [(False, False, [PIP, PULL]), (True, False, [PULL]), (False, True, [PIP]), (True, True, [])],
)
def test_what_is_still_to_be_done_is_said_exactly(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch: bool, pulled: bool, steps: list[str]
) -> None:
    import re

    if pulled:
        write_tiny_weights(tmp_path / "models")
    if not torch:
        monkeypatch.setitem(sys.modules, "torch", None)
    said = asked_for(film, SHOTS.replace(f", {FILE}", ""))
    assert re.search(r"estimated: +" + r"\n +".join([*steps, WRITE]) + "$", said), said
    if steps:
        said = asked_for(film, AUTO)
        assert re.search(r"before you run\n  " + r"\n  ".join(steps) + "$", said), said


def test_damaged_weights_are_found_before_anything_is_estimated(film: Path, weights: Path) -> None:
    (weights / "model.safetensors").write_bytes(b"cut")
    assert "model.safetensors: is cut short" in asked_for(film, AUTO)
