"""Weights go where the card has room, and the frames stay the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.progress import SILENT
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.synthesis.vace.engine import WindowCompleter
from ex4d.synthesis.vace.loading import load_pipeline
from ex4d.synthesis.vace.placement import arrange, choose_placement
from tests.synthesis.vace.tiny_vace import SIZE, tiny_guide

PARTS_GB = {"transformer": 4.3, "vae": 0.5, "text_encoder": 11.4}
"""About what Wan2.1-VACE-1.3B weighs."""
SLOWNESS = ("resident", "by turns", "streamed")


@pytest.mark.parametrize(("card", "placement"), [(48.0, 0), (24.0, 0), (16.0, 1), (12.0, 2), (8.0, 2)])
def test_each_card_has_its_placement(card, placement):
    assert choose_placement(PARTS_GB, card, (512, 512)) == SLOWNESS[placement]


@settings(derandomize=True)
@given(
    st.floats(6, 200), st.floats(0, 50), st.integers(1, 80), st.integers(0, 80),
    st.dictionaries(st.sampled_from(sorted(PARTS_GB)), st.floats(0, 50), min_size=1),
)  # fmt: skip
def test_more_room_or_less_to_do_is_never_slower(card, more, side, wider, parts):
    def slowness(card, width):
        return SLOWNESS.index(choose_placement(parts, card, (16 * width, 16 * side)))

    assert slowness(card + more, side) <= slowness(card, side) <= slowness(card, side + wider)


def frames(folder, placement, device):
    pipeline = load_pipeline(folder, torch.float32, shift=3.0)
    arrange(pipeline, torch.device(device), placement)
    settings = DiffusionSettings(steps=1, guidance=1.0, size=SIZE)
    return WindowCompleter(pipeline, settings, SynthesisRequest(), SILENT)(*tiny_guide(), 0)


def test_streamed_layers_give_the_frames_that_resident_ones_give(tiny_vace):
    np.testing.assert_array_equal(frames(tiny_vace, "streamed", "cpu"), frames(tiny_vace, "resident", "cpu"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("placement", ["by turns", "streamed"])
def test_on_a_card_every_placement_gives_the_frames_of_the_resident_one(tiny_vace, placement):
    np.testing.assert_array_equal(frames(tiny_vace, placement, "cuda"), frames(tiny_vace, "resident", "cuda"))
