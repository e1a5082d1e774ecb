"""Camera paths as files: numpy arrays and JSON in one .npz, nothing in it that runs."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.artifacts.camera_path import CameraPath, CrossFade
from ex4d.artifacts.folders import lens_fields, lens_from
from ex4d.artifacts.scene import Scene
from ex4d.errors import MediaError
from ex4d.media.atomic import replacing

_LARGEST_FILE = 64 << 20
"""Bytes: 100,000 frames need 20 MB."""


def save_camera_path(path: CameraPath, file: Path) -> None:
    """Write a path to ``file``; the same path gives the same bytes.

    Raises:
        OutputError: the place cannot be written.
    """
    record = {
        "kind": "camera_path",
        "format": 1,
        "source_time": [str(time) for time in path.source_time],
        "frame_rate": str(path.frame_rate),
        "cross_fades": [None if fade is None else [str(fade.time), str(fade.weight)] for fade in path.cross_fades],
        "scene": _scene_fields(path.scene),
    }
    text = np.frombuffer(json.dumps(record, allow_nan=False).encode(), np.uint8)
    with replacing(file) as temporary, temporary.open("wb") as output:
        np.savez(output, world_from_camera=path.world_from_camera, lens_factor=path.lens_factor, record=text)


def load_camera_path(file: Path) -> CameraPath:
    """Read a path that :func:`save_camera_path` wrote.

    Raises:
        MediaError: no such file, not of that kind, or damaged.
    """
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise ValueError("larger than any camera path")
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST_FILE:
                raise ValueError("larger than any camera path")
        with np.load(file, allow_pickle=False) as arrays:
            return _path_from(
                arrays["world_from_camera"], arrays["lens_factor"], json.loads(arrays["record"].tobytes())
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, ZeroDivisionError, zipfile.BadZipFile) as cause:
        raise MediaError(f"{file} is not a camera path, or damaged: {cause}") from cause


def _path_from(poses: np.ndarray, lens_factor: np.ndarray, record: dict[str, Any]) -> CameraPath:
    times = tuple(Fraction(time) for time in record["source_time"])
    shapes = poses.shape == (len(times), 4, 4) and lens_factor.shape == (len(times),)
    if not shapes or poses.dtype != np.float64 or lens_factor.dtype != np.float64:
        raise ValueError(f"{len(times)} frames, but arrays of shape {poses.shape} and {lens_factor.shape}")
    if not (np.isfinite(poses).all() and np.isfinite(lens_factor).all()):
        raise ValueError("a camera is not finite")
    fades = tuple(None if fade is None else CrossFade(*map(Fraction, fade)) for fade in record["cross_fades"])
    if len(fades) not in (0, len(times)):
        raise ValueError(f"{len(times)} frames, but cross-fades of {len(fades)}")
    rate, scene = Fraction(record["frame_rate"]), _scene_from(record["scene"])
    return CameraPath(poses, lens_factor, times, rate, scene, fades)


def _scene_fields(scene: Scene) -> dict[str, Any]:
    return {
        "lens": lens_fields(scene.lens),
        "pivot": list(scene.pivot),
        "frame_rate": str(scene.frame_rate),
        "source_rate": str(scene.source_rate),
        "source_duration": str(scene.source_duration),
        "source_times": None if scene.source_times is None else [str(time) for time in scene.source_times],
        "source_tilt": scene.source_tilt,
        "source_roll": scene.source_roll,
        "delivered_focal": scene.delivered_focal,
        "subject_distance": scene.subject_distance,
        "assumed": list(scene.assumed),
    }


def _scene_from(fields: dict[str, Any]) -> Scene:
    x, y, z = fields["pivot"]
    distance, focal = fields["subject_distance"], fields["delivered_focal"]
    times = fields["source_times"]
    return Scene(
        lens=lens_from(fields["lens"]),
        pivot=(float(x), float(y), float(z)),
        frame_rate=Fraction(fields["frame_rate"]),
        source_rate=Fraction(fields["source_rate"]),
        source_duration=Fraction(fields["source_duration"]),
        source_times=None if times is None else tuple(Fraction(time) for time in times),
        source_tilt=float(fields["source_tilt"]),
        source_roll=float(fields["source_roll"]),
        delivered_focal=None if focal is None else float(focal),
        subject_distance=None if distance is None else float(distance),
        assumed=tuple(str(word) for word in fields["assumed"]),
    )
