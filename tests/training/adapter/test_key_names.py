"""What is trained has the names and shapes of EX-4D's file, and what reads that file reads ours."""

import math

import numpy as np
import pytest
import torch
from diffusers import WanTransformer3DModel
from peft import LoraConfig, inject_adapter_in_model
from torch import nn

from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.training.adapter.trainable import TrainableAdapter
from tests.synthesis.wan.films import SIZE, WINDOW, engine_of, window_of
from tests.synthesis.wan.tiny_wan import HIDDEN, RANK, WIDTH, adapter_tensors, original_tensors
from tests.training.adapter.test_trainable import with_changes

FEATURES, WIDE, BLOCKS = 5120, 13824, 40
LOW_RANK, CAMERA = 76_677_120, 23_109_632
"""Parameters at the true size, counted in the authors' own modules."""


def true_adapter() -> TrainableAdapter:
    """Make EX-4D's adapter on Wan2.1-I2V-14B, without memory for any of it."""
    with torch.device("meta"):
        transformer = WanTransformer3DModel(
            num_attention_heads=40, attention_head_dim=128, in_channels=36, out_channels=16, text_dim=4096,
            freq_dim=256, ffn_dim=WIDE, num_layers=BLOCKS, image_dim=1280, added_kv_proj_dim=FEATURES,
        )  # fmt: skip
    return TrainableAdapter(transformer, kind=torch.bfloat16)


def true_shapes() -> dict[str, tuple[int, ...]]:
    """Write down EX-4D's file."""
    attention = [f"{kind}_attn.{layer}" for kind in ("self", "cross") for layer in "qkvo"]
    sizes = dict.fromkeys(attention, (FEATURES, FEATURES))
    sizes |= {"ffn.0": (WIDE, FEATURES), "ffn.2": (FEATURES, WIDE)}
    shapes: dict[str, tuple[int, ...]] = {}
    for block in range(BLOCKS):
        for name, (outputs, inputs) in sizes.items():
            shapes[f"blocks.{block}.{name}.lora_A.default.weight"] = (16, inputs)
            shapes[f"blocks.{block}.{name}.lora_B.default.weight"] = (outputs, 16)
    for layer, inputs in ((0, 32), (2, 1024), (4, 1024)):
        shapes[f"latent_encoder.{layer}.weight"] = (1024, inputs, 1, 1, 1)
        shapes[f"latent_encoder.{layer}.bias"] = (1024,)
    shapes["latent_patch_embedding.weight"] = (FEATURES, 1024, 1, 2, 2)
    shapes["latent_patch_embedding.bias"] = (FEATURES,)
    return shapes


def test_at_the_true_size_it_is_ex4d_s_808_tensors():
    adapter = true_adapter()

    learned = adapter.learned()

    assert {name: tuple(value.shape) for name, value in learned.items()} == true_shapes()
    assert len(learned) == 808
    counts = [math.prod(shape) for name, shape in true_shapes().items() if name.startswith("blocks")]
    assert len(counts) == 800
    assert sum(counts) == LOW_RANK
    assert sum(value.numel() for value in learned.values()) == LOW_RANK + CAMERA
    assert {value.dtype for value in learned.values()} == {torch.float32}
    assert {id(value) for value in adapter.parameters() if value.requires_grad} == set(map(id, learned.values()))


@pytest.fixture
def exported(new_adapter, tmp_path):
    """An adapter on tiny Wan that changes what is made, as a file."""
    adapter = with_changes(new_adapter())
    torch.save(adapter.exported(), tmp_path / "ex4d.ckpt")
    return tmp_path / "ex4d.ckpt"


def test_the_engine_completes_with_it(exported, trained_wan):
    """That its values count is shown where the trained pass is held against the engine's."""
    made = window_of(engine_of(trained_wan, adapter=exported, steps=1))

    assert made.shape == (WINDOW, SIZE[1], SIZE[0], 3)
    assert len(np.unique(made)) > 50


def test_it_is_read_as_ex4d_s_file_is(exported):
    ours, theirs = read_adapter(exported), {name: tuple(value.shape) for name, value in adapter_tensors().items()}

    assert {name: tuple(value.shape) for name, value in torch.load(exported).items()} == theirs
    assert ours.rank == RANK
    assert not ours.differences
    assert {layer.scale for layer in ours.low_rank.values()} == {1.0}


def original_tree() -> nn.Module:
    """Make the linear layers of the original's transformer, under the original's names."""
    tree = nn.Module()
    for name, value in original_tensors()["transformer"].items():
        path, _, leaf = name.rpartition(".")
        owner = tree
        for part in path.split(".")[:-1]:
            owner.add_module(part, owner._modules.get(part) or nn.Module())
            owner = owner.get_submodule(part)
        if leaf == "weight" and value.ndim == 2:
            owner.add_module(path.rpartition(".")[2], nn.Linear(value.shape[1], value.shape[0]))
    return tree


def test_the_authors_loader_misses_nothing_and_leaves_nothing_out(exported):
    """As the authors' code loads it (generate.py): twice, and not strictly, so that a wrong name would be silent."""
    tree = original_tree()
    targets = ["q", "k", "v", "o", "ffn.0", "ffn.2"]
    inject_adapter_in_model(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=targets), tree)
    encoder = nn.Module()
    sizes = {0: (32, HIDDEN), 2: (HIDDEN, HIDDEN), 4: (HIDDEN, HIDDEN)}
    layers = [nn.Conv3d(*sizes[index], 1) if index in sizes else nn.SiLU() for index in range(5)]
    encoder.latent_encoder = nn.Sequential(*layers)
    encoder.latent_patch_embedding = nn.Conv3d(HIDDEN, WIDTH, (1, 2, 2), stride=(1, 2, 2))
    file = torch.load(exported, weights_only=True)

    transformer, camera = tree.load_state_dict(file, strict=False), encoder.load_state_dict(file, strict=False)

    assert not [name for name in transformer.missing_keys if "lora" in name]
    assert not camera.missing_keys
    assert all(name.startswith("latent_") for name in transformer.unexpected_keys)
    assert len(transformer.unexpected_keys) == 8
    assert set(transformer.unexpected_keys).isdisjoint(camera.unexpected_keys)
    assert set(transformer.unexpected_keys) | set(camera.unexpected_keys) == file.keys()
