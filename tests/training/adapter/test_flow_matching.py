"""What is learned from an example, and what is drawn for it."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from ex4d.synthesis.wan.denoising import denoise
from ex4d.synthesis.wan.schedule import noise_levels, timesteps
from ex4d.training.adapter.batches import Lessons
from ex4d.training.adapter.flow_matching import Chance, losses, noise_like, noisy, shifted, timesteps_of
from ex4d.training.config.records import Training
from tests.training.tiny_prepared import TinyExamples, draw

SEEDS = st.integers(0, 1 << 40)
SHAPE = (2, 3, 2, 4, 4)


@given(level=st.floats(0, 1))
def test_the_true_velocity_leads_from_any_level_to_both_ends(level):
    target, noise = draw(*SHAPE, seed=1), draw(*SHAPE, seed=2)
    levels = torch.full((2,), level)

    on_the_way, velocity = noisy(target, noise, levels), noise - target

    assert torch.allclose(on_the_way - level * velocity, target, atol=1e-6)
    assert torch.allclose(on_the_way + (1 - level) * velocity, noise, atol=1e-6)
    assert torch.equal(losses(velocity, target, noise), torch.zeros(2))


def test_each_example_goes_its_own_way():
    target, noise = draw(*SHAPE, seed=1), draw(*SHAPE, seed=2)

    got = noisy(target, noise, torch.tensor([0.0, 1.0]))

    assert torch.equal(got[0], target[0])
    assert torch.equal(got[1], noise[1])


def test_a_model_without_any_loss_denoises_to_the_excerpt():
    """The sign and scale of the velocity are those that the denoising loop of inference follows."""
    target, noise = draw(1, *SHAPE[1:], seed=1), draw(1, *SHAPE[1:], seed=2)

    found = denoise(lambda latents, timestep: noise - target, noise, noise_levels(5))

    assert torch.allclose(found, target, atol=1e-5)


def test_levels_are_those_of_inference_and_so_is_what_the_transformer_is_told():
    steps = 25

    levels = [shifted(1 - index / steps) for index in range(steps)]

    assert torch.allclose(torch.tensor(levels), torch.tensor(noise_levels(steps)[:-1]), atol=1e-6)
    assert torch.allclose(timesteps_of(torch.tensor(levels)), torch.tensor(timesteps(noise_levels(steps))), rtol=1e-6)


def test_levels_are_spread_as_inference_spreads_them():
    drawn = [Chance.of(0, number).level for number in range(2000)]

    assert kstest(drawn, lambda level: level / (5 - 4 * level)).pvalue > 0.01


def test_prompts_are_left_out_as_often_as_asked_and_noise_does_not_mind():
    with_some = [Chance.of(3, number, without_prompt=0.25) for number in range(2000)]
    with_all = [Chance.of(3, number) for number in range(2000)]

    assert math.isclose(sum(chance.unprompted for chance in with_some) / 2000, 0.25, abs_tol=0.03)
    assert not any(chance.unprompted for chance in with_all)
    assert [one.noise_seed for one in with_some] == [one.noise_seed for one in with_all]
    assert [one.level for one in with_some] == [one.level for one in with_all]


@given(seed=SEEDS, numbers=st.lists(st.integers(0, 10**9), min_size=2, max_size=5, unique=True))
@settings(deadline=None)
def test_chances_are_functions_of_seed_and_number_and_no_two_share_theirs(seed, numbers):
    state = torch.get_rng_state()

    chances = [Chance.of(seed, number) for number in numbers]

    assert chances == [Chance.of(seed, number) for number in numbers]
    assert len({chance.noise_seed for chance in chances}) == len({chance.level for chance in chances}) == len(numbers)
    assert torch.equal(torch.get_rng_state(), state)


def test_noise_is_normal_and_its_seed_s_own():
    noise = noise_like(torch.zeros(16, 4, 16, 16), 5)

    assert torch.equal(noise, noise_like(torch.zeros(16, 4, 16, 16), 5))
    assert not torch.equal(noise, noise_like(torch.zeros(16, 4, 16, 16), 6))
    assert kstest(noise.flatten().numpy(), "norm").pvalue > 0.01


def test_a_batch_holds_what_its_numbers_stand_for_and_threads_change_nothing():
    negative = draw(512, 32, seed=9)
    training = Training(batch=2, at_once=2, without_prompt=0.5, seed=4)
    lessons = Lessons(TinyExamples(), training, negative)
    from ex4d.training.adapter.order import Order, Share

    source = lessons.batches(Share.of(training), step=7)
    read_ahead = [next(source) for _ in range(3)]
    source.close()

    for step, batch in enumerate(read_ahead, start=7):
        assert batch.numbers.tolist() == [2 * step, 2 * step + 1]
        for place, number in enumerate(batch.numbers.tolist()):
            example = TinyExamples().example(*Order(3, 2, 4).at(number))
            chance = Chance.of(4, number, without_prompt=0.5)
            assert torch.equal(batch.target[place], example.target)
            assert torch.equal(batch.guide[place], example.guide)
            assert torch.equal(batch.mask[place], example.mask)
            assert torch.equal(batch.condition[place], example.condition)
            assert torch.equal(batch.image[place], example.image)
            assert torch.equal(batch.noise[place], noise_like(example.target, chance.noise_seed))
            assert torch.equal(batch.text[place], negative if chance.unprompted else example.text)
            assert float(batch.levels[place]) == torch.tensor(chance.level).item()
    texts = torch.cat([batch.text for batch in read_ahead])
    assert 0 < sum(torch.equal(text, negative) for text in texts) < 6
