"""The published models' sizes are read from the published shapes alone."""

import torch
from diffusers import WanTransformer3DModel
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from ex4d.synthesis.wan.model_sizes import image_encoder_sizes, text_encoder_sizes, transformer_sizes

TRANSFORMER = {
    "patch_size": (1, 2, 2), "num_attention_heads": 40, "attention_head_dim": 128, "in_channels": 36,
    "out_channels": 16, "text_dim": 4096, "freq_dim": 256, "ffn_dim": 13824, "num_layers": 40, "image_dim": 1280,
    "added_kv_proj_dim": 5120, "cross_attn_norm": True, "eps": 1e-6,
}  # fmt: skip
IMAGE_ENCODER = {
    "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16,
    "patch_size": 14, "image_size": 224, "hidden_act": "gelu", "layer_norm_eps": 1e-5,
}  # fmt: skip
TEXT_ENCODER = {
    "vocab_size": 256384, "d_model": 4096, "d_ff": 10240, "d_kv": 64, "num_heads": 64, "num_layers": 24,
    "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128, "layer_norm_epsilon": 1e-6,
    "feed_forward_proj": "gated-gelu", "dropout_rate": 0.0,
}  # fmt: skip


def shapes(model):
    return {name: tuple(one.shape) for name, one in model.named_parameters()}


def test_wan_2_1_i2v_14b():
    with torch.device("meta"):
        made = shapes(WanTransformer3DModel(**TRANSFORMER))

    assert len(made) == 1303
    assert transformer_sizes(made, {}) == TRANSFORMER
    assert transformer_sizes(made, {"num_heads": 20})["attention_head_dim"] == 256


def test_clip_vit_h():
    with torch.device("meta"):
        made = shapes(CLIPVisionModel(CLIPVisionConfig(**IMAGE_ENCODER)))

    assert image_encoder_sizes(made, {}) == IMAGE_ENCODER


def test_umt5_xxl():
    with torch.device("meta"):
        made = shapes(UMT5EncoderModel(UMT5Config(**TEXT_ENCODER)))

    assert text_encoder_sizes(made, {}) == TEXT_ENCODER
