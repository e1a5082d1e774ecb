"""``ex4d recon --profile reference`` is EX-4D's released recon.py: its cameras, its masks, its colours."""

from __future__ import annotations

import re
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from ex4d.media.probe import probe
from ex4d.media.reading import read_frames
from tests.cli.conftest import Run
from tests.shared_data import shared_data

RENDERS = {
    "kitchen_60": ("60", ()),
    "studio_180": ("180", ()),
    "studio_90_boundary": ("90", ("--face-filter", "boundary")),
}
SAME_PIXELS, MEAN_DIFFERENCE = 0.999, 0.3


def video(file: Path) -> np.ndarray:
    info = probe(file)
    return np.array(list(read_frames(info, range(info.frame_count))))


def lay_down(folder: Path, render: str) -> dict[str, np.ndarray]:
    """Write a render's inputs as a user would have them; return what the reference made of them."""
    with np.load(shared_data(f"reference_render/{render}.npz")) as stored:
        arrays = {name: stored[name] for name in stored.files}
    (folder / "source").mkdir()
    for index, frame in enumerate(arrays["source"]):
        iio.imwrite(folder / "source" / f"{index:03}.png", frame)
    np.savez(folder / "depth.npz", depth=arrays["depth"], unit="relative")
    np.savez(folder / "camera_x.npz", extrinsics=arrays["extrinsics"], intrinsics=arrays["intrinsics"])
    return arrays


HEAD = ("recon", "--video", "source", "--fps", "30", "--depth", "depth.npz", "--profile", "reference", "--out", "out")


@pytest.mark.parametrize("render", RENDERS)
def test_what_the_reference_made_is_made(run: Run, tmp_path: Path, render: str) -> None:
    """The first frame of the stored renders is a render; the command has the source's there, as the released one."""
    wanted = lay_down(tmp_path, render)
    done = run(*HEAD, "--path", "camera_x.npz", "--lossless", *RENDERS[render][1])
    assert done.code == 0, done.err
    colour, mask = video(tmp_path / "out/color_camera_x.mkv"), video(tmp_path / "out/mask_camera_x.mp4")

    assert set(np.unique(mask)) == {0, 255}
    visible = mask[..., 0] == 255
    same = (visible == wanted["visible"]).mean(axis=(1, 2))
    difference = np.abs(colour.astype(int) - wanted["colour"]).mean(axis=(1, 2, 3))
    assert (same[1:] >= SAME_PIXELS).all(), same
    assert (difference[1:] <= MEAN_DIFFERENCE).all(), difference
    assert visible[0].all()
    np.testing.assert_array_equal(colour[0], wanted["source"][0])
    assert (colour[~visible] == 0).all()


@pytest.mark.parametrize("render", RENDERS)
def test_its_named_cameras_are_the_references(run: Run, tmp_path: Path, render: str) -> None:
    """They turn about the same point, found in the same depth: so the lens, too, is written as it was."""
    wanted = lay_down(tmp_path, render)
    cam = RENDERS[render][0]
    lens = f"{float(wanted['intrinsics'][0, 0]):g}px"
    done = run(*HEAD, "--cam", cam, "--save-camera", "--lens", lens, *RENDERS[render][1])
    assert done.code == 0, done.err
    with np.load(tmp_path / f"out/camera_{cam}.npz") as written:
        np.testing.assert_allclose(written["extrinsics"], wanted["extrinsics"], rtol=0, atol=5e-7)
        np.testing.assert_array_equal(written["intrinsics"], wanted["intrinsics"])


@pytest.mark.parametrize("render", RENDERS)
def test_its_mesh_is_the_references(run: Run, tmp_path: Path, render: str) -> None:
    """Written out as its recon.py has it: integer pixel coordinates, a border at 100, black vertices where hidden."""
    wanted = lay_down(tmp_path, render)
    done = run(*HEAD, "--path", "camera_x.npz", "--frames", "1", "--save-mesh", *RENDERS[render][1])
    assert done.code == 0, done.err
    depth = wanted["depth"][0].astype(np.float64)
    depth[[0, -1]], depth[:, [0, -1]] = 100.0, 100.0
    height, width = depth.shape
    row, column = np.mgrid[:height, :width]
    focal = wanted["intrinsics"][0, 0]
    places = np.stack([(column - width / 2) / focal, (row - height / 2) / focal, np.ones_like(depth)], axis=-1)
    places *= depth[..., None]
    hidden = np.unpackbits(wanted["hidden_vertex"], count=wanted["depth"].size).reshape(wanted["depth"].shape)[0]
    colour = np.where(hidden[..., None], 0, wanted["source"][0])

    vertices, faces = read_ply(tmp_path / "out/DW-Mesh.ply")
    np.testing.assert_allclose(vertices["place"], places.reshape(-1, 3), rtol=2e-7, atol=1e-6)
    np.testing.assert_array_equal(vertices["colour"], colour.reshape(-1, 3))
    np.testing.assert_array_equal(faces, reference_faces(height, width))


def reference_faces(height: int, width: int) -> np.ndarray:
    """Two faces a cell, the upper left ones of all cells first; at last two that join the four corners of the frame."""
    cells = [(row, column) for row in range(height - 1) for column in range(width - 1)]
    upper = [((r + 1) * width + c, r * width + c, r * width + c + 1) for r, c in cells]
    lower = [((r + 1) * width + c, r * width + c + 1, (r + 1) * width + c + 1) for r, c in cells]
    last = height * width - 1
    return np.array([*upper, *lower, (width - 1, 0, last), (last, 0, last - width + 1)])


def read_ply(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read places, colours and faces as they lie in the file."""
    head, _, body = file.read_bytes().partition(b"end_header\n")
    count = int(re.search(rb"element vertex (\d+)", head)[1])
    vertex = np.dtype([("place", "<f4", 3), ("colour", "u1", 3)])
    face = np.dtype([("count", "u1"), ("vertices", "<i4", 3), ("hidden", "u1")])
    vertices = np.frombuffer(body, vertex, count)
    return vertices, np.frombuffer(body, face, offset=count * vertex.itemsize)["vertices"]


def test_180_is_the_references_own_example(run: Run, tmp_path: Path) -> None:
    """Its depth is not published: its nearest point follows from its cameras."""
    with np.load(shared_data("ex4d_flower/camera_180.npz")) as stored:
        wanted = stored["extrinsics"]
    (tmp_path / "source").mkdir()
    for index in range(len(wanted)):
        iio.imwrite(tmp_path / "source" / f"{index:03}.png", np.full((32, 32, 3), index, np.uint8))
    depth = np.full((len(wanted), 32, 32), 2.7401088 - 0.15, np.float32)
    np.savez(tmp_path / "depth.npz", depth=depth, unit="relative")
    done = run(*HEAD, "--cam", "180", "--save-camera")
    assert done.code == 0, done.err
    with np.load(tmp_path / "out/camera_180.npz") as written:
        np.testing.assert_allclose(written["extrinsics"], wanted, rtol=0, atol=3e-7)
