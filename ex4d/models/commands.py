"""What is still to be run before something that needs weights can be used."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path

from ex4d.models.weights import Extra, Weights, missing

PACKAGES: dict[Extra, tuple[str, ...]] = {
    "depth": ("torch", "transformers", "diffusers", "accelerate", "cv2"),
    "wan": ("torch", "diffusers", "transformers", "peft", "accelerate", "safetensors", "ftfy"),
}
"""What each extra installs and its users import."""


def pull_command(weights: Weights, models: Path | None = None) -> str:
    """Return the command that brings weights here, with size and licence as its comment.

    Args:
        weights: which.
        models: the folder of all weights, where it is not the usual one.
    """
    into = f"EX4D_MODELS={shlex.quote(str(models))} " if models else ""
    return f"{into}ex4d models pull {weights.name}  # {weights.terms}"


def install_command(extra: Extra) -> str:
    """Return the command that installs an extra of ex4d."""
    return f"pip install 'ex4d[{extra}]'"


def commands_for(*weights: Weights, extra: Extra | None = None, models: Path | None = None) -> tuple[str, ...]:
    """Return the commands that are still to be run before weights can be used; none when they can.

    Args:
        weights: all that are needed.
        extra: what has to be installed; by default the first weights' own.
        models: the folder of all weights, where it is not the usual one.
    """
    extra = extra or weights[0].extra
    commands = [] if all(_is_installed(name) for name in PACKAGES[extra]) else [install_command(extra)]
    folders = {each: each.folder_below(models) if models else each.folder for each in weights}
    commands += [pull_command(each, models) for each, folder in folders.items() if missing(each, folder)]
    return tuple(commands)


def _is_installed(package: str) -> bool:
    """Look for a package without importing it."""
    return importlib.util.find_spec(package) is not None
