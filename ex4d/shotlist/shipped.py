"""Where the files that come with ex4d lie: built-in presets and example shot lists."""

from __future__ import annotations

import re
from pathlib import Path

from ex4d.errors import MissingPart
from ex4d.shotlist.other_words import normal


def shipped(name: str) -> Path:
    """Return the folder ``trajectories`` or ``shots``: of an installed wheel, else of the checkout.

    Raises:
        MissingPart: where neither has it.
    """
    package = Path(__file__).parents[1]
    for home in (package / "_shipped", package.parent):
        if (home / name).is_dir():
            return home / name
    raise MissingPart(f"the folder {name!r} that comes with ex4d is not there; install ex4d again")


def preset_called(word: str) -> str:
    """Return ``; that is a preset: …`` where a built-in one has this name; nothing where none has."""
    name = normal(word)
    known = re.fullmatch("[a-z0-9-]+", name) and (shipped("trajectories") / name).is_dir()
    return f"; that is a preset: write use: {name}" if known else ""
