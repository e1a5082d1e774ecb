"""Which graphics cards a process may use."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ex4d.engines import cards as graphics_cards
from ex4d.engines.cards import graphics_cards as found
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.engines.run import Engines
from ex4d.progress import Progress
from ex4d.setups import set_up_all
from ex4d.shotlist.model import Output
from ex4d.synthesis.synthesizer import Synthesizer
from tests.small_engines import set_cards


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        ("0,1", ["A", "B"]),
        ("1", ["B"]),
        ("1,0", ["B", "A"]),
        ("GPU-1", ["B"]),
        ("0,7,1", ["A"]),  # CUDA stops at what it does not know
        ("", []),
        ("-1", []),
    ],
)
def test_what_is_hidden_from_cuda_is_not_here(visible: str, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    set_cards(monkeypatch, "A", "B")
    assert [card.name for card in found()] == ["A", "B"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [card.name for card in found()] == names


@pytest.mark.parametrize("visible", ["MIG-1f2e", "MIG-1f2e,MIG-3d4c", "MIG-GPU-1/2/0"])
def test_a_part_of_a_card_is_one_card_of_which_nothing_is_known(visible: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_cards(monkeypatch, "A", "B")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert found() == (graphics_cards.GraphicsCard(visible.partition(",")[0]),)
    set_cards(monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert found() == ()


def test_cuda_counts_cards_as_the_driver_does_unless_the_user_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    graphics_cards.count_by_place()
    assert os.environ["CUDA_DEVICE_ORDER"] == "FASTEST_FIRST"
    monkeypatch.delenv("CUDA_DEVICE_ORDER")
    order: list[str | None] = []

    def opened(options: EngineOptions, progress: Progress) -> Synthesizer:
        order.append(os.environ.get("CUDA_DEVICE_ORDER"))
        return ENGINES["mesh"].open(options, progress)

    Engines(AS_IS).opened(replace(ENGINES["mesh"], open=opened))
    assert order == ["PCI_BUS_ID"]


def test_cuda_counts_cards_so_before_depth_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "")
    monkeypatch.delenv("CUDA_DEVICE_ORDER")
    assert set_up_all([], Output()) == []
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_the_drivers_files_tell_where_its_library_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_cards(monkeypatch)
    monkeypatch.undo()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(graphics_cards, "DRIVER", tmp_path)
    assert found() == ()
    (tmp_path / "0000:01:00.0").mkdir()
    (tmp_path / "0000:01:00.0" / "information").write_text("Model: \t\t NVIDIA H200\nIRQ: 7\n", encoding="utf-8")
    assert [(card.name, card.memory_bytes) for card in found()] == [("NVIDIA H200", None)]


def test_looking_imports_no_torch() -> None:
    code = (
        "import sys; from ex4d.engines.choice import chosen; from ex4d.engines.options import AS_IS\n"
        "chosen('auto', AS_IS); chosen('ex4d', AS_IS); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
