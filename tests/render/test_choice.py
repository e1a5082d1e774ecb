"""Rasterizers by name."""

import sys
from importlib.util import find_spec

import pytest

from ex4d.errors import MissingPart
from ex4d.progress import SILENT
from ex4d.render.choice import open_rasterizer
from ex4d.render.cpu_rasterizer import CpuRasterizer


def test_cpu_opens_anywhere():
    """And imports nothing of nvdiffrast's."""
    assert isinstance(open_rasterizer("cpu", SILENT), CpuRasterizer)
    assert "ex4d.render.nvdiffrast_rasterizer" not in sys.modules or find_spec("nvdiffrast")


@pytest.mark.skipif(find_spec("nvdiffrast") is not None, reason="nvdiffrast is installed")
def test_what_nvdiffrast_lacks_is_said_with_the_way_to_get_it_and_its_licence():
    """A user who asks for it gets no other rasterizer instead."""
    with pytest.raises(MissingPart) as missing:
        open_rasterizer("nvdiffrast", SILENT)
    text = str(missing.value)

    assert "nvdiffrast: not installed" in text
    assert "pip install git+https://github.com/NVlabs/nvdiffrast --no-build-isolation" in text
    assert "non-commercial" in text


@pytest.mark.parametrize("installed", ["torch", "triton", "nvdiffrast"])
def test_each_missing_part_is_named(monkeypatch, installed):
    """All of them at once, and not what is there."""
    there = {installed}
    monkeypatch.setattr("ex4d.render.choice.find_spec", lambda part: object() if part in there else None)
    with pytest.raises(MissingPart) as missing:
        open_rasterizer("nvdiffrast", SILENT)
    named = str(missing.value).split(":")[0].removeprefix("the rasterizer nvdiffrast needs ").split(", ")

    assert set(named) == {"torch", "triton", "nvdiffrast"} - there


def test_without_a_card_the_cause_is_told(monkeypatch):
    """Everything is installed, and the first thing that asks for a card fails."""
    monkeypatch.setattr("ex4d.render.choice.find_spec", lambda part: object())
    monkeypatch.setitem(sys.modules, "ex4d.render.nvdiffrast_rasterizer", _NoCard)
    with pytest.raises(MissingPart, match="cannot start: no NVIDIA driver"):
        open_rasterizer("nvdiffrast", SILENT)


def test_the_licence_is_told_once_it_is_opened(monkeypatch):
    """Through the progress, as every choice that has a consequence."""
    monkeypatch.setattr("ex4d.render.choice.find_spec", lambda part: object())
    monkeypatch.setitem(sys.modules, "ex4d.render.nvdiffrast_rasterizer", _Card)
    listener = _Listener()
    open_rasterizer("nvdiffrast", listener)

    assert len(listener.heard) == 1
    assert "non-commercial" in listener.heard[0]


def _without_driver() -> None:
    raise RuntimeError("no NVIDIA driver")


class _NoCard:
    NvdiffrastRasterizer = staticmethod(_without_driver)


class _Card:
    NvdiffrastRasterizer = CpuRasterizer


class _Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def say(self, text: str) -> None:
        self.heard.append(text)
