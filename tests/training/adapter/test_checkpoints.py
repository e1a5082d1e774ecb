"""A training that was killed and goes on is the one that was not; nothing else goes on from it."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from ex4d.errors import OutputError, TrainingError
from ex4d.training.adapter.checkpoints import newest_checkpoint, write_checkpoint
from ex4d.training.adapter.learner import Learner
from ex4d.training.adapter.loop import train_adapter
from ex4d.training.config.records import Training
from tests.training.adapter.test_loop import Small, small

SIX = Training(steps=6, batch=2, learning_rate=0.01, warmup=2, average=0.9)


class KilledError(Exception):
    pass


def learned(learner):
    return {name: value.clone() for name, value in learner.tensors().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], value) for name, value in other.items())


def test_a_training_that_was_killed_goes_on_to_the_bit(tmp_path):
    unbroken, first, second = [], [], []
    whole = train_adapter(small(), Small(), SIX, on_step=unbroken.append)
    learner = Learner(small(), SIX)

    def killed(done):
        first.append(done)
        if done.step == 3:
            write_checkpoint(tmp_path, learner, {}, keep=2)
            raise KilledError

    with pytest.raises(KilledError):
        train_adapter(learner.adapter, Small(), SIX, learner=learner, on_step=killed)
    resumed = Learner(small(seed=1), SIX)
    checkpoint = newest_checkpoint(tmp_path)
    checkpoint.restore(resumed)
    train_adapter(resumed.adapter, Small(), SIX, learner=resumed, on_step=second.append)

    def told(steps):
        return [(done.step, done.loss, done.gradient_norm, done.learning_rate) for done in steps]

    assert told(first + second) == told(unbroken)
    assert equal(learned(resumed), learned(whole))
    assert checkpoint.step == 3


def test_a_checkpoint_before_any_step_is_one_too(tmp_path):
    begun, again = Learner(small(), SIX), Learner(small(seed=1), SIX)
    write_checkpoint(tmp_path, begun, {}, keep=1)

    newest_checkpoint(tmp_path).restore(again)

    assert equal(learned(again), learned(begun))
    ends = [train_adapter(one.adapter, Small(), SIX, learner=one) for one in (begun, again)]
    assert equal(learned(ends[0]), learned(ends[1]))


def test_ex4d_s_file_is_a_flat_table_of_tensors_of_the_average(tmp_path):
    learner = train_adapter(small(), Small(), SIX)

    checkpoint = write_checkpoint(tmp_path, learner, {}, keep=1)

    read = torch.load(checkpoint.adapter, weights_only=True)
    with learner.averaged() as adapter:
        assert equal(read, adapter.exported())
    assert {value.dtype for value in read.values()} == {torch.float32}
    assert not equal(read, learner.adapter.exported())


def test_the_newest_are_kept_and_whole(tmp_path):
    learner = Learner(small(), Training())
    for step in (9, 10, 999_999, 1_000_000):
        learner.step = step
        write_checkpoint(tmp_path, learner, {}, keep=2)
    (tmp_path / ".step-2000000.host-1-x.part").mkdir()

    assert sorted(path.name for path in tmp_path.glob("step-*")) == ["step-1000000", "step-999999"]
    assert newest_checkpoint(tmp_path).step == 1_000_000
    assert sorted(path.name for path in (tmp_path / "step-999999").iterdir()) == [
        "ex4d.ckpt", "state.json", "state.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize("writer", ["save_file", "torch.save"])
def test_a_full_disk_leaves_no_checkpoint_and_is_told(writer, tmp_path, monkeypatch):
    def full(*_):
        raise RuntimeError("[enforce fail at inline_container.cc:862] . PytorchStreamWriter failed\nframe #0")

    monkeypatch.setattr(f"ex4d.training.adapter.checkpoints.{writer}", full)

    with pytest.raises(OutputError, match=r"cannot be written: \[enforce .* failed$"):
        write_checkpoint(tmp_path, Learner(small(), Training()), {}, keep=2)
    assert newest_checkpoint(tmp_path) is None
    assert not any(tmp_path.iterdir())


def test_without_checkpoints_there_is_none(tmp_path):
    assert newest_checkpoint(tmp_path / "nowhere") is None


def test_another_training_does_not_go_on_from_it_and_is_told_why(tmp_path):
    checkpoint = write_checkpoint(
        tmp_path, Learner(small(), Training()), {"training.batch": 8, "training.average": None}, keep=1
    )
    again = newest_checkpoint(tmp_path)
    again.must_fit({"training.average": None, "training.batch": 8})

    with pytest.raises(TrainingError) as told:
        again.must_fit({"training.batch": 4, "training.average": 0.9, "model.rank": 16})

    assert str(told.value).splitlines() == [
        f"{checkpoint.folder} was trained otherwise, so that this training cannot go on from it:",
        "  training.batch was 8 and is 4",
        "  training.average was not stated and is 0.9",
        "  model.rank was not stated and is 16",
        "put it back, or begin anew with another output; what was learned is kept by",
        f"  model: {{adapter: {checkpoint.adapter}}}",
    ]


@pytest.fixture
def written(tmp_path):
    return write_checkpoint(tmp_path, Learner(small(), Training()), {}, keep=1)


@pytest.mark.parametrize(
    "notes",
    [
        "",
        "[]",
        '{"version": 1, "step": Infinity, "matters": {}}',
        '{"version": 2, "step": 0, "matters": {}}',
        '{"version": 1}',
        "[" * 9999,
    ],
)
def test_damaged_notes_are_told(notes, written):
    (written.folder / "state.json").write_text(notes)

    with pytest.raises(TrainingError, match=r"state\.json cannot be read .*; delete .*step-000000, and training goes"):
        newest_checkpoint(written.folder.parent)


def test_a_damaged_state_is_told(written):
    state = written.folder / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-1])

    with pytest.raises(TrainingError, match=r"state\.safetensors cannot be read"):
        newest_checkpoint(written.folder.parent).restore(Learner(small(), Training()))


def test_the_state_of_another_adapter_is_told(written):
    with pytest.raises(TrainingError, match="its tensors are not those of this adapter"):
        written.restore(Learner(small(), Training(average=0.9)))


def test_a_state_that_is_not_float32_is_told(written):
    state = written.folder / "state.safetensors"
    save_file({name: value.double() for name, value in load_file(state).items()}, state)

    with pytest.raises(TrainingError, match="its tensors are not those of this adapter"):
        written.restore(Learner(small(), Training()))


def test_notes_say_nothing_but_the_step_and_what_matters(written):
    assert json.loads((written.folder / "state.json").read_text()) == {"version": 1, "step": 0, "matters": {}}
