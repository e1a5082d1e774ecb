"""Weights on disk: which ex4d knows, where they lie, whether they are whole, how they come here, on what terms.

They lie in ``$EX4D_MODELS/NAME``, or in the user's data folder. Only safetensors are read: they are numbers and nothing
else, where a pickle may run code when it is loaded.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ex4d.errors import MissingPart, UserError

LARGEST_HEADER = 100_000_000
"""Bytes; the limit of the safetensors format."""
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
FETCHED = ("*.json", "*.safetensors")
"""All that is ever taken from a repository."""


@dataclass(frozen=True)
class Weights:
    """Weights that ex4d can use, and on what terms."""

    name: str
    repository: str
    """On the Hugging Face hub."""
    files: tuple[str, ...]
    """All that must be there."""
    megabytes: int
    """To download; about."""
    licence: str
    commercial: Literal["yes", "no", "unclear"]

    @property
    def folder(self) -> Path:
        """Where they lie on this machine."""
        return models_folder() / self.name

    @property
    def terms(self) -> str:
        """Size and licence in words."""
        return f"{self.megabytes} MB, licence {self.licence}, commercial use: {self.commercial}"


DEPTH_MODELS = (
    Weights(
        name="depth-anything-v2-small",
        repository="depth-anything/Depth-Anything-V2-Small-hf",
        files=("config.json", "preprocessor_config.json", "model.safetensors"),
        megabytes=99,
        licence="Apache-2.0",
        commercial="yes",
    ),
)
"""The first is what ``auto`` takes; it has to be free for commercial use."""
KNOWN = DEPTH_MODELS


def models_folder() -> Path:
    """Return the folder of all weights: ``$EX4D_MODELS``, else ex4d's in the user's data folder, as XDG has it."""
    if chosen := os.environ.get("EX4D_MODELS"):
        return Path(chosen)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "ex4d" / "models"


def weights_named(name: str) -> Weights:
    """Return the weights of this name.

    Raises:
        UserError: there are none; names those there are.
    """
    for weights in KNOWN:
        if weights.name == name:
            return weights
    raise UserError(f"no weights named {name!r}; known are {', '.join(weights.name for weights in KNOWN)}")


def depth_weights(written: str) -> Weights:
    """Return the weights of the depth model that a shot list names; ``auto`` is the first of them.

    Raises:
        UserError: there is no such depth model; names those there are.
    """
    for weights in DEPTH_MODELS:
        if written in ("auto", weights.name):
            return weights
    known = ", ".join(weights.name for weights in DEPTH_MODELS)
    raise UserError(f"depth: {{model: {written}}}: unknown; write auto, or one of {known}")


def missing(weights: Weights) -> tuple[str, ...]:
    """Return the files that are not there."""
    return tuple(name for name in weights.files if not (weights.folder / name).is_file())


def check(weights: Weights) -> None:
    """Make sure that weights are here and whole.

    Raises:
        MissingPart: they are not; says what is wrong, and what to run.
    """
    folder = weights.folder
    if len(missing(weights)) == len(weights.files):
        raise MissingPart(f"{weights.name} is not here; run\n  {pull_command(weights)}")
    faults = [f"{name} is missing" for name in missing(weights)]
    faults += [f"{name}: {fault}" for name in weights.files if (fault := _fault(folder / name))]
    if faults:
        raise MissingPart(f"{folder}: {'; '.join(faults)}; to get it anew, run\n  {pull_command(weights)}")
    for file in folder.iterdir():
        if file.suffix in PICKLES:
            raise MissingPart(
                f"{file} is a pickle, which may run code when it is loaded; ex4d reads safetensors only: remove it"
            )


def pull(weights: Weights, fetch: Callable[[str, Path], None] | None = None) -> Path:
    """Bring weights here and return their folder; files that an earlier try brought whole are kept.

    Args:
        weights: which.
        fetch: brings the files of a repository (named first) into a folder; None asks the hub.

    Raises:
        MissingPart: they could not be had; says why.
    """
    folder = weights.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in weights.files:
            if _fault(folder / name):
                (folder / name).unlink()
    except OSError as cause:
        raise MissingPart(f"{folder} cannot be written ({cause.strerror}); name another in EX4D_MODELS") from cause
    (fetch or _fetch_from_hub)(weights.repository, folder)
    check(weights)
    return folder


def pull_command(weights: Weights) -> str:
    """Return the command that brings weights here, with size and licence as its comment."""
    return f"ex4d models pull {weights.name}  # {weights.terms}"


def commands_for(weights: Weights) -> tuple[str, ...]:
    """Return the commands that are still to be run before a depth model can be used; none when it can."""
    installed = all(_is_installed(name) for name in ("torch", "transformers"))
    commands = [] if installed else ["pip install 'ex4d[depth]'"]
    if missing(weights):
        commands.append(pull_command(weights))
    return tuple(commands)


def _is_installed(package: str) -> bool:
    """Look for a package without importing it."""
    return importlib.util.find_spec(package) is not None


def _fetch_from_hub(repository: str, folder: Path) -> None:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as cause:
        raise MissingPart("pulling weights needs the hub's client; run\n  pip install 'ex4d[depth]'") from cause
    try:
        snapshot_download(repository, local_dir=folder, allow_patterns=list(FETCHED))
    except Exception as cause:  # the client lets through the errors of the HTTP library that its release is built on
        raise MissingPart(
            f"{repository} could not be fetched ({_first_line(cause)}); "
            "files that arrived whole are kept: run the same command again to go on"
        ) from cause


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _fault(file: Path) -> str | None:
    """Say what is wrong with a file that is there."""
    if not file.is_file():
        return None
    return _safetensors_fault(file) if file.suffix == ".safetensors" else _json_fault(file)


def _json_fault(file: Path) -> str | None:
    try:
        sound = isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
    except (ValueError, RecursionError):
        sound = False
    return None if sound else "is not JSON"


def _safetensors_fault(file: Path) -> str | None:
    """Read the header alone: eight bytes of its length, JSON that says where each tensor ends, and then the tensors."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            return "is cut short, or no safetensors file"
        text = stream.read(length)
    try:
        ends = [_end_of(entry) for name, entry in json.loads(text).items() if name != "__metadata__"]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return "is no safetensors file"
    whole = 8 + length + max(ends, default=0)
    return None if size == whole else f"has {size:,} bytes where its header tells of {whole:,}"


def _end_of(entry: Any) -> int:
    _, end = entry["data_offsets"]
    return int(end)
