"""Whose eyes ``ex4d recon`` sees through: EX-4D's cameras, a camera file, or a shot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import rigid
from ex4d.trajectory.exchange.ex4d_npz import CameraFile, read_camera_file, write_camera_file
from tests.cli.conftest import Run
from tests.cli.recon_runs import CAM, GIVEN, PATH, cameras, made, manifest, video
from tests.tiny_film import FRAMES, HEIGHT, WIDTH, source_depth, write_tiny_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


def test_a_camera_file_is_taken_as_it_stands(run: Run, film: Path, tmp_path: Path) -> None:
    """In units of depth, with its lens: what is written again is what was read; CAM is the name of the file."""
    write_camera_file(cameras(FRAMES), tmp_path / "my cam.npz")
    done = made(run(*PATH, "--save-camera"))
    assert "assumed: lens" not in done.err
    written, read = read_camera_file(tmp_path / "out/camera_my_cam.npz"), read_camera_file(tmp_path / "my cam.npz")
    np.testing.assert_allclose(written.world_from_camera, read.world_from_camera, rtol=0, atol=1e-7)
    assert written.lens == read.lens


def test_mirrored_cameras_are_said(run: Run, film: Path, tmp_path: Path) -> None:
    write_camera_file(cameras(2), tmp_path / "my cam.npz")
    assert "mirrored" not in made(run(*PATH)).err
    with np.load(tmp_path / "my cam.npz") as stored:
        extrinsics, intrinsics = stored["extrinsics"], stored["intrinsics"]
    extrinsics[1, :3] *= -1
    np.savez(tmp_path / "my cam.npz", extrinsics=extrinsics, intrinsics=intrinsics)
    assert "my cam.npz has cameras with mirrored axes, as EX-4D's are before it renders" in made(run(*PATH)).err


def test_what_one_run_saves_the_next_repeats(run: Run, film: Path, tmp_path: Path) -> None:
    size = ("--size", "32x32", "--lossless")
    made(run(*CAM, *size, "--save-camera", "--lens", "70deg"))
    (tmp_path / "out/camera_30.npz").rename(tmp_path / "my cam.npz")
    assert "scaled" not in made(run(*PATH, *size)).err
    first, again = video(tmp_path / "out/color_30.mkv"), video(tmp_path / "out/color_my_cam.mkv")
    assert (first != again).any(axis=-1).mean() < 1e-3


def test_fewer_cameras_are_for_the_first_frames_and_said(run: Run, film: Path, tmp_path: Path) -> None:
    write_camera_file(cameras(9), tmp_path / "my cam.npz")
    done = made(run(*PATH))
    assert "my cam.npz has 9 cameras: the first 9 of 24 frames" in done.err
    assert "9 frames of 64x48" in done.out


def test_more_cameras_than_frames_is_an_error_unless_only_the_first_are_asked_for(
    run: Run, film: Path, tmp_path: Path
) -> None:
    write_camera_file(cameras(30), tmp_path / "my cam.npz")
    done = run(*PATH)
    assert done.code == 2
    assert "my cam.npz has 30 cameras, but tiny.mkv has 24 frames; " in done.err
    assert "--frames 24 for the first 24 cameras" in done.err
    assert "--frames 30: tiny.mkv has 24; write 1 to 24" in run(*PATH, "--frames", "30").err
    assert "24 frames of" in made(run(*PATH, "--frames", "24")).out


def test_a_file_for_another_size_is_scaled_and_said_and_another_aspect_is_an_error(
    run: Run, film: Path, tmp_path: Path
) -> None:
    write_camera_file(cameras(4, Pinhole(256, 192, 240.0, (128.0, 96.0))), tmp_path / "my cam.npz")
    done = made(run(*PATH))
    assert "my cam.npz was made for 256x192; its lens is scaled to 64x48" in done.err
    assert manifest(tmp_path, "my_cam")["lens"] == {"center_px": [32.0, 24.0], "focal_px": 60.0}
    write_camera_file(cameras(4, Pinhole(512, 512, 500.0, (256.0, 256.0))), tmp_path / "my cam.npz")
    wrong = run(*PATH)
    assert wrong.code == 2
    assert "my cam.npz was made for 512x512, twice its principal point, but what is rendered is 64x48" in wrong.err
    made(run(*PATH, "--size", "32x32"))
    made(run(*PATH, "--lens", "54deg"))


def test_a_lens_off_the_middle_by_a_pixel_stands_too(run: Run, film: Path, tmp_path: Path) -> None:
    """As cameras are calibrated; twice its principal point is then no picture's size."""
    write_camera_file(cameras(4, Pinhole(63, 47, 60.0, (31.5, 23.5))), tmp_path / "my cam.npz")
    assert "scaled" not in made(run(*PATH)).err
    assert manifest(tmp_path, "my_cam")["lens"] == {"center_px": [31.5, 23.5], "focal_px": 60.0}


def test_a_camera_inside_or_behind_the_mesh_sees_something_defined(run: Run, film: Path, tmp_path: Path) -> None:
    """On the wall, on its back, on the square's own vertices, and far behind everything."""
    places = np.array([[0, 0, 2.0], [0, 0, 4.0], [0, 0, 4.0001], [0, 0, 100], [0, 0, 5000], [0.01, 0, 1.9999]])
    poses = rigid(np.tile(np.eye(3), (len(places), 1, 1)), places)
    lens = Pinhole(WIDTH, HEIGHT, 60.0, (WIDTH / 2, HEIGHT / 2))
    write_camera_file(CameraFile(poses, lens), tmp_path / "my cam.npz")
    for profile in ("clean", "reference"):
        made(run(*PATH, "--lossless", "--profile", profile))
        colour, mask = video(tmp_path / "out/color_my_cam.mkv"), video(tmp_path / "out/mask_my_cam.mp4")
        assert (colour[mask == 0] == 0).all()
        assert (mask[3:5] == 0).all()
        json.loads((tmp_path / "out/recon_my_cam.ex4d.json").read_text(), parse_constant=pytest.fail)


def test_a_shot_is_its_own_video_depth_and_lens_or_another_video(run: Run, film: Path, tmp_path: Path) -> None:
    own = made(run("recon", "--shot", "tiny.yaml#swing", "--out", "out"))
    whole = video(tmp_path / "out/color_swing.mp4")
    assert "color_swing.mp4, mask_swing.mp4: 12 frames of 64x48" in own.out
    assert "assumed: lens" not in own.err
    other = made(run("recon", *GIVEN, "--shot", "tiny.yaml#swing", "--out", "other", "--save-camera"))
    assert "12 frames of 64x48" in other.out
    assert (tmp_path / "out/mask_swing.mp4").read_bytes() == (tmp_path / "other/mask_swing.mp4").read_bytes()
    assert "3 frames of" in made(run("recon", "--shot", "tiny.yaml#swing", "--out", "out", "--frames", "3")).out
    first = video(tmp_path / "out/color_swing.mp4")
    assert np.abs(first.astype(int) - whole[:3]).mean() < 3 < np.abs(first.astype(int) - whole[-3:]).mean()


def test_size_and_lens_are_changed_of_a_shot_too(run: Run, film: Path, tmp_path: Path) -> None:
    shot = ("recon", "--shot", "tiny.yaml#swing", "--out", "out", "--frames", "1")
    made(run(*shot, "--size", "32x32", "--fit", "squash"))
    told = manifest(tmp_path, "swing")
    assert (told["size"], told["fit"]["rule"]) == ([32, 32], "squash")
    made(run(*shot))
    before = manifest(tmp_path, "swing")["lens"]["focal_px"]
    made(run(*shot, "--lens", "40px"))
    assert manifest(tmp_path, "swing")["lens"]["focal_px"] == pytest.approx(40) != before


def test_a_distance_that_a_shot_states_for_its_own_video_is_said_of_another(run: Run, film: Path) -> None:
    film.write_text(film.read_text().replace("lens: 54deg", "lens: 54deg, subject: {depth: 3.5}"))
    own = made(run("recon", "--shot", "tiny.yaml#swing", "--out", "out", "--frames", "1"))
    other = made(run("recon", *GIVEN, "--shot", "tiny.yaml#swing", "--out", "other", "--frames", "1"))
    words = "tiny.yaml#swing measures its moves by a subject at a depth of 3.5; so it is in tiny.mkv"
    assert (words in own.err, words in other.err) == (False, True)


def test_a_lens_that_changes_is_in_no_camera_file(run: Run, film: Path, tmp_path: Path) -> None:
    film.write_text(film.read_text().replace("dolly: 20%", "dolly-zoom: 20%"))
    done = run("recon", "--shot", "tiny.yaml#push", "--out", "out", "--save-camera")
    assert done.code == 2
    assert "the lens changes at frame 1, but EX-4D's camera file has one lens for all frames" in done.err
    assert not (tmp_path / "out").exists()
    made(run("recon", "--shot", "tiny.yaml#push", "--out", "out"))


def test_only_the_first_frames_span_the_whole_arc(run: Run, film: Path, tmp_path: Path) -> None:
    """The released code would stretch or shrink the angle of any count but 49."""
    for count in ("7", "24"):
        made(run("recon", *GIVEN, "--cam", "60", "--frames", count, "--save-camera", "--out", count))
    short, whole = (read_camera_file(tmp_path / count / "camera_60.npz") for count in ("7", "24"))
    assert (len(short.world_from_camera), len(whole.world_from_camera)) == (7, 24)
    np.testing.assert_allclose(short.world_from_camera[-1], whole.world_from_camera[-1], atol=1e-6)
    turned = np.degrees(np.arctan2(whole.world_from_camera[-1, 0, 2], whole.world_from_camera[-1, 2, 2]))
    assert abs(turned + 60) < 1


def test_the_radius_is_in_any_unit_of_depth_what_it_is_in_the_references(run: Run, film: Path, tmp_path: Path) -> None:
    """So the pictures of a scene ten times as large are the same; the reference profile adds 0.15 of any unit."""
    np.savez(tmp_path / "far.npz", depth=source_depth() * 10)
    for depth, out, border in (("tiny.npz", "near", "1"), ("far.npz", "far", "10")):
        done = ("recon", "--video", "tiny.mkv", "--depth", depth, "--depth-unit", "relative", "--cam", "60")
        made(run(*done, "--frames", "4", "--lossless", "--out", out, "--border", border))
        made(run(*done, "--frames", "4", "--profile", "reference", "--out", f"{out}_reference"))
    radius = {
        out: json.loads((tmp_path / out / "recon_60.ex4d.json").read_text())["cameras"]["radius"]
        for out in ("near", "far", "near_reference", "far_reference")
    }
    assert radius["near"] == pytest.approx(2 * (1 + 0.15 * 3900 / 10000))
    assert radius["far"] == pytest.approx(10 * radius["near"])
    assert (radius["near_reference"], radius["far_reference"]) == pytest.approx((2.15, 20.15))
    np.testing.assert_array_equal(video(tmp_path / "near/color_60.mkv"), video(tmp_path / "far/color_60.mkv"))


@pytest.mark.parametrize(
    ("inner", "edge", "border", "radius"), [(4.0, 1.0, "100", 4.15), (9.0, 9.0, "5", 5.15), (9.0, 1.0, "5", 5.15)]
)
def test_the_references_radius_counts_its_border_instead_of_the_frames_edge(
    run: Run, film: Path, tmp_path: Path, inner: float, edge: float, border: str, radius: float
) -> None:
    depth = np.full((FRAMES, HEIGHT, WIDTH), edge, np.float32)
    depth[:, 1:-1, 1:-1] = inner
    np.savez(tmp_path / "tiny.npz", depth=depth)
    made(run(*CAM, "--profile", "reference", "--border", border, "--frames", "1"))
    assert manifest(tmp_path)["cameras"]["radius"] == pytest.approx(radius)


@pytest.mark.parametrize(("cam", "reached"), [("zoom_in", 0.5), ("zoom_out", -0.5)])
def test_zooms_are_dollies_on_the_axis(run: Run, film: Path, tmp_path: Path, cam: str, reached: float) -> None:
    made(run("recon", *GIVEN, "--cam", cam, "--frames", "5", "--save-camera", "--out", "out"))
    poses = read_camera_file(tmp_path / f"out/camera_{cam}.npz").world_from_camera
    radius = manifest(tmp_path, cam)["cameras"]["radius"]
    np.testing.assert_allclose(poses[:, :3, :3], np.tile(np.eye(3), (5, 1, 1)), atol=1e-7)
    np.testing.assert_allclose(poses[:, :3, 3] / radius, np.outer(np.linspace(0, reached, 5), [0, 0, 1]), atol=1e-6)
