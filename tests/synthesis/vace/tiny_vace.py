"""A tiny VACE in the Diffusers layout: real loading, real shapes, meaningless pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SIZE = (48, 32)
"""Width and height that its tests work at."""
LETTERS = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), ("▁", -3.0)] + [(c, -4.0) for c in "abcdefghijklmnop,."]


def write_tiny_vace(folder: Path) -> Path:
    """Write the folder, with seeded weights; return it."""
    import torch
    from diffusers import UniPCMultistepScheduler, WanVACEPipeline
    from diffusers.utils import logging
    from transformers import T5TokenizerFast

    logging.disable_progress_bar()
    torch.set_num_threads(1)  # so small a network works less than its threads wait for one another on a busy machine
    with torch.random.fork_rng():
        torch.manual_seed(3)
        text_encoder, vae, transformer = _networks()
    WanVACEPipeline(
        tokenizer=T5TokenizerFast(vocab=LETTERS, extra_ids=0),
        text_encoder=text_encoder,
        vae=vae,
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=9.0),
        transformer=transformer,
    ).save_pretrained(folder)
    return folder


def _networks():
    import torch
    from diffusers import AutoencoderKLWan, WanVACETransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    text_encoder = UMT5EncoderModel(
        UMT5Config(vocab_size=len(LETTERS), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    )
    vae = AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    transformer = WanVACETransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, text_dim=16, freq_dim=32, ffn_dim=32, num_layers=2,
        rope_max_seq_len=32, vace_layers=[0], vace_in_channels=2 * 16 + 8 * 8,
    )  # fmt: skip
    with torch.no_grad():
        transformer.proj_out.weight.mul_(8)  # so that what it does shows in whole levels
        vae.decoder.conv_out.weight.mul_(8)
    return text_encoder, vae, transformer


def tiny_guide(*, frames: int = 5, seed: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """Return colour and visibility of seeded noise with a hole from its second frame on; black in the hole."""
    width, height = SIZE
    colour = np.random.default_rng(seed).integers(1, 256, (frames, height, width, 3), np.uint8)
    visible = np.ones((frames, height, width), np.bool_)
    visible[1:, 8:24, 8:32] = False
    return colour * visible[..., None], visible
