"""The whole of ``ex4d train``: a video and its depth in, sheets, excerpts, an adapter that completes films out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ex4d.errors import MissingPart, OutputError, TrainingError, UserError
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from ex4d.training.adapter.opening import require_image_model
from ex4d.training.config.load import load
from ex4d.training.dataset.prepared import open_prepared
from ex4d.training.masks.sheet import HOLE
from ex4d.training.run import prepare, preview_masks, train
from ex4d.workspace import held
from tests.synthesis.wan.tiny_wan import HIDDEN, RANK, write_tiny_wan
from tests.training.dataset.tiny_clips import write_clip, write_depth

FILE = f"""\
ex4d-train: 1
clips: {{videos: clips, depth: {{file: "depth/{{name}}.npz"}}, hold_out: 1}}
excerpts: {{frames: 5, size: 48x32}}
masks:
  rendering: {{share: 0.5, cameras: [{{camera: [{{orbit: {{right: 15deg to 40deg}}}}]}}]}}
  tracking: {{share: 0.5, smallest: 0.1}}
  draws: 2
  erode: 2
model: {{weights: wan, rank: {RANK}, hidden: {HIDDEN}}}
training: {{steps: 2, batch: 2, learning_rate: 0.01, warmup: 0}}
keep: {{checkpoint_every: 1, validate_every: 1, sample_every: 2, samples: 1, sample_steps: 1}}
output: out
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    shutil.move(write_tiny_wan(folder / "tiny").diffusers, folder / "wan")
    for index, name in enumerate(("wall", "other")):
        write_clip(folder / "clips" / f"{name}.mkv", seed=index)
        write_depth(folder / "depth" / f"{name}.npz")
    write_clip(folder / "clips" / "short.mkv", frames=3)
    write_depth(folder / "depth" / "short.npz", frames=3)
    (folder / "train.yaml").write_text(FILE, encoding="utf-8")
    return folder


class Told:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.begun: list[str] = []

    def begin(self, task: str, total: int) -> None:
        self.begun.append(task)

    def advance(self) -> None: ...

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def trained(project: Path) -> Told:
    told = Told()
    torch.set_num_threads(1)
    assert train(load(project / "train.yaml"), device="cpu", progress=told) == project / "out" / "ex4d.ckpt"
    return told


def test_sheets_show_the_clip_and_its_masks(project: Path) -> None:
    """A sheet has the clip in its first row, unhidden, and holes in each row below, from the second column on."""
    sheets = list(preview_masks(load(project / "train.yaml"), excerpts=1, out=project / "sheets"))
    assert [sheet.excerpt for sheet in sheets] == ["other-0002"]
    picture = iio.imread(project / "sheets" / "other-0002.png")
    rows = picture[4:].reshape(3, 36, *picture.shape[1:])
    holes = (rows == HOLE).all(axis=-1)
    columns = holes[:, :, 4:].reshape(3, 36, 5, 52).any(axis=(1, 3))
    assert columns.tolist() == [[False] * 5, *[[False, True, True, True, True]] * 2]
    hidden = [figures.share for _, figures in sheets[0].masks]
    assert all(0 < share < 1 for share in hidden)


def test_an_adapter_is_trained(project: Path, trained: Told) -> None:
    """It is a whole adapter that has learned; the log has a line a step; the clip that is too short is told."""
    adapter = read_adapter(project / "out" / "ex4d.ckpt")
    assert any(float(layer.up.abs().max()) > 0 for layer in adapter.low_rank.values())
    entries = [json.loads(line) for line in (project / "out" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [0, 1, 2]
    assert all("validation" in entry for entry in entries)
    assert any("short: has 3 frames, an excerpt takes 5" in words for words in trained.said)
    assert iio.imread(project / "out" / "samples" / "step-000002.png").shape[2] == 3


def test_what_was_prepared_are_the_masks_of_the_sheets(project: Path, trained: Told) -> None:
    """The masks that are looked at are those that are trained with."""
    prepared = open_prepared(project / "out" / "prepared")
    (sheet,) = preview_masks(load(project / "train.yaml"), excerpts=1, out=None)
    (excerpt,) = (one for one in (*prepared.trained, *prepared.held_out) if one.name == sheet.excerpt)
    for index, (mask, _) in enumerate(sheet.masks):
        assert np.array_equal(excerpt.visible(index), mask.visible)


def test_run_again_it_has_nothing_to_do(project: Path, trained: Told) -> None:
    """A finished training is found finished: nothing is prepared or learned anew."""
    before = (project / "out" / "ex4d.ckpt").read_bytes()
    told = Told()
    train(load(project / "train.yaml"), device="cpu", progress=told)
    assert (project / "out" / "ex4d.ckpt").read_bytes() == before
    assert any("2 excerpts prepared, 2 of them kept" in words for words in told.said)
    assert told.said[-1] == "all 2 steps are done; raise training.steps to go on"
    assert not any("loading" in task for task in told.begun)
    assert len((project / "out" / "log.jsonl").read_text().splitlines()) == 3


HOLDING = """\
import sys
from pathlib import Path
from ex4d.workspace import held
with held(Path(sys.argv[1]), ""):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_in_the_same_output_is_refused(project: Path, tmp_path: Path) -> None:
    """Neither prepares nor trains; when the first is gone, killed even, there is nothing in the way."""
    config = load(project / "train.yaml").model_copy(update={"output": tmp_path / "out"})
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(config.output)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        for work in (train, prepare):
            with pytest.raises(OutputError, match=r"out: another run of ex4d is at work here; .* name another output"):
                work(config, device="cpu")
        first.kill()
    assert [file.name for file in config.output.iterdir()] == [".lock"]
    with held(config.output, ""):
        pass


def test_another_training_in_the_output_is_told_before_anything_is_prepared(
    project: Path, trained: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ex4d.training.run._prepared", None)
    config = load(project / "train.yaml")
    other = config.training.model_copy(update={"learning_rate": 0.02})
    with pytest.raises(TrainingError, match=r"training\.learning_rate was 0\.01 and is 0\.02"):
        train(config.model_copy(update={"training": other}), device="cpu")


def test_a_transformer_that_is_not_there_is_told_before_anything_is_prepared(project: Path, tmp_path: Path) -> None:
    config = load(project / "train.yaml").model_copy(update={"output": tmp_path / "out"})
    shutil.copytree(project / "wan" / "transformer", tmp_path / "wan" / "transformer")
    for file in (tmp_path / "wan" / "transformer").glob("*.safetensors"):
        file.unlink()
    with pytest.raises(MissingPart, match="safetensors"):
        train(config.model_copy(update={"model": config.model.model_copy(update={"weights": str(tmp_path / "wan")})}))
    assert not config.output.exists()


def test_a_model_that_hears_words_alone_is_told(tmp_path: Path) -> None:
    (tmp_path / "transformer").mkdir()
    (tmp_path / "transformer" / "config.json").write_text("{}")
    table = {"patch_embedding.weight": torch.zeros(8, 16, 1, 2, 2)}
    save_file(table, tmp_path / "transformer" / "diffusion_pytorch_model.safetensors")
    with pytest.raises(UserError, match=r"model\.weights: .* reads latents of 16 channels, not 36"):
        require_image_model(find_wan_folder(tmp_path))


def test_what_is_no_adapter_to_go_on_from_is_told_before_anything_is_prepared(project: Path, tmp_path: Path) -> None:
    config = load(project / "train.yaml").model_copy(update={"output": tmp_path / "out"})
    model = config.model.model_copy(update={"adapter": project / "train.yaml"})
    with pytest.raises(UserError, match=r"model\.adapter: .*train\.yaml is no archive of torch\.save"):
        train(config.model_copy(update={"model": model}), device="cpu")
    assert not config.output.exists()


def test_a_batch_that_cannot_be_shared_is_told_before_anything_is_prepared(project: Path, tmp_path: Path) -> None:
    config = load(project / "train.yaml").model_copy(update={"output": tmp_path / "out"})
    odd = config.training.model_copy(update={"at_once": 3})
    with pytest.raises(TrainingError, match="2 excerpts cannot be shared evenly"):
        train(config.model_copy(update={"training": odd}), device="cpu")
    assert not config.output.exists()
