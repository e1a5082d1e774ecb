"""How a batch is shared out changes nothing; what is not finite stops it and is not kept."""

from dataclasses import replace

import pytest
import torch

from ex4d.errors import TrainingError
from ex4d.training.adapter.batches import Lessons
from ex4d.training.adapter.learner import Learner
from ex4d.training.adapter.loop import prove, train_adapter
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import Training
from tests.synthesis.wan.random_transformer import IMAGE, TEXT, error, make_transformer
from tests.training.tiny_prepared import TinyExamples, tiny_example

TOLERANCE = 1e-4
"""Of the largest weight, after steps whose float32 sums were taken in another order."""

FOUR = {"steps": 3, "batch": 4, "warmup": 2, "learning_rate": 0.01}


class Small(TinyExamples):
    """Excerpts for the small transformer."""

    def example(self, index, draw):
        made = tiny_example(100 * index + draw, text=TEXT, image=IMAGE)
        return self.changed(index, made)


def small(**options) -> TrainableAdapter:
    return TrainableAdapter(make_transformer(blocks=1), rank=2, hidden=8, **options)


def trained(**settings):
    """Train a small adapter; return what was learned and all steps."""
    steps, adapter = [], small()
    training = Training(**{**FOUR, **settings})
    learner = train_adapter(adapter, Small(), training, on_step=steps.append)
    return learner, steps


@pytest.fixture(scope="module")
def at_once():
    return trained(at_once=4)


@pytest.mark.parametrize("count", [1, 2])
def test_a_batch_in_turns_is_a_batch_at_once(count, at_once):
    learner, steps = trained(at_once=count)

    for done, wanted in zip(steps, at_once[1], strict=True):
        assert done.loss == pytest.approx(wanted.loss, rel=1e-5)
        assert done.gradient_norm == pytest.approx(wanted.gradient_norm, rel=1e-4)
    for name, value in at_once[0].adapter.exported().items():
        assert error(learner.adapter.exported()[name], value) <= TOLERANCE


def test_the_same_is_learned_again_to_the_bit(at_once):
    again = trained(at_once=4)

    assert [(one.loss, one.gradient_norm) for one in again[1]] == [(one.loss, one.gradient_norm) for one in at_once[1]]
    wanted = at_once[0].adapter.exported()
    assert all(torch.equal(value, wanted[name]) for name, value in again[0].adapter.exported().items())


def test_another_seed_learns_something_else(at_once):
    assert {done.loss for done in trained(at_once=4, seed=1)[1]}.isdisjoint(done.loss for done in at_once[1])


def test_the_learning_rate_rises_and_stays(at_once):
    assert [done.learning_rate for done in at_once[1]] == [0.005, 0.01, 0.01]
    assert [done.step for done in at_once[1]] == [1, 2, 3]


def test_it_learns():
    _, steps = trained(steps=30, batch=2, at_once=2, warmup=5)

    first, last = (sum(done.loss for done in part) / 5 for part in (steps[:5], steps[-5:]))
    assert last < 0.8 * first


def test_gradients_are_cut_and_weights_decay():
    """A gradient of norm 1e-9 beside AdamW's epsilon moves nothing; what is left is decay."""
    learner, _ = trained(steps=1, warmup=0, largest_gradient=1e-12, weight_decay=0.5, at_once=4)

    before, after = small().exported(), learner.adapter.exported()
    for name, value in after.items():
        assert torch.allclose(value, before[name] * (1 - 0.01 * 0.5), atol=2e-6)


def test_the_average_follows_and_is_lent():
    learner, _ = trained(average=0.9, at_once=4)
    own = learner.adapter.exported()

    with learner.averaged() as adapter:
        lent = adapter.exported()

    weights, kept = small().exported(), []
    for step in (1, 2, 3):
        after = trained(steps=step, at_once=4)[0].adapter.exported()
        kept.append(min(0.9, (1 + step) / (10 + step)))
        weights = {name: kept[-1] * value + (1 - kept[-1]) * after[name] for name, value in weights.items()}
    assert all(torch.allclose(lent[name], weights[name], atol=1e-6) for name in lent)
    assert all(torch.equal(own[name], value) for name, value in learner.adapter.exported().items())
    assert any(not torch.equal(own[name], lent[name]) for name in own)


def broken(index, example):
    return replace(example, guide=example.guide * float("nan")) if index == 1 else example


def test_a_loss_that_is_no_number_stops_before_the_step_and_names_the_excerpt():
    adapter, steps = small(), []
    training = Training(steps=20, batch=1, warmup=0)

    with pytest.raises(TrainingError, match=r"tiny-0001 with mask \d; lower training.learning_rate") as told:
        train_adapter(adapter, Small(changed=broken), training, on_step=steps.append)

    assert f"step {len(steps) + 1}: the loss is no finite number" in str(told.value)
    assert "tiny-0000" not in str(told.value)
    assert all(bool(value.isfinite().all()) for value in adapter.exported().values())


def test_an_adapter_whose_next_loss_is_no_number_is_not_worth_keeping():
    training = Training(steps=1, batch=1)
    learner = Learner(small(), training)
    lessons = Lessons(Small(), training, None)
    prove(learner, lessons)

    learner.learned["latent_patch_embedding.bias"].data.fill_(3e38)

    with pytest.raises(TrainingError, match="step 1: the loss is no finite number any more"):
        prove(learner, lessons)


def test_leaving_prompts_out_needs_the_negative_one():
    with pytest.raises(TrainingError, match="without_prompt needs the embedded negative prompt"):
        train_adapter(small(), Small(), Training(steps=1, without_prompt=0.1))


def test_what_reads_examples_tells_its_errors_and_ends():
    def missing(index, example):
        raise OSError(f"no {index}")

    with pytest.raises(OSError, match=r"no [0-2]"):
        train_adapter(small(), Small(changed=missing), Training(steps=1, batch=1))
