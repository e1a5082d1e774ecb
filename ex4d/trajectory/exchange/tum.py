"""TUM's trajectory files: a camera a line, ``timestamp tx ty tz qx qy qz qw``.

Seconds, the camera's place and orientation in the world, quaternions with w last; ``#`` begins a comment. Fact:
MichaelGrupp/evo: evo/tools/file_interface.py. There is no lens in it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ex4d.array_types import Float64
from ex4d.errors import MediaError
from ex4d.geometry.se3 import rigid, rotation_from_wxyz
from ex4d.trajectory.exchange.file_cameras import FileCameras, require_count

COLUMNS = 8
UNIT_LENGTH = 1e-3
"""By what a quaternion's length may differ from 1: files of four digits do so by 1e-4."""


def read(file: Path) -> FileCameras:
    """Read a trajectory; its unit is its own.

    Raises:
        MediaError: what is wrong with the file, and in which line.
    """
    rows = _rows(file)
    require_count(len(rows), file)
    seconds, places, xyzw = rows[:, 0], rows[:, 1:4], rows[:, 4:]
    if np.any(np.diff(seconds) <= 0.0):
        at = int(np.argmax(np.diff(seconds) <= 0.0)) + 1
        raise MediaError(f"{file}: camera {at} does not come after the one before it; timestamps must rise")
    length = np.linalg.norm(xyzw, axis=1)
    if np.any(np.abs(length - 1.0) > UNIT_LENGTH):
        at = int(np.argmax(np.abs(length - 1.0) > UNIT_LENGTH))
        raise MediaError(f"{file}: camera {at} has a quaternion of length {length[at]:.4g}; it must be 1")
    rotation = rotation_from_wxyz(np.roll(xyzw, 1, axis=1) / length[:, None])
    span = seconds[-1] - seconds[0]
    progress = (seconds - seconds[0]) / span if len(rows) > 1 else np.zeros(1)
    return FileCameras(rigid(rotation, places), progress, np.ones(len(rows)))


def _rows(file: Path) -> Float64[np.ndarray, "cameras 8"]:
    rows = []
    for number, line in enumerate(_lines(file), 1):
        words = line.partition("#")[0].split()
        if words:
            rows.append(_row(words, f"{file}, line {number}"))
    return np.array(rows, dtype=np.float64).reshape(-1, COLUMNS)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as cause:
        raise MediaError(f"{file} is no camera file: .npz, .json, or lines of TUM's text") from cause


def _row(words: list[str], where: str) -> list[float]:
    wanted = "timestamp tx ty tz qx qy qz qw"
    try:
        numbers = [float(word) for word in words]
    except ValueError as cause:
        raise MediaError(f"{where}: a camera is eight numbers, {wanted}") from cause
    if len(numbers) != COLUMNS or not np.isfinite(numbers).all():
        raise MediaError(f"{where}: a camera is eight finite numbers, {wanted}; there are {len(numbers)}")
    return numbers
