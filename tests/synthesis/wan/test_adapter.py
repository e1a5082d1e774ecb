"""A LoRA changes the model by exactly what its file says, fused or not, and only the model that it was made for."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from ex4d.errors import MissingPart, UserError
from ex4d.synthesis.wan.adapter import Adapter, LowRank, read_adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from ex4d.synthesis.wan.key_names import transformer_name
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.synthesis.wan.reference import CPU, error
from tests.synthesis.wan.tiny_wan import (
    BLOCKS,
    FEATURES,
    RANK,
    WIDTH,
    adapter_tensors,
    lora_tensors,
    models,
    original_tensors,
)

BASE = "blocks.0.self_attn.q"
MODULE = "blocks.0.attn1.to_q"


def load(tiny_wan, *adapters, fuse=True, dtype=torch.float32):
    return load_transformer(
        find_wan_folder(tiny_wan.original), adapters, dtype=dtype, device_of=lambda _: CPU, fuse=fuse
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


def written(tmp_path, tensors, name="lora.safetensors"):
    file = tmp_path / name
    save_file({key: one.contiguous() for key, one in tensors.items()}, file)
    return file


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


def in_kohyas_names(tensors, alpha):
    """Write a LoRA as lightx2v's step distillation is written."""
    renamed = {
        f"diffusion_model.{name}".replace("lora_A.default", "lora_down").replace("lora_B.default", "lora_up"): one
        for name, one in tensors.items()
    }
    modules = {name.partition(".lora_")[0] for name in renamed}
    return renamed | {f"{module}.alpha": torch.tensor(alpha) for module in modules}


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


def spoiled(changes):
    """Return EX-4D's tensors with some replaced, or left out where the change is None."""
    tensors = adapter_tensors() | changes
    return {key: one for key, one in tensors.items() if one is not None}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({f"{BASE}.lora_A.default.weight": None}, rf"{MODULE}: its other half is missing"),
        (
            {f"{BASE}.lora_A.default.weight": torch.zeros(3, WIDTH)},
            rf"{MODULE} is 3x{WIDTH} down and {WIDTH}x{RANK} up",
        ),
        ({"something.else": torch.zeros(3)}, r"something\.else is no part of a LoRA"),
        ({f"{BASE}.alpha": torch.ones(2)}, rf"{MODULE}: alpha is no single number"),
        ({"blocks.0.norm3.alpha": torch.ones(())}, r"blocks\.0\.norm2: an alpha without a LoRA"),
    ],
)
def test_tensors_that_do_not_belong_together_are_named(tmp_path, changes, told):
    with pytest.raises(UserError, match=told):
        read_adapter(written(tmp_path, spoiled(changes)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{BASE}.lora_A.default.weight", f"diffusion_model.{BASE}.lora_A.default.weight"),
        (f"{BASE}.lora_A.default.weight", f"{BASE}.lora_A.second.weight"),
        (f"{BASE}.lora_A.default.weight", f"{BASE}.lora_down.weight"),
        (f"{BASE}.lora_B.default.weight", f"transformer.{MODULE}.lora_B.weight"),
        (f"{BASE}.alpha", f"{MODULE}.alpha"),
        ("blocks.0.diff_m", "blocks.0.modulation.diff"),
        ("latent_encoder.0.bias", "diffusion_model.latent_encoder.0.bias"),
    ],
)
def test_what_is_given_by_two_names_is_refused_with_both(tmp_path, first, second):
    tensor = (adapter_tensors() | {f"{BASE}.alpha": torch.ones(())}).get(first, torch.ones(1, 6, WIDTH))
    with pytest.raises(UserError) as refusal:
        read_adapter(written(tmp_path, adapter_tensors() | {first: tensor, second: tensor.clone()}))

    (line,) = str(refusal.value).splitlines()[1:]
    assert " is given twice: " in line
    assert set(line.partition(": ")[2].split(" and ")) == {first, second}


@pytest.mark.parametrize("key", [f"{BASE}.lora_A.default.weight", "latent_encoder.0.bias", "blocks.0.ffn.0.diff_b"])
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda one: one.int(), "not floating-point"),
        (lambda one: torch.full_like(one, torch.nan), "has numbers that are not finite"),
        (lambda one: torch.full_like(one, -torch.inf), "has numbers that are not finite"),
    ],
)
def test_tensors_that_hold_no_numbers_are_named(tmp_path, key, spoil, told):
    tensor = spoil(adapter_tensors().get(key, torch.ones(48)))
    with pytest.raises(UserError, match=rf"{key}.* {told}") as refusal:
        read_adapter(written(tmp_path, spoiled({key: tensor})))

    assert len(str(refusal.value).splitlines()) == 2


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    changes = {
        f"{BASE}.lora_A.second.weight": torch.ones(RANK, WIDTH),
        "blocks.0.ffn.0.diff_b": torch.ones(48) / 0,
        "something.else": torch.ones(3),
        "blocks.1.ffn.0.lora_B.default.weight": None,
    }
    with pytest.raises(UserError) as refusal:
        read_adapter(written(tmp_path, spoiled(changes)))

    assert len(str(refusal.value).splitlines()) == 1 + len(changes)


def test_an_alpha_of_a_whole_number_is_a_number(tmp_path):
    whole, real = (in_kohyas_names(lora_tensors(), alpha) for alpha in (3, 3.0))
    read = [read_adapter(written(tmp_path, one, f"{k}.safetensors")) for k, one in enumerate((whole, real))]

    assert [{layer.scale for layer in adapter.low_rank.values()} for adapter in read] == [{3 / RANK}] * 2


def test_a_lora_without_any_rank_is_refused(tmp_path):
    halves = {f"{BASE}.lora_A.weight": torch.ones(0, WIDTH), f"{BASE}.lora_B.weight": torch.ones(WIDTH, 0)}
    with pytest.raises(UserError, match=rf"{MODULE} is 0x{WIDTH} down and {WIDTH}x0 up"):
        read_adapter(written(tmp_path, halves | {f"{BASE}.alpha": torch.ones(())}))


def test_a_file_without_a_lora_is_refused(tmp_path):
    with pytest.raises(UserError, match="it holds no LoRA"):
        read_adapter(written(tmp_path, original_tensors()["transformer"]))


def test_a_lora_of_a_wider_or_deeper_model_is_refused_with_what_differs(tiny_wan, tmp_path):
    wide = {key: torch.cat([one, one], dim=-1) if "lora_A" in key else one for key, one in lora_tensors().items()}
    deep = {key.replace("blocks.1", "blocks.7"): one for key, one in wide.items()}
    with pytest.raises(UserError) as refusal:
        load(tiny_wan, read_adapter(written(tmp_path, deep)))

    text = str(refusal.value)
    assert "lora.safetensors was made for another model" in text
    assert "the model has no blocks.7.attn1.to_k.weight" in text
    assert f"blocks.0.attn1.to_q.weight, {WIDTH}x{2 * WIDTH} in the file and {WIDTH}x{WIDTH} in the model" in text


def test_an_adapter_of_ex4d_that_leaves_blocks_out_is_refused(tiny_wan, tmp_path):
    tensors = {key: one for key, one in adapter_tensors().items() if not key.startswith("blocks.1.")}
    with pytest.raises(UserError, match=r"its LoRA lacks blocks\.1\.attn1\.to_k"):
        load(tiny_wan, read_adapter(written(tmp_path, tensors)))


def test_a_lora_cut_short_is_named(tiny_wan, tmp_path):
    file = tmp_path / "ex4d.ckpt"
    file.write_bytes(tiny_wan.adapter.read_bytes()[:-100])
    with pytest.raises(MissingPart, match=r"ex4d\.ckpt cannot be read as weights"):
        read_adapter(file)


def test_the_camera_encoder_reads_colour_before_mask(tiny_wan):
    encoder = CameraEncoder.of(read_adapter(tiny_wan.adapter).camera, features=WIDTH).float()
    encoder.latent_encoder[0].weight[:, 16:] = 0
    colour, mask, other = torch.randn(3, 1, 16, 2, 4, 4, generator=torch.Generator().manual_seed(9))

    assert torch.equal(encoder(colour, mask), encoder(colour, other))
    assert not torch.allclose(encoder(colour, mask), encoder(other, mask))


def test_a_camera_encoder_of_another_model_is_refused_with_what_differs(tiny_wan):
    camera = dict(read_adapter(tiny_wan.adapter).camera)
    del camera["latent_encoder.2.bias"]
    camera["latent_encoder.9.bias"] = torch.zeros(1)
    with pytest.raises(UserError) as refusal:
        CameraEncoder.of(camera, features=2 * WIDTH, file="ex4d.ckpt")

    text = str(refusal.value)
    assert "it lacks latent_encoder.2.bias" in text
    assert "latent_encoder.9.bias is no part of it" in text
    assert f"latent_patch_embedding.bias is {WIDTH}, not {2 * WIDTH}" in text


def test_an_ordinary_lora_has_no_camera_encoder(tmp_path):
    with pytest.raises(UserError, match="holds no camera encoder"):
        CameraEncoder.of(read_adapter(written(tmp_path, lora_tensors())).camera, features=WIDTH)
