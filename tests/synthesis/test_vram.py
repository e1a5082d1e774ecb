"""Plans stay within the card, whatever the card and the work, and more card is never worse."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ex4d.errors import SynthesisError
from ex4d.synthesis.settings import VRAM_TIERS, DiffusionSettings
from ex4d.synthesis.vram import CONTEXT, GB, MARGIN, SLOTS, WAN_14B, MemoryPlan, plan_memory, token_count

PRECISIONS = ("reference", "bf16", "fp8")


WORKS = st.fixed_dictionaries(
    {
        "guidance": st.sampled_from([1.0, 5.0]),
        "size": st.tuples(*[st.integers(1, 128).map(lambda tokens: 16 * tokens)] * 2),
        "window": st.integers(1, 40).map(lambda latents: 4 * latents + 1),
        "overlap": st.just(1),
        "precision": st.sampled_from(PRECISIONS),
        "compile": st.booleans(),
        "cache": st.sampled_from([0.0, 0.1]),
        "distilled": st.booleans(),
        "devices": st.sampled_from([1, 2]),
    }
)
"""What a user may ask for."""
CARDS = st.floats(6, 200)
laws = settings(derandomize=True, deadline=None, max_examples=60)


def planned(work: DiffusionSettings, card_gb: float) -> MemoryPlan | None:
    """Return the plan, or None where there is none."""
    try:
        return plan_memory(WAN_14B, work, float(card_gb * GB))
    except SynthesisError:
        return None


@laws
@given(WORKS, CARDS)
def test_every_stage_leaves_the_margin_free(asked, card_gb):
    work = DiffusionSettings(**asked)
    plan = planned(work, card_gb)
    assume(plan)

    over = {stage.name: stage.bytes / GB for stage in plan.stages if stage.bytes > card_gb * GB - MARGIN + 1}
    assert not over
    assert plan.peak_gb == max(stage.bytes for stage in plan.stages) / GB


@settings(derandomize=True, deadline=None, max_examples=8)
@given(WORKS)
def test_a_bigger_card_holds_no_less(asked):
    work = DiffusionSettings(**asked)
    plans = [planned(work, 6 + step / 2) for step in range(2 * 120)]
    held = [plan for plan in plans if plan]

    assert plans[len(plans) - len(held) :] == held, "what fits a card fits a bigger one"
    for smaller, bigger in pairwise(held):
        assert bigger.resident_blocks >= smaller.resident_blocks
        assert bigger.host_bytes <= smaller.host_bytes
        assert bigger.all_on_card >= smaller.all_on_card
        assert bigger.keep_memories >= smaller.keep_memories
        assert bigger.tile_vae <= smaller.tile_vae


@laws
@given(WORKS, CARDS)
def test_what_is_streamed_needs_its_rooms_and_what_stays_does_not(asked, card_gb):
    work = DiffusionSettings(**asked)
    plan = planned(work, card_gb)
    assume(plan)

    assert 0 <= plan.resident_blocks <= plan.blocks == WAN_14B.blocks
    assert plan.all_on_card == (plan.resident_blocks == plan.blocks) == (plan.host_bytes == 0)
    block = WAN_14B.block * (1 if work.precision == "fp8" else 2)
    rooms = plan.resident_blocks + SLOTS * (not plan.all_on_card)
    denoising = {stage.name: stage.bytes for stage in plan.stages}["denoising"]
    assert denoising >= CONTEXT + rooms * block + 2 * WAN_14B.rest
    assert plan.all_on_card or plan.host_bytes == plan.blocks * block


@laws
@given(WORKS, CARDS)
def test_models_that_stay_are_in_every_stage(asked, card_gb):
    """The next shot's prompt comes while they are there."""
    work = DiffusionSettings(**asked)
    plan = planned(work, card_gb)
    assume(plan)

    stay = 2 * WAN_14B.rest
    if plan.all_on_card:
        stay += WAN_14B.blocks * WAN_14B.block * (1 if work.precision == "fp8" else 2)
        stay += 2 * (WAN_14B.vae + WAN_14B.image_encoder)
    text = WAN_14B.text_embedding if plan.stream_text_encoder else WAN_14B.text_encoder
    stages = {stage.name: stage.bytes for stage in plan.stages}
    assert stages["prompt"] >= CONTEXT + stay + 2 * text
    assert stages["guide"] >= CONTEXT + stay + 2 * (WAN_14B.vae + WAN_14B.image_encoder) * (not plan.all_on_card)


@laws
@given(WORKS, st.floats(1, 7))
def test_a_card_that_is_too_small_is_told_one_that_is_not(asked, card_gb):
    work = DiffusionSettings(**asked)
    assume(not planned(work, card_gb))

    with pytest.raises(SynthesisError) as told:
        plan_memory(WAN_14B, work, float(card_gb * GB))

    said = re.search(r"need a card of (\d+) GB, this one is taken to have ([\d.]+) GB: choose", str(told.value))
    assert float(said[1]) > card_gb
    assert planned(work, float(said[1]))
    assert not planned(work, float(said[1]) - 1), "one gigabyte less would do, too"
    assert f"{work.window} frames of {work.size[0]}x{work.size[1]}" in str(told.value)
    assert ("fp8" in str(told.value)) == (work.precision != "fp8")


@laws
@given(WORKS, CARDS)
def test_float8_holds_no_less_than_bfloat16_and_that_no_less_than_the_reference(asked, card_gb):
    work = DiffusionSettings(**asked)
    plans = [planned(replace(work, precision=precision), card_gb) for precision in PRECISIONS]
    held = [-1 if plan is None else plan.resident_blocks for plan in plans]

    assert held == sorted(held)


def test_float8_needs_less_than_bfloat16():
    bf16, fp8 = (planned(DiffusionSettings(precision=precision), 200) for precision in ("bf16", "fp8"))

    assert bf16.peak_gb - fp8.peak_gb == pytest.approx(WAN_14B.blocks * WAN_14B.block / GB)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("card_gb", VRAM_TIERS)
def test_every_card_of_the_tiers_plans_what_ex4d_was_trained_at(card_gb, precision):
    work = DiffusionSettings(precision=precision)

    plan = plan_memory(WAN_14B, work, float(card_gb * GB))

    assert (work.size, work.window) == ((512, 512), 49)
    assert plan.peak_gb <= card_gb - 1
    assert not plan.tile_vae


def test_a_card_of_80_gb_holds_everything():
    assert planned(DiffusionSettings(), 80).all_on_card
    assert planned(DiffusionSettings(precision="fp8"), 48).all_on_card
    assert not planned(DiffusionSettings(), 30).all_on_card


def test_tokens_are_counted_as_the_transformer_does():
    assert token_count(DiffusionSettings()) == 13 * 32 * 32
    assert token_count(DiffusionSettings(size=(832, 480), window=81)) == 21 * 52 * 30


def test_a_plan_says_what_it_does():
    assert planned(DiffusionSettings(), 48).in_words() == "everything stays on the card, about 42 GB"
    assert planned(DiffusionSettings(), 12).in_words() == (
        "7 of 40 blocks on the card, the others streamed from 32 GB of host memory, the text encoder streamed; "
        "about 10.5 GB"
    )
