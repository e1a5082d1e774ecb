"""Weights that look as if they were here, graphics cards that look as if they were, and tiny weights that are real."""

from __future__ import annotations

from pathlib import Path

import pytest

from ex4d.engines import cards as graphics_cards
from ex4d.engines.cards import GraphicsCard
from ex4d.engines.options import EngineOptions
from ex4d.models import EX4D, VACE, WAN, Weights
from tests.synthesis.vace.tiny_vace import SIZE, write_tiny_vace

ON_CPU = EngineOptions(
    {"steps": 1, "guidance": 1.0, "size": SIZE, "window": 5, "overlap": 2, "compile": False}, device="cpu"
)
"""For tiny models."""


def set_cards(monkeypatch: pytest.MonkeyPatch, *names: str, memory_bytes: int = 150_000_000_000) -> None:
    """Let these cards be here, whatever is."""
    cards = tuple(GraphicsCard(name, memory_bytes, f"GPU-{index}") for index, name in enumerate(names))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(graphics_cards, "_cards_by_library", lambda: cards)
    monkeypatch.setattr(graphics_cards, "_cards_by_files", tuple)


def lay_down(weights: Weights, models: Path) -> None:
    """Put empty files where those of the first layout lie: enough to be found, not to be whole."""
    layout = weights.layouts[0]
    for name in (*layout.files_in(models / weights.name), *layout.for_prompts):
        file = models / weights.name / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")


def write_tiny_models(models: Path) -> Path:
    """Write tiny weights of both engines where ex4d looks for them in a folder of all weights; return it."""
    from tests.synthesis.wan.tiny_wan import write_tiny_wan

    tiny = write_tiny_wan(models / "made")
    (models / WAN.name).symlink_to(tiny.original)
    (models / EX4D.name).mkdir()
    (models / EX4D.name / "ex4d.ckpt").symlink_to(tiny.adapter)
    write_tiny_vace(models / VACE.name)
    return models
