"""Noise levels fall from 1 to 0 as EX-4D's do, and noise is the seed's alone."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ex4d.synthesis.wan.schedule import DISTILLED_STEPS, SHIFT, initial_noise, latent_shape, noise_levels, timesteps
from tests.synthesis.wan.reference import golden


def test_25_steps_are_the_references():
    levels = noise_levels(25)

    assert (torch.tensor(levels) - golden()["sigmas_25"]).abs().max() < 1e-7
    assert (torch.tensor(timesteps(levels)) - golden()["timesteps_25"]).abs().max() < 1e-4


def test_the_distilled_steps_are_those_it_was_distilled_for():
    assert noise_levels(DISTILLED_STEPS) == pytest.approx([1, 0.9375, 5 / 6, 0.625, 0], abs=1e-7)


@given(steps=st.integers(1, 1000))
def test_levels_fall_from_one_to_zero(steps):
    levels = noise_levels(steps)

    assert len(levels) == steps + 1
    assert (levels[0], levels[-1]) == (1, 0)
    assert all(before > after for before, after in pairwise(levels))


@given(steps=st.integers(2, 100))
def test_undoing_the_shift_leaves_equal_steps(steps):
    even = [level / (SHIFT - (SHIFT - 1) * level) for level in noise_levels(steps)]
    strides = [before - after for before, after in pairwise(even)]

    assert strides == pytest.approx([1 / steps] * steps, abs=1e-6)


def test_noise_is_the_references_and_the_seeds_alone():
    noise = initial_noise(torch.Generator().manual_seed(0), 9, 48, 32)

    assert torch.equal(noise, golden()["noise_seed0"])
    assert not torch.equal(noise, initial_noise(torch.Generator().manual_seed(1), 9, 48, 32))


def test_49_frames_of_512_make_13_latents_of_64():
    assert latent_shape(49, 512, 512) == (1, 16, 13, 64, 64)
