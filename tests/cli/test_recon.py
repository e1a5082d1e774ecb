"""``ex4d recon`` as its user runs it, and each bad input as its user meets it."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from ex4d.geometry.pinhole import Pinhole
from ex4d.geometry.se3 import rigid
from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from ex4d.media.writing import LosslessWriter
from ex4d.trajectory.exchange.ex4d_npz import CameraFile, read_camera_file, write_camera_file
from tests.cli.conftest import Outcome, Run
from tests.tiny_film import FRAMES, HEIGHT, RATE, WIDTH, source_depth, source_frames, write_tiny_film

GIVEN = ("--video", "tiny.mkv", "--depth", "tiny.npz", "--depth-unit", "m")
CAM = ("recon", *GIVEN, "--cam", "30", "--out", "out")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


def video(file: Path) -> np.ndarray:
    info = probe(file)
    return np.array(list(read_frames(info, range(info.frame_count))))


def manifest(tmp_path: Path, name: str = "30") -> dict:
    return json.loads((tmp_path / f"out/recon_{name}.ex4d.json").read_text())


def made(done: Outcome) -> Outcome:
    assert done.code == 0, done.err
    return done


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# ---- what it makes


def test_it_says_what_it_made(run: Run, film: Path) -> None:
    done = made(run(*CAM))
    assert re.fullmatch(
        r"out/color_30\.mp4, mask_30\.mp4: 24 frames of 64x48 at 12 a second\n"
        r"\d+\.\d% uncovered, at most \d+(\.\d)?% at \d+f, [a-z ]+; out/recon_30\.ex4d\.json says from what\n",
        done.out,
    ), done.out
    assert "assumed: lens 54.0deg (63 px)" in done.err
    assert names(film.parent / "out") == ["color_30.mp4", "mask_30.mp4", "recon_30.ex4d.json"]
    quiet = made(run(*CAM, "--quiet"))
    assert (quiet.out, quiet.err) == ("", "")
    data = json.loads(made(run(*CAM, "--json")).out)
    assert data["files"] == ["out/color_30.mp4", "out/mask_30.mp4"]
    assert (data["frames"], data["frame_rate"], data["size"]) == (24, "12", [64, 48])
    assert len(data["uncovered"]["frames"]) == 24


def test_colour_is_black_exactly_where_the_mask_is(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*CAM, "--lossless"))
    colour, mask = video(tmp_path / "out/color_30.mkv"), video(tmp_path / "out/mask_30.mp4")
    assert set(np.unique(mask)) == {0, 255}
    assert (colour[mask == 0] == 0).all()
    np.testing.assert_array_equal(colour[0], source_frames()[0])
    shares = [frame["uncovered"] for frame in manifest(tmp_path)["uncovered"]["frames"]]
    np.testing.assert_allclose(shares, 1 - (mask == 255).mean(axis=(1, 2, 3)), atol=1e-6)


def test_lossy_colour_is_near_the_lossless_one_and_the_mask_is_the_same(run: Run, film: Path, tmp_path: Path) -> None:
    """Small blocks of noise lose as much as anything does to colour at half the resolution."""
    made(run(*CAM, "--lossless"))
    mask = (tmp_path / "out/mask_30.mp4").read_bytes()
    made(run(*CAM))
    exact, lossy = video(tmp_path / "out/color_30.mkv"), video(tmp_path / "out/color_30.mp4")
    assert np.abs(exact.mean(axis=-1) - lossy.mean(axis=-1)).mean() < 6
    assert (tmp_path / "out/mask_30.mp4").read_bytes() == mask


def test_the_same_command_gives_the_same_bytes(run: Run, film: Path, tmp_path: Path) -> None:
    everything = (*CAM, "--save-camera", "--save-mesh", "--frames", "5")
    made(run(*everything))
    first = {name: (tmp_path / "out" / name).read_bytes() for name in names(tmp_path / "out")}
    assert sorted(first) == ["DW-Mesh.ply", "camera_30.npz", "color_30.mp4", "mask_30.mp4", "recon_30.ex4d.json"]
    made(run(*everything))
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names(tmp_path / "out")} == first


def test_images_and_their_depth_do_as_a_video_does(run: Run, film: Path, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "depth").mkdir()
    for index, (frame, depth) in enumerate(zip(source_frames(), source_depth(), strict=True)):
        iio.imwrite(tmp_path / f"images/{index}.rgb.png", frame)
        iio.imwrite(tmp_path / f"depth/{index}.png", (depth * 1000).astype(np.uint16))
    made(run(*CAM, "--lossless"))
    glob = ("--video", "images/*.rgb.png", "--fps", "12", "--depth", "depth", "--cam", "30", "--out", "other")
    made(run("recon", *glob, "--lossless"))
    np.testing.assert_array_equal(video(tmp_path / "other/color_30.mkv"), video(tmp_path / "out/color_30.mkv"))


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


@pytest.mark.parametrize(("cam", "reached"), [("zoom_in", 0.5), ("zoom_out", -0.5)])
def test_zooms_are_dollies_on_the_axis(run: Run, film: Path, tmp_path: Path, cam: str, reached: float) -> None:
    made(run("recon", *GIVEN, "--cam", cam, "--frames", "5", "--save-camera", "--out", "out"))
    poses = read_camera_file(tmp_path / f"out/camera_{cam}.npz").world_from_camera
    radius = manifest(tmp_path, cam)["cameras"]["radius"]
    np.testing.assert_allclose(poses[:, :3, :3], np.tile(np.eye(3), (5, 1, 1)), atol=1e-7)
    np.testing.assert_allclose(poses[:, :3, 3] / radius, np.outer(np.linspace(0, reached, 5), [0, 0, 1]), atol=1e-6)


# ---- a camera file


def cameras(count: int, lens: Pinhole | None = None) -> CameraFile:
    """Sideways a little more in each frame."""
    places = np.outer(np.arange(count), [0.05, 0.0, 0.02])
    lens = lens or Pinhole(WIDTH, HEIGHT, 60.0, (WIDTH / 2, HEIGHT / 2))
    return CameraFile(rigid(np.tile(np.eye(3), (count, 1, 1)), places), lens)


PATH = ("recon", *GIVEN, "--path", "my cam.npz", "--out", "out")


def test_a_camera_file_is_taken_as_it_stands(run: Run, film: Path, tmp_path: Path) -> None:
    """In units of depth, with its lens: what is written again is what was read; CAM is the name of the file."""
    write_camera_file(cameras(FRAMES), tmp_path / "my cam.npz")
    done = made(run(*PATH, "--save-camera"))
    assert "assumed: lens" not in done.err
    written, read = read_camera_file(tmp_path / "out/camera_my_cam.npz"), read_camera_file(tmp_path / "my cam.npz")
    np.testing.assert_allclose(written.world_from_camera, read.world_from_camera, rtol=0, atol=1e-7)
    assert written.lens == read.lens


def test_what_one_run_saves_the_next_repeats(run: Run, film: Path, tmp_path: Path) -> None:
    size = ("--size", "32x32", "--lossless")
    made(run(*CAM, *size, "--save-camera", "--lens", "70deg"))
    (tmp_path / "out/camera_30.npz").rename(tmp_path / "my cam.npz")
    made(run(*PATH, *size))
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


# ---- a shot


def test_a_shot_is_its_own_video_depth_and_lens_or_another_video(run: Run, film: Path, tmp_path: Path) -> None:
    own = made(run("recon", "--shot", "tiny.yaml#swing", "--out", "out"))
    assert "color_swing.mp4, mask_swing.mp4: 12 frames of 64x48" in own.out
    assert "assumed: lens" not in own.err
    other = made(run("recon", *GIVEN, "--shot", "tiny.yaml#swing", "--out", "other", "--save-camera"))
    assert "12 frames of 64x48" in other.out
    assert (tmp_path / "out/mask_swing.mp4").read_bytes() == (tmp_path / "other/mask_swing.mp4").read_bytes()
    assert "3 frames of" in made(run("recon", "--shot", "tiny.yaml#swing", "--out", "out", "--frames", "3")).out


def test_a_lens_that_changes_is_in_no_camera_file(run: Run, film: Path, tmp_path: Path) -> None:
    film.write_text(film.read_text().replace("dolly: 20%", "dolly-zoom: 20%"))
    done = run("recon", "--shot", "tiny.yaml#push", "--out", "out", "--save-camera")
    assert done.code == 2
    assert "the lens changes at frame 1, but EX-4D's camera file has one lens for all frames" in done.err
    assert not (tmp_path / "out").exists()
    made(run("recon", "--shot", "tiny.yaml#push", "--out", "out"))


# ---- the mesh and its options


def test_meshes_are_written_under_the_references_name(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*CAM, "--save-mesh", "--frames", "3"))
    assert (tmp_path / "out/DW-Mesh.ply").read_bytes().startswith(b"ply\n")
    made(run(*CAM, "--save-mesh", "--frames", "3", "--mesh-frames", "0,2", "--mesh-format", "glb", "--out", "glb"))
    assert [name for name in names(tmp_path / "glb") if "Mesh" in name] == ["DW-Mesh.glb", "DW-Mesh_00002.glb"]
    done = made(run(*CAM, "--save-mesh", "--frames", "3", "--mesh-frames", "all", "--out", "all"))
    assert [name for name in names(tmp_path / "all") if "Mesh" in name] == [
        "DW-Mesh.ply",
        "DW-Mesh_00001.ply",
        "DW-Mesh_00002.ply",
    ]
    assert "and 1 more file" in done.out


@pytest.mark.parametrize(
    ("profile", "vertices", "faces"),
    [
        ("clean", (WIDTH + 2) * (HEIGHT + 2) + 1, 2 * (WIDTH + 1) * (HEIGHT + 1) + 2 * (WIDTH + HEIGHT + 2)),
        ("reference", WIDTH * HEIGHT, 2 * (WIDTH - 1) * (HEIGHT - 1) + 2),
    ],
)
def test_the_mesh_is_closed_or_the_references(
    run: Run, film: Path, tmp_path: Path, profile: str, vertices: int, faces: int
) -> None:
    made(run(*CAM, "--save-mesh", "--frames", "1", "--profile", profile))
    head = (tmp_path / "out/DW-Mesh.ply").read_bytes()[:1000]
    assert f"element vertex {vertices}\n".encode() in head
    assert f"element face {faces}\n".encode() in head


CHANGES = {
    "--hide": ("vertex", "rule", "vertex"),
    "--face-filter": ("boundary", "steepness", 2.0),
    "--min-angle": ("none", "min_angle_deg", None),
    "--depth-ratio": ("1.03", "depth_ratio", 1.03),
    "--depth-share": ("0.05", "depth_share", 0.05),
    "--border": ("1", "border_depth", 1.0),
    "--unknown": ("hide", "unknown", "hide"),
    "--pixel-origin": ("corner", "pixel_origin", "corner"),
    "--samples": ("3", "samples", 3),
}


@pytest.mark.parametrize("option", CHANGES)
def test_each_option_changes_the_profile_and_the_picture(run: Run, film: Path, tmp_path: Path, option: str) -> None:
    """A slope of 0.15 m a pixel is steep, but has no sliver; a patch is unknown."""
    written, field, value = CHANGES[option]
    depth = source_depth()
    depth[:, 36:46, 4:12] = 4.0 - 0.15 * np.arange(8)
    depth[:, 30:34, 40:] = 0
    np.savez(tmp_path / "tiny.npz", depth=depth)
    rest = ("--frames", "3", "--lossless", "--depth-ratio", "none")  # with it, the angle finds nothing more
    made(run(*CAM, *rest))
    before = video(tmp_path / "out/color_30.mkv")
    made(run(*CAM, *rest, option, written))
    assert manifest(tmp_path)["profile"][field] == value
    assert (video(tmp_path / "out/color_30.mkv") != before).any()


def test_the_reference_profile_has_its_lens_and_its_border(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*CAM, "--profile", "reference", "--frames", "3"))
    told = manifest(tmp_path)
    assert (told["lens"]["focal_px"], told["border_depth"], told["profile"]["name"]) == (500, 100, "reference")
    made(run(*CAM, "--profile", "reference", "--frames", "3", "--size", "32x24", "--hide", "face", "--border", "50"))
    told = manifest(tmp_path)
    assert (told["lens"]["focal_px"], told["border_depth"], told["profile"]["rule"]) == (500, 50, "face")


def test_its_first_frame_is_the_sources_wherever_its_camera_is(run: Run, film: Path, tmp_path: Path) -> None:
    moved = cameras(4)
    poses = moved.world_from_camera.copy()
    poses[:, 0, 3] += 0.5
    write_camera_file(CameraFile(poses, moved.lens), tmp_path / "my cam.npz")
    made(run(*PATH, "--profile", "reference", "--lossless"))
    np.testing.assert_array_equal(video(tmp_path / "out/color_my_cam.mkv")[0], source_frames()[0])
    assert (video(tmp_path / "out/mask_my_cam.mp4")[0] == 255).all()
    made(run(*PATH, "--lossless"))
    assert (video(tmp_path / "out/mask_my_cam.mp4")[0] == 0).any()


def test_odd_sides_are_cut_and_said(run: Run, tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 255, (3, 31, 45, 3), np.uint8)
    with LosslessWriter(tmp_path / "odd.mkv", (45, 31), Fraction(24)) as file:
        for frame in frames:
            file.write(frame)
    np.savez(tmp_path / "odd.npz", depth=np.full((3, 31, 45), 2.0, np.float32))
    done = made(run("recon", "--video", "odd.mkv", "--depth", "odd.npz", "--cam", "30", "--out", "out", "--lossless"))
    assert "odd.mkv is 45x31; video has even sides, so that its last column and row is cut: 44x30" in done.err
    made(run("recon", "--video", "odd.mkv", "--depth", "odd.npz", "--cam", "30", "--out", "out", "--save-camera"))
    last = read_camera_file(tmp_path / "out/camera_30.npz").world_from_camera[-1]
    assert abs(last[0, 3] / last[0, 2] * last[2, 2] - last[2, 3] + manifest(tmp_path)["cameras"]["radius"]) < 1e-5
    np.testing.assert_array_equal(video(tmp_path / "out/color_30.mkv")[0], frames[0, :30, :44])
    assert video(tmp_path / "out/mask_30.mp4").shape == (3, 30, 44, 3)


def test_generate_takes_what_recon_makes(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*CAM))
    pair = ("--color", "out/color_30.mp4", "--mask", "out/mask_30.mp4", "-o", "film.mp4", "--engine", "mesh")
    done = made(run("generate", *pair))
    assert "neither black nor white" not in done.err
    assert probe(tmp_path / "film.mp4").frame_rate == RATE


# ---- what stays as it was


def test_inputs_are_never_overwritten(run: Run, film: Path, tmp_path: Path) -> None:
    write_camera_file(cameras(4), tmp_path / "camera_x.npz")
    (tmp_path / "camera_x.npz").rename(tmp_path / "x.npz")
    (tmp_path / "color_30.mkv").write_bytes((tmp_path / "tiny.mkv").read_bytes())
    before = (tmp_path / "color_30.mkv").read_bytes()
    done = run("recon", "--video", "color_30.mkv", *GIVEN[2:], "--cam", "30", "--out", ".", "--lossless")
    assert done.code == 2
    assert "color_30.mkv would be written over" in done.err
    assert (tmp_path / "color_30.mkv").read_bytes() == before


def test_stopped_midway_it_leaves_nothing_and_what_was_there(
    run: Run, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ex4d.recon import making

    made(run(*CAM, "--frames", "2"))
    before = {name: (tmp_path / "out" / name).read_bytes() for name in names(tmp_path / "out")}
    drawn = making.draw_guide

    def stopping(*arguments: object, **options: object):
        for index, frame in enumerate(drawn(*arguments, **options)):
            if index == 3:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(making, "draw_guide", stopping)
    done = run(*CAM, "--save-mesh", "--save-camera")
    assert done.code == 130
    assert "stopped; nothing is kept: run the same command again to begin anew" in done.err
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names(tmp_path / "out")} == before
