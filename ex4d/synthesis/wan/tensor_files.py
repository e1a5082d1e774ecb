"""Weight files as a table of named tensors, of which one at a time is in memory.

Only safe formats are read: safetensors, and PyTorch's own files without the objects that a pickle could build.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from ex4d.array_types import Shaped
from ex4d.errors import MissingPart

Tensor = Shaped[torch.Tensor, "*shape"]

_DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
"""By their names in safetensors."""


@dataclass(frozen=True)
class TensorEntry:
    """What a file says of one of its tensors."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    file: Path


@dataclass(frozen=True)
class TensorFiles:
    """The tensors of one or several files; their contents stay on the disk until they are asked for."""

    files: tuple[Path, ...]
    entries: Mapping[str, TensorEntry]

    def stream(self) -> Iterator[tuple[str, Tensor]]:
        """Yield each tensor once, file by file; it lies in the file's mapped pages, so keep a copy, not the tensor.

        Raises:
            MissingPart: a file changed or vanished since it was opened.
        """
        for file in self.files:
            yield from _tensors(file)


def open_tensor_files(files: Sequence[Path]) -> TensorFiles:
    """Read what the files hold, not the tensors themselves.

    Raises:
        MissingPart: files are missing, cut short, of another kind, or hold the same tensor twice: all of it at once.
    """
    entries: dict[str, TensorEntry] = {}
    faults: list[str] = []
    for file in files:
        try:
            found = _entries(file)
        except MissingPart as fault:
            faults.append(str(fault))
            continue
        faults += [f"{file}: {name} is in {entries[name].file.name}, too" for name in found.keys() & entries.keys()]
        entries |= found
    if faults:
        raise MissingPart("\n".join(faults))
    return TensorFiles(tuple(files), entries)


def shards_of(index: Path) -> tuple[Path, ...]:
    """Return the files that an index of shards names, in their order.

    Raises:
        MissingPart: it is not an index of shards that lie beside it.
    """
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        if not names or any(Path(name).name != name for name in names):
            raise ValueError("it names no files beside it")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise MissingPart(f"{index} is no index of weight files: {cause}; download it again") from cause
    return tuple(index.parent / name for name in names)


def _entries(file: Path) -> dict[str, TensorEntry]:
    if not file.is_file():
        raise MissingPart(f"{file} is missing; download it")
    if file.suffix != ".safetensors":
        return {name: TensorEntry(tuple(one.shape), one.dtype, file) for name, one in _torch_file(file).items()}
    try:
        with safe_open(file, framework="pt") as opened:
            slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
            return {name: TensorEntry(tuple(one.get_shape()), _DTYPES[one.get_dtype()], file)
                    for name, one in slices.items()}  # fmt: skip
    except (OSError, SafetensorError, KeyError) as cause:
        raise _unreadable(file, cause) from cause


def _tensors(file: Path) -> Iterator[tuple[str, Tensor]]:
    if file.suffix != ".safetensors":
        yield from _torch_file(file).items()
        return
    try:
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 - it is no mapping
                yield name, opened.get_tensor(name)
    except (OSError, SafetensorError) as cause:
        raise _unreadable(file, cause) from cause


def _torch_file(file: Path) -> dict[str, Tensor]:
    """Map a file of torch.save; it must be one flat table of tensors, as all published ones of Wan and EX-4D are."""
    try:
        found = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, zipfile.BadZipFile) as cause:
        raise _unreadable(file, cause) from cause
    if not isinstance(found, dict) or not all(isinstance(one, torch.Tensor) for one in found.values()):
        raise MissingPart(f"{file} holds no flat table of tensors; download the file as it was published")
    return {str(name): one for name, one in found.items()}


def _unreadable(file: Path, cause: Exception) -> MissingPart:
    reason = str(cause).strip().partition("\n")[0] or type(cause).__name__
    return MissingPart(f"{file} cannot be read as weights, it may be cut short: {reason}; download it again")
