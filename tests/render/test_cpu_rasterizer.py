"""The compiled rasterizer against its twin, the released code's renders, and itself on other numbers of threads."""

from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.reference_rasterizer import ReferenceRasterizer
from tests.render.small_scenes import BORDER, RELEASED, lenses, meshes, poses, small_mesh
from tests.shared_data import shared_data

CPU, TWIN = CpuRasterizer(), ReferenceRasterizer()
OPENCV_FROM_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])


def assert_agree(mesh, pose, lens):
    ours, twin = CPU.render(mesh, pose, lens), TWIN.render(mesh, pose, lens)
    clear = ~in_the_back(twin.depth, pose, lens)
    both = ours.visible & twin.visible & clear
    surface = np.isfinite(ours.depth) & np.isfinite(twin.depth)

    assert ((ours.visible != twin.visible) & clear).sum() <= 0.001 * clear.size
    assert np.abs(ours.colour[both].astype(int) - twin.colour[both]).max(initial=0) <= 1
    assert (np.isfinite(ours.depth) != np.isfinite(twin.depth)).sum() <= 0.001 * clear.size
    np.testing.assert_allclose(ours.depth[surface], twin.depth[surface], rtol=1e-5)


def in_the_back(depth, pose, lens):
    """Say which pixels see the plane of the border: there the corner faces and the back lie in each other."""
    y, x = np.mgrid[: lens.height, : lens.width] + 0.5
    points = lens.unproject(np.stack([x, y], axis=-1), np.where(np.isfinite(depth), depth, 0).astype(np.float64))
    return np.abs(points @ pose[2, :3] + pose[2, 3] - BORDER) < 0.01


@seed(11)
@settings(max_examples=60, deadline=None)
@given(mesh=meshes(), pose=poses(), lens=lenses())
def test_agrees_with_the_twin_from_anywhere(mesh, pose, lens):
    """Visibility on 99.9 % of pixels (of small frames: on all of them), colours within 1, depth to float32."""
    assert_agree(mesh, pose, lens)


@seed(12)
@settings(max_examples=20, deadline=None)
@given(mesh=meshes(), pose=poses(reach=0.3))
def test_agrees_with_the_twin_near_the_source(mesh, pose):
    """As above, where most of the mesh is in view, in frames larger than the mesh."""
    assert_agree(mesh, pose, Pinhole(48, 40, mesh.lens.focal_px * 48 / mesh.lens.width, (24.0, 20.0)))


@seed(14)
@settings(max_examples=4, deadline=None)
@given(number=st.integers(0, 2**16), forward=st.floats(1.2, 2.8), sideways=st.floats(-0.5, 0.5))
def test_agrees_with_the_twin_where_whole_rows_lie_behind_the_camera(number, forward, sideways):
    """A wall over a step that the camera has passed, so wide that parts of a row have no border, in many bands."""
    mesh = small_mesh(number, 7, 200)
    depth = mesh.depth.copy()
    depth[1:3, 1:-1], depth[3:6, 1:-1] = 3.0, 1.0
    pose = np.eye(4)
    pose[:3, 3] = (sideways, 0.1, forward)
    lens = Pinhole(90, 100, mesh.lens.focal_px / 2, (45.0, 50.0))
    assert_agree(replace(mesh, depth=depth), pose, lens)


@pytest.mark.parametrize("rasterizer", [CPU, TWIN], ids=["cpu", "twin"])
@pytest.mark.parametrize("rule", ["face", "vertex"])
@seed(13)
@settings(max_examples=15, deadline=None)
@given(number=st.integers(0, 2**16), pose=poses(reach=1.0), share=st.floats(0.0, 1.0))
def test_beyond_far_a_frame_is_empty_and_before_it_unchanged(rasterizer, rule, number, pose, share):
    """What is cut is decided by the nearest surface of a pixel, hidden or not; nothing behind it appears."""
    mesh = small_mesh(number, rule=rule)
    whole = rasterizer.render(mesh, pose, mesh.lens)
    far = float(np.quantile(whole.depth[np.isfinite(whole.depth)], share)) if np.isfinite(whole.depth).any() else 2.0
    cut = rasterizer.render(replace(mesh, far=far), pose, mesh.lens)
    kept = whole.depth <= far

    np.testing.assert_array_equal(cut.depth, np.where(kept, whole.depth, np.inf))
    np.testing.assert_array_equal(cut.visible, whole.visible & kept)
    np.testing.assert_array_equal(cut.colour, whole.colour * kept[..., None])


@pytest.mark.parametrize("rule", ["face", "vertex"])
def test_the_number_of_threads_changes_no_byte(rule):
    """Bands are shared out, never merged."""
    mesh = small_mesh(7, 90, 120, rule=rule)
    pose = np.eye(4)
    pose[:3, 3] = (0.4, -0.1, 0.3)
    lens = Pinhole(200, 150, 180.0, (100.0, 75.0))
    frames = [CpuRasterizer(threads).render(mesh, pose, lens) for threads in (1, 2, 3, 7)]

    assert frames[0].visible.any()
    for frame in frames[1:]:
        assert frame.colour.tobytes() == frames[0].colour.tobytes()
        assert frame.visible.tobytes() == frames[0].visible.tobytes()
        assert frame.depth.tobytes() == frames[0].depth.tobytes()


def test_scratch_memory_keeps_nothing_from_earlier_frames():
    """A large mesh, a small one, other sizes of output: each frame equals that of a fresh rasterizer."""
    used = CpuRasterizer()
    for number, (height, width) in enumerate([(40, 50), (12, 9), (40, 50), (33, 80)]):
        mesh = small_mesh(number, height, width)
        lens = Pinhole(60 - number, 40 + number, 50.0, (30.0, 20.0))
        frame, fresh = used.render(mesh, np.eye(4), lens), CpuRasterizer().render(mesh, np.eye(4), lens)

        np.testing.assert_array_equal(frame.colour, fresh.colour)
        np.testing.assert_array_equal(frame.depth, fresh.depth)


@pytest.mark.parametrize("name", RELEASED)
def test_parity_with_the_released_renderer(name):
    """Visibility agrees on 99.9 % of every frame; where both see, colours differ by 0.3 of 255 on average.

    What differs is the released renderer's antialiased edges.
    """
    differences = []
    with np.load(shared_data(f"reference_render/{name}.npz")) as file:
        truth = {key: file[key] for key in ("source", "depth", "intrinsics", "extrinsics", "colour", "visible")}
    focal, center = truth["intrinsics"][0, 0], truth["intrinsics"][:2, 2]
    height, width = truth["depth"].shape[1:]
    lens = Pinhole(width, height, float(focal), (float(center[0]), float(center[1])))
    for index in range(len(truth["depth"])):
        mesh = build_mesh(truth["source"][index], truth["depth"][index], lens, profile=RELEASED[name])
        camera_from_world = OPENCV_FROM_OPENGL @ truth["extrinsics"][index].astype(np.float64)
        frame = CPU.render(mesh, np.linalg.inv(camera_from_world), lens)
        both = frame.visible & truth["visible"][index]
        differences.append(np.abs(frame.colour[both].astype(float) - truth["colour"][index][both]))

        assert (frame.visible == truth["visible"][index]).mean() >= 0.999, f"frame {index}"
    assert np.concatenate(differences).mean() <= 0.3


@pytest.mark.parametrize("number", [0, 30, 90, 150])
def test_real_depth_at_the_source_camera(number):
    """Every visible pixel is the source's, and at least 99.8 % of the interior is visible."""
    folder = shared_data("redkitchen")
    colour = iio.imread(folder / f"{number:04d}.rgb.jpg")
    millimetres = iio.imread(folder / f"{number:04d}.depth.png")
    depth = fill_unknown(millimetres.astype(np.float32) / 1000, millimetres > 0)
    lens = Pinhole(640, 480, 585.0, (320.0, 240.0))
    frame = CPU.render(build_mesh(colour, depth, lens), np.eye(4), lens)

    np.testing.assert_array_equal(frame.colour[frame.visible], colour[frame.visible])
    assert frame.visible[1:-1, 1:-1].mean() >= 0.998
