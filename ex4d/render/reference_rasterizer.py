"""The slow, obvious rasterizer: one face after another, in numpy. It is the oracle of the fast ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, Int64
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.render.projection import screen_from_grid
from ex4d.render.rasterizer import ALPHA_THRESHOLD, NEAR, SUBPIXELS, TRUNCATION_GUARD, RenderedFrame

Polygon = Float64[np.ndarray, "vertices 7"]
"""Homogeneous pixels x z, y z, z, then red, green, blue (0 to 255) and alpha (0 to 1) of each vertex."""


class ReferenceRasterizer:
    """Draws a mesh with a z-buffer and a loop over faces: seconds a frame, to check others against."""

    def render(
        self, mesh: WatertightMesh, world_from_camera: Float64[np.ndarray, "4 4"], lens: Pinhole
    ) -> RenderedFrame:
        """Render the mesh from a rigid camera, its translation in the mesh's units of depth."""
        vertices = _vertices(mesh, screen_from_grid(mesh, world_from_camera, lens))
        canvas = _Canvas(lens.height, lens.width)
        for corners, hidden in _faces(mesh):
            polygon = _clipped_near(vertices[corners])
            for second in range(1, len(polygon) - 1):
                canvas.draw(polygon[[0, second, second + 1]], hidden)
        return canvas.frame(mesh)


def _vertices(mesh: WatertightMesh, transform: Float64[np.ndarray, "3 4"]) -> Float64[np.ndarray, "vertices 7"]:
    row, column = np.indices(mesh.depth.shape)
    depth = mesh.depth.astype(np.float64)
    points = np.stack([column * depth, row * depth, depth, np.ones_like(depth)], axis=-1) @ transform.T
    shown = ~mesh.hidden_vertex[..., None] if mesh.rule == "vertex" else np.ones((*depth.shape, 1))
    return np.concatenate([points, mesh.colour * shown, shown], axis=-1).reshape(-1, 7)


def _faces(mesh: WatertightMesh) -> Iterator[tuple[Int64[np.ndarray, "3"], bool]]:
    """Yield each face's vertex indices and whether it is hidden: block by block, then the back."""
    index = np.arange(mesh.depth.size).reshape(mesh.depth.shape)
    top_left, top_right, bottom_left, bottom_right = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    for block in np.ndindex(top_left.shape):
        yield np.array([top_left[block], bottom_left[block], top_right[block]]), bool(mesh.hidden_face[0][block])
        yield np.array([top_right[block], bottom_left[block], bottom_right[block]]), bool(mesh.hidden_face[1][block])
    back_hidden = mesh.rule == "face"  # the source never saw it
    yield np.array([index[0, -1], index[0, 0], index[-1, -1]]), back_hidden
    yield np.array([index[-1, -1], index[0, 0], index[-1, 0]]), back_hidden


def _clipped_near(triangle: Float64[np.ndarray, "3 7"]) -> Float64[np.ndarray, "vertices 7"]:
    """Return the part of a triangle that is at least NEAR in front of the camera: 0, 3 or 4 vertices."""
    kept = []
    for here, there in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
        if here[2] >= NEAR:
            kept.append(here)
        if (here[2] >= NEAR) != (there[2] >= NEAR):
            cut = here + (there - here) * ((NEAR - here[2]) / (there[2] - here[2]))
            cut[2] = NEAR  # not a rounding error nearer
            kept.append(cut)
    return np.array(kept).reshape(-1, 7)


class _Canvas:
    """A z-buffer, and what its winners look like."""

    def __init__(self, height: int, width: int) -> None:
        self.inverse_z: Float32[np.ndarray, "height width"] = np.zeros((height, width), np.float32)
        self.hidden: Bool[np.ndarray, "height width"] = np.ones((height, width), np.bool_)
        self.rgba: Float64[np.ndarray, "height width 4"] = np.zeros((height, width, 4))

    def draw(self, triangle: Float64[np.ndarray, "3 7"], hidden: bool) -> None:
        """Enter a triangle where it is nearer, or as near and the first that is not hidden."""
        screen = np.floor(triangle[:, :2] / triangle[:, 2:3] * SUBPIXELS + 0.5) / SUBPIXELS
        height, width = self.hidden.shape
        low = np.clip(np.ceil(screen.min(axis=0) - 0.5), 0, (width, height)).astype(int)
        high = np.clip(np.floor(screen.max(axis=0) - 0.5) + 1, 0, (width, height)).astype(int)
        if (high <= low).any():
            return
        box = np.s_[low[1] : high[1], low[0] : high[0]]
        covered, weight = _weights(screen, low, high)
        if not covered.any():
            return
        scaled = weight / triangle[:, 2]  # linear on the screen: 1/z, and attributes over z
        inverse_z = scaled.sum(axis=-1).astype(np.float32)
        before = self.inverse_z[box]
        wins = covered & ((inverse_z > before) | ((inverse_z == before) & self.hidden[box] & (not hidden)))
        attributes = (scaled / scaled.sum(axis=-1, keepdims=True)) @ triangle[:, 3:]
        self.inverse_z[box][wins] = inverse_z[wins]
        self.hidden[box][wins] = hidden
        self.rgba[box][wins] = attributes[wins]

    def frame(self, mesh: WatertightMesh) -> RenderedFrame:
        """Decide what is visible by the mesh's rule; beyond its ``far`` nothing is."""
        if mesh.rule == "face":
            visible, rounding = ~self.hidden, 0.5
        else:  # the released code truncates
            visible, rounding = self.rgba[..., 3] * 255.0 > ALPHA_THRESHOLD, TRUNCATION_GUARD
        with np.errstate(divide="ignore"):  # no surface is infinitely far
            depth = np.float32(1.0) / self.inverse_z
        depth = np.where(depth > np.float32(mesh.far), np.float32(np.inf), depth)
        visible &= np.isfinite(depth)
        colour = np.where(visible[..., None], self.rgba[..., :3] + rounding, 0.0).astype(np.uint8)
        return RenderedFrame(colour, visible, depth)


def _weights(
    screen: Float64[np.ndarray, "3 2"], low: Int64[np.ndarray, "2"], high: Int64[np.ndarray, "2"]
) -> tuple[Bool[np.ndarray, "rows columns"], Float64[np.ndarray, "rows columns 3"]]:
    """Return which pixel centres of a box a triangle covers, edges included, and the weights of its vertices there."""
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]] + 0.5
    opposite = []
    for second, third in ((1, 2), (2, 0), (0, 1)):
        along, away = screen[third] - screen[second], np.stack([x, y], axis=-1) - screen[second]
        opposite.append(along[0] * away[..., 1] - along[1] * away[..., 0])
    edges = np.stack(opposite, axis=-1)
    area = edges.sum(axis=-1, keepdims=True)
    weight = np.divide(edges, area, out=np.full_like(edges, -1.0), where=area != 0)
    return (weight >= 0).all(axis=-1), np.maximum(weight, 0.0)
