"""``ex4d recon`` as its user runs it: what it makes of what, and what it leaves alone."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from ex4d.media.probe import probe
from ex4d.media.writing import LosslessWriter
from ex4d.trajectory.exchange.ex4d_npz import read_camera_file, write_camera_file
from tests.cli.conftest import Run
from tests.cli.recon_runs import CAM, GIVEN, cameras, made, manifest, names, video
from tests.tiny_film import RATE, source_depth, source_frames, write_tiny_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


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
    shares = manifest(tmp_path)["uncovered"]["frames"]
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


def test_inputs_are_never_overwritten(run: Run, film: Path, tmp_path: Path) -> None:
    write_camera_file(cameras(4), tmp_path / "camera_x.npz")
    (tmp_path / "camera_x.npz").rename(tmp_path / "x.npz")
    (tmp_path / "color_30.mkv").write_bytes((tmp_path / "tiny.mkv").read_bytes())
    before = (tmp_path / "color_30.mkv").read_bytes()
    done = run("recon", "--video", "color_30.mkv", *GIVEN[2:], "--cam", "30", "--out", ".", "--lossless")
    assert done.code == 2
    assert "color_30.mkv would be written over" in done.err
    assert (tmp_path / "color_30.mkv").read_bytes() == before


@pytest.mark.parametrize("source", ["tiny.mkv", "tiny.npz", "tiny.yaml"])
def test_what_a_shot_is_made_from_is_never_overwritten(run: Run, film: Path, tmp_path: Path, source: str) -> None:
    """Its video, its depth, the shot list itself, each under the name of a file to be written."""
    names_of = {"tiny.mkv": "color_swing.mkv", "tiny.npz": "camera_swing.npz", "tiny.yaml": "recon_swing.ex4d.json"}
    taken = tmp_path / names_of[source]
    film.write_text(film.read_text().replace(source, taken.name))
    (tmp_path / source).rename(taken)
    before = taken.read_bytes()
    shots = taken.name if source == "tiny.yaml" else "tiny.yaml"
    done = run("recon", "--shot", f"{shots}#swing", "--out", ".", "--lossless", "--save-camera")
    assert done.code == 2
    assert re.search(f"{re.escape(taken.name)} would be written over or among its own source", done.err), done.err
    assert taken.read_bytes() == before


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
    sized = ("--video", "odd.mkv", "--depth", "odd.npz", "--cam", "30", "--out", "out", "--size", "32x16")
    assert "is cut" not in made(run("recon", *sized)).err


def test_generate_takes_what_recon_makes(run: Run, film: Path, tmp_path: Path) -> None:
    made(run(*CAM))
    pair = ("--color", "out/color_30.mp4", "--mask", "out/mask_30.mp4", "-o", "film.mp4", "--engine", "mesh")
    done = made(run("generate", *pair))
    assert "neither black nor white" not in done.err
    assert probe(tmp_path / "film.mp4").frame_rate == RATE


def test_depth_may_end_with_the_frames_that_are_asked_for(run: Run, film: Path, tmp_path: Path) -> None:
    """As EX-4D's own has 49 frames of a longer video; the pictures are those of the whole file's."""
    made(run(*CAM, "--frames", "9", "--lossless"))
    whole = [(tmp_path / "out" / name).read_bytes() for name in ("color_30.mkv", "mask_30.mp4")]
    np.savez_compressed(tmp_path / "tiny.npz", depth=source_depth()[:9])
    made(run(*CAM, "--frames", "9", "--lossless"))
    assert [(tmp_path / "out" / name).read_bytes() for name in ("color_30.mkv", "mask_30.mp4")] == whole
    refused = run(*CAM)
    assert refused.code == 2
    assert "has 9 frames, but the video tiny" in refused.err
