"""The tiny checkpoint of the reference: the transformer's forward and the whole run against the reference's results."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.conditioning import Conditioning
from ex4d.synthesis.wan.denoising import denoise, guided
from ex4d.synthesis.wan.engine import Ex4dEngine
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.prompts import EmbeddedPrompts
from ex4d.synthesis.wan.schedule import noise_levels
from ex4d.synthesis.wan.text import padded
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.shared_data import shared_data

CPU = torch.device("cpu")
TOLERANCE = 2e-5
"""Of a tensor's largest value: what float32 leaves of 25 steps computed in another order."""


@pytest.fixture(scope="module")
def golden():
    return load_file(shared_data("reference_wan") / "golden.safetensors")


@pytest.fixture(scope="module")
def wan_folder():
    return shared_data("reference_wan") / "models" / "Wan-AI" / "Wan2.1-I2V-14B-480P"


@pytest.fixture(scope="module")
def adapter_file():
    return shared_data("reference_wan") / "models" / "EX-4D" / "ex4d.ckpt"


def conditioning_of(golden, *, camera: bool) -> Conditioning:
    return Conditioning(
        text=padded(golden["prompt_features"]),
        negative_text=padded(golden["negative_features"]),
        image=golden["clip_features"],
        image_condition=golden["image_condition"],
        camera_latent=golden["camera_latent"] if camera else None,
    )


def error(got, wanted) -> float:
    return float((got - wanted).abs().max() / wanted.abs().max())


def replica(wan_folder, adapters, *, fuse=True) -> Replica:
    transformer = load_transformer(
        find_wan_folder(wan_folder), adapters, dtype=torch.float32, device_of=lambda _: CPU, fuse=fuse
    )
    return Replica(transformer.requires_grad_(False).eval(), CPU, residual=torch.float32)


@pytest.mark.parametrize("fuse", [True, False], ids=["fused", "beside"])
@pytest.mark.parametrize("what", ["forward_base", "forward_camera", "forward_camera_lora"])
def test_a_forward_is_the_references(golden, wan_folder, adapter_file, what, fuse):
    one = replica(wan_folder, [read_adapter(adapter_file)] if "lora" in what else [], fuse=fuse)
    conditioning = conditioning_of(golden, camera="camera" in what)

    with at_work([one]):
        (got,) = velocities(
            [[one.hear(conditioning, [conditioning.text])]], golden["noise_seed0"], float(golden["forward_timestep"])
        )

    assert error(got, golden[what]) < TOLERANCE


def test_25_guided_steps_end_at_the_references_latents(golden, wan_folder, adapter_file):
    one = replica(wan_folder, [read_adapter(adapter_file)])
    conditioning = conditioning_of(golden, camera=True)

    with at_work([one]):
        hearing = one.hear(conditioning, [conditioning.text, conditioning.negative_text])
        got = denoise(lambda x, t: guided(*velocities([[hearing]], x, t), 5.0), golden["noise_seed0"], noise_levels(25))

    assert error(got, golden["final_latents"]) < TOLERANCE


def test_the_engine_turns_the_guide_into_the_references_frames(golden, wan_folder, adapter_file):
    engine = Ex4dEngine(wan_folder, adapter_file, DiffusionSettings(size=(48, 32)), devices=("cpu",))
    prompts = EmbeddedPrompts(padded(golden["prompt_features"]), padded(golden["negative_features"]))

    got = engine.complete(golden["colour"].numpy(), golden["visible"].numpy(), 0, prompts=prompts, seed=0)

    levels = np.abs(got.astype(int) - golden["frames"].numpy())
    assert levels.max() <= 1
    assert np.mean(levels.max(axis=-1) > 0) < 0.001


def test_two_replicas_with_a_branch_each_are_one_with_both(golden, wan_folder, adapter_file):
    conditioning = conditioning_of(golden, camera=True)
    pair = [replica(wan_folder, [read_adapter(adapter_file)]) for _ in range(2)]
    texts = [conditioning.text, conditioning.negative_text]

    with at_work(pair):
        together = velocities([[pair[0].hear(conditioning, texts)]], golden["noise_seed0"], 900.0)
        seats = [[one.hear(conditioning, [text])] for one, text in zip(pair, texts, strict=True)]
        apart = velocities(seats, golden["noise_seed0"], 900.0)

    assert all(torch.equal(a, b) for a, b in zip(together, apart, strict=True))
    assert not torch.equal(*together)


def test_lanes_that_share_the_tokens_are_one_card(golden, wan_folder, adapter_file):
    """Three lanes of six tokens each give what one card gives, to float32's rounding."""
    conditioning = conditioning_of(golden, camera=True)
    cards = [replica(wan_folder, [read_adapter(adapter_file)]) for _ in range(3)]
    texts = [conditioning.text, conditioning.negative_text]

    with at_work(cards):
        alone = velocities([[cards[0].hear(conditioning, texts)]], golden["noise_seed0"], 700.0)
        team = [card.hear(conditioning, texts, lane=(k, 3)) for k, card in enumerate(cards)]
        shared = velocities([team], golden["noise_seed0"], 700.0)

    assert all(error(got, wanted) < 2e-6 for got, wanted in zip(shared, alone, strict=True))
