"""A whole training on files: what it leaves, that it goes on, and what it says when it cannot."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ex4d.errors import OutputError, TrainingError, UserError
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.training.adapter.log import read_log
from ex4d.training.adapter.run import train
from ex4d.training.adapter.samples import cost_in_words
from ex4d.training.config.records import Clips, Keeping, Model, Training, TrainingConfig
from tests.synthesis.wan.tiny_wan import HIDDEN, RANK
from tests.training.tiny_prepared import write_tiny_prepared

KEEPING = Keeping(checkpoint_every=2, keep=2, validate_every=2, sample_every=4, samples=1, sample_steps=1)


class Listener:
    def __init__(self, *, stop_after: int | None = None):
        self.tasks, self.said, self.steps, self.stop_after = [], [], 0, stop_after

    def begin(self, task, total):
        self.tasks.append((task, total))

    def advance(self):
        if self.tasks[-1][0] == "training":
            self.steps += 1
            if self.steps == self.stop_after:
                raise KeyboardInterrupt

    def say(self, text):
        self.said.append(text)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_tiny_prepared(tmp_path_factory.mktemp("prepared"), held_out=1)


def config_of(output: Path, *, keep=KEEPING, adapter=None, **training) -> TrainingConfig:
    settings = {"steps": 5, "batch": 2, "warmup": 2, "learning_rate": 0.01, "average": 0.9} | training
    return TrainingConfig(
        file=output / "train.yaml", clips=Clips(videos=output), output=output, keep=keep,
        model=Model(rank=RANK, hidden=HIDDEN, adapter=adapter), training=Training(**settings),
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(prepared, wan_folder, tmp_path_factory):
    """A training of five steps, with all that it leaves."""
    output = tmp_path_factory.mktemp("whole")
    listener = Listener()
    assert train(config_of(output), prepared, wan_folder, device="cpu", progress=listener) == output / "ex4d.ckpt"
    return output, listener


def timeless(log):
    return [{key: value for key, value in entry.items() if key != "seconds"} for entry in log]


def test_it_leaves_checkpoints_a_log_samples_and_the_adapter(whole):
    output, listener = whole

    left = sorted(str(path.relative_to(output)) for path in output.rglob("*") if path.is_file())
    log = read_log(output / "log.jsonl")

    files = ("ex4d.ckpt", "state.json", "state.safetensors")
    assert left == sorted(
        ["ex4d.ckpt", "log.jsonl", "samples/step-000004.png"]
        + [f"checkpoints/step-00000{step}/{file}" for step in (4, 5) for file in files]
    )
    assert [entry["step"] for entry in log] == [0, 1, 2, 3, 4, 5]
    assert [entry["step"] for entry in log if "validation" in entry] == [0, 2, 4, 5]
    assert all(entry.keys() >= {"loss", "gradient_norm", "learning_rate", "seconds"} for entry in log[1:])
    assert ("training", 5) in listener.tasks
    assert listener.said == [
        "training on cpu in float32; what learns is float32",
        "of rank 4 with 24 hidden channels, the adapter is for ex4d alone: the authors' own loader takes 16 and 1024",
        "of held-out excerpts the transformer is passed 4 to validate every 2 steps and 2 for samples every 4",
    ]
    newest = torch.load(output / "checkpoints" / "step-000005" / "ex4d.ckpt")
    assert all(torch.equal(value, newest[name]) for name, value in torch.load(output / "ex4d.ckpt").items())


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(whole, prepared, wan_folder, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(config_of(tmp_path), prepared, wan_folder, device="cpu", progress=Listener(stop_after=3))
    listener = Listener()

    train(config_of(tmp_path), prepared, wan_folder, device="cpu", progress=listener)

    assert any("going on after step 2" in text for text in listener.said)
    assert ("training", 3) in listener.tasks
    assert timeless(read_log(tmp_path / "log.jsonl")) == timeless(read_log(whole[0] / "log.jsonl"))
    wanted = torch.load(whole[0] / "ex4d.ckpt")
    assert all(torch.equal(value, wanted[name]) for name, value in torch.load(tmp_path / "ex4d.ckpt").items())
    sheets = [(output / "samples" / "step-000004.png").read_bytes() for output in (tmp_path, whole[0])]
    assert sheets[0] == sheets[1]


def test_a_run_that_was_stopped_before_its_first_checkpoint_begins_anew(prepared, wan_folder, tmp_path):
    config = config_of(tmp_path, keep=Keeping(sample_every=0), steps=2)
    with pytest.raises(KeyboardInterrupt):
        train(config, prepared, wan_folder, device="cpu", progress=Listener(stop_after=1))

    train(config, prepared, wan_folder, device="cpu")

    assert [entry["step"] for entry in read_log(tmp_path / "log.jsonl")] == [0, 1, 2]


SPARE = Keeping(sample_every=0, validate_every=0)


def test_more_steps_and_other_ways_to_compute_go_on(whole, prepared, wan_folder, tmp_path):
    shutil.copytree(whole[0], tmp_path / "out")
    config = config_of(tmp_path / "out", keep=SPARE, steps=6, at_once=2, checkpointing=False)

    train(config, prepared, wan_folder, device="cpu")

    assert [entry["step"] for entry in read_log(tmp_path / "out" / "log.jsonl")] == list(range(7))
    assert (tmp_path / "out" / "checkpoints" / "step-000006").is_dir()


def test_a_training_that_is_done_is_left_as_it_is(whole, prepared, wan_folder, tmp_path):
    shutil.copytree(whole[0], tmp_path / "out")
    (tmp_path / "out" / "ex4d.ckpt").unlink()

    train(config_of(tmp_path / "out", keep=SPARE), prepared, wan_folder, device="cpu")

    wanted = torch.load(whole[0] / "ex4d.ckpt")
    assert all(torch.equal(value, wanted[name]) for name, value in torch.load(tmp_path / "out" / "ex4d.ckpt").items())


def test_no_samples_are_none(prepared, wan_folder, tmp_path):
    keep = Keeping(sample_every=1, samples=0, validate_every=0)

    train(config_of(tmp_path, keep=keep, steps=1), prepared, wan_folder, device="cpu")

    assert not (tmp_path / "samples").exists()


def test_what_changes_the_result_does_not_go_on(whole, prepared, wan_folder, tmp_path):
    fewer = replace(prepared, trained=prepared.trained[:2])

    with pytest.raises(TrainingError) as told:
        train(config_of(whole[0], learning_rate=0.02), fewer, wan_folder, device="cpu")

    assert "\n  training.learning_rate was 0.01 and is 0.02\n" in str(told.value)
    assert re.search(r"\n  prepared excerpts was 3 \(\w{16}\) and is 2 \(\w{16}\)\n", str(told.value))
    assert f"model: {{adapter: {whole[0] / 'checkpoints' / 'step-000005' / 'ex4d.ckpt'}}}" in str(told.value)


def test_it_begins_with_another_adapter(whole, prepared, wan_folder, tmp_path):
    before = whole[0] / "ex4d.ckpt"
    config = config_of(tmp_path, keep=SPARE, adapter=before, steps=1, learning_rate=1e-12, average=None)

    made = read_adapter(train(config, prepared, wan_folder, device="cpu"))

    for name, layer in read_adapter(before).low_rank.items():
        assert torch.allclose(made.low_rank[name].up, layer.up, atol=1e-9)
        assert torch.allclose(made.low_rank[name].down, layer.down, atol=1e-9)


def test_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(prepared, wan_folder, tmp_path):
    """Such a rate leaves weights that are numbers and whose loss is none: they are not written either."""
    config = config_of(tmp_path, keep=Keeping(checkpoint_every=1, sample_every=0, validate_every=0))
    config = config.model_copy(update={"training": config.training.model_copy(update={"learning_rate": 1e30})})

    with pytest.raises(
        TrainingError, match=r"the loss is no finite number any more, with clip-\d{4} with mask"
    ) as told:
        train(config, prepared, wan_folder, device="cpu")

    assert str(told.value).endswith("no checkpoint was written yet")
    assert not (tmp_path / "ex4d.ckpt").exists()


def test_the_error_names_what_is_kept(whole, prepared, wan_folder, tmp_path, monkeypatch):
    shutil.copytree(whole[0], tmp_path / "out")
    kept = tmp_path / "out" / "checkpoints" / "step-000005"
    before = {path: path.read_bytes() for path in kept.iterdir()}
    monkeypatch.setattr("ex4d.training.adapter.flow_matching.shifted", lambda even: float("nan"))

    with pytest.raises(TrainingError, match="step 6: the loss is no finite number") as told:
        train(config_of(tmp_path / "out", keep=SPARE, steps=8), prepared, wan_folder, device="cpu")

    assert f"the last good checkpoint, of step 5, is kept in {kept}" in str(told.value)
    assert f"model: {{adapter: {kept / 'ex4d.ckpt'}}}" in str(told.value)
    assert {path: path.read_bytes() for path in kept.iterdir()} == before


def test_a_full_disk_names_what_is_kept(whole, prepared, wan_folder, tmp_path, monkeypatch):
    shutil.copytree(whole[0], tmp_path / "out")

    def full(*_, **__):
        raise OutputError("the log cannot be written: No space left on device")

    monkeypatch.setattr("ex4d.training.adapter.log.Log.add", full)

    with pytest.raises(OutputError, match=r"No space left on device\nthe last good checkpoint, of step 5, is kept in"):
        train(config_of(tmp_path / "out", keep=SPARE, steps=6), prepared, wan_folder, device="cpu")


def test_a_card_too_small_for_the_weights_is_told(prepared, wan_folder, tmp_path, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 136 MiB.\nSee")

    monkeypatch.setattr("ex4d.training.adapter.opening.load_transformer", full)

    with pytest.raises(TrainingError, match=r"ran out while weights were loaded \(CUDA .* 136 MiB\.\): .* with more$"):
        train(config_of(tmp_path), prepared, wan_folder, device="cpu")


def test_what_looking_at_held_out_excerpts_costs():
    assert cost_in_words(Keeping(), 8) == (
        "of held-out excerpts the transformer is passed 32 to validate every 100 steps and 200 for samples every 250"
    )
    assert cost_in_words(Keeping(validate_every=0, samples=0), 8) == ""
    assert cost_in_words(Keeping(), 0) == ""


def test_a_held_out_loss_that_is_no_number_stops_it(prepared, wan_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("ex4d.training.adapter.run.validation_loss", lambda *_: float("nan"))

    with pytest.raises(TrainingError, match="step 0: the loss of held-out excerpts is no finite number any more"):
        train(config_of(tmp_path), prepared, wan_folder, device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_a_card_that_is_not_there_is_told(prepared, wan_folder, tmp_path):
    with pytest.raises(TrainingError, match="there is no cuda here that torch can use"):
        train(config_of(tmp_path), prepared, wan_folder, device="cuda")


def test_nothing_to_train_on_is_told(prepared, wan_folder, tmp_path):
    with pytest.raises(TrainingError, match="has no excerpt to train on: add clips, or hold out fewer"):
        train(config_of(tmp_path), replace(prepared, trained=()), wan_folder, device="cpu")


def test_an_adapter_of_another_rank_is_told(whole, prepared, wan_folder, tmp_path):
    config = config_of(tmp_path, adapter=whole[0] / "ex4d.ckpt")
    config = config.model_copy(update={"model": Model(rank=RANK + 1, hidden=HIDDEN, adapter=whole[0] / "ex4d.ckpt")})

    with pytest.raises(UserError, match="cannot be gone on from; see rank and hidden of model"):
        train(config, prepared, wan_folder, device="cpu")
