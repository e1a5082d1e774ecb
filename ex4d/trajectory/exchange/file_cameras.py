"""The cameras of a file, whatever program wrote it, in ex4d's own conventions."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ex4d.array_types import Float64
from ex4d.errors import MediaError

LARGEST_FILE = 64 << 20
"""Bytes; 100,000 cameras as text need 30 MB."""
MOST_CAMERAS = 100_000
RIGID = 1e-6
"""Per entry of a rotation times its transpose, for numbers that were stored with all of their digits."""


@dataclass(frozen=True)
class FileCameras:
    """Cameras in order of time."""

    world_from_camera: Float64[np.ndarray, "cameras 4 4"]
    """Rigid; OpenCV axes; translations in the file's own unit."""
    progress: Float64[np.ndarray, "cameras"]
    """When, 0 to 1 of the file's length, rising."""
    lens_factor: Float64[np.ndarray, "cameras"]
    """Focal length relative to the source's."""
    unit: float | None = None
    """One of its units in subject distances, where the file says it."""


def file_cameras(file: Path) -> FileCameras:
    """Read a camera file: ``.npz`` is EX-4D's, ``.json`` ex4d's own, all other text TUM's.

    A file is read once, as long as it does not change.

    Raises:
        UserError: it is not there, or no such file; what is wrong with it.
    """
    try:
        found = file.stat()
    except (OSError, ValueError) as cause:
        raise MediaError(f"the camera file {file} is not there") from cause
    if not stat.S_ISREG(found.st_mode):
        raise MediaError(f"{file} is no regular file; name a camera file: .npz, .json or TUM's text")
    if found.st_size > LARGEST_FILE:
        raise MediaError(f"{file} has {found.st_size >> 20} MiB; a camera file has at most {LARGEST_FILE >> 20}")
    return _read(file, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=16)
def _read(file: Path, state: tuple[int, ...]) -> FileCameras:
    from ex4d.trajectory.exchange import ex4d_json, ex4d_npz, tum

    if file.suffix.lower() == ".npz":
        poses = ex4d_npz.read_camera_file(file).world_from_camera
        return FileCameras(poses, even_progress(len(poses)), np.ones(len(poses)))
    return ex4d_json.read(file) if file.suffix.lower() == ".json" else tum.read(file)


def even_progress(count: int) -> Float64[np.ndarray, "cameras"]:
    """Return the progress of cameras that follow each other evenly."""
    return np.linspace(0.0, 1.0, count) if count > 1 else np.zeros(1)


def require_count(count: int, file: Path) -> None:
    """Refuse a file of no cameras, or of more than any shot has.

    Raises:
        MediaError: it has none, or too many.
    """
    if not 1 <= count <= MOST_CAMERAS:
        raise MediaError(f"{file} holds {count} cameras; from 1 to {MOST_CAMERAS} are read")


def require_rigid(rotation: Float64[np.ndarray, "cameras 3 3"], file: Path) -> None:
    """Refuse what is no rotation; nothing is repaired silently.

    Raises:
        MediaError: naming the first camera that scales, shears or mirrors.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(rotation @ np.swapaxes(rotation, 1, 2) - np.eye(3)).max(axis=(1, 2))
        wrong = np.flatnonzero(~((off <= RIGID) & (np.linalg.det(rotation) > 0.0)))
    if wrong.size:
        raise MediaError(f"{file}: camera {wrong[0]} is not rigid: its 3x3 part scales, shears or mirrors")
