"""How ``ex4d recon`` makes its mesh: profiles, the options that change one thing of them, and mesh files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ex4d.trajectory.exchange.ex4d_npz import CameraFile, write_camera_file
from tests.cli.conftest import Run
from tests.cli.recon_runs import CAM, PATH, cameras, made, manifest, names, video
from tests.tiny_film import HEIGHT, WIDTH, source_depth, source_frames, write_tiny_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


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


def test_a_viewer_that_looks_through_the_files_camera_sees_the_frame_and_no_ring(
    run: Run, film: Path, tmp_path: Path
) -> None:
    made(run(*CAM, "--save-mesh", "--frames", "1", "--mesh-format", "glb"))
    data = (tmp_path / "out/DW-Mesh.glb").read_bytes()
    length = int.from_bytes(data[12:16], "little")
    (camera,) = json.loads(data[20 : 20 + length])["cameras"]
    said = manifest(tmp_path)["lens"]
    assert camera["extras"] == {"size_px": [WIDTH, HEIGHT], **said}


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
    told = manifest(tmp_path)["profile"]
    assert told[field] == value
    assert option != "--face-filter" or told["min_angle_deg"] is None
    assert (video(tmp_path / "out/color_30.mkv") != before).any()


def test_the_reference_profile_has_its_lens_and_its_border(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*CAM, "--profile", "reference", "--frames", "3"))
    told = manifest(tmp_path)
    assert (told["lens"]["focal_px"], told["border_depth"], told["profile"]["name"]) == (500, 100, "reference")
    made(run(*CAM, "--profile", "reference", "--frames", "3", "--size", "32x24", "--hide", "face", "--border", "50"))
    told = manifest(tmp_path)
    assert (told["lens"]["focal_px"], told["border_depth"], told["profile"]["rule"]) == (500, 50, "face")


def test_its_first_frame_is_the_sources_wherever_its_camera_is(run: Run, film: Path, tmp_path: Path) -> None:
    """And no later one, even where its camera is the source's."""
    moved = cameras(4)
    poses = moved.world_from_camera.copy()
    poses[:, 0, 3] += 0.5
    poses[1] = np.eye(4)
    write_camera_file(CameraFile(poses, moved.lens), tmp_path / "my cam.npz")
    made(run(*PATH, "--profile", "reference", "--lossless"))
    np.testing.assert_array_equal(video(tmp_path / "out/color_my_cam.mkv")[0], source_frames()[0])
    mask = video(tmp_path / "out/mask_my_cam.mp4")
    assert [bool((frame == 255).all()) for frame in mask] == [True, False, False, False]
    made(run(*PATH, "--lossless"))
    mask = video(tmp_path / "out/mask_my_cam.mp4")
    assert [bool((frame == 255).all()) for frame in mask] == [False, True, False, False]
