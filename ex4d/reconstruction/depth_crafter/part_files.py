"""DepthCrafter's parts out of their folders, tensor by tensor straight to where they are to live.

No pickle, no network, and no tensor left to chance: each has to be there, in its shape, and no other may be.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ex4d.array_types import Shaped
from ex4d.errors import MissingPart

Tensor = Shaped[torch.Tensor, "*shape"]
DERIVED = "position_ids"
"""Ends the names of numbers that count from 0, which older files hold and no module reads."""


@dataclass(frozen=True)
class PartFile:
    """One network of a download: its settings and its tensors."""

    title: str
    folder: Path
    stem: str
    """Of the file of tensors, which comes as stem.safetensors, or stem.fp16.safetensors in half precision."""

    @property
    def file(self) -> Path:
        """The file of tensors: the one in half precision where both are there, as the reference takes that.

        Raises:
            MissingPart: neither is there.
        """
        names = [f"{self.stem}{variant}.safetensors" for variant in (".fp16", "")]
        for name in names:
            if (self.folder / name).is_file():
                return self.folder / name
        raise self._cannot(f"there is no {' or '.join(names)}")

    def settings(self) -> dict[str, Any]:
        """Return what config.json says, without the notes of whatever wrote it.

        Raises:
            MissingPart: it is missing or damaged.
        """
        try:
            said = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
            return {name: value for name, value in said.items() if not name.startswith("_")}
        except (OSError, ValueError, AttributeError, RecursionError) as cause:
            raise self._cannot(f"config.json: {cause}") from cause

    def made(self, make: Callable[..., Any]) -> Any:
        """Return the network that the settings describe, without memory for its tensors.

        Args:
            make: takes the settings as its keywords.

        Raises:
            MissingPart: the settings are not those of such a network.
        """
        settings = self.settings()
        known = inspect.signature(make).parameters
        anything = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values())
        if (strange := sorted(settings.keys() - known.keys())) and not anything:
            raise self._cannot(f"config.json has settings that are not known: {', '.join(strange)}")
        try:
            with torch.device("meta"):
                return make(**settings).eval().requires_grad_(False)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            NotImplementedError,
            RuntimeError,
        ) as cause:
            raise self._cannot(f"config.json describes no such network: {cause}") from cause

    def check(self, network: nn.Module) -> None:
        """Compare the names and shapes of the file with those of the whole network; reads the file's header only.

        Raises:
            MissingPart: tensors are missing, strange or of another shape; names some of each.
        """
        expected = {name: tuple(one.shape) for name, one in network.named_parameters()}
        found = self._read(lambda file: {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118 - no dict
        found = {name: shape for name, shape in found.items() if not name.endswith(DERIVED)}
        shared = expected.keys() & found.keys()
        faults = (
            ("missing", expected.keys() - found.keys()),
            ("not of this network", found.keys() - expected.keys()),
            ("of another shape", {name for name in shared if expected[name] != found[name]}),
        )
        if told := [f"{_some(names)} {'is' if len(names) == 1 else 'are'} {wrong}" for wrong, names in faults if names]:
            raise self._cannot(f"{self.file.name}: {'; '.join(told)}")

    def fill(self, network: nn.Module, prefix: str, dtype: torch.dtype, device: torch.device) -> Any:
        """Give a network, or the part of one whose names begin with ``prefix``, its tensors; return it.

        Convolutions are stored with their channels last, the order in which they are computed.

        Raises:
            MissingPart: the file changed since it was checked, or cannot be read.
        """
        names = [name for name, _ in network.named_parameters(prefix=prefix.removesuffix("."))]

        def place(file: Any) -> None:
            for name in names:
                value = file.get_tensor(name).to(device).to(dtype, copy=True)
                owner, _, leaf = name.removeprefix(prefix).rpartition(".")
                setattr(network.get_submodule(owner), leaf, nn.Parameter(_channels_last(value), requires_grad=False))

        self._read(place)
        return network

    def _read(self, read: Callable[[Any], Any]) -> Any:
        try:
            with safe_open(self.file, framework="pt") as file:
                return read(file)
        except (OSError, SafetensorError, ValueError) as cause:
            raise self._cannot(f"{self.file.name}: {cause}") from cause

    def _cannot(self, why: str) -> MissingPart:
        return MissingPart(f"{self.folder} cannot be loaded as {self.title}: {why}; pull it again")


def _channels_last(value: Tensor) -> Tensor:
    """Return a convolution's weights in the order of memory that it is computed in; others as they are."""
    orders = {4: torch.channels_last, 5: torch.channels_last_3d}
    return value.contiguous(memory_format=orders[value.ndim]) if value.ndim in orders else value


def _some(names: Iterable[str], limit: int = 4) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more
