"""Several samples a pixel: what they decide, and that no pixel of the source changes for it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ex4d.artifacts.hiding import Hiding
from ex4d.errors import UserError
from ex4d.geometry.pinhole import Pinhole
from ex4d.render import supersampling
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.rasterizer import Rasterizer
from ex4d.render.supersampling import Supersampled, lens_of_samples, visible_samples
from tests.render.small_scenes import lenses, meshes, poses, small_mesh

CPU = CpuRasterizer()
HERE = np.eye(4)


def assert_same(frame, other):
    np.testing.assert_array_equal(frame.visible, other.visible)
    np.testing.assert_array_equal(frame.colour, other.colour)
    np.testing.assert_array_equal(frame.depth, other.depth)


@seed(21)
@settings(max_examples=15, deadline=None)
@given(mesh=meshes(), pose=poses(), lens=lenses())
def test_one_sample_is_the_inner_rasterizer(mesh, pose, lens):
    """To the byte."""
    assert_same(Supersampled(CPU, 1).render(mesh, pose, lens), CPU.render(mesh, pose, lens))


@seed(22)
@settings(max_examples=25, deadline=None)
@given(
    number=st.integers(0, 2**16), height=st.integers(2, 30), width=st.integers(2, 30), samples=st.sampled_from([3, 5])
)
def test_at_the_source_camera_every_visible_pixel_is_the_source(number, height, width, samples):
    """Bit by bit, and depth to the rounding of 1/z; what one sample does not show is not shown by more."""
    mesh = small_mesh(number, height, width)
    frame = Supersampled(CPU, samples).render(mesh, HERE, mesh.lens)

    np.testing.assert_array_equal(frame.colour[frame.visible], mesh.colour[frame.visible])
    np.testing.assert_allclose(frame.depth, mesh.depth, rtol=2e-7)
    assert not (frame.visible & ~CPU.render(mesh, HERE, mesh.lens).visible).any()


@seed(23)
@settings(max_examples=40, deadline=None)
@given(mesh=meshes(), pose=poses(reach=1.0), lens=lenses(), samples=st.sampled_from([3, 5]))
def test_each_pixel_is_what_most_of_its_samples_are(mesh, pose, lens, samples):
    """Its colour and depth are the centre's if that is visible; else the samples' mean, and the nearest's depth."""
    fine = CPU.render(mesh, pose, lens_of_samples(lens, samples, 0, lens.height))
    frame = Supersampled(CPU, samples).render(mesh, pose, lens)
    middle = (samples // 2, samples // 2)
    for y, x in np.ndindex(frame.visible.shape):
        block = np.s_[y * samples : (y + 1) * samples, x * samples : (x + 1) * samples]
        seen, colour, depth = fine.visible[block], fine.colour[block], fine.depth[block]
        visible = seen.mean() > 0.5
        whole = seen[middle] or not visible
        expected = colour[middle] * visible if whole else np.floor(colour[seen].mean(axis=0) + 0.5)

        assert frame.visible[y, x] == visible
        np.testing.assert_array_equal(frame.colour[y, x], expected)
        assert frame.depth[y, x] == (depth[middle] if whole else depth[seen].min())


@pytest.mark.parametrize("samples", [3, 5, 9])
@pytest.mark.parametrize("edge", np.linspace(-0.5, 0.5, 23))
def test_the_coverage_of_a_straight_edge_is_right_to_a_sample(edge, samples):
    """A plane that ends at a vertex, moved by a part of a pixel: how much of the pixel it covers, and so the mask."""
    lens = Pinhole(16, 12, 32.0, (8.0, 6.0))
    mesh = small_mesh(0, 12, 16)
    hidden = np.zeros_like(mesh.hidden_face)
    hidden[:, :, 8:] = True  # what is visible ends at the vertex of column 8, in the middle of its pixel
    plane = replace(
        mesh, depth=np.full((12, 16), 2.0, np.float32), hiding=Hiding.given(hidden, mesh.hidden_vertex), lens=lens
    )
    pose = np.eye(4)
    pose[0, 3] = -edge * 2.0 / 32.0
    share = 0.5 + edge
    fine = CPU.render(plane, pose, lens_of_samples(lens, samples, 0, 12))
    coverage = visible_samples(fine.visible, samples)[2:-2] / samples**2
    visible = Supersampled(CPU, samples).render(plane, pose, lens).visible[2:-2]

    assert np.abs(coverage[:, 8] - share).max() <= 0.5 / samples + 1 / 256
    assert (coverage[:, 2:8] == 1).all()
    assert (coverage[:, 9:] <= 0.5 / samples + 1 / 256).all()
    if abs(edge) > 0.5 / samples + 1 / 256:
        assert (visible[:, 8] == (edge > 0)).all()


@seed(24)
@settings(max_examples=15, deadline=None)
@given(mesh=meshes(), pose=poses(reach=1.0), lens=lenses(), at_once=st.integers(1, 3000))
def test_bands_change_no_byte(mesh, pose, lens, at_once):
    """However few samples are rendered at once."""
    whole = Supersampled(CPU, 3).render(mesh, pose, lens)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supersampling, "SAMPLES_AT_ONCE", at_once)
        banded = Supersampled(CPU, 3).render(mesh, pose, lens)

    assert_same(banded, whole)


@pytest.mark.parametrize("samples", [-1, 0, 2, 4])
def test_only_odd_samples_have_one_in_the_centre(samples):
    """The message says so."""
    with pytest.raises(UserError, match="odd number"):
        Supersampled(CPU, samples)


def test_it_is_a_rasterizer():
    """So it can be handed to whatever draws."""
    assert isinstance(Supersampled(CPU), Rasterizer)
