"""Laws of what the transformer is told, held with the tiny checkpoint where the reference's results are not at hand."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import SynthesisError
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from ex4d.synthesis.wan.conditioning import (
    camera_latent,
    clip_pixels,
    colour_video,
    decode,
    encode,
    first_frame,
    image_condition,
    image_features,
    latents_to_frames,
    mask_video,
)
from ex4d.synthesis.wan.loading import load_image_encoder, load_vae
from ex4d.synthesis.wan.schedule import latent_shape
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.synthesis.wan.reference import CPU
from tests.synthesis.wan.tiny_wan import FEATURES, WIDTH

FRAMES, HEIGHT, WIDE = 5, 16, 32


def guide(seed=0):
    source = np.random.default_rng(seed)
    colour = source.integers(0, 256, (FRAMES, HEIGHT, WIDE, 3), dtype=np.uint8)
    return colour, source.random((FRAMES, HEIGHT, WIDE)) < 0.7


@pytest.fixture(scope="module")
def vae(tiny_wan):
    return load_vae(find_wan_folder(tiny_wan.original), torch.float32, CPU)


@pytest.fixture(scope="module")
def camera(tiny_wan):
    return CameraEncoder.of(read_adapter(tiny_wan.adapter).camera, features=WIDTH).float()


@cache
def every_byte():
    """One frame whose pixels are all the bytes there are."""
    return np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), 3, axis=3)


def test_the_first_frame_is_the_guides_or_a_level_less_or_more_and_rounded_to_the_bfloat16_grid():
    frame = first_frame(colour_video(every_byte(), np.ones((1, 16, 16), bool))).astype(int)
    apart = frame - every_byte()[0]

    assert set(np.unique(apart)) == {-1, 0, 1} or set(np.unique(apart)) == {-1, 0}
    assert (apart == -1).mean() > 0.2  # truncated, not rounded
    assert frame.min() == 0
    assert frame.max() == 255


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_holes_are_black_and_what_is_seen_is_the_colour(seed):
    colour, visible = guide(seed)
    video = colour_video(colour, visible)[0].permute(1, 2, 3, 0).numpy()

    assert (video[~visible] == -1).all()
    assert np.abs(video[visible] - (colour[visible] / 127.5 - 1)).max() <= 1 / 128
    assert np.array_equal(mask_video(visible)[0].numpy(), np.repeat(np.where(visible, 1, -3)[None], 3, axis=0))


def test_colours_pass_through_bfloat16_before_they_are_scaled():
    unit = (colour_video(*guide()) + 1) / 2

    assert torch.equal(unit.bfloat16().float(), unit)


def test_colours_under_holes_change_nothing(vae, camera):
    colour, visible = guide()
    other = np.where(visible[..., None], colour, 255 - colour)

    assert torch.equal(camera_latent(vae, camera, colour, visible), camera_latent(vae, camera, other, visible))


def test_the_camera_latent_hears_of_colour_and_of_mask(vae, camera):
    colour, visible = guide()
    told = camera_latent(vae, camera, colour, visible)
    fewer = visible.copy()
    fewer[0] = False

    assert told.shape == (1, WIDTH, 2, 1, 2)
    assert not torch.allclose(told, camera_latent(vae, camera, 255 - colour, visible))
    assert not torch.allclose(told, camera_latent(vae, camera, np.zeros_like(colour), fewer))


def test_a_frame_of_one_colour_is_one_colour_for_clip():
    pixels = clip_pixels(np.full((20, 30, 3), 255, np.uint8), 28)

    assert pixels.shape == (1, 3, 28, 28)
    assert pixels[0, :, 3, 5].tolist() == pytest.approx([1.9303, 2.0749, 2.1459], abs=1e-4)
    assert torch.allclose(pixels, pixels[:, :, :1, :1], atol=1e-5)


def test_clip_sees_a_smaller_frame_without_antialiasing():
    noise = np.random.default_rng(1).integers(0, 256, (112, 112, 3), dtype=np.uint8)

    assert clip_pixels(noise, 28).std() > 0.5 * clip_pixels(noise, 112).std()  # antialiased it would be a third


def test_clip_gives_features_for_each_patch_and_the_whole(tiny_wan):
    encoder = load_image_encoder(find_wan_folder(tiny_wan.original), torch.float32, CPU)
    last = encoder.vision_model if hasattr(encoder, "vision_model") else encoder
    features = image_features(encoder, guide()[0][0])
    with torch.no_grad():
        last.encoder.layers[-1].mlp.fc2.weight.zero_()

    assert features.shape == (1, 1 + 4, FEATURES)
    assert torch.equal(features, image_features(encoder, guide()[0][0]))  # the last layer is not asked


def test_the_image_condition_marks_the_latents_of_the_first_frame(vae):
    told = image_condition(vae, guide()[0][0], FRAMES)
    video = torch.zeros(1, 3, FRAMES, HEIGHT, WIDE)
    video[:, :, 0] = torch.from_numpy(guide()[0][0]).permute(2, 0, 1) / 127.5 - 1

    assert told[:, :4, 0].eq(1).all()
    assert told[:, :4, 1:].eq(0).all()
    assert torch.allclose(told[:, 4:], encode(vae, video), atol=1e-5)


def test_latents_are_normalised_by_the_vaes_own_numbers(vae):
    video = colour_video(*guide())
    raw = vae.encode(video).latent_dist.mode()
    ours = encode(vae, video)
    channel = 3
    mean, deviation = vae.config.latents_mean[channel], vae.config.latents_std[channel]

    assert ours.shape == latent_shape(FRAMES, WIDE, HEIGHT)
    assert torch.allclose(ours[:, channel] * deviation + mean, raw[:, channel], atol=1e-5)
    assert torch.allclose(decode(vae, ours), vae.decode(raw).sample.clamp(-1, 1), atol=1e-4)


def test_a_vae_that_gives_no_numbers_makes_no_black_frames(tiny_wan):
    vae = load_vae(find_wan_folder(tiny_wan.original), torch.float32, CPU)
    with torch.no_grad():
        vae.decoder.conv_out.bias[1] = torch.nan

    with pytest.raises(SynthesisError, match=r"the VAE gave numbers that are not finite; check the weights"):
        latents_to_frames(vae, torch.zeros(latent_shape(FRAMES, WIDE, HEIGHT)))


def test_frames_are_the_decoded_video_truncated_to_bytes(vae):
    latents = 3 * torch.randn(latent_shape(FRAMES, WIDE, HEIGHT), generator=torch.Generator().manual_seed(3))
    frames = latents_to_frames(vae, latents)
    exact = (decode(vae, latents)[0].permute(1, 2, 3, 0).numpy().astype(np.float64) + 1) * 127.5

    assert frames.shape == (FRAMES, HEIGHT, WIDE, 3)
    assert frames.std() > 5
    assert ((exact - frames > -1e-4) & (exact - frames < 1)).all()
