"""EX-4D's own camera files, ``camera_CAM.npz`` of its recon.py.

``extrinsics`` (frames, 4, 4) are world-to-camera matrices: the camera's axes are OpenGL's (x right, y up, looking
along -z), the world's are OpenCV's (x right, y down, z forward), its origin the source camera. Translations are in the
unit of the depth that they were made for. ``intrinsics`` (3, 3), in pixels, holds for all frames, and its principal
point is the middle of the picture; the picture's size is stored nowhere else. Both are float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ex4d.array_types import Float32, Float64
from ex4d.errors import Faults, MediaError
from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import inverse
from ex4d.media.array_files import ArrayFile, open_named
from ex4d.media.atomic import replacing
from ex4d.media.containers import LONGEST_SIDE

OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])
"""The axes of a camera; its own inverse."""
RIGID = 1e-4
"""Per entry of a rotation times its transpose: float32 leaves 1e-7, a scale or a shear far more."""
SQUARE = 1e-4
"""Relative difference of the two focal lengths that float32 and rounding may leave."""
MOST_FRAMES = 100_000

Poses = Float64[np.ndarray, "frames 4 4"]


@dataclass(frozen=True)
class CameraFile:
    """The cameras of an EX-4D camera file, in ex4d's own conventions."""

    world_from_camera: Poses
    """Rigid; OpenCV axes; translations in units of depth."""
    lens: Pinhole
    """Of source and view alike, for all frames; its size is twice the principal point, the size it was made for."""
    mirrored: bool = False
    """Whether the axes of some were stored mirrored, as EX-4D has them before its first render."""


def read_camera_file(file: Path) -> CameraFile:
    """Read a camera file that EX-4D's recon.py, ``ex4d recon --save-camera`` or anybody else wrote.

    Rotations are made exactly orthonormal, which float32 leaves them to 1e-7. Cameras whose axes are mirrored, as of a
    file that was saved before its first render, are read as what they mean.

    Raises:
        UserError: all that is wrong with it.
    """
    arrays = open_named(file, ("extrinsics", "intrinsics"))
    extrinsics, intrinsics = arrays["extrinsics"], arrays["intrinsics"]
    frames = extrinsics.shape[0] if extrinsics.shape else 0
    faults = Faults()
    faults.of(lambda: _require(extrinsics, "extrinsics", (frames, 4, 4), "(frames, 4, 4)"))
    faults.of(lambda: _require(intrinsics, "intrinsics", (3, 3), "(3, 3)"))
    if not faults.found and not 1 <= frames <= MOST_FRAMES:
        faults.found.append(MediaError(f"{file} holds {frames} cameras; from 1 to {MOST_FRAMES} are read"))
    faults.tell()
    lens = faults.of(lambda: _lens(_whole(intrinsics), file))
    upright = faults.of(lambda: _upright(_whole(extrinsics), file))
    faults.tell()
    assert upright is not None and lens is not None
    return CameraFile(_world_from_camera(upright[0]), lens, upright[1])


def write_camera_file(cameras: CameraFile, file: Path) -> None:
    """Write cameras as EX-4D does; the same cameras give the same bytes.

    Raises:
        OutputError: the place cannot be written.
    """
    lens = cameras.lens
    (x, y), focal = lens.center_px, lens.focal_px
    extrinsics: Float32[np.ndarray, "frames 4 4"]
    extrinsics = (OPENGL_FROM_OPENCV @ inverse(cameras.world_from_camera)).astype(np.float32)
    intrinsics = np.array([[focal, 0.0, x], [0.0, focal, y], [0.0, 0.0, 1.0]], np.float32)
    with replacing(file) as temporary, temporary.open("wb") as output:
        np.savez_compressed(output, extrinsics=extrinsics, intrinsics=intrinsics)


def _require(array: ArrayFile, name: str, shape: tuple[int, ...], wanted: str) -> None:
    if array.shape != shape or array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise MediaError(
            f"{array.path}: {name} is {array.shape} of {array.dtype}; an EX-4D camera file has {wanted} of float32"
        )


def _whole(array: ArrayFile) -> Float64[np.ndarray, "*shape"]:
    """Read an array whose size was found to be as small as it should be."""
    (numbers,) = array.read(math.prod(array.shape), [0])
    return numbers.astype(np.float64).reshape(array.shape)


def _upright(extrinsics: Poses, file: Path) -> tuple[Poses, bool]:
    """Return the cameras with no axes mirrored, and whether some were."""
    faults = Faults()
    faults.found += [MediaError(f"{file}: {words}") for words in _faults_of(extrinsics)]
    faults.tell()
    mirrored = np.linalg.det(extrinsics[:, :3, :3]) < 0
    upright = extrinsics.copy()
    upright[mirrored, :3] *= -1.0
    return upright, bool(mirrored.any())


def _world_from_camera(upright: Poses) -> Poses:
    u, _, v = np.linalg.svd(upright[:, :3, :3])
    upright = upright.copy()
    upright[:, :3, :3] = u @ v
    return inverse(OPENGL_FROM_OPENCV @ upright)


def _faults_of(extrinsics: Poses) -> Iterator[str]:
    """Say what is wrong with which cameras, each by the first thing that is."""
    rotation = extrinsics[:, :3, :3]
    with np.errstate(over="ignore", invalid="ignore"):
        last = np.abs(extrinsics[:, 3] - [0.0, 0.0, 0.0, 1.0]).max(axis=1)
        off = np.abs(rotation @ np.swapaxes(rotation, 1, 2) - np.eye(3)).max(axis=(1, 2))
    tests = {
        "is not finite": np.isfinite(extrinsics).all(axis=(1, 2)),
        "does not end in the row 0 0 0 1; matrices are world-to-camera, stored row by row": last <= RIGID,
        "is not rigid: its 3x3 part scales or shears": off <= RIGID,
    }
    sound = np.ones(len(extrinsics), np.bool_)
    for why, holds in tests.items():
        if (wrong := np.flatnonzero(sound & ~holds)).size:
            others = f" (and of {len(wrong) - 1} other frames)" if len(wrong) > 1 else ""
            yield f"the camera of frame {wrong[0]}{others} {why}"
        sound &= holds


def _lens(matrix: Float64[np.ndarray, "3 3"], file: Path) -> Pinhole:
    """Return the lens; its size is that of the picture that it was made for."""
    (fx, skew, x), (zero, fy, y), last = matrix.tolist()
    form = "f 0 x, 0 f y, 0 0 1, in pixels"
    if not np.isfinite(matrix).all() or [skew, zero, *last] != [0.0, 0.0, 0.0, 0.0, 1.0]:
        raise MediaError(f"{file}: intrinsics is {matrix.tolist()}; an EX-4D camera file has {form}")
    if not (fx > 0 and abs(fx - fy) <= SQUARE * fx):
        raise MediaError(f"{file}: intrinsics has focal lengths {fx:g} and {fy:g}; one above 0 for both axes is read")
    width, height = round(2 * x), round(2 * y)
    if not (1 <= width <= LONGEST_SIDE and 1 <= height <= LONGEST_SIDE):
        raise MediaError(f"{file}: intrinsics has its principal point at [{x:g}, {y:g}], the middle of no picture")
    return Pinhole(width, height, fx, (x, y))
