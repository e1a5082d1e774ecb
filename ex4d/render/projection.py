"""From the pixels of the source, with their depth, to the pixels of a camera, in one matrix."""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole


def screen_from_grid(
    mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
) -> Float64[np.ndarray, "3 4"]:
    """Return P: P @ (column d, row d, d, 1) is the homogeneous pixel (x z, y z, z) of vertex (row, column) at depth d.

    z is the depth in camera axes, in the mesh's units.
    """
    offset = 0.5 if mesh.pixel_origin == "center" else 0.0
    camera_from_world = np.linalg.inv(world_from_camera)
    ray_from_grid = np.linalg.inv(_intrinsics(mesh.lens))
    ray_from_grid[:, 2] += offset * (ray_from_grid[:, 0] + ray_from_grid[:, 1])
    rotation, translation = camera_from_world[:3, :3], camera_from_world[:3, 3:]
    return _intrinsics(lens) @ np.concatenate([rotation @ ray_from_grid, translation], axis=1)


def _intrinsics(lens: Pinhole) -> Float64[np.ndarray, "3 3"]:
    x, y = lens.center_px
    return np.array([[lens.focal_px, 0.0, x], [0.0, lens.focal_px, y], [0.0, 0.0, 1.0]])
