"""What memory is planned for is what the published models are; they are made here without a byte of weights."""

from dataclasses import asdict

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from ex4d.synthesis.vram import WAN_14B
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from tests.synthesis.wan.test_model_sizes import IMAGE_ENCODER, TEXT_ENCODER, TRANSFORMER

CAMERA = (32, 1024, 5120)
"""Channels, hidden and features of EX-4D's camera encoder."""
PATCHES, WORDS = 257, 512
"""That cross-attention reads, of the picture and of the prompt."""


def parameters(model):
    """Count a model's parameters, each once."""
    return sum(one.numel() for one in model.parameters())


def test_every_count_is_that_of_the_published_models():
    with torch.device("meta"):
        transformer, camera_encoder = WanTransformer3DModel(**TRANSFORMER), CameraEncoder(*CAMERA)
        image_encoder = CLIPVisionModel(CLIPVisionConfig(**IMAGE_ENCODER))
        text_encoder = UMT5EncoderModel(UMT5Config(**TEXT_ENCODER))
        vae = AutoencoderKLWan()

    assert asdict(WAN_14B) == {
        "blocks": len(transformer.blocks),
        "block": max(map(parameters, transformer.blocks)),
        "rest": parameters(transformer) - parameters(transformer.blocks) + parameters(camera_encoder),
        "features": camera_encoder.latent_patch_embedding.out_channels,
        "feed_forward": transformer.config.ffn_dim,
        "context": PATCHES + WORDS,
        "text_encoder": parameters(text_encoder),
        "text_embedding": max(parameters(part) for part in text_encoder.modules() if not list(part.children())),
        "image_encoder": parameters(image_encoder),
        "vae": parameters(vae),
    }


def test_all_blocks_are_alike():
    with torch.device("meta"):
        blocks = WanTransformer3DModel(**TRANSFORMER).blocks

    assert {parameters(block) for block in blocks} == {WAN_14B.block}
    assert not [name for name, _ in blocks.named_buffers()], "buffers would travel, too"
