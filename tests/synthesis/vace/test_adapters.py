"""LoRAs change what VACE makes; those of other models are refused."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from ex4d.errors import SynthesisError
from ex4d.progress import SILENT
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.vace.adapters import add_loras
from ex4d.synthesis.vace.engine import WindowCompleter
from ex4d.synthesis.vace.loading import load_pipeline
from tests.synthesis.vace.tiny_vace import SIZE, tiny_guide

FEATURES = 24


def layer(name, *, size=FEATURES, rank=2, seed=5, scale=1.0):
    draws = torch.Generator().manual_seed(seed)
    return {
        f"{name}.lora_A.weight": torch.randn(rank, size, generator=draws),
        f"{name}.lora_B.weight": torch.randn(size, rank, generator=draws) * scale,
    }


def saved(folder, name, tensors):
    save_file(tensors, folder / f"{name}.safetensors")
    return folder / f"{name}.safetensors"


@pytest.fixture
def pipeline(tiny_vace):
    return load_pipeline(tiny_vace, torch.float32, shift=3.0)


def frames(pipeline):
    settings = DiffusionSettings(steps=1, guidance=1.0, size=SIZE)
    return WindowCompleter(pipeline, settings, SynthesisRequest(), SILENT)(*tiny_guide(), 0)


def test_a_lora_changes_the_frames_by_exactly_its_product(tiny_vace, pipeline, tmp_path):
    name = "blocks.1.attn1.to_v"
    file = saved(tmp_path, "style", layer(f"transformer.{name}"))
    plain = frames(pipeline)
    add_loras(pipeline, [file])
    merged = load_pipeline(tiny_vace, torch.float32, shift=3.0)
    down, up = load_file(file).values()
    merged.transformer.get_submodule(name).weight.add_(up @ down)

    changed = frames(pipeline)

    assert (changed != plain).any()
    assert abs(changed.astype(int) - frames(merged)).max() <= 1


def test_two_loras_both_work(pipeline, tiny_vace, tmp_path):
    one, other = (saved(tmp_path, f"l{k}", layer(f"transformer.blocks.{k}.attn1.to_v", seed=k)) for k in (0, 1))
    alone = load_pipeline(tiny_vace, torch.float32, shift=3.0)
    add_loras(alone, [one])

    add_loras(pipeline, [one, other])

    both = frames(pipeline)
    assert (both != frames(alone)).any()
    assert (both != frames(load_pipeline(tiny_vace, torch.float32, shift=3.0))).any()


def test_names_of_the_original_code_are_understood(pipeline, tiny_vace, tmp_path):
    other = load_pipeline(tiny_vace, torch.float32, shift=3.0)
    add_loras(other, [saved(tmp_path, "ours", layer("transformer.blocks.0.attn1.to_v"))])

    add_loras(pipeline, [saved(tmp_path, "theirs", layer("diffusion_model.blocks.0.self_attn.v"))])

    assert (frames(pipeline) == frames(other)).all()


def test_all_unfit_files_are_named_at_once_and_none_is_added(pipeline, tmp_path):
    fit = saved(tmp_path, "fit", layer("transformer.blocks.0.attn1.to_v"))
    truncated = saved(tmp_path, "truncated", layer("transformer.blocks.0.attn1.to_v"))
    truncated.write_bytes(truncated.read_bytes()[:-8])
    name = "transformer.blocks.0.attn1.to_v"
    down, up = ({k: v for k, v in layer(name).items() if f"lora_{half}" in k} for half in "AB")
    higher = {k: v for k, v in layer(name, rank=3).items() if "lora_B" in k}
    unfit = {
        saved(tmp_path, "larger", layer("transformer.blocks.0.attn1.to_v", size=40)): "another model: 2 of its 2",
        saved(tmp_path, "deeper", layer("transformer.blocks.7.attn1.to_v")): "another model: 2 of its 2",
        saved(tmp_path, "unet", layer("unet.down.0.attn.to_v")): "another model: 2 of its 2",
        saved(tmp_path, "half", down): "it has no lora_B",
        saved(tmp_path, "other half", up): "it has no lora_A",
        saved(tmp_path, "biased", down | {f"{name}.lora_B.bias": torch.zeros(FEATURES)}): "it has no lora_B",
        saved(tmp_path, "unequal", down | higher): f"(2, {FEATURES}) (its lora_B is ({FEATURES}, 3): another rank)",
        saved(tmp_path, "odd", {"diffusion_model.head": torch.zeros(2)}): "is not a LoRA of Wan",
        truncated: "is truncated",
        tmp_path / "absent.safetensors": "is missing",
        tmp_path / "adapter.ckpt": "only",
    }
    plain = frames(pipeline)

    with pytest.raises(SynthesisError) as error:
        add_loras(pipeline, [fit, *unfit])

    lines = str(error.value).splitlines()
    assert len(lines) == len(unfit)
    for line, (file, words) in zip(lines, unfit.items(), strict=True):
        assert line.startswith(f"{file}: ")
        assert words in line
    assert (frames(pipeline) == plain).all()


def test_without_loras_nothing_is_touched(pipeline):
    add_loras(pipeline, [])

    assert not pipeline.get_list_adapters()
