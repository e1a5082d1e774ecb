"""What a plan says of engines with weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from ex4d.engines.choice import chosen
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.models import EX4D, WAN
from ex4d.preflight.expectation import (
    SECONDS_PER_FORWARD,
    SECONDS_PER_WINDOW,
    SPEED_OF_CARDS,
    STREAMING_FACTOR,
    expected_of,
)
from tests.small_engines import lay_down, set_cards


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EX4D_MODELS", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def expected(frames: int, options: EngineOptions = AS_IS, engine: str = "ex4d"):
    found = expected_of(chosen(engine, options), frames, options)
    assert found is not None
    return found


def test_what_the_reference_does_takes_its_fifty_forwards() -> None:
    seconds = expected(49).seconds
    assert seconds == pytest.approx(50 * SECONDS_PER_FORWARD["reference"] + SECONDS_PER_WINDOW)


def test_time_is_of_the_measured_card_and_what_is_missing_is_told() -> None:
    found = expected(49)
    assert (found.device, found.where) == ("", "on an NVIDIA H200")
    assert any("cannot be made here" in note and "ex4d models pull ex4d" in note for note in found.notes)


def test_another_card_that_is_here_is_said_not_to_be_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for weights in (WAN, EX4D):
        lay_down(weights, tmp_path)
    set_cards(monkeypatch, "NVIDIA RTX 9000")
    assert expected(49).where == "on an NVIDIA H200; NVIDIA RTX 9000, which is here, was not measured"
    set_cards(monkeypatch, "NVIDIA H200 NVL")
    assert expected(49).where == "on an NVIDIA H200"


def test_longer_larger_and_unguided_shots_take_accordingly() -> None:
    whole = expected(49).seconds
    assert expected(49, EngineOptions({"guidance": 1.0})).seconds == pytest.approx((whole + SECONDS_PER_WINDOW) / 2)
    fast = expected(49, EngineOptions({"distilled": True})).seconds
    assert fast == pytest.approx(4 * SECONDS_PER_FORWARD["reference"] + SECONDS_PER_WINDOW)
    assert expected(49 + 40).seconds == pytest.approx(2 * whole)
    assert expected(49, EngineOptions({"size": (1024, 1024)})).seconds > 4 * whole


def test_time_is_shared_by_the_cards_that_a_shot_can_use_and_foretold_for_those_that_were_measured() -> None:
    whole = expected(49).seconds
    for asked in (2, 3):  # a shot cannot use three
        found = expected(49, EngineOptions({"devices": asked}))
        assert found.seconds == pytest.approx(whole / SPEED_OF_CARDS[2])
        assert found.where == "on 2 NVIDIA H200"
    four = expected(49, EngineOptions({"devices": 4}))
    assert four.seconds is None
    assert any("on 4 cards was not measured" in note for note in four.notes)


def test_streaming_costs_a_little_and_a_slower_bus_more() -> None:
    whole, streamed = expected(49), expected(49, EngineOptions({"vram_gb": 24.0}))
    forwards = 50 * SECONDS_PER_FORWARD["reference"]
    assert streamed.seconds == pytest.approx(forwards * STREAMING_FACTOR + SECONDS_PER_WINDOW)
    assert any("a slower one takes longer" in note for note in streamed.notes)
    assert not any("a slower one" in note for note in whole.notes)


def test_windows_and_padding_are_told() -> None:
    assert expected(46).words == "1 window, padded by 3 at 512x512"
    assert expected(120).words.startswith("3 windows of ")


def test_sizes_that_the_model_does_not_know_are_told() -> None:
    assert not any("knows" in note for note in expected(49).notes)
    assert any("ex4d knows 512x512" in note for note in expected(49, EngineOptions({"size": (832, 480)})).notes)
    assert not any("knows" in note for note in expected(49, engine="vace").notes)


def test_memory_is_planned_for_the_card_that_is_stated_or_the_measured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert expected(49).memory.startswith("everything stays on the card")
    stated = expected(49, EngineOptions({"vram_gb": 24.0}))
    assert "blocks on the card" in stated.memory
    assert expected(49, EngineOptions({"vram_gb": 6.0, "size": (1280, 1280)})).memory == ""
    assert any(
        "need a card of" in note for note in expected(49, EngineOptions({"vram_gb": 6.0, "size": (1280, 1280)})).notes
    )
    set_cards(monkeypatch, "NVIDIA RTX 4090", memory_bytes=25_757_220_864)
    assert expected(49).memory != "" and not expected(49).memory.startswith("everything")


def test_what_was_never_measured_has_no_time() -> None:
    assert expected(49, engine="vace").seconds is None


def test_mesh_has_nothing_to_tell() -> None:
    assert expected_of(chosen("mesh", AS_IS), 49, AS_IS) is None


def test_what_an_engine_refuses_is_foretold(monkeypatch: pytest.MonkeyPatch) -> None:
    set_cards(monkeypatch, *["NVIDIA H200"] * 4)
    options = EngineOptions({"devices": 4, "cache": 0.1})
    assert any("cache needs a card for all tokens" in note for note in expected(49, options).notes)
