"""A preset's own words: its moves as its file has them, and how a shot uses it."""

from __future__ import annotations

import textwrap
from typing import Any

import yaml

from ex4d.shotlist.preset_file import Preset
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.yaml_text import LOADER


def camera_text(preset: Preset) -> str:
    """Return the lines of its moves, comments and layout as they are written."""
    text = bytes_of(preset.file).decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    document: Any = yaml.compose(text, Loader=LOADER)  # sound, as it was read: shallow, and a mapping
    key, moves = next((key, moves) for key, moves in document.value if key.value == "camera")
    written = text[key.start_mark.index : moves.end_mark.index]
    return textwrap.dedent(" " * key.start_mark.column + written).rstrip()


def usage(preset: Preset) -> str:
    """Return the lines with which a shot uses it, its parameters at their defaults."""
    lines = ["camera:", f"  - use: {preset.identity}"]
    if preset.params:
        values = ", ".join(f"{name}: {parameter.default}" for name, parameter in preset.params.items())
        lines.append(f"    with: {{{values}}}")
    return "\n".join(lines)
