"""A folder of VACE is loaded whole, or refused with everything that is wrong with it."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ex4d.errors import MissingPart
from ex4d.synthesis.vace.folder import CLASSES, read_folder
from ex4d.synthesis.vace.loading import load_pipeline

WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture
def copy(tiny_vace, tmp_path):
    return shutil.copytree(tiny_vace, tmp_path / "copy")


def rewrite(file, change):
    tensors = load_file(file)
    save_file(change(tensors), file)


def load(folder):
    return load_pipeline(folder, torch.bfloat16, shift=3.0)


def test_every_tensor_of_the_files_is_in_the_pipeline(tiny_vace):
    pipeline = load_pipeline(tiny_vace, torch.float32, shift=3.0)

    for part, name in (("transformer", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model")):
        stored, held = load_file(tiny_vace / part / f"{name}.safetensors"), getattr(pipeline, part).state_dict()
        assert stored.keys() == held.keys()
        assert all(torch.equal(stored[key], held[key]) for key in stored)
    stored = load_file(tiny_vace / "text_encoder" / "model.safetensors")
    assert stored
    assert all(torch.equal(tensor, pipeline.text_encoder.state_dict()[key]) for key, tensor in stored.items())


def test_the_vae_is_float32_whatever_the_others_are(tiny_vace):
    pipeline = load(tiny_vace)

    assert pipeline.vae.dtype == torch.float32
    assert pipeline.transformer.dtype == pipeline.text_encoder.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "key"), [("UniPCMultistepScheduler", "flow_shift"), ("FlowMatchEulerDiscreteScheduler", "shift")]
)
def test_the_scheduler_is_the_folder_s_with_the_shift_that_is_asked(copy, name, key):
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps({**index, "scheduler": ["diffusers", name]}))
    (copy / "scheduler" / "scheduler_config.json").write_text(json.dumps({"_class_name": name}))

    scheduler = load(copy).scheduler

    assert type(scheduler).__name__ == name
    assert scheduler.config[key] == 3.0


def test_nothing_heavy_is_needed_to_judge_a_folder(tiny_vace):
    assert read_folder(tiny_vace).keys() == CLASSES.keys()


def test_all_files_that_are_missing_or_damaged_are_named_at_once(copy):
    (copy / "tokenizer" / "tokenizer.json").unlink()
    (copy / "vae" / "config.json").write_text("{")
    (copy / "text_encoder" / "model.safetensors").unlink()
    weights = copy / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])

    with pytest.raises(MissingPart) as error:
        load(copy)

    places = ["tokenizer/tokenizer.json: is missing", "vae/config.json: is not JSON", "text_encoder/*.safetensors: is",
              f"{WEIGHTS}: is truncated"]  # fmt: skip
    assert all(place in str(error.value) for place in places)
    assert len(str(error.value).splitlines()) == 1 + len(places)


def test_a_missing_shard_is_named(copy):
    tensors = load_file(copy / WEIGHTS)
    (copy / WEIGHTS).unlink()
    here, gone = (f"diffusion_pytorch_model-0000{k}-of-00002.safetensors" for k in (1, 2))
    half = len(tensors) // 2
    parts = dict(list(tensors.items())[:half]), dict(list(tensors.items())[half:])
    places = {key: name for name, part in zip((here, gone), parts, strict=True) for key in part}
    index = copy / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    for name, part in zip((here, gone), parts, strict=True):
        save_file(part, copy / "transformer" / name)

    assert all(torch.equal(tensor, tensors[key]) for key, tensor in load(copy).transformer.state_dict().items()
               if tensor.dtype == torch.float32)  # fmt: skip
    (copy / "transformer" / gone).unlink()
    with pytest.raises(MissingPart, match=f"transformer/{gone}: is missing"):
        load(copy)


def test_another_pipeline_s_folder_is_refused(copy):
    index = json.loads((copy / "model_index.json").read_text())
    another = {"_class_name": "WanPipeline", "transformer": ["diffusers", "WanTransformer3DModel"],
               "transformer_2": ["diffusers", "WanTransformer3DModel"]}  # fmt: skip
    (copy / "model_index.json").write_text(json.dumps({**index, **another}))

    with pytest.raises(MissingPart) as error:
        load(copy)

    assert len(str(error.value).splitlines()) == 1 + len(another)


def test_a_class_of_somebody_else_s_code_is_refused(copy):
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "transformer" / "mine.py").write_text("raise SystemExit")
    (copy / "model_index.json").write_text(json.dumps({**index, "transformer": ["mine", "Mine"]}))

    with pytest.raises(MissingPart, match=r"transformer is .*Mine"):
        load(copy)


def test_an_empty_place_is_refused(tmp_path):
    with pytest.raises(MissingPart, match=r"model_index\.json: is missing"):
        load(tmp_path / "nowhere")


def test_tensors_missing_and_left_over_are_named_for_all_parts_at_once(copy):
    rewrite(copy / WEIGHTS, lambda tensors: {k: v for k, v in tensors.items() if k != "proj_out.bias"})
    rewrite(copy / "vae" / "diffusion_pytorch_model.safetensors", lambda found: {**found, "extra": torch.zeros(1)})

    with pytest.raises(MissingPart) as error:
        load(copy)

    assert "transformer: proj_out.bias is missing" in str(error.value)
    assert "vae: extra is of no use" in str(error.value)


@pytest.mark.parametrize(("part", "key"), [("transformer", "proj_out.bias"), ("text_encoder", "shared.weight")])
def test_a_tensor_of_another_shape_is_refused(copy, part, key):
    (file,) = (copy / part).glob("*.safetensors")
    rewrite(file, lambda tensors: {**tensors, key: torch.zeros(3, 3)})

    with pytest.raises(MissingPart, match=part):
        load(copy)
