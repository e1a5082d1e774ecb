"""What the transformer is told of the guide is what EX-4D's own code makes of it, to the bit where it rounds."""

from functools import cache

import numpy as np
import torch

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
from tests.synthesis.wan.reference import CPU, TOLERANCE, adapter_file, error, golden, wan_folder


@cache
def vae():
    return load_vae(wan_folder(), torch.float32, CPU)


def guide():
    return golden()["colour"].numpy(), golden()["visible"].numpy()


def test_colours_enter_the_vae_through_bfloat16_with_black_holes():
    assert torch.equal(colour_video(*guide()), golden()["vae_input_colour"])


def test_the_mask_enters_the_vae_scaled_twice():
    assert torch.equal(mask_video(guide()[1]), golden()["vae_input_mask"])


def test_the_first_frame_is_truncated_to_bytes():
    ours = first_frame(colour_video(*guide()))

    assert np.array_equal(ours, golden()["first_frame"].numpy())
    assert not np.array_equal(ours, guide()[0][0])  # the guide's own bytes would not do


def test_clip_gets_the_references_pixels_and_gives_its_features():
    frame = golden()["first_frame"].numpy()
    encoder = load_image_encoder(wan_folder(), torch.float32, CPU)

    assert error(clip_pixels(frame, 224), golden()["clip_pixels"]) < TOLERANCE
    assert error(image_features(encoder, frame), golden()["clip_features"]) < TOLERANCE


def test_the_image_condition_is_the_references():
    frame = golden()["first_frame"].numpy()

    assert error(image_condition(vae(), frame, len(guide()[0])), golden()["image_condition"]) < TOLERANCE


def test_the_latents_of_colour_and_mask_are_the_references():
    assert error(encode(vae(), colour_video(*guide())), golden()["colour_latent"]) < TOLERANCE
    assert error(encode(vae(), mask_video(guide()[1])), golden()["mask_latent"]) < TOLERANCE


def test_the_camera_latent_is_the_references():
    encoder = CameraEncoder.of(read_adapter(adapter_file()).camera, features=32).float()

    assert error(camera_latent(vae(), encoder, *guide()), golden()["camera_latent"]) < TOLERANCE


def test_the_video_of_latents_is_the_references():
    assert error(decode(vae(), golden()["final_latents"]), golden()["decoded"]) < TOLERANCE


def test_the_frames_are_the_references_to_a_level():
    ours = latents_to_frames(vae(), golden()["final_latents"]).astype(int)
    apart = np.abs(ours - golden()["frames"].numpy().astype(int))

    assert apart.max() <= 1
    assert (apart > 0).mean() <= 0.001
