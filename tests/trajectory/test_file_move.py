"""The cameras of a file as a shot's base camera, and on top of it."""

import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import exp, head_rotation, inverse, pan_rotation, quaternion_wxyz
from ex4d.shotlist.model import CameraFile, LensSpec, Orbit, Pan, Spline, SplineKey, Subject, Zoom
from ex4d.trajectory.exchange import ex4d_json, ex4d_npz
from tests.trajectory.shots import at, cameras, compiled, item, law, positions, rotations, same, scene

POSES = exp(np.random.default_rng(5).normal(scale=0.3, size=(7, 6)))


def tum(folder, poses, seconds=None, name="cameras.txt"):
    seconds = range(len(poses)) if seconds is None else seconds
    lines = ["# timestamp tx ty tz qx qy qz qw"]
    for when, pose in zip(seconds, poses, strict=True):
        w, x, y, z = quaternion_wxyz(pose[:3, :3])
        lines.append(" ".join(repr(float(value)) for value in (when, *pose[:3, 3], x, y, z, w)))
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def lens(kind, value):
    return LensSpec(kind=kind, value=value)


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_zoom_between_two_lenses_is_the_only_lens_move_beside_a_file_too(tmp_path, mode):
    """What a file's cameras wear is known once it is read."""
    file, plain = tmp_path / "zoomed.json", tmp_path / "plain.json"
    ex4d_json.write(compiled(Zoom(factor=1.5), Pan(angle=0.1)), file)
    ex4d_json.write(compiled(Pan(angle=0.1)), plain)
    zoom = Zoom(start=lens("mm", 35), end=lens("mm", 70))
    with pytest.raises(TrajectoryError, match="must be the shot's only lens move, and its camera file") as found:
        compiled(CameraFile(file=file, mode=mode), Pan(angle=0.1), zoom)

    assert found.value.part == 2
    alone = compiled(zoom).lens_factor
    np.testing.assert_array_equal(compiled(CameraFile(file=plain, mode=mode), zoom).lens_factor, alone)
    twice = compiled(CameraFile(file=file, mode=mode), Zoom(factor=2.0)).lens_factor
    np.testing.assert_allclose(twice[-1], 3.0)


@law
@given(drawn=cameras())
def test_a_compiled_shot_that_is_written_as_json_comes_back_as_it_was(tmp_path_factory, drawn):
    """At as many frames, whatever moves made it; so a shot can stand on another."""
    file = tmp_path_factory.mktemp("cameras") / "shot.json"
    try:
        path = compiled(*drawn)
    except TrajectoryError:
        return
    ex4d_json.write(path, file)

    same(compiled(CameraFile(file=file)), path, tolerance=1e-12)


def test_a_tum_file_is_followed_in_its_unit(tmp_path):
    """Each of its cameras is met where the file says, scaled to subject distances."""
    path = compiled(CameraFile(file=tum(tmp_path, POSES), scale=0.25), place=scene(7))

    np.testing.assert_allclose(positions(path), 0.25 * POSES[:, :3, 3], atol=1e-12)
    np.testing.assert_allclose(path.world_from_camera[:, :3, :3], POSES[:, :3, :3], atol=1e-12)


def test_its_timestamps_count_and_not_its_lines(tmp_path):
    """A camera at a third of the file's seconds is met at a third of the move."""
    file = tum(tmp_path, POSES[:3], (10.0, 11.0, 13.0))
    path = compiled(CameraFile(file=file, scale=1.0), place=scene(7))

    np.testing.assert_allclose(path.world_from_camera[[0, 2, 6]], POSES[:3], atol=1e-12)


def test_between_two_cameras_the_way_is_even_and_the_turn_the_shorter_one(tmp_path):
    turned = np.stack([np.eye(4), compiled(Pan(angle=1.0)).world_from_camera[-1]])
    turned[1, :3, 3] = (0.4, 0.0, 0.2)
    path = compiled(CameraFile(file=tum(tmp_path, turned), scale=1.0), place=scene(5))

    np.testing.assert_allclose(positions(path)[2], (0.2, 0.0, 0.1), atol=1e-12)
    half = compiled(Pan(angle=0.5)).world_from_camera[-1, :3, :3]
    np.testing.assert_allclose(path.world_from_camera[2, :3, :3], half, atol=1e-12)


def test_ex4ds_npz_is_read_in_units_of_its_depth(tmp_path):
    file = tmp_path / "camera_180.npz"
    ex4d_npz.write_camera_file(ex4d_npz.CameraFile(POSES, Pinhole(512, 512, 500.0, (256.0, 256.0))), file)
    path = compiled(CameraFile(file=file, scale=0.4), place=scene(7))

    np.testing.assert_allclose(positions(path), 0.4 * POSES[:, :3, 3], atol=1e-6)
    np.testing.assert_allclose(path.world_from_camera[:, :3, :3], POSES[:, :3, :3], atol=1e-6)


def test_appended_it_moves_as_from_its_own_first_camera(tmp_path):
    """Wherever its world's origin is; on top of the base camera, and under all other moves."""
    file = tum(tmp_path, POSES)
    added = CameraFile(file=file, scale=0.5, mode="append")
    relative = inverse(POSES[0]) @ POSES
    relative[:, :3, 3] *= 0.5
    base = tmp_path / "base.json"
    ex4d_json.write(compiled(Orbit(right=0.3), place=scene(7)), base)
    under = compiled(CameraFile(file=base), place=scene(7)).world_from_camera

    np.testing.assert_allclose(compiled(added, place=scene(7)).world_from_camera, relative, atol=1e-12)
    both = compiled(added, CameraFile(file=base), place=scene(7))
    np.testing.assert_allclose(both.world_from_camera, under @ relative, atol=1e-12)


@law
@given(st.floats(-1.0, 1.0), st.floats(-0.5, 0.5))
def test_however_the_source_stood_a_file_is_in_its_axes(tmp_path_factory, tilt, roll):
    """As its cameras stand; appended, in those of the camera they are put on. A pan turns about the vertical."""
    file = tum(tmp_path_factory.mktemp("cameras"), POSES)
    place = scene(7, source_tilt=tilt, source_roll=roll)
    spline = Spline(keys=(SplineKey(at=at(0)), SplineKey(at=at(100), position=(0.2, 0.1, 0.0), look_at=Subject())))
    under = compiled(spline, place=place).world_from_camera
    added = CameraFile(file=file, scale=1.0, mode="append")
    stood = compiled(CameraFile(file=file, scale=1.0), place=place).world_from_camera
    panned = rotations(compiled(CameraFile(file=file, scale=1.0), Pan(angle=0.3), place=place))

    np.testing.assert_allclose(stood, POSES, atol=1e-12)
    on_top = compiled(added, spline, place=place).world_from_camera
    np.testing.assert_allclose(on_top, under @ inverse(POSES[0]) @ POSES, atol=1e-12)
    turned = panned[-1] @ POSES[-1, :3, :3].T
    level = head_rotation(np.array(0.0), np.array(-tilt), np.array(roll))
    np.testing.assert_allclose(level @ turned @ level.T, pan_rotation(np.array(0.3)), atol=1e-12)


def test_appended_its_lens_counts_from_its_first_and_multiplies_the_bases(tmp_path):
    """And between two of its lenses magnification grows evenly."""
    file, base = tmp_path / "file.json", tmp_path / "base.json"
    poses = np.tile(np.eye(4), (2, 1, 1)).tolist()
    file.write_text(own(world_from_camera=poses, lens_factor=[2.0, 8.0]), encoding="utf-8")
    base.write_text(own(world_from_camera=poses, lens_factor=[0.5, 0.5]), encoding="utf-8")
    added = CameraFile(file=file, mode="append")

    np.testing.assert_allclose(compiled(added, place=scene(3)).lens_factor, [1.0, 2.0, 4.0])
    np.testing.assert_allclose(compiled(added, CameraFile(file=base), place=scene(3)).lens_factor, [0.5, 1.0, 2.0])
    np.testing.assert_allclose(compiled(CameraFile(file=file), place=scene(3)).lens_factor, [2.0, 4.0, 8.0])


def test_appended_in_any_order_of_writing(tmp_path):
    added = CameraFile(file=tum(tmp_path, POSES), scale=0.5, mode="append")
    first = compiled(added, Pan(angle=0.2), item(Zoom(factor=1.5), 20, 80))

    same(first, compiled(item(Zoom(factor=1.5), 20, 80), Pan(angle=0.2), added), tolerance=0)


def test_a_file_of_one_camera_stands_there_all_the_time(tmp_path):
    path = compiled(CameraFile(file=tum(tmp_path, POSES[:1]), scale=1.0))

    np.testing.assert_allclose(path.world_from_camera, np.broadcast_to(POSES[0], (25, 4, 4)), atol=1e-12)


def test_a_file_that_changes_is_read_again(tmp_path):
    file = tum(tmp_path, POSES)
    before = compiled(CameraFile(file=file, scale=1.0))
    tum(tmp_path, POSES[::-1])
    os.utime(file, ns=(1, 1))  # a clock may be too coarse to tell two writes apart

    assert not np.allclose(before.world_from_camera, compiled(CameraFile(file=file, scale=1.0)).world_from_camera)


def test_a_file_that_another_takes_the_place_of_is_read_again_though_it_is_as_long_and_as_old(tmp_path):
    file, other = tmp_path / "cameras.json", tmp_path / "other.json"
    for written, right in ((file, 0.25), (other, 0.75)):
        pose = np.eye(4)
        pose[0, 3] = right
        written.write_text(own(world_from_camera=[pose.tolist()]), encoding="utf-8")
        os.utime(written, ns=(1, 1))
    before = positions(compiled(CameraFile(file=file)))[0, 0]
    other.replace(file)

    assert (before, positions(compiled(CameraFile(file=file)))[0, 0]) == (0.25, 0.75)


@given(st.sampled_from(["cameras.txt", "cameras.npz"]))
def test_a_file_without_a_unit_needs_one(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("cameras")
    file = tum(folder, POSES)
    if name.endswith("npz"):
        file = folder / name
        ex4d_npz.write_camera_file(ex4d_npz.CameraFile(POSES, Pinhole(64, 64, 50.0, (32.0, 32.0))), file)
    with pytest.raises(TrajectoryError, match=rf"{name} does not say how long its unit is; write scale"):
        compiled(CameraFile(file=file))


def own(**changes):
    record = {"ex4d_cameras": 1, "frame_rate": "24", "lens_factor": [1.0], "world_from_camera": [np.eye(4).tolist()]}
    return json.dumps(record | changes)


SHEARED = np.eye(4)
SHEARED[0, 1] = 0.1
BAD = {
    "no JSON": ("a.json", "{", "is no JSON that can be read"),
    "JSON of something else": ("a.json", "[1, 2]", "is no camera file of ex4d"),
    "another version": ("a.json", own(ex4d_cameras=2), "is no camera file of ex4d"),
    "brackets without end": ("a.json", "[" * 100_000, "is no JSON that can be read"),
    "no matrices": ("a.json", own(world_from_camera=[[1, 2]]), "it is a list of 4x4 matrices"),
    "words for numbers": ("a.json", own(world_from_camera=[["a"]]), "is not made of numbers"),
    "rows of different lengths": ("a.json", own(world_from_camera=[[1, 2], [1]]), "is not made of numbers"),
    "a number that is none": ("a.json", own(world_from_camera=[[[float("nan")] * 4] * 4]), "is not finite"),
    "a number too large": ("a.json", own(lens_factor=[10**400]), "lens_factor is missing, or is not made of numbers"),
    "more values than cameras have": ("a.json", "[" + "[]," * 2_000_001 + "[]]", "more values than 100000 cameras"),
    "no cameras": ("a.json", own(world_from_camera=np.zeros((0, 4, 4)).tolist()), "world_from_camera has the shape"),
    "a sheared camera": ("a.json", own(world_from_camera=[SHEARED.tolist()]), "camera 0 is not rigid"),
    "a mirrored camera": (
        "a.json",
        own(world_from_camera=[np.diag([-1.0, 1, 1, 1]).tolist()]),
        "camera 0 is not rigid",
    ),
    "a moved last row": ("a.json", own(world_from_camera=[(np.eye(4) * 2).tolist()]), "ends in the row 0 0 0 1"),
    "lenses of another count": ("a.json", own(lens_factor=[1.0, 2.0]), "for each of 1 cameras"),
    "a lens of nothing": ("a.json", own(lens_factor=[0.0]), "a number above 0"),
    "seven columns": ("a.txt", "0 0 0 0 0 0 0\n", "line 1: a camera is eight finite numbers"),
    "words in a line": ("a.txt", "# x\n0 0 0 a 0 0 0 1\n", "line 2: a camera is eight numbers"),
    "an endless number": ("a.txt", "0 0 0 inf 0 0 0 1\n", "line 1: a camera is eight finite numbers"),
    "times that fall": ("a.txt", "1 0 0 0 0 0 0 1\n1 0 0 0 0 0 0 1\n", "camera 1 does not come after"),
    "a quaternion too long": ("a.txt", "0 0 0 0 0 0 1 1\n", "camera 0 has a quaternion of length 1.414"),
    "comments only": ("a.txt", "# nothing\n", "holds 0 cameras"),
    "no text": ("a.txt", b"\xff\xfe\x00", "is no camera file"),
    "no zip": ("a.npz", b"PK nothing", "a.npz"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_camera_file_is_said_with_its_place(tmp_path, name):
    file_name, content, expected = BAD[name]
    file = tmp_path / file_name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(TrajectoryError) as caught:
        compiled(CameraFile(file=file, scale=1.0))
    assert expected in str(caught.value)
    assert caught.value.part == 0


def test_no_file_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    for name, why in {"none.txt": "is not there", ".": "no regular file", "pipe.txt": "no regular file"}.items():
        with pytest.raises(TrajectoryError, match=why):
            compiled(CameraFile(file=tmp_path / name, scale=1.0))
