"""Which graphics cards a process may use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ex4d import graphics_cards
from ex4d.graphics_cards import graphics_cards as found
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
        "import sys; from ex4d.engine_choice import chosen; from ex4d.engine_options import AS_IS\n"
        "chosen('auto', AS_IS); chosen('ex4d', AS_IS); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
