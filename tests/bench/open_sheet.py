"""The mesh without its hidden faces, drawn: what a sheet that is not watertight would show."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.render.rasterizer import NEAR, RenderedFrame


class OpenSheet:
    """Draws what is not hidden; faces that reach behind the camera are left out."""

    def render(self, mesh: WatertightMesh, world_from_camera: np.ndarray, lens: Pinhole) -> RenderedFrame:
        """Render as a rasterizer does, face rule."""
        rows, columns = np.indices(mesh.depth.shape)
        offset = 0.5 if mesh.pixel_origin == "center" else 0.0
        points = mesh.lens.unproject(np.stack([columns, rows], axis=-1) + offset, mesh.depth.astype(float))
        camera_from_world = np.linalg.inv(world_from_camera)
        points = points @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
        ahead = points[..., 2] > NEAR
        points[~ahead] = 0, 0, 1
        inverse_z = np.where(ahead, 1 / points[..., 2], 0.0)
        colour = np.zeros((lens.height, lens.width, 3), np.uint8)
        nearest = np.zeros((lens.height, lens.width))
        _draw(lens.project(points), inverse_z, mesh.colour, mesh.hidden_face, colour, nearest)
        visible = nearest > 0
        depth = np.divide(1.0, nearest, out=np.full(nearest.shape, np.inf), where=visible)
        return RenderedFrame(colour, visible, depth.astype(np.float32))


@njit(cache=True, error_model="numpy")
@no_type_check
def _draw(screen, inverse_z, source, hidden, colour, nearest):
    height, width = nearest.shape
    place, depth = np.empty((3, 2)), np.empty(3)
    for half, row, column in np.ndindex(hidden.shape):
        corners = ((row + half, column + half), (row + 1, column), (row, column + 1))
        for k in range(3):
            place[k] = screen[corners[k]]
            depth[k] = inverse_z[corners[k]]
        area = _cross(place[0], place[1], place[2, 0], place[2, 1])
        if hidden[half, row, column] or depth.min() <= 0 or area == 0:
            continue
        left, right = max(0, np.ceil(place[:, 0].min() - 0.5)), min(width - 1, np.floor(place[:, 0].max() - 0.5))
        top, bottom = max(0, np.ceil(place[:, 1].min() - 0.5)), min(height - 1, np.floor(place[:, 1].max() - 0.5))
        for y in range(int(top), int(bottom) + 1):
            for x in range(int(left), int(right) + 1):
                first = _cross(place[1], place[2], x + 0.5, y + 0.5) / area * depth[0]
                second = _cross(place[2], place[0], x + 0.5, y + 0.5) / area * depth[1]
                third = _cross(place[0], place[1], x + 0.5, y + 0.5) / area * depth[2]
                total = first + second + third
                if min(first, second, third) >= 0 and total > nearest[y, x]:
                    nearest[y, x] = total
                    for c in range(3):
                        a, b, d = source[corners[0]][c], source[corners[1]][c], source[corners[2]][c]
                        colour[y, x, c] = np.uint8((first * a + second * b + third * d) / total + 0.5)


@njit(cache=True, error_model="numpy")
@no_type_check
def _cross(a, b, x, y):
    return (b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])
