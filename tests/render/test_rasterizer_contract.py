"""What every rasterizer promises."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.errors import MissingPart
from ex4d.geometry.pinhole import Pinhole
from ex4d.progress import SILENT
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.choice import open_rasterizer
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.rasterizer import NEAR, Rasterizer
from ex4d.render.reference_rasterizer import ReferenceRasterizer
from tests.render.small_scenes import BORDER, lenses, meshes, poses, profile, small_mesh

HERE = np.eye(4)
KINDS = {"cpu": CpuRasterizer(), "reference": ReferenceRasterizer()}


@pytest.fixture(params=[*KINDS, pytest.param("nvdiffrast", marks=pytest.mark.gpu)], scope="module")
def rasterizer(request: pytest.FixtureRequest) -> Rasterizer:
    if request.param in KINDS:
        return KINDS[request.param]
    try:
        return open_rasterizer("nvdiffrast", SILENT)
    except MissingPart as missing:
        pytest.skip(str(missing))


def plane_mesh(depth: float, height: int = 12, width: int = 16, focal: float = 32.0, **fields: Any) -> WatertightMesh:
    colour = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    lens = Pinhole(width, height, focal, (0.5 * width, 0.5 * height))
    return build_mesh(colour, np.full((height, width), depth, np.float32), lens, profile=profile(**fields))


def moved(*offset: float) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = offset
    return pose


class TestRasterizer:
    @seed(1)
    @settings(max_examples=25, deadline=None)
    @given(mesh=meshes(), pose=poses(), lens=lenses())
    def test_any_camera_gives_whole_frames_of_the_lens_size(self, rasterizer, mesh, pose, lens):
        """No NaN, depth beyond the near plane, black where unseen, whatever the mesh and camera."""
        frame = rasterizer.render(mesh, pose, lens)

        assert frame.colour.shape == (lens.height, lens.width, 3)
        assert frame.visible.shape == frame.depth.shape == (lens.height, lens.width)
        assert (frame.depth >= np.float32(NEAR) * (1 - 1e-6)).all()
        assert not frame.colour[~frame.visible].any()
        assert np.isfinite(frame.depth[frame.visible]).all()

    @seed(2)
    @settings(max_examples=20, deadline=None)
    @given(number=st.integers(0, 2**16), height=st.integers(2, 30), width=st.integers(2, 30))
    def test_at_the_source_camera_every_visible_pixel_is_the_source(self, rasterizer, number, height, width):
        """Under the face rule, and every pixel with a face that is not hidden is visible."""
        mesh = small_mesh(number, height, width)
        frame = rasterizer.render(mesh, HERE, mesh.lens)
        shown = np.zeros((height, width), np.bool_)
        for rows, columns, half in _corners_of_faces(height, width):
            shown[rows, columns] |= ~mesh.hidden_face[half]

        np.testing.assert_array_equal(frame.colour[frame.visible], mesh.colour[frame.visible])
        np.testing.assert_allclose(frame.depth, mesh.depth, rtol=2e-7)  # 1/(1/z) in float32
        np.testing.assert_array_equal(frame.visible, shown)

    @seed(3)
    @settings(max_examples=15, deadline=None)
    @given(number=st.integers(0, 2**16), height=st.integers(3, 30), width=st.integers(3, 30))
    def test_the_vertex_rule_shows_what_is_not_hidden(self, rasterizer, number, height, width):
        """At the source camera, with pixel centres right, inside the border (where the back lies as near)."""
        mesh = small_mesh(number, height, width, rule="vertex")
        frame = rasterizer.render(mesh, HERE, mesh.lens)
        inside = np.s_[1:-1, 1:-1]

        np.testing.assert_array_equal(frame.visible[inside], ~mesh.hidden_vertex[inside])
        expected = np.where(mesh.hidden_vertex[..., None], 0, mesh.colour)
        np.testing.assert_array_equal(frame.colour[inside], expected[inside])

    @seed(4)
    @settings(max_examples=15, deadline=None)
    @given(mesh=meshes(), shift=st.integers(-6, 6), lens=lenses())
    def test_moving_the_lens_by_whole_pixels_moves_the_image(self, rasterizer, mesh, shift, lens):
        """The same camera, seen through a frame that begins elsewhere."""
        x, y = lens.center_px
        wide = Pinhole(lens.width + 6, lens.height, lens.focal_px, (x + 6, y))
        beyond = rasterizer.render(mesh, HERE, wide)
        frame = rasterizer.render(mesh, HERE, lens)

        np.testing.assert_array_equal(beyond.colour[:, 6:], frame.colour)
        np.testing.assert_array_equal(beyond.visible[:, 6:], frame.visible)

    @seed(5)
    @settings(max_examples=15, deadline=None)
    @given(number=st.integers(0, 2**16), pose=poses(reach=1.0), power=st.integers(-3, 6))
    def test_scaling_mesh_and_camera_together_changes_no_pixel(self, rasterizer, number, pose, power):
        """Size cannot be seen: depth, border and translation times one factor give the same frame, depth times it.

        On a card, on 99 % of these few pixels: nvdiffrast tells depths apart relative to the near plane, which does not
        scale, so that where surfaces nearly meet the other one may win.
        """
        scale = 2.0**power
        mesh = small_mesh(number)
        deep = profile(border_depth=BORDER * scale)
        larger = build_mesh(mesh.colour, mesh.depth * np.float32(scale), mesh.lens, profile=deep)
        far = pose.copy()
        far[:3, 3] *= scale
        frame, scaled = rasterizer.render(mesh, pose, mesh.lens), rasterizer.render(larger, far, mesh.lens)
        apart = min(frame.depth.min() * min(scale, 1.0), 1.0) > 4 * NEAR  # the near plane does not scale

        if apart:
            share = 0.0 if rasterizer in KINDS.values() else 0.01
            assert (scaled.colour != frame.colour).any(axis=-1).mean() <= share
            assert (scaled.visible != frame.visible).mean() <= share
            assert (scaled.depth != frame.depth * np.float32(scale)).mean() <= share

    def test_a_plane_seen_from_nearer_is_larger(self, rasterizer):
        """At half the distance each source pixel covers two by two, and depth is measured from the camera."""
        mesh = plane_mesh(2.0)
        frame = rasterizer.render(mesh, moved(0, 0, 1.0), mesh.lens)

        assert frame.visible.all()
        np.testing.assert_allclose(frame.depth, 1.0, rtol=1e-6)
        middle = mesh.colour.astype(float)
        two = 0.75 * middle[3:9, 4:12] + 0.25 * middle[3:9, 3:11]  # a quarter pixel left of each centre
        upper_left = 0.75 * two + 0.25 * (0.75 * middle[2:8, 4:12] + 0.25 * middle[2:8, 3:11])
        assert np.abs(frame.colour[::2, ::2] - upper_left).mean() < 40  # triangles, not bilinear patches

    def test_moving_sideways_uncovers_the_border(self, rasterizer):
        """Eight pixels to the right, a plane's right half fills the left of the frame; the rest was never seen."""
        mesh = plane_mesh(2.0)
        frame = rasterizer.render(mesh, moved(0.5, 0, 0), mesh.lens)

        np.testing.assert_array_equal(frame.colour[1:-1, 1:7], mesh.colour[1:-1, 9:15])
        assert frame.visible[1:-1, 1:7].all()
        assert not frame.visible[:, 8:].any()

    def test_hidden_faces_hide_what_is_behind_them(self, rasterizer):
        """The skirt of a near square covers the far plane beside it."""
        depth = np.full((12, 16), 4.0, np.float32)
        depth[3:9, 3:8] = 1.0
        lens = Pinhole(16, 12, 32.0, (8.0, 6.0))
        mesh = build_mesh(np.full((12, 16, 3), 200, np.uint8), depth, lens, profile=profile())
        frame = rasterizer.render(mesh, moved(0.125, 0, 0), lens)
        skirt = ~frame.visible[5, 1:-3]  # left of the border

        assert skirt.any()
        assert ((frame.depth[5, 1:-3][skirt] > 1.0) & (frame.depth[5, 1:-3][skirt] < 4.0)).all()

    def test_behind_the_camera_nothing_is_seen(self, rasterizer):
        """A camera beyond the border's depth, looking away."""
        mesh = plane_mesh(2.0)
        frame = rasterizer.render(mesh, moved(0, 0, 200.0), mesh.lens)

        assert not frame.visible.any()
        assert np.isinf(frame.depth).all()

    def test_the_near_plane_cuts_faces(self, rasterizer):
        """A ground that runs under the camera and behind it is drawn up to the image's edge."""
        rows, columns = 24, 24
        lens = Pinhole(columns, rows, 12.0, (12.0, 12.0))
        depth = np.full((rows, columns), 20.0, np.float32)
        below = np.arange(13, rows)
        depth[below] = (12.0 / (below + 0.5 - 12.0))[:, None]  # the plane y = 1
        mesh = build_mesh(
            np.full((rows, columns, 3), 99, np.uint8), depth, lens, profile=profile(min_angle_deg=0.1, depth_ratio=None)
        )
        frame = rasterizer.render(mesh, moved(0, 0, 1.2), lens)
        ground = 12.0 / (np.arange(14, rows) + 0.5 - 12.0)

        assert frame.visible[14:, 8:16].all()
        np.testing.assert_allclose(frame.depth[14:, 12], ground, rtol=0.02)

    def test_the_back_is_seen_under_the_vertex_rule_alone(self, rasterizer):
        """Inside the sealed volume, past the surface, the camera faces the back."""
        for rule, seen in (("vertex", True), ("face", False)):
            mesh = plane_mesh(2.0, rule=rule)
            frame = rasterizer.render(mesh, moved(0, 0, 50.0), mesh.lens)

            np.testing.assert_allclose(frame.depth, 50.0, rtol=1e-5)
            assert frame.visible.all() == seen
            assert frame.visible.any() == seen


def _corners_of_faces(height, width):
    first = [(0, 0), (1, 0), (0, 1)]
    second = [(0, 1), (1, 0), (1, 1)]
    for half, corners in enumerate((first, second)):
        for down, right in corners:
            yield slice(down, height - 1 + down), slice(right, width - 1 + right), half
