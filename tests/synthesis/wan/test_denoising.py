"""The denoising loop against flows whose ends are known."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import SynthesisError
from ex4d.synthesis.wan.denoising import Step, denoise, guided
from ex4d.synthesis.wan.schedule import noise_levels, timesteps
from tests.synthesis.wan.random_transformer import draw, error

STEPS = st.integers(1, 12)
SHAPE = (1, 16, 2, 4, 6)
TOLERANCE = 1e-5


def exact(known):
    """Return the velocity of a perfect model: it knows where the flow ends."""
    schedules = [noise_levels(steps) for steps in range(1, 13)]
    levels = {time: level for one in schedules for time, level in zip(timesteps(one), one, strict=False)}
    return lambda latents, timestep: (latents - known) / levels[timestep]


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


@settings(derandomize=True, deadline=None)
@given(STEPS, st.integers(0, 5))
def test_a_constant_velocity_ends_one_velocity_from_the_noise(steps, seed):
    noise, flow = draw(*SHAPE, seed=seed), draw(*SHAPE, seed=seed + 100)

    assert error(denoise(lambda *_: flow, noise, noise_levels(steps)), noise - flow) < TOLERANCE


@settings(derandomize=True, deadline=None)
@given(STEPS, st.integers(0, 5), st.booleans())
def test_an_exact_velocity_ends_at_what_it_knows(steps, seed, renoised):
    noise, known = draw(*SHAPE, seed=seed), draw(*SHAPE, seed=seed + 100)

    got = denoise(exact(known), noise, noise_levels(steps), renoise=draws(seed) if renoised else None)

    assert error(got, known) < TOLERANCE


@settings(derandomize=True, deadline=None)
@given(STEPS, st.integers(0, 5), st.booleans())
def test_an_exact_velocity_foresees_the_end_in_every_step(steps, seed, renoised):
    noise, known = draw(*SHAPE, seed=seed), draw(*SHAPE, seed=seed + 100)
    told: list[Step] = []

    denoise(exact(known), noise, noise_levels(steps), renoise=draws() if renoised else None, on_step=told.append)

    assert [(step.index, step.total) for step in told] == [(k, steps) for k in range(steps)]
    assert all(error(step.foreseen, known) < TOLERANCE for step in told)


def test_renoised_latents_have_the_noise_level_of_their_step():
    """Far from the start, the next latents are known ones and fresh noise, mixed by the next level."""
    noise, known, levels = draw(1, 16, 8, 32, 32), torch.full((1, 16, 8, 32, 32), 3.0), noise_levels(4)
    seen = []

    def velocity(latents, timestep):
        seen.append(latents)
        return exact(known)(latents, timestep)

    denoise(velocity, noise, levels, renoise=draws(7))

    for latents, level in zip(seen[1:], levels[1:], strict=False):
        assert abs(latents.mean() - (1 - level) * 3) < 0.01
        assert abs(latents.std() - level) < 0.01
        fresh = (latents - (1 - level) * known) / level
        assert abs((fresh * noise).mean()) < 0.02, "the noise is drawn anew"


def test_equal_draws_give_equal_latents():
    def velocity(latents, timestep):
        return latents.sin() + timestep / 1000

    one, same, other = (
        denoise(velocity, draw(*SHAPE), noise_levels(4), renoise=draws(seed)) for seed in (3, 3, 4)
    )  # fmt: skip

    assert torch.equal(one, same)
    assert error(other, one) > 0.1


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("renoised", [False, True])
@pytest.mark.parametrize("broken", [1, 3, 5])
def test_latents_that_are_not_finite_are_told_with_their_step(broken, renoised, bad):
    told: list[Step] = []

    def velocity(latents, timestep):
        flow = torch.zeros_like(latents)
        if len(told) == broken - 1:
            flow[0, 3, 1, 2, 1] = bad
        return flow

    with pytest.raises(SynthesisError, match=rf"^step {broken} of 5: .*not finite.*precision"):
        denoise(velocity, draw(*SHAPE), noise_levels(5), renoise=draws() if renoised else None, on_step=told.append)

    assert len(told) == broken - 1


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, ValueError])
def test_what_the_listener_raises_ends_the_loop(raised):
    asked = []

    def velocity(latents, timestep):
        asked.append(timestep)
        return torch.zeros_like(latents)

    def stop(step):
        if step.index == 1:
            raise raised

    with pytest.raises(raised):
        denoise(velocity, draw(*SHAPE), noise_levels(25), on_step=stop)

    assert len(asked) == 2


def test_the_velocity_is_asked_at_the_schedules_timesteps():
    asked = []

    def velocity(latents, timestep):
        asked.append(timestep)
        return latents

    denoise(velocity, draw(*SHAPE), noise_levels(25))

    assert tuple(asked) == timesteps(noise_levels(25))
    assert asked[0] == 1000.0


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_guidance_pushes_from_the_negative_prompts_velocity_through_the_prompts(guidance):
    with_prompt, without = draw(*SHAPE), draw(*SHAPE, seed=1)

    got = guided(with_prompt, without, guidance)

    assert error(got - without, guidance * (with_prompt - without)) < TOLERANCE
    assert torch.equal(guided(with_prompt, with_prompt, guidance), with_prompt)


@pytest.mark.parametrize(("every", "told"), [(0, []), (1, [1, 2, 3, 4, 5]), (2, [2, 4]), (5, [5]), (6, [])])
def test_a_step_knows_whether_it_comes_every_so_many(every, told):
    assert [k + 1 for k in range(5) if Step(k, 5, draw(*SHAPE)).comes_every(every)] == told
