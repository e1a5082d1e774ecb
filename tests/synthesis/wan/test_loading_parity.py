"""Models loaded from the original layout give what EX-4D's own modules give with the same files."""

import pytest
import torch
from torch.nn.functional import pad

from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from ex4d.synthesis.wan.loading import load_image_encoder, load_text_encoder, load_transformer, load_vae
from tests.synthesis.wan.reference import CPU, TOLERANCE, adapter_file, error, golden, wan_folder


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.inference_mode():
        yield


def velocity(transformer):
    given = golden()
    text = given["prompt_features"]
    return transformer(
        hidden_states=torch.cat([given["noise_seed0"], given["image_condition"]], dim=1),
        timestep=given["forward_timestep"],
        encoder_hidden_states=pad(text, (0, 0, 0, 512 - len(text)))[None],
        encoder_hidden_states_image=given["clip_features"],
        return_dict=False,
    )[0]


def transformer(*adapters, fuse=True):
    return load_transformer(wan_folder(), adapters, dtype=torch.float32, device_of=lambda _: CPU, fuse=fuse)


def with_camera(loaded):
    camera = golden()["camera_latent"]
    loaded.patch_embedding.register_forward_hook(lambda _module, _given, out: out + camera)
    return loaded


def test_the_transformer_alone_is_the_references():
    assert error(velocity(transformer()), golden()["forward_base"]) < TOLERANCE


def test_the_camera_latent_after_the_patches_is_the_references():
    assert error(velocity(with_camera(transformer())), golden()["forward_camera"]) < TOLERANCE


@pytest.mark.parametrize("fuse", [True, False])
def test_the_lora_is_the_references_fused_or_beside_the_layers(fuse):
    loaded = with_camera(transformer(read_adapter(adapter_file()), fuse=fuse))

    assert error(velocity(loaded), golden()["forward_camera_lora"]) < TOLERANCE


def test_the_image_encoder_is_the_references():
    encoder = load_image_encoder(wan_folder(), torch.float32, CPU)
    features = encoder(golden()["clip_pixels"], output_hidden_states=True).hidden_states[-2]

    assert error(features, golden()["clip_features"]) < TOLERANCE


@pytest.mark.parametrize("which", ["prompt", "negative"])
def test_the_text_encoder_is_the_references(which):
    ids, mask = golden()[f"{which}_ids"], golden()[f"{which}_mask"]
    encoder = load_text_encoder(wan_folder(), torch.float32, CPU)
    features = encoder(input_ids=ids, attention_mask=mask).last_hidden_state[0, : int(mask.sum())]

    assert error(features, golden()[f"{which}_features"]) < TOLERANCE


def test_the_camera_encoder_is_the_references():
    camera = read_adapter(adapter_file()).camera
    encoder = CameraEncoder.of(camera, features=32).float()

    assert error(encoder(golden()["colour_latent"], golden()["mask_latent"]), golden()["camera_latent"]) < TOLERANCE


def test_the_vae_is_the_references():
    vae = load_vae(wan_folder(), torch.float32, CPU)
    mean = torch.tensor(vae.config.latents_mean).view(1, -1, 1, 1, 1)
    deviation = torch.tensor(vae.config.latents_std).view(1, -1, 1, 1, 1)
    latents = vae.encode(golden()["vae_input_colour"]).latent_dist.mode()

    assert error((latents - mean) / deviation, golden()["colour_latent"]) < TOLERANCE
    assert error(vae.decode(golden()["final_latents"] * deviation + mean).sample.clamp(-1, 1), golden()["decoded"]) < (
        TOLERANCE
    )
