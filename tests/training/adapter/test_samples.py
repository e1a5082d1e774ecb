"""Samples are completed as the engine completes; validation is the same number each time."""

import imageio.v3 as images
import numpy as np
import pytest
import torch

from ex4d.synthesis.wan.conditioning import Conditioning, latents_to_frames
from ex4d.synthesis.wan.denoising import denoise, guided
from ex4d.synthesis.wan.loading import load_vae
from ex4d.synthesis.wan.schedule import noise_levels
from ex4d.synthesis.wan.transformer import Replica, at_work, velocities
from ex4d.training.adapter.flow_matching import noise_like
from ex4d.training.adapter.samples import GAP, moments, sample, sample_sheet, validation_loss, write_sheet
from ex4d.training.draws import seed_of
from tests.synthesis.wan.random_transformer import CPU, IMAGE, TEXT, draw, error, make_transformer
from tests.training.adapter.test_loop import Small
from tests.training.adapter.test_trainable import small, with_changes
from tests.training.tiny_prepared import TinyExamples, tiny_example


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_a_sample_is_what_the_engine_s_loop_gives(guidance):
    adapter, example = with_changes(small(), 0.05), tiny_example(1, text=TEXT, image=IMAGE)
    negative = draw(512, TEXT, seed=3)

    got = sample(adapter, example, 3, seed=7, negative_text=None if guidance == 1 else negative, guidance=guidance)

    merged = make_transformer()
    for name, value in adapter.learned().items():
        if ".lora_A." in name:
            place = [layer for layer in adapter.transformer.modules() if getattr(layer, "lora_A", None) is not None]
            (layer,) = [one for one in place if one.lora_A["default"].weight is value]
            own = next(key for key, one in adapter.transformer.named_modules() if one is layer)
            merged.get_submodule(own).weight.data += (layer.lora_B["default"].weight @ value).detach()
    with torch.no_grad():
        camera = adapter.camera_encoder(example.guide[None], example.mask[None])
    told = Conditioning(example.text[None], negative[None], example.image[None], example.condition[None], camera)
    replica = Replica(merged, CPU, residual=torch.float32)
    texts = [told.text, told.negative_text]
    with at_work([replica]):
        hearing = replica.hear(told, texts)

        def velocity(latents, timestep):
            prompted, without = velocities([[hearing]], latents, timestep)
            return guided(prompted, without, guidance)

        wanted = denoise(velocity, noise_like(example.target, seed_of(7, "sample"))[None], noise_levels(3))
    assert error(got, wanted) <= 1e-4


def test_validation_is_the_same_each_time_and_leaves_no_trace():
    adapter = with_changes(small())
    state = torch.get_rng_state()

    losses = [validation_loss(adapter, Small(count=2)) for _ in range(2)]

    assert losses[0] == losses[1]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(value.grad is None for value in adapter.parameters())
    assert validation_loss(adapter, Small(count=1)) != losses[0] != validation_loss(small(), Small(count=2))


def test_moments_are_the_first_thirds_and_the_last_made_small():
    frames = np.repeat(np.arange(7, dtype=np.uint8), 512 * 300 * 3).reshape(7, 300, 512, 3)

    row = moments(frames)

    assert row.shape == (150, 4 * 256, 3)
    assert [int(row[0, 256 * place, 0]) for place in range(4)] == [0, 2, 4, 6]
    assert [set(np.unique(row[:, 256 * place : 256 * (place + 1)])) for place in range(4)] == [{0}, {2}, {4}, {6}]


def test_a_sheet_has_guide_completion_and_target_of_each_excerpt(new_adapter, wan_folder, tmp_path):
    vae, adapter, held_out = load_vae(wan_folder, torch.float32, CPU), new_adapter(), TinyExamples(count=3)

    sheet = sample_sheet(adapter, vae, held_out, count=2, steps=1, negative_text=None)
    write_sheet(tmp_path / "sheet.png", sheet)

    rows = [sheet[start : start + 32] for start in (0, 32, 64, 96 + GAP, 128 + GAP, 160 + GAP)]
    assert sheet.shape == (2 * 96 + GAP, 4 * 32, 3)
    assert not sheet[96 : 96 + GAP].any()
    for index, (guide, completed, target) in enumerate((rows[:3], rows[3:])):
        example = held_out.example(index, index)
        assert np.array_equal(guide, moments(latents_to_frames(vae, example.guide[None])))
        assert np.array_equal(completed, moments(latents_to_frames(vae, sample(adapter, example, 1))))
        assert np.array_equal(target, moments(latents_to_frames(vae, example.target[None])))
    assert np.array_equal(images.imread(tmp_path / "sheet.png"), sheet)


def test_no_more_is_shown_than_is_held_out(new_adapter, wan_folder):
    vae = load_vae(wan_folder, torch.float32, CPU)

    assert len(sample_sheet(new_adapter(), vae, TinyExamples(count=1), count=4, steps=1, negative_text=None)) == 96
