"""What is exported of a mesh: a closed surface, of the very vertices and faces that are rendered."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, seed, settings

from ex4d.artifacts.hiding import Hiding
from ex4d.artifacts.surface import Surface
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.closed_surface import closed_surface
from ex4d.render.projection import screen_from_grid
from tests.render.small_scenes import meshes, small_mesh


def directed_edges(surface: Surface) -> Counter[tuple[int, int]]:
    faces = surface.faces.tolist()
    return Counter(edge for a, b, c in faces for edge in ((a, b), (b, c), (c, a)))


def corners(surface: Surface) -> np.ndarray:
    return surface.vertices.astype(np.float64)[surface.faces]


def volume(surface: Surface) -> float:
    """The signed volume of the cones from the origin to the faces."""
    return float(np.linalg.det(corners(surface)).sum() / 6)


def areas(surface: Surface) -> np.ndarray:
    first, second, third = np.moveaxis(corners(surface), 1, 0)
    return np.linalg.norm(np.cross(second - first, third - first), axis=1) / 2


def rendered_vertices(mesh: WatertightMesh) -> np.ndarray:
    """The vertices as a rasterizer places them before a camera at the origin whose pixels are slopes."""
    rows, columns = np.indices(mesh.depth.shape)
    slopes = screen_from_grid(mesh, np.eye(4), Pinhole(1, 1, 1.0, (0.0, 0.0)))
    grid = np.stack([columns * mesh.depth, rows * mesh.depth, mesh.depth, np.ones(mesh.depth.shape)], axis=-1)
    return (grid.astype(np.float64) @ slopes.T).reshape(-1, 3)


def rendered_faces(mesh: WatertightMesh) -> dict[tuple[int, ...], bool]:
    """Each face of the grid, turned to begin with its least vertex, and whether it is hidden."""
    index = np.arange(mesh.depth.size).reshape(mesh.depth.shape)
    found = {}
    for row, column in np.ndindex(mesh.hidden_face.shape[1:]):
        (a, b), (c, d) = index[row : row + 2, column : column + 2]
        found[turned((a, c, b))] = bool(mesh.hidden_face[0, row, column])
        found[turned((b, c, d))] = bool(mesh.hidden_face[1, row, column])
    return found


def turned(face: tuple[int, ...]) -> tuple[int, ...]:
    least = face.index(min(face))
    return tuple(int(index) for index in face[least:] + face[:least])


@seed(1)
@settings(max_examples=60, deadline=None)
@given(meshes())
def test_every_edge_is_in_two_faces_once_each_way(mesh):
    surface = closed_surface(mesh)
    edges = directed_edges(surface)

    assert set(edges.values()) == {1}
    assert all((b, a) in edges for a, b in edges)
    assert len(surface.vertices) - len(edges) // 2 + len(surface.faces) == 2  # Euler: a sphere, in one piece
    assert set(surface.faces.ravel().tolist()) == set(range(len(surface.vertices)))


@seed(2)
@settings(max_examples=60, deadline=None)
@given(meshes())
def test_the_faces_look_outwards_and_none_is_a_line(mesh):
    surface = closed_surface(mesh)
    scene = mesh.depth[1:-1, 1:-1]
    border = float(mesh.depth[0, 0])
    enclosed = volume(surface)

    assert (areas(surface) > 0).all()
    if scene.size:
        assert enclosed > 0
    else:  # all of it is border, and flat
        assert abs(enclosed) < 1e-5 * border**3


def test_the_volume_is_that_between_the_sheet_and_the_border():
    """One near vertex before a square of border: a pyramid over it, less the two corners that no diagonal cuts."""
    border, near, focal = 10.0, 4.0, 4.0
    depth = np.full((3, 3), border, np.float32)
    depth[1, 1] = near
    lens = Pinhole(3, 3, focal, (1.5, 1.5))
    mesh = WatertightMesh(depth, np.zeros((3, 3, 3), np.uint8), Hiding.nothing(3, 3), lens)
    square = (2 * border / focal) ** 2

    assert volume(closed_surface(mesh)) == pytest.approx(0.75 * square * (border - near) / 3)


@seed(3)
@settings(max_examples=60, deadline=None)
@given(meshes())
def test_vertices_and_faces_are_those_that_are_rendered(mesh):
    surface = closed_surface(mesh)
    grid = mesh.depth.size
    faces = {turned(tuple(face)): hidden for face, hidden in zip(surface.faces.tolist(), surface.hidden, strict=True)}
    back = {face: hidden for face, hidden in faces.items() if grid in face}

    np.testing.assert_allclose(surface.vertices[:grid], rendered_vertices(mesh), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(surface.colour[:grid], mesh.colour.reshape(-1, 3))
    assert len(surface.vertices) == grid + 1
    assert {face: hidden for face, hidden in faces.items() if grid not in face} == rendered_faces(mesh)
    assert len(back) == 2 * (sum(mesh.depth.shape) - 2)
    assert all(back.values())
    assert surface.lens == mesh.lens


@seed(4)
@settings(max_examples=30, deadline=None)
@given(meshes())
def test_the_reference_s_surface_has_the_released_faces_in_their_order(mesh):
    """recon.py, generate_faces: all first faces, all second ones, two corners of each exchanged; the back's two."""
    surface = closed_surface(mesh, reference=True)
    height, width = mesh.depth.shape
    blocks = [row * width + column for row in range(height - 1) for column in range(width - 1)]
    released = [(k + width, k, k + 1) for k in blocks] + [(k + width, k + 1, k + width + 1) for k in blocks]
    released += [(width - 1, 0, height * width - 1), (height * width - 1, 0, (height - 1) * width)]

    assert [tuple(face) for face in surface.faces.tolist()] == released
    np.testing.assert_array_equal(surface.hidden, [*mesh.hidden_face.ravel(), True, True])
    np.testing.assert_array_equal(surface.vertices, closed_surface(mesh).vertices[:-1])
    shown = ~mesh.hidden_vertex.ravel()
    np.testing.assert_array_equal(surface.colour[shown], mesh.colour.reshape(-1, 3)[shown])
    assert not surface.colour[~shown].any()


def test_corner_pixels_lie_on_whole_coordinates():
    mesh = small_mesh(0, pixel_origin="corner")
    surface = closed_surface(mesh, reference=True)
    pixels = mesh.lens.project(surface.vertices.astype(np.float64)).reshape(*mesh.depth.shape, 2)

    rows, columns = np.indices(mesh.depth.shape)
    np.testing.assert_allclose(pixels, np.stack([columns, rows], axis=-1), atol=1e-4)


@pytest.mark.parametrize("reference", [True, False])
def test_the_released_faces_are_not_closed_and_ours_are(reference):
    """The border's edges and the back's own: what the released code leaves open."""
    mesh = small_mesh(0, 14, 18)
    edges = directed_edges(closed_surface(mesh, reference=reference))
    lonely = [edge for edge in edges if edge[::-1] not in edges]
    assert len(lonely) == (2 * (13 + 17) + 4 if reference else 0)
