"""EX-4D's camera encoder comes from its file, and is refused where it does not fit."""

import pytest
import torch

from ex4d.errors import UserError
from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from tests.synthesis.wan.lora_files import written
from tests.synthesis.wan.tiny_wan import WIDTH, lora_tensors


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
