"""The engine with tiny weights on graphics cards, beside itself on the CPU."""

import numpy as np
import pytest
import torch

from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.vram import GB, WAN_14B, plan_memory
from tests.synthesis.wan.films import engine_of, levels, window_of

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("prompts_folder")]
needs_cards = [pytest.mark.skipif(torch.cuda.device_count() < n, reason=f"needs {n} CUDA devices") for n in range(3)]


@needs_cards[1]
@pytest.mark.parametrize("precision", ["reference", "bf16"])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_cards_frames_are_near_those_of_float32(tiny_wan, exact, precision, compiled):
    """On a card every model is bfloat16; 2.5 levels in the mean are what that costs on the CPU, too."""
    got = window_of(engine_of(tiny_wan, devices=("cuda:0",), precision=precision, compile=compiled))

    assert levels(got, exact).mean() < 2.5


@needs_cards[2]
def test_two_cards_are_one(tiny_wan):
    one, two = (window_of(engine_of(tiny_wan, devices=("cuda:0", "cuda:1")[:count], compile=False)) for count in (1, 2))

    np.testing.assert_array_equal(two, one)


@needs_cards[1]
def test_a_stated_size_of_the_card_changes_no_bit(tiny_wan):
    size, frames = (384, 384), 13
    changes = {"size": size, "window": frames, "compile": False, "devices": ("cuda:0",)}
    asked = DiffusionSettings(size=size, window=frames, overlap=1, compile=False, vram_gb=6)
    plan = plan_memory(WAN_14B, asked, float(6 * GB))
    assert plan.resident_blocks < 2 and not plan.tile_vae, "else nothing streams, or the VAE does other work"

    usual = window_of(engine_of(tiny_wan, **changes), size, frames=frames)
    try:
        streamed = engine_of(tiny_wan, vram_gb=6, **changes)
        first, again = (window_of(streamed, size, frames=frames) for _ in range(2))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, 0)

    np.testing.assert_array_equal(first, usual)
    np.testing.assert_array_equal(again, usual)
