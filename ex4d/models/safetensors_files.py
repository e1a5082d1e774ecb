"""Whether a safetensors file is whole, by its header alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_HEADER = 100_000_000
"""Bytes; the limit of the safetensors format."""


@dataclass(frozen=True)
class Header:
    """What the header of a file tells."""

    tensors: frozenset[str]
    """Their names; none where there is a fault."""
    fault: str | None
    """What is wrong with the file; None where it is whole."""


def read_header(file: Path) -> Header:
    """Read eight bytes of the header's length, and JSON that says where each tensor ends; tensors fill the rest."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            return Header(frozenset(), "is cut short, or no safetensors file")
        text = stream.read(length)
    try:
        ends = {name: _end_of(entry) for name, entry in json.loads(text).items() if name != "__metadata__"}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return Header(frozenset(), "is no safetensors file")
    whole = 8 + length + max(ends.values(), default=0)
    fault = None if size == whole else f"has {size:,} bytes where its header tells of {whole:,}"
    return Header(frozenset() if fault else frozenset(ends), fault)


def _end_of(entry: Any) -> int:
    _, end = entry["data_offsets"]
    return int(end)
