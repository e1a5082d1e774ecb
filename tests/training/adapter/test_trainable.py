"""The pass that is trained is the pass that completes guides; a new adapter changes nothing."""

import copy
import math

import pytest
import torch

from ex4d.errors import UserError
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.conditioning import Conditioning
from ex4d.synthesis.wan.forward import embed_time
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities
from ex4d.training.adapter.batches import stacked
from ex4d.training.adapter.flow_matching import losses
from ex4d.training.adapter.trainable import TrainableAdapter
from tests.synthesis.wan.random_transformer import CPU, IMAGE, TEXT, draw, error, make_transformer
from tests.synthesis.wan.tiny_wan import RANK
from tests.training.tiny_prepared import tiny_example

TIMESTEPS = (1000.0, 871.5, 13.25)
TOLERANCE = 1e-5
"""Of the largest value: float32, in another order."""


def batch_of(count: int, **sizes):
    examples = [tiny_example(index + 1, **sizes) for index in range(count)]
    noises = [draw(*example.target.shape, seed=70 + index) for index, example in enumerate(examples)]
    return stacked(examples, noises, [0.1] * count, texts=[example.text for example in examples], numbers=range(count))


def velocity_of(adapter, batch, timesteps=TIMESTEPS):
    with torch.no_grad():
        return adapter(batch.noise, torch.tensor(timesteps[: len(batch.noise)]), **batch.told)


def with_changes(adapter: TrainableAdapter, size: float = 0.2) -> TrainableAdapter:
    """Give everything that learns a value that matters."""
    for index, value in enumerate(adapter.learned().values()):
        value.data += size * draw(*value.shape, seed=index)
    return adapter


def small(seed: int = 0, **options) -> TrainableAdapter:
    return TrainableAdapter(make_transformer(seed), rank=RANK, hidden=24, **options)


def batch_for_small(count: int):
    return batch_of(count, text=TEXT, image=IMAGE)


def test_a_new_adapter_changes_nothing_at_all():
    batch = batch_for_small(2)
    base = make_transformer()
    told = torch.cat([batch.noise, batch.condition], dim=1)

    got = velocity_of(small(), batch)

    # diffusers takes the sinusoids of the noise level in float32; the rest is equal to the bit.
    ours = TrainableAdapter(make_transformer(), rank=RANK, hidden=24).transformer.condition_embedder.timesteps_proj
    base.condition_embedder.timesteps_proj.register_forward_hook(lambda _, inputs, __: ours(*inputs))
    with torch.no_grad():
        wanted = base(told, torch.tensor(TIMESTEPS[:2]), batch.text, batch.image, return_dict=False)[0]
    assert torch.equal(got, wanted)


def test_the_trained_pass_is_the_pass_that_completes_guides(new_adapter, wan_folder, tmp_path):
    adapter = with_changes(new_adapter())
    torch.save(adapter.exported(), tmp_path / "ex4d.ckpt")
    read = read_adapter(tmp_path / "ex4d.ckpt")
    transformer = load_transformer(wan_folder, [read], dtype=torch.float32, device_of=lambda _: CPU, fuse=True)
    batch = batch_of(3)

    got = velocity_of(adapter, batch)

    replica = Replica(transformer, CPU, residual=torch.float32)
    for index, timestep in enumerate(TIMESTEPS):
        one = slice(index, index + 1)
        with torch.no_grad():
            camera = adapter.camera_encoder(batch.guide[one], batch.mask[one])
        told = Conditioning(batch.text[one], batch.text[one], batch.image[one], batch.condition[one], camera)
        with at_work([replica]):
            (wanted,) = velocities([[replica.hear(told, [batch.text[one]])]], batch.noise[one], timestep)
        assert error(got[one], wanted) <= TOLERANCE


def test_a_batch_is_its_examples_one_by_one():
    adapter, batch = with_changes(small()), batch_for_small(3)

    together = velocity_of(adapter, batch)

    for index, timestep in enumerate(TIMESTEPS):
        told = {name: value[index : index + 1] for name, value in batch.told.items()}
        with torch.no_grad():
            alone = adapter(batch.noise[index : index + 1], torch.tensor([timestep]), **told)
        assert error(alone, together[index : index + 1]) <= TOLERANCE


def gradients(adapter):
    batch = batch_for_small(2)
    velocity = adapter(batch.noise, torch.tensor(TIMESTEPS[:2]), **batch.told)
    losses(velocity, batch.target, batch.noise).mean().backward()
    return {name: value.grad for name, value in adapter.learned().items()}


def test_checkpointing_changes_no_gradient_and_the_base_has_none():
    plain, checkpointed = with_changes(small()), with_changes(small(checkpointing=True))

    kept, again = gradients(plain), gradients(checkpointed)

    assert all(torch.equal(kept[name], again[name]) for name in kept)
    assert all(float(gradient.abs().max()) > 0 for gradient in kept.values())
    learned = {id(value) for value in plain.learned().values()}
    assert all(value.grad is None for value in plain.parameters() if id(value) not in learned)
    assert {id(value) for value in plain.parameters() if value.requires_grad} == learned


def test_bfloat16_products_leave_the_residual_stream_in_float32():
    """As inference does: its error is that of inference in the same types, not that of a rounded stream."""
    batch = batch_for_small(1)
    base = make_transformer(kind=torch.bfloat16)
    for part in ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3"):
        for name, value in base.named_parameters():
            if part in name.split("."):
                value.data = value.data.float()
    exact = with_changes(TrainableAdapter(copy.deepcopy(base).float(), rank=RANK, hidden=24))
    rounded = with_changes(TrainableAdapter(base, rank=RANK, hidden=24, kind=torch.bfloat16))
    entering, leaving = [], []
    rounded.transformer.blocks[0].register_forward_pre_hook(lambda _, inputs: entering.append(inputs[0].dtype))
    rounded.transformer.blocks[-1].register_forward_hook(lambda _, __, out: leaving.append(out.dtype))
    heard = []
    rounded.transformer.blocks[0].attn1.to_q.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0].dtype))

    got = velocity_of(rounded, batch)

    assert entering == leaving == [torch.float32]
    assert heard == [torch.bfloat16]
    assert got.dtype == torch.float32
    assert 1e-5 < error(got, velocity_of(exact, batch)) < 2e-2


def test_noise_levels_are_embedded_and_the_head_read_in_full_precision():
    """The sinusoids are those of float64; bfloat16 products round neither the embedding nor the velocity."""
    rounded = TrainableAdapter(make_transformer(kind=torch.bfloat16), rank=RANK, hidden=24, kind=torch.bfloat16)
    embedder, kept = rounded.transformer.condition_embedder, {}
    for name, module in {**dict(embedder.named_children()), "head": rounded.transformer.proj_out}.items():
        module.register_forward_hook(lambda _, __, out, name=name: kept.update({name: out}))

    velocity_of(rounded, batch_for_small(1))

    half = torch.arange(8, dtype=torch.float64) / 8
    phase = TIMESTEPS[0] * torch.exp(-math.log(10_000) * half)
    assert torch.equal(kept["timesteps_proj"], torch.cat([phase.cos(), phase.sin()])[None].float())
    wanted = embed_time(rounded.transformer, TIMESTEPS[0])
    assert error(kept["time_embedder"], wanted.embedding) <= TOLERANCE
    assert error(kept["time_proj"].unflatten(1, (6, -1)), wanted.of_blocks) <= TOLERANCE
    assert kept["head"].dtype == torch.float32
    assert not torch.equal(kept["head"], kept["head"].bfloat16().float())


def test_first_values_are_drawn_by_the_seed_and_disturb_no_other_draw():
    state = torch.get_rng_state()

    one, same = small(), small()
    another = TrainableAdapter(make_transformer(), rank=RANK, hidden=24, seed=1)

    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, same.learned()[name]) for name, value in one.learned().items())
    differing = {name for name, value in one.learned().items() if not torch.equal(value, another.learned()[name])}
    assert differing == {name for name, value in one.learned().items() if float(value.detach().abs().max()) > 0}
    assert len(differing) == 20 + 3


def test_an_adapter_is_gone_on_from(tmp_path):
    learned = with_changes(small())
    torch.save(learned.exported(), tmp_path / "ex4d.ckpt")

    taken = small()
    taken.take(read_adapter(tmp_path / "ex4d.ckpt"))

    assert all(torch.equal(value, taken.learned()[name]) for name, value in learned.learned().items())


@pytest.mark.parametrize("change", ["rank", "hidden", "blocks", "camera"])
def test_an_adapter_of_other_sizes_is_not_gone_on_from(change, tmp_path):
    others = {
        "rank": lambda: TrainableAdapter(make_transformer(), rank=2, hidden=24),
        "hidden": lambda: TrainableAdapter(make_transformer(), rank=RANK, hidden=8),
        "blocks": lambda: TrainableAdapter(make_transformer(blocks=1), rank=RANK, hidden=24),
        "camera": small,
    }
    tensors = others[change]().exported()
    if change == "camera":
        tensors = {name: value for name, value in tensors.items() if not name.startswith("latent")}
    torch.save(tensors, tmp_path / "ex4d.ckpt")

    with pytest.raises(UserError, match=r"ex4d\.ckpt cannot be gone on from") as told:
        small().take(read_adapter(tmp_path / "ex4d.ckpt"))
    assert len(str(told.value).splitlines()) > 1
