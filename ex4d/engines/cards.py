"""Which NVIDIA graphics cards this process may use, found without loading anything heavy."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DRIVER = Path("/proc/driver/nvidia/gpus")
"""Where the driver lists its cards on Linux."""
PART = "MIG-"
"""How the names of parts begin that a card is divided into."""


@dataclass(frozen=True)
class GraphicsCard:
    """One card."""

    name: str
    """As its maker calls it."""
    memory_bytes: int | None = None
    """That it holds; None where only its name is known."""
    uuid: str = ""


def graphics_cards() -> tuple[GraphicsCard, ...]:
    """Return the cards that ``CUDA_VISIBLE_DEVICES`` leaves to this process, in its order; none where there are none.

    The driver's library tells, by nvidia-ml-py where that is installed, else its files under /proc. Both count cards by
    their places in the machine; see :func:`count_by_place`.
    """
    return _visible(_cards_by_library() or _cards_by_files())


def count_by_place() -> None:
    """Let CUDA, which has to be started yet, count cards by their places as the driver does, and not by their speed.

    A user who said how to count them is heard.
    """
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")


def _cards_by_library() -> tuple[GraphicsCard, ...]:
    try:
        import pynvml
    except ImportError:
        return ()
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        try:
            return tuple(_card(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
        finally:
            pynvml.nvmlShutdown()
    return ()


def _card(library: Any, index: int) -> GraphicsCard:
    handle = library.nvmlDeviceGetHandleByIndex(index)
    memory = library.nvmlDeviceGetMemoryInfo(handle).total
    return GraphicsCard(library.nvmlDeviceGetName(handle), memory, library.nvmlDeviceGetUUID(handle))


def _cards_by_files() -> tuple[GraphicsCard, ...]:
    with suppress(OSError):
        texts = [(card / "information").read_text(encoding="utf-8") for card in sorted(DRIVER.iterdir())]
        lines = [line.partition(":") for text in texts for line in text.splitlines()]
        return tuple(GraphicsCard(value.strip()) for key, _, value in lines if key.strip() == "Model")
    return ()


def _visible(cards: tuple[GraphicsCard, ...]) -> tuple[GraphicsCard, ...]:
    """Keep what CUDA will see: it counts up to the first entry that names no card; of parts of cards it sees one."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return cards
    if cards and chosen.strip().startswith(PART):
        return (GraphicsCard(chosen.partition(",")[0].strip()),)
    found: list[GraphicsCard] = []
    for entry in chosen.split(","):
        named = [
            card
            for index, card in enumerate(cards)
            if entry.strip() == str(index) or (card.uuid and entry.strip() and card.uuid.startswith(entry.strip()))
        ]
        if len(named) != 1:
            break
        found += named
    return tuple(found)
