"""A LoRA changes the model by exactly what its file says, fused or not, and only the model that it was made for."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.synthesis.wan.adapter import Adapter, LowRank, read_adapter
from ex4d.synthesis.wan.key_names import transformer_name
from tests.synthesis.wan.lora_files import BASE, MODULE, in_kohyas_names, load, written
from tests.synthesis.wan.reference import error
from tests.synthesis.wan.tiny_wan import (
    BLOCKS,
    FEATURES,
    RANK,
    WIDTH,
    lora_tensors,
    models,
)


def velocity(transformer):
    source = torch.Generator().manual_seed(1)
    with torch.no_grad():
        return transformer(
            hidden_states=torch.randn(1, 36, 2, 4, 4, generator=source),
            timestep=torch.tensor([500.0]),
            encoder_hidden_states=torch.randn(1, 7, FEATURES, generator=source),
            encoder_hidden_states_image=torch.randn(1, 5, FEATURES, generator=source),
            return_dict=False,
        )[0]


def test_ex4ds_file_holds_a_lora_of_ten_layers_a_block_and_the_camera_encoder(tiny_wan):
    adapter = read_adapter(tiny_wan.adapter)

    assert adapter.rank == RANK
    assert len(adapter.low_rank) == 10 * BLOCKS
    assert len(adapter.camera) == 8
    assert {layer.scale for layer in adapter.low_rank.values()} == {1.0}


def test_a_fused_lora_is_the_weight_and_the_product_of_its_halves_in_float32(tiny_wan):
    adapter = read_adapter(tiny_wan.adapter).weighted(0.7)
    fused = load(tiny_wan, adapter).state_dict()
    base, given = models()["transformer"].state_dict(), lora_tensors()
    down, up = (given[f"{BASE}.lora_{half}.default.weight"].double() for half in "AB")

    assert error(fused[f"{MODULE}.weight"].double(), base[f"{MODULE}.weight"].double() + 0.7 * up @ down) < 1e-6
    untouched = base.keys() - {f"{module}.weight" for module in adapter.low_rank}
    assert all(torch.equal(fused[name], base[name].float()) for name in untouched)


def test_a_fused_weight_is_rounded_once(tiny_wan):
    adapter = read_adapter(tiny_wan.adapter)
    exact, rounded = load(tiny_wan, adapter), load(tiny_wan, adapter, dtype=torch.bfloat16)

    assert torch.equal(exact.get_parameter(f"{MODULE}.weight").bfloat16(), rounded.get_parameter(f"{MODULE}.weight"))


def test_two_loras_do_the_same_fused_and_beside_the_layers(tiny_wan, tmp_path):
    second = read_adapter(written(tmp_path, lora_tensors(seed=8, rank=3, modules="qv"))).weighted(0.4)
    adapters = [read_adapter(tiny_wan.adapter).weighted(0.8), second]
    fused, beside = load(tiny_wan, *adapters), load(tiny_wan, *adapters, fuse=False)

    assert error(velocity(beside), velocity(fused)) < 2e-5
    assert error(velocity(fused), velocity(load(tiny_wan))) > 0.01
    assert error(velocity(fused), velocity(load(tiny_wan, adapters[0]))) > 0.001
    layers = [name for name, _ in beside.named_parameters() if "lora_A" in name]
    assert len(layers) == (10 + 6) * BLOCKS
    assert not any("add_k_proj" in name or "add_v_proj" in name for name in layers)
    assert not any(one.requires_grad for one in beside.parameters())


def test_layers_beside_are_in_the_type_asked_for(tiny_wan):
    beside = load(tiny_wan, read_adapter(tiny_wan.adapter), fuse=False, dtype=torch.bfloat16)

    assert {one.dtype for name, one in beside.named_parameters() if "lora_" in name} == {torch.bfloat16}


def in_diffusers_names(tensors):
    return {
        "transformer." + transformer_name(name.partition(".lora_")[0]) + ".lora_" + name.partition(".lora_")[2]: one
        for name, one in tensors.items()
    }


@pytest.mark.parametrize("rename", [lambda given: in_kohyas_names(given, float(RANK)), in_diffusers_names])
def test_the_same_lora_in_other_names_is_the_same(tmp_path, rename):
    plain = read_adapter(written(tmp_path, lora_tensors(), "plain.safetensors"))
    renamed = read_adapter(written(tmp_path, rename(lora_tensors())))

    assert renamed.low_rank.keys() == plain.low_rank.keys()
    assert all(torch.equal(renamed.low_rank[name].up, layer.up) for name, layer in plain.low_rank.items())
    assert {layer.scale for layer in renamed.low_rank.values()} == {1.0}


def test_alpha_scales_by_the_rank_fused_or_not(tiny_wan, tmp_path):
    scaled = read_adapter(written(tmp_path, in_kohyas_names(lora_tensors(), 3.0)))
    expected = read_adapter(written(tmp_path, lora_tensors(), "plain.safetensors")).weighted(3 / RANK)

    assert error(velocity(load(tiny_wan, scaled)), velocity(load(tiny_wan, expected))) < 2e-5
    assert error(velocity(load(tiny_wan, scaled, fuse=False)), velocity(load(tiny_wan, expected))) < 2e-5


@pytest.mark.parametrize("fuse", [True, False])
def test_differences_are_added_to_the_parameters_that_they_are_of(tiny_wan, tmp_path, fuse):
    shapes = {
        ("blocks.1.cross_attn.o.diff_b", "blocks.1.attn2.to_out.0.bias"): (WIDTH,),
        ("blocks.1.cross_attn.norm_k_img.diff", "blocks.1.attn2.norm_added_k.weight"): (WIDTH,),
        ("blocks.0.norm3.diff", "blocks.0.norm2.weight"): (WIDTH,),
        ("blocks.0.diff_m", "blocks.0.scale_shift_table"): (1, 6, WIDTH),
        ("blocks.1.modulation.diff", "blocks.1.scale_shift_table"): (1, 6, WIDTH),
        ("head.diff_m", "scale_shift_table"): (1, 2, WIDTH),
        ("patch_embedding.diff", "patch_embedding.weight"): (WIDTH, 36, 1, 2, 2),
    }
    source = torch.Generator().manual_seed(2)
    added = {names: torch.randn(shape, generator=source) for names, shape in shapes.items()}
    given = {f"diffusion_model.{key}": one for (key, _), one in added.items()}
    adapter = read_adapter(written(tmp_path, lora_tensors() | given)).weighted(0.5)
    loaded, base = load(tiny_wan, adapter, fuse=fuse).state_dict(), models()["transformer"].state_dict()

    for (_, name), one in added.items():
        here = name if name in loaded else name.replace("to_out.0.", "to_out.0.base_layer.")
        assert torch.allclose(loaded[here], base[name].float() + 0.5 * one, atol=1e-6)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(weights=st.lists(st.floats(-2, 2), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_adapters_add_up_in_any_order(weights, seed):
    source = torch.Generator().manual_seed(seed)
    value = torch.randn(5, 7, generator=source)
    layers = [LowRank(torch.randn(2, 7, generator=source), torch.randn(5, 2, generator=source), 0.5) for _ in weights]
    pairs = list(zip(layers, weights, strict=True))
    adapters = [Adapter(Path("none"), {"m": layer}, {}, {}, weight) for layer, weight in pairs]

    def applied(order):
        changed = value
        for adapter in order:
            changed = adapter.changed("m.weight", changed)
        return changed

    exact = value.double() + sum(0.5 * weight * layer.up.double() @ layer.down.double() for layer, weight in pairs)
    assert torch.allclose(applied(adapters).double(), exact, atol=1e-4)
    assert torch.allclose(applied(adapters[::-1]).double(), exact, atol=1e-4)


def test_an_alpha_of_a_whole_number_is_a_number(tmp_path):
    whole, real = (in_kohyas_names(lora_tensors(), alpha) for alpha in (3, 3.0))
    read = [read_adapter(written(tmp_path, one, f"{k}.safetensors")) for k, one in enumerate((whole, real))]

    assert [{layer.scale for layer in adapter.low_rank.values()} for adapter in read] == [{3 / RANK}] * 2
