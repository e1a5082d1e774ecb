"""The grid of a watertight mesh as a closed surface that any program can open.

::

    top left *----* top right      first  (top left, bottom left, top right)
             |1 / |                second (top right, bottom left, bottom right)
             | / 2|                as seen by the source's camera, whose side is the outside
 bottom left *----* bottom right

The released code joins the four corners of the border by two triangles. Every edge of the border then lies in one face
only: sealed in space, as the border is flat, but no closed surface. Here one vertex in the middle of the border
rectangle is joined to every edge of it.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float32, Float64, Int32
from ex4d.artifacts.surface import Surface
from ex4d.artifacts.watertight_mesh import WatertightMesh


def closed_surface(mesh: WatertightMesh, *, reference: bool = False) -> Surface:
    """Return a mesh's vertices, faces and a back.

    Every edge is in exactly two faces, once in each direction, and the faces look outwards (counter-clockwise from
    outside): the volume that they enclose is positive where the border lies behind the scene. Under the ``vertex`` rule
    too, a face is hidden if it failed the mesh's tests.

    With ``reference`` the faces are those of EX-4D's released code (recon.py: generate_faces): in its order, looking
    inwards, not closed; and hidden vertices are black. Vertices lie where the mesh's ``pixel_origin`` puts them: on
    whole pixels for a mesh of the reference profile.
    """
    vertices = _grid_vertices(mesh)
    colour = mesh.colour.reshape(-1, 3)
    grid, hidden = _grid_faces(*mesh.depth.shape), mesh.hidden_face.ravel()
    if reference:
        colour = np.where(mesh.hidden_vertex.reshape(-1, 1), np.uint8(0), colour)
        faces = np.concatenate([grid[:, [1, 0, 2]], _corner_back(*mesh.depth.shape)])
    else:
        middle = (vertices[:1] + vertices[-1:]) * np.float32(0.5)  # of opposite corners: all border is equally deep
        vertices, colour = np.concatenate([vertices, middle]), np.concatenate([colour, _UNSEEN])
        faces = np.concatenate([grid, _fan_back(*mesh.depth.shape)])
    behind = np.ones(len(faces) - len(grid), np.bool_)
    return Surface(vertices, faces, colour, np.concatenate([hidden, behind]), mesh.lens)


_UNSEEN = np.zeros((1, 3), np.uint8)
"""The colour of the vertex that no pixel has."""


def _grid_vertices(mesh: WatertightMesh) -> Float32[np.ndarray, "vertices 3"]:
    """Lift each pixel to its depth, row by row."""
    height, width = mesh.depth.shape
    offset = 0.5 if mesh.pixel_origin == "center" else 0.0
    vertices = np.empty((height, width, 3), np.float32)
    vertices[..., 0] = mesh.depth * _slopes(width, offset - mesh.lens.center_px[0], mesh.lens.focal_px)
    vertices[..., 1] = mesh.depth * _slopes(height, offset - mesh.lens.center_px[1], mesh.lens.focal_px)[:, None]
    vertices[..., 2] = mesh.depth
    return vertices.reshape(-1, 3)


def _slopes(count: int, offset_px: float, focal_px: float) -> Float64[np.ndarray, " count"]:
    return (np.arange(count) + offset_px) / focal_px


def _grid_faces(height: int, width: int) -> Int32[np.ndarray, "faces 3"]:
    """Return the first faces of all blocks, then the second ones, as ``hidden_face`` has them."""
    index = _indices(height, width)
    top_left, top_right, bottom_left, bottom_right = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    faces = np.empty((2, height - 1, width - 1, 3), np.int32)
    for corner, (first, second) in enumerate(
        ((top_left, top_right), (bottom_left, bottom_left), (top_right, bottom_right))
    ):
        faces[0, ..., corner], faces[1, ..., corner] = first, second
    return faces.reshape(-1, 3)


def _fan_back(height: int, width: int) -> Int32[np.ndarray, "faces 3"]:
    """Join the border, clockwise as the source sees it, to the vertex after the grid's last."""
    index = _indices(height, width)
    ring = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    return np.stack([ring, np.roll(ring, -1), np.full_like(ring, height * width)], axis=1)


def _corner_back(height: int, width: int) -> Int32[np.ndarray, "2 3"]:
    """Return the released code's back: two triangles between the corners of the image."""
    last = height * width - 1
    return np.array([[width - 1, 0, last], [last, 0, last - width + 1]], np.int32)


def _indices(height: int, width: int) -> Int32[np.ndarray, "height width"]:
    return np.arange(height * width, dtype=np.int32).reshape(height, width)
