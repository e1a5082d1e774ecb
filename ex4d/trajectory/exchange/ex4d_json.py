"""ex4d's own camera files: JSON, made to be read by people and programs.

``ex4d_cameras`` is 1, the format's version; ``frame_rate`` an exact fraction, ``"24"`` or ``"30000/1001"``;
``world_from_camera`` 4x4 matrices, row by row, OpenCV axes of the source camera, lengths in subject distances;
``lens_factor`` the focal length of each relative to the source's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.camera_path import CameraPath
from ex4d.errors import MediaError
from ex4d.media.atomic import replacing
from ex4d.trajectory.exchange.file_cameras import (
    MOST_CAMERAS,
    FileCameras,
    even_progress,
    require_count,
    require_rigid,
)

VERSION = 1
MOST_VALUES = 20 * MOST_CAMERAS
"""In a file, of which a camera has 17: so few bytes as a value may have would else fill the memory."""
LAST_ROW = [0.0, 0.0, 0.0, 1.0]


def write(path: CameraPath, file: Path) -> None:
    """Write the cameras of a compiled shot; the same path gives the same bytes.

    Raises:
        OutputError: the place cannot be written.
    """
    record = {
        "ex4d_cameras": VERSION,
        "frame_rate": str(path.frame_rate),
        "lens_factor": path.lens_factor.tolist(),
        "world_from_camera": path.world_from_camera.tolist(),
    }
    with replacing(file) as partial:
        partial.write_text(json.dumps(record, allow_nan=False) + "\n", encoding="utf-8")


def read(file: Path) -> FileCameras:
    """Read cameras that :func:`write` wrote.

    Raises:
        MediaError: what is wrong with the file.
    """
    record = _record(file)
    poses = _numbers(record, "world_from_camera", file)
    if poses.ndim != 3 or poses.shape[1:] != (4, 4):
        raise MediaError(f"{file}: world_from_camera has the shape {poses.shape}; it is a list of 4x4 matrices")
    require_count(len(poses), file)
    lens = _numbers(record, "lens_factor", file) if "lens_factor" in record else np.ones(len(poses))
    if lens.shape != (len(poses),) or not np.all(lens > 0.0):
        raise MediaError(f"{file}: lens_factor needs a number above 0 for each of {len(poses)} cameras")
    if np.abs(poses[:, 3] - LAST_ROW).max() > 0.0:
        raise MediaError(f"{file}: each of world_from_camera ends in the row 0 0 0 1")
    require_rigid(poses[:, :3, :3], file)
    return FileCameras(poses, even_progress(len(poses)), lens, 1.0)


def _record(file: Path) -> dict[str, Any]:
    try:
        written = file.read_bytes()
        if written.count(b",") > MOST_VALUES:
            raise ValueError(f"it has more values than {MOST_CAMERAS} cameras")
        record = json.loads(written)
    except (OSError, ValueError, RecursionError) as cause:
        raise MediaError(f"{file} is no JSON that can be read: {cause}") from cause
    if not isinstance(record, dict) or record.get("ex4d_cameras") != VERSION:
        raise MediaError(f'{file} is no camera file of ex4d; one begins with {{"ex4d_cameras": {VERSION}, ...}}')
    return record


def _numbers(record: dict[str, Any], name: str, file: Path) -> Float64[np.ndarray, "*shape"]:
    try:
        numbers = np.array(record[name], dtype=np.float64)
    except (KeyError, ValueError, TypeError, OverflowError) as cause:
        raise MediaError(f"{file}: {name} is missing, or is not made of numbers") from cause
    if not np.isfinite(numbers).all():
        raise MediaError(f"{file}: {name} holds a number that is not finite")
    return numbers
