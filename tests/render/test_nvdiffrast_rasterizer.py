"""The rasterizer on a card against the CPU's, the twin and the released code's renders."""

from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given, seed, settings

from ex4d.artifacts.hiding import Hiding
from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.errors import MissingPart, UserError
from ex4d.geometry.pinhole import Pinhole
from ex4d.progress import SILENT
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.choice import open_rasterizer
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.rasterizer import Rasterizer
from ex4d.render.reference_rasterizer import ReferenceRasterizer
from tests.render.small_scenes import RELEASED, lenses, meshes, poses, profile, small_mesh
from tests.render.test_cpu_rasterizer import OPENCV_FROM_OPENGL
from tests.shared_data import shared_data

pytestmark = pytest.mark.gpu
CPU, TWIN = CpuRasterizer(), ReferenceRasterizer()
HERE = np.eye(4)
face_meshes = meshes().filter(lambda mesh: mesh.rule == "face")


@pytest.fixture(scope="module")
def gpu() -> Rasterizer:
    try:
        return open_rasterizer("nvdiffrast", SILENT)
    except MissingPart as missing:
        pytest.skip(str(missing))


def moved(x: float, y: float, z: float) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def turned(angle_deg: float, radius: float) -> np.ndarray:
    """A camera on a circle about a point at the radius, to the right."""
    angle = np.radians(angle_deg)
    pose = moved(radius * np.sin(angle), 0.0, radius * (1 - np.cos(angle)))
    pose[0, :3] = np.cos(angle), 0.0, -np.sin(angle)
    pose[2, :3] = np.sin(angle), 0.0, np.cos(angle)
    return pose


def shares_apart(ours, theirs):
    """Shares of pixels whose visibility, colour (by more than 1 of 255) and depth (by more than 1e-5) differ."""
    both = ours.visible & theirs.visible
    levels = np.abs(ours.colour.astype(int) - theirs.colour).max(axis=-1)
    with np.errstate(invalid="ignore"):
        close = (ours.depth == theirs.depth) | (np.abs(ours.depth / theirs.depth - 1) <= 1e-5)
    apart = ours.visible != theirs.visible, both & (levels > 1), ~close
    return np.array([pixels.mean() for pixels in apart])


def assert_agree(gpu, other, mesh, pose, lens):
    """Visibility and colours alike; not the depth of what is hidden.

    nvdiffrast tells depths of 100 apart by 5 of 100 at best, as its near plane is a hundred thousand times nearer: the
    back, and the skirts that reach it, are told apart by less.
    """
    ours, theirs = gpu.render(mesh, pose, lens), other.render(mesh, pose, lens)
    both = ours.visible & theirs.visible

    assert shares_apart(ours, theirs)[:2].max() <= 0.001
    np.testing.assert_allclose(ours.depth[both], theirs.depth[both], rtol=1e-5)


@pytest.mark.parametrize("other", [CPU, TWIN], ids=["cpu", "twin"])
@seed(21)
@settings(max_examples=60, deadline=None)
@given(mesh=face_meshes, pose=poses(), lens=lenses())
def test_agrees_from_anywhere(gpu, other, mesh, pose, lens):
    """On 99.9 % of pixels; of small frames: on all of them. Under the face rule; the other is antialiased."""
    assert_agree(gpu, other, mesh, pose, lens)


@pytest.mark.parametrize("other", [CPU, TWIN], ids=["cpu", "twin"])
@seed(22)
@settings(max_examples=20, deadline=None)
@given(mesh=face_meshes, pose=poses(reach=0.3))
def test_agrees_near_the_source(gpu, other, mesh, pose):
    """As above, where most of the mesh is in view, in frames larger than the mesh."""
    lens = Pinhole(48, 40, mesh.lens.focal_px * 48 / mesh.lens.width, (24.0, 20.0))
    assert_agree(gpu, other, mesh, pose, lens)


def kitchen_mesh(number: int, profile=PROFILES["clean"]):
    folder = shared_data("redkitchen")
    colour = iio.imread(folder / f"{number:04d}.rgb.jpg")
    millimetres = iio.imread(folder / f"{number:04d}.depth.png")
    depth = fill_unknown(millimetres.astype(np.float32) / 1000, millimetres > 0)
    return build_mesh(colour, depth, Pinhole(640, 480, 585.0, (320.0, 240.0)), profile=profile)


@pytest.mark.parametrize("number", [0, 30])
@pytest.mark.parametrize("angle_deg", [0.0, 10.0, 30.0, 60.0, 90.0])
def test_agrees_with_the_cpu_on_real_depth(gpu, number, angle_deg):
    """Visibility, colour and depth on 99.9 % of pixels each, at every angle."""
    mesh = kitchen_mesh(number)
    pose = turned(angle_deg, float(mesh.depth.min()) + 0.15)
    apart = shares_apart(gpu.render(mesh, pose, mesh.lens), CPU.render(mesh, pose, mesh.lens))

    assert (apart <= 0.001).all(), apart


@pytest.mark.parametrize("angle_deg", [10.0, 30.0, 60.0])
def test_the_vertex_rule_agrees_on_real_depth_but_for_antialiased_edges(gpu, angle_deg):
    """Visibility on 99.8 % of pixels; colours differ by 0.3 of 255 on average."""
    mesh = kitchen_mesh(0, PROFILES["reference"])
    pose = turned(angle_deg, float(mesh.depth.min()) + 0.15)
    ours, theirs = gpu.render(mesh, pose, mesh.lens), CPU.render(mesh, pose, mesh.lens)
    both = ours.visible & theirs.visible

    assert (ours.visible == theirs.visible).mean() >= 0.998
    assert np.abs(ours.colour[both].astype(float) - theirs.colour[both]).mean() <= 0.3


@pytest.mark.parametrize("number", [0, 30])
def test_real_depth_at_the_source_camera(gpu, number):
    """The same pixels are visible as on the CPU, and all of them are the source's, bit by bit."""
    mesh = kitchen_mesh(number)
    frame, cpu = gpu.render(mesh, HERE, mesh.lens), CPU.render(mesh, HERE, mesh.lens)

    np.testing.assert_array_equal(frame.colour[frame.visible], mesh.colour[frame.visible])
    np.testing.assert_array_equal(frame.visible, cpu.visible)
    np.testing.assert_array_equal(frame.depth, cpu.depth)


@pytest.mark.parametrize("name", RELEASED)
def test_parity_with_the_released_renderer(gpu, name):
    """Visibility agrees on 99.99 % of all pixels, antialiased edges included; colours differ by 0.1 on average."""
    with np.load(shared_data(f"reference_render/{name}.npz")) as file:
        truth = {key: file[key] for key in ("source", "depth", "intrinsics", "extrinsics", "colour", "visible")}
    focal, center = truth["intrinsics"][0, 0], truth["intrinsics"][:2, 2]
    height, width = truth["depth"].shape[1:]
    lens = Pinhole(width, height, float(focal), (float(center[0]), float(center[1])))
    agreed, differences = [], []
    for index in range(len(truth["depth"])):
        mesh = build_mesh(truth["source"][index], truth["depth"][index], lens, profile=RELEASED[name])
        camera_from_world = OPENCV_FROM_OPENGL @ truth["extrinsics"][index].astype(np.float64)
        frame = gpu.render(mesh, np.linalg.inv(camera_from_world), lens)
        both = frame.visible & truth["visible"][index]
        agreed.append((frame.visible == truth["visible"][index]).mean())
        differences.append(np.abs(frame.colour[both].astype(float) - truth["colour"][index][both]))

    assert np.mean(agreed) >= 0.9999, agreed
    assert np.concatenate(differences).mean() <= 0.1


def test_what_stays_on_the_card_changes_nothing(gpu):
    """Meshes of several sizes by turns, some again, frames of several sizes: each equals a fresh rasterizer's."""
    several = [small_mesh(number, *size) for number, size in enumerate([(40, 50), (12, 9), (40, 50), (33, 80)])]
    for turn, number in enumerate([0, 1, 0, 2, 2, 3, 0]):
        lens = Pinhole(60 - turn, 40 + turn, 50.0, (30.0, 20.0))
        frame = gpu.render(several[number], HERE, lens)
        fresh = open_rasterizer("nvdiffrast", SILENT).render(several[number], HERE, lens)

        np.testing.assert_array_equal(frame.colour, fresh.colour)
        np.testing.assert_array_equal(frame.visible, fresh.visible)
        np.testing.assert_array_equal(frame.depth, fresh.depth)


def test_a_frame_outlives_the_next(gpu):
    """Frames have memory of their own."""
    mesh = small_mesh(3, 30, 40)
    frame = gpu.render(mesh, HERE, mesh.lens)
    kept = frame.colour.copy()
    gpu.render(small_mesh(4, 30, 40), HERE, mesh.lens)

    np.testing.assert_array_equal(frame.colour, kept)


@pytest.mark.parametrize(("width", "height"), [(2048, 2048), (2600, 2100), (16384, 60)])
def test_large_frames_agree_with_the_cpu(gpu, width, height):
    """Beyond 2048 pixels nvdiffrast puts viewports together."""
    mesh = small_mesh(5, 60, 80)
    lens = Pinhole(width, height, mesh.lens.focal_px * width / 80, (width / 2, height / 2))
    pose = moved(0.1, -0.05, 0.1)
    apart = shares_apart(gpu.render(mesh, pose, lens), CPU.render(mesh, pose, lens))

    assert (apart <= 0.001).all(), apart


def test_what_nvdiffrast_cannot_draw_is_refused_in_words(gpu):
    """Frames longer than 16384 pixels and meshes of more than 2^24 faces, before anything is allocated."""
    mesh = small_mesh(6)
    with pytest.raises(UserError, match="20000x10 is larger than nvdiffrast draws"):
        gpu.render(mesh, HERE, Pinhole(20000, 10, 50.0, (10.0, 5.0)))
    many = replace(
        mesh,
        depth=np.ones((4000, 4000), np.float32),
        colour=np.zeros((4000, 4000, 3), np.uint8),
        hiding=Hiding.nothing(4000, 4000),
    )
    with pytest.raises(UserError, match="4000x4000 pixels has 31984004 faces"):
        gpu.render(many, HERE, mesh.lens)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"min_angle_deg": 20.0},
        {"min_angle_deg": None, "steepness": 3.0},
        {"min_angle_deg": None, "depth_share": 0.2},
        {"min_angle_deg": None, "depth_ratio": 1.2},
        {"min_angle_deg": 5.0, "steepness": 5.0, "depth_ratio": 1.5, "unknown": "hide"},
        {"rule": "vertex"},
        {"rule": "vertex", "pixel_origin": "corner", "unknown": "hide"},
    ],
)
@pytest.mark.parametrize("seed_of_scene", [1, 2])
def test_hides_what_the_cpu_hides(gpu, fields, seed_of_scene):
    """A mesh whose tests run on the card draws the frame of one whose hiding was found before."""
    rng = np.random.default_rng(seed_of_scene)
    usual = small_mesh(seed_of_scene, 61, 83)
    known = rng.random((61, 83)) > 0.02
    mesh = build_mesh(usual.colour, usual.depth, usual.lens, profile=profile(**fields), known=known)
    found = replace(mesh, hiding=Hiding.given(mesh.hidden_face, mesh.hidden_vertex))
    for pose in (HERE, moved(0.2, -0.1, 0.1)):
        ours, expected = gpu.render(mesh, pose, mesh.lens), gpu.render(found, pose, mesh.lens)

        np.testing.assert_array_equal(ours.visible, expected.visible)
        np.testing.assert_array_equal(ours.colour, expected.colour)
    assert 0.01 < expected.visible.mean() < 1


def test_hides_what_the_cpu_hides_on_real_depth(gpu):
    """But for faces at the limit, which fused products may round otherwise: at most 1 pixel in 10,000."""
    mesh = kitchen_mesh(0)
    found = replace(mesh, hiding=Hiding.given(mesh.hidden_face, mesh.hidden_vertex))
    for pose in (HERE, turned(20.0, 2.0)):
        apart = shares_apart(gpu.render(mesh, pose, mesh.lens), gpu.render(found, pose, mesh.lens))

        assert apart.max() <= 1e-4
