"""Weights go where the card has room, and the frames stay the same."""

from types import SimpleNamespace

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
from ex4d.synthesis.vace.placement import arrange, choose_placement, counted_on_gb, place
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


@settings(derandomize=True)
@given(st.floats(6, 200), st.integers(6, 200))
def test_what_is_stated_counts_up_to_what_the_card_has(stated, card):
    assert counted_on_gb(stated, card * 10**9) == min(stated, card)
    assert counted_on_gb(None, card * 10**9) == card


def test_the_user_is_told_gigabytes_of_a_thousand_millions_and_no_more_than_there_are(tiny_vace, monkeypatch):
    told = []
    card = SimpleNamespace(total_memory=24 * 10**9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: card)
    pipeline = load_pipeline(tiny_vace, torch.float32, shift=3.0)
    pipeline.transformer.proj_out.weight = torch.nn.Parameter(torch.empty(5 * 10**9, device="meta"))
    monkeypatch.setattr("ex4d.synthesis.vace.placement.arrange", lambda *_: None)
    place(
        pipeline,
        torch.device("cuda"),
        DiffusionSettings(vram_gb=48.0, compile=False),
        SimpleNamespace(begin=SILENT.begin, advance=SILENT.advance, say=told.append),
    )

    assert told == [
        "20.0 GB of weights, 24.0 GB card: text encoder, transformer and VAE take turns on the card; "
        "the VAE works in tiles"
    ]


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
