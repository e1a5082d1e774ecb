"""Our pass over diffusers' modules against diffusers' own, and what ours does beyond it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.synthesis.wan.forward import embed_latents, embed_time
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities
from tests.synthesis.wan.random_transformer import (
    CPU,
    GRID,
    draw,
    error,
    make_conditioning,
    make_replica,
    make_transformer,
    noise,
)

TOLERANCE = 2e-6
"""Of the largest value: what float32 leaves of the same sums in another order."""


class ExactSinusoid(torch.nn.Module):
    """The time embedding's waves in float64, written as the paper on transformers has them."""

    def forward(self, timestep):
        waves = [math.cos(float(timestep) * 10_000 ** (-k / 8)) for k in range(8)]
        waves += [math.sin(float(timestep) * 10_000 ** (-k / 8)) for k in range(8)]
        return torch.tensor([waves])


def theirs(transformer, conditioning, latents, timestep):
    """Return what diffusers' own forward gives."""
    with torch.no_grad():
        return transformer(
            torch.cat([latents, conditioning.image_condition], dim=1), torch.tensor([timestep]), conditioning.text,
            conditioning.image, return_dict=False,
        )[0]  # fmt: skip


def ours(replica, conditioning, latents, timestep, texts=None, **hearing):
    with at_work([replica]):
        return velocities([[replica.hear(conditioning, texts or [conditioning.text], **hearing)]], latents, timestep)


@settings(derandomize=True, deadline=None, max_examples=15)
@given(
    st.integers(0, 3), st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    st.floats(0, 1000, width=32), st.integers(1, 3),
)  # fmt: skip
def test_in_float32_it_is_diffusers_forward(seed, grid, timestep, blocks):
    transformer = make_transformer(seed, blocks=blocks)
    transformer.condition_embedder.timesteps_proj = ExactSinusoid()
    conditioning = make_conditioning(grid, seed, camera=False)

    (got,) = ours(Replica(transformer, CPU, residual=torch.float32), conditioning, noise(grid), timestep)

    assert error(got, theirs(transformer, conditioning, noise(grid), timestep)) <= TOLERANCE


@pytest.mark.parametrize("timestep", [0.0, 1.0, 500.0, 999.0, 1000.0])
def test_the_time_embeddings_waves_are_all_that_differs_from_diffusers(timestep):
    transformer, conditioning = make_transformer(), make_conditioning(camera=False)

    (got,) = ours(make_replica(), conditioning, noise(), timestep)

    # float32 rounds the phase, up to 1000, by 3e-5.
    assert error(got, theirs(transformer, conditioning, noise(), timestep)) < 1e-4


def test_the_time_embeddings_waves_are_taken_in_float64():
    transformer = make_transformer()
    embedder = transformer.condition_embedder

    got = embed_time(transformer, 999.9).embedding

    with torch.no_grad():
        assert error(got, embedder.time_embedder(ExactSinusoid()(999.9))) < 5e-7
        assert error(got, embedder.time_embedder(embedder.timesteps_proj(torch.tensor([999.9])))) > 2e-6


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("residual", [torch.float32, torch.bfloat16])
def test_the_camera_latent_is_added_at_the_patches_in_the_residuals_type(residual, kind):
    transformer, camera = make_transformer(), make_conditioning().camera_latent.to(kind)
    latents = draw(1, 36, GRID[0], 2 * GRID[1], 2 * GRID[2])

    without = embed_latents(transformer, latents, None, residual)
    got = embed_latents(transformer, latents, camera, residual)

    time, down, across = 2, 1, 3
    token = (time * GRID[1] + down) * GRID[2] + across
    assert got.dtype == residual
    camera = camera.to(residual)
    assert torch.equal(got, without + camera.flatten(2).transpose(1, 2))
    assert torch.equal(got[0, token], without[0, token] + camera[0, :, time, down, across])


def test_the_camera_latent_changes_the_velocity():
    replica, with_camera, without = make_replica(), make_conditioning(), make_conditioning(camera=False)

    assert error(ours(replica, with_camera, noise(), 900.0)[0], ours(replica, without, noise(), 900.0)[0]) > 0.01


@pytest.mark.parametrize("seed", range(3))
def test_a_float32_residual_loses_less_than_a_bfloat16_one(seed):
    rounded, exact = (make_transformer(seed, blocks=8, kind=torch.bfloat16) for _ in range(2))
    for parameter in exact.parameters():
        parameter.data = parameter.data.float()
    conditioning = make_conditioning(seed=seed)
    (wanted,) = ours(Replica(exact, CPU, residual=torch.float32), conditioning, noise(), 700.0)

    losses = []
    for residual in (torch.float32, torch.bfloat16):
        (got,) = ours(Replica(rounded, CPU, residual=residual), conditioning, noise(), 700.0)
        losses.append(float((got - wanted).norm() / wanted.norm()))

    assert got.dtype == torch.float32
    assert losses[0] < 0.7 * losses[1]
    assert losses[1] < 0.05


def test_memories_made_anew_are_those_that_were_kept():
    replica, conditioning = make_replica(), make_conditioning()
    texts = [conditioning.text, conditioning.negative_text]

    kept, anew = (ours(replica, conditioning, noise(), 900.0, texts, keep_memories=keep) for keep in (True, False))

    assert all(torch.equal(one, other) for one, other in zip(kept, anew, strict=True))


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("cache", "skipped"), [(0.0, [0, 0]), (0.126, [0, 1]), (1e9, [1, 1])])
def test_a_branch_does_not_hear_the_other(cache, skipped, order):
    """Nor does it end with the other: with 0.126, one recalls in the second step what the other computes."""
    replica, conditioning = make_replica(), make_conditioning()
    # A louder prompt makes of the first block's addition a larger, and so a steadier one.
    texts = [conditioning.text, 10 * conditioning.negative_text][::order]
    steps = ((noise(), 900.0), (noise().lerp(noise(seed=5), 0.5), 880.0))

    def run(branches):
        with at_work([replica]):
            hearing = replica.hear(conditioning, branches, cache=cache)
            found = [velocities([[hearing]], latents, timestep) for latents, timestep in steps]
        return list(zip(*found, strict=True)), [one.cache.skipped if one.cache else 0 for one in hearing.branches]

    together, counts = run(texts)
    alone = [run([text])[0][0] for text in texts]

    assert counts == skipped[::order]
    for both, single in zip(together, alone, strict=True):
        assert all(torch.equal(one, other) for one, other in zip(both, single, strict=True))
    assert all(error(one, other) > 0.01 for one, other in zip(*together, strict=True))


def test_every_parameter_counts():
    """A weight that the pass forgot would change nothing."""
    conditioning = make_conditioning()
    replica = make_replica()
    (usual,) = ours(replica, conditioning, noise(), 900.0)

    # Adding a number to every key of an attention that softmax takes away again changes nothing.
    silent = {"attn1.to_k.bias", "attn2.to_k.bias", "attn2.add_k_proj.bias"}
    for name, parameter in replica.transformer.named_parameters():
        saved = parameter.data.clone()
        parameter.data.mul_(1.5).add_(draw(*parameter.shape))
        (got,) = ours(replica, conditioning, noise(), 900.0)
        parameter.data.copy_(saved)
        assert not torch.equal(got, usual) or any(name.endswith(one) for one in silent), name
