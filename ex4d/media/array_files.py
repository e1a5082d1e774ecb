"""numpy's .npy and .npz read as streams: headers checked, no objects, memory of one part of the array."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from ex4d.array_types import Shaped
from ex4d.errors import Faults, MediaError
from ex4d.media.depth_meaning import check_angle
from ex4d.media.local_files import local_file

_LONGEST_HEADER = 4096
_MOST_MEMBERS = 64
_LARGEST_SCALAR = 256
"""Bytes of a stored unit or unknown value."""
_SKIPPED_AT_ONCE = 1 << 20
"""Bytes; what is skipped in a compressed stream has to be decompressed, piece by piece."""

_BROKEN = (
    *(OSError, EOFError, ValueError),
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),  # broken, encrypted, oddly compressed
    *(SyntaxError, tokenize.TokenError, MemoryError),  # numpy's parser of headers, fed with nonsense
)

ByteStream = IO[bytes] | io.BufferedIOBase


@dataclass(frozen=True)
class ArrayFile:
    """One array of a file, not yet read."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    begin: int
    """Bytes of header before the numbers."""
    open_stream: Callable[[], AbstractContextManager[ByteStream]]
    unit: str | None = None
    unknown: float | None = None
    horizontal_angle_deg: float | None = None

    def read(self, length: int, indices: Sequence[int]) -> Iterator[Shaped[np.ndarray, " length"]]:
        """Yield parts of ``length`` numbers each, by their number; growing numbers are one pass.

        Raises:
            MediaError: the file ends early or is damaged.
        """
        size = length * self.dtype.itemsize
        try:
            with self.open_stream() as stream:
                for index in indices:
                    _go_to(stream, self.begin + index * size)
                    yield np.frombuffer(_exactly(stream, size), self.dtype)
        except _BROKEN as cause:
            raise MediaError(f"{self.path} is damaged or cut short: {cause}") from cause


def open_npy(path: Path) -> ArrayFile:
    """Open a .npy file.

    Raises:
        MediaError: not such a file, holds objects, or is not as long as its header says.
    """
    real = local_file(path)
    return _array_file(path, lambda: real.open("rb"), real.stat().st_size)


def open_npz(path: Path) -> ArrayFile:
    """Open the array ``depth`` of a .npz file, or its only array.

    With it come ``unit``, ``unknown`` and ``horizontal_angle_deg`` where they are stored.

    Raises:
        MediaError: not such a file, no such array, holds objects, sizes that contradict each other, or an angle that
            no lens sees.
    """
    real = local_file(path)
    try:
        with zipfile.ZipFile(real) as archive:
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            if len(archive.infolist()) > _MOST_MEMBERS:
                raise MediaError(f"{path} holds {len(archive.infolist())} arrays; a depth file holds one")
            unit = _scalar(archive, members.pop("unit", None), path)
            unknown = _number(archive, members.pop("unknown", None), path)
            angle = _number(archive, members.pop("horizontal_angle_deg", None), path)
    except _BROKEN as cause:
        raise MediaError(f"{path} is not an .npz file, or damaged: {cause}") from cause
    depth = members.get("depth") or (next(iter(members.values())) if len(members) == 1 else None)
    if depth is None:
        raise MediaError(f"{path} holds the arrays {', '.join(sorted(members)) or '(none)'}; name the one 'depth'")
    name = depth.filename
    array = _array_file(path, lambda: _member(real, name), depth.file_size)
    lens = None if angle is None else _angle(angle, path)
    return replace(array, unit=None if unit is None else str(unit), unknown=unknown, horizontal_angle_deg=lens)


def open_named(path: Path, names: Sequence[str]) -> dict[str, ArrayFile]:
    """Open arrays of a .npz file by their names.

    Raises:
        UserError: not such a file; or all that is wrong with these arrays: missing, of objects, or not as long as
            their headers say.
    """
    real, faults = local_file(path), Faults()
    try:
        with zipfile.ZipFile(real) as archive:
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
    except _BROKEN as cause:
        raise MediaError(f"{path} is not an .npz file, or damaged: {cause}") from cause
    if missing := [name for name in names if name not in members]:
        held = ", ".join(sorted(members)[:_MOST_MEMBERS]) or "(none)"
        raise MediaError(f"{path} holds the arrays {held}; there is no {' and no '.join(missing)}")
    found = {name: faults.of(lambda name=name: _named(path, real, name, members[name])) for name in names}  # type: ignore[misc]
    faults.tell()
    return {name: array for name, array in found.items() if array is not None}


def _named(path: Path, real: Path, name: str, member: zipfile.ZipInfo) -> ArrayFile:
    try:
        return _array_file(path, lambda: _member(real, member.filename), member.file_size)
    except MediaError as fault:
        raise MediaError(f"{fault} (the array {name!r})") from fault


@contextmanager
def _member(archive: Path, name: str) -> Iterator[ByteStream]:
    with zipfile.ZipFile(archive) as members, members.open(name) as stream:
        yield stream


def _array_file(path: Path, open_stream: Callable[[], AbstractContextManager[ByteStream]], size: int) -> ArrayFile:
    try:
        with open_stream() as stream:
            shape, dtype, begin = _header(stream)
    except _BROKEN as cause:
        raise MediaError(f"{path} is not a numpy file that can be read: {cause}") from cause
    needed = begin + math.prod(shape) * dtype.itemsize
    if needed != size:
        raise MediaError(f"{path} has {size} bytes, but its header asks for {needed}: it is cut short, or it lies")
    return ArrayFile(path, shape, dtype, begin, open_stream)


def _header(stream: ByteStream) -> tuple[tuple[int, ...], np.dtype[np.generic], int]:
    """Read shape, type and the header's length of a .npy stream."""
    start = io.BytesIO(stream.read(_LONGEST_HEADER))
    version = np.lib.format.read_magic(start)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"version {version} of the format is not known")
    shape, fortran_order, dtype = read(start, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which could run code; save plain numbers")
    if fortran_order and len(shape) > 1:
        raise ValueError("it is in Fortran order; save what np.ascontiguousarray makes of it")
    if any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, dtype, start.tell()


def _scalar(archive: zipfile.ZipFile, member: zipfile.ZipInfo | None, path: Path) -> object:
    """Return the one value of a small array, None if there is no such array."""
    if member is None:
        return None
    with archive.open(member) as stream:
        shape, dtype, begin = _header(stream)
    if math.prod(shape) != 1 or dtype.itemsize > _LARGEST_SCALAR or dtype.kind not in "fiuU":
        raise MediaError(f"{path}: '{member.filename}' is {shape} of {dtype}, not one number or word")
    with archive.open(member) as stream:
        content = stream.read(begin + dtype.itemsize)
    return np.frombuffer(content, dtype, count=1, offset=begin)[0].item()


def _number(archive: zipfile.ZipFile, member: zipfile.ZipInfo | None, path: Path) -> float | None:
    value = _scalar(archive, member, path)
    if member is not None and not isinstance(value, int | float):
        raise MediaError(f"{path}: '{member.filename.removesuffix('.npy')}' is {value!r}, not a number")
    return None if value is None else float(value)  # type: ignore[arg-type]  # it is a number


def _angle(angle: float, path: Path) -> float:
    try:
        return check_angle(angle)
    except MediaError as cause:
        raise MediaError(f"{path}: {cause}") from cause


def _go_to(stream: ByteStream, position: int) -> None:
    """Move to a position; forwards in a compressed stream by reading, backwards from its start."""
    if position < stream.tell() or not isinstance(stream, zipfile.ZipExtFile):
        stream.seek(position)
    while (ahead := position - stream.tell()) > 0:
        if not stream.read(min(ahead, _SKIPPED_AT_ONCE)):
            raise EOFError("it ends early")


def _exactly(stream: ByteStream, size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise EOFError("it ends early")
    return content
