"""What ``ex4d recon`` refuses: each bad input as its user meets it, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.cli.recon_runs import CAM, GIVEN, PATH, names
from tests.tiny_film import source_depth, write_tiny_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


def depth_file(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda folder: np.savez(folder / "tiny.npz", depth=change(source_depth()))


def with_values(index: object, value: float) -> Callable[[Path], None]:
    def change(depth: np.ndarray) -> np.ndarray:
        depth[index] = value
        return depth

    return depth_file(change)


def camera_file(**arrays: np.ndarray) -> Callable[[Path], None]:
    lens = np.array([[60, 0, 32], [0, 60, 24], [0, 0, 1]], np.float32)
    return lambda folder: np.savez(folder / "my cam.npz", **{"intrinsics": lens, **arrays}, allow_pickle=True)


def a_file(folder: Path) -> None:
    (folder / "out").write_text("not a folder")


def nothing(folder: Path) -> None:
    return None


RECON = ("recon", *GIVEN, "--out", "out")
EYES = np.tile(np.diag([1, -1, -1, 1]), (3, 1, 1)).astype(np.float32)
BAD: dict[str, tuple[Callable[[Path], None], tuple[str, ...], str]] = {
    "no camera": (nothing, RECON, r"^write one of --cam, --path and --shot, .*; none is given\n$"),
    "two cameras": (nothing, (*CAM, "--shot", "tiny.yaml#swing"), r"; --cam and --shot are given\n$"),
    "an unknown camera": (
        nothing,
        (*RECON, "--cam", "45"),
        r"^--cam 45: unknown; write one of 180, 30, 60, 90, zoom_in",
    ),
    "no video": (
        nothing,
        ("recon", "--cam", "30", "--out", "out"),
        r"^--video is not given; only --shot can do without",
    ),
    "a video that is not there": (
        nothing,
        ("recon", "--video", "no.mp4", "--cam", "30", "--out", "out"),
        r"no\.mp4: no such",
    ),
    "images without a rate": (nothing, ("recon", "--video", ".", "--cam", "30", "--out", "out"), r"as in --fps 24"),
    "a lens of nothing": (nothing, (*CAM, "--lens", "0deg"), r"^--lens '0deg' is not a lens; it must be above 0"),
    "a lens of half the world": (
        nothing,
        (*CAM, "--lens", "180deg"),
        r"^--lens '180deg' sees 180deg across; a lens sees 2",
    ),
    "a lens of pixels that no lens has": (
        nothing,
        (*CAM, "--lens", "2px"),
        r"2px sees 17\d\.\ddeg across; a lens sees 2deg",
    ),
    "no lens": (nothing, (*CAM, "--lens", "wide"), r"^--lens 'wide' is not a lens; write "),
    "depth of another size": (
        depth_file(lambda d: d[:, 1:]),
        CAM,
        r"tiny\.npz is 64x47, but the video tiny\.mkv is 64x48",
    ),
    "depth of another length": (
        depth_file(lambda d: d[1:]),
        CAM,
        r"tiny\.npz has 23 frames, but the video tiny\.mkv has 24",
    ),
    "a frame of unknown depth": (
        with_values(3, 0.0),
        CAM,
        r"tiny\.npz: in frame 3 no depth is known; leave that frame out",
    ),
    "depth that is no number": (
        with_values((2, 5, 7), np.nan),
        CAM,
        r"tiny\.npz holds nan at column 7, row 5 of frame 2, which is no number",
    ),
    "negative depth": (with_values((2, 5, 7), -1), CAM, r"tiny\.npz holds -1\.0 at column 7, row 5 of frame 2"),
    "disparity without a range": (
        depth_file(np.ones_like),
        (*CAM[:5], "--depth-unit", "disparity", *CAM[7:]),
        r"the same disparity everywhere",
    ),
    "a unit that is none": (
        nothing,
        (*CAM, "--depth-unit", "feet"),
        r"^--depth-unit feet: unknown; write one of mm, m, ",
    ),
    "no depth for a unit": (
        nothing,
        ("recon", "--depth-unit", "m", "--cam", "30", "--out", "out"),
        r"belongs to --depth",
    ),
    "a camera file without lens": (
        lambda folder: np.savez(folder / "my cam.npz", extrinsics=EYES),
        PATH,
        r"my cam\.npz holds .*there is no intrinsics",
    ),
    "cameras of another shape": (camera_file(extrinsics=EYES[0]), PATH, r"extrinsics is \(4, 4\) of float32; an EX-4D"),
    "cameras that are not finite": (
        camera_file(extrinsics=EYES * np.nan),
        PATH,
        r"the camera of frame 0 .* is not finite",
    ),
    "cameras of objects": (camera_file(extrinsics=np.array([{}], dtype=object)), PATH, r"Python objects"),
    "cameras that scale": (camera_file(extrinsics=EYES * np.float32([2, 2, 2, 1])), PATH, r"frame 0 .* is not rigid"),
    "no cameras": (camera_file(extrinsics=EYES[:0]), PATH, r"my cam\.npz holds 0 cameras; from 1 to 100000 are read"),
    "no frames": (nothing, (*CAM, "--frames", "0"), r"^--frames 0: tiny\.mkv has 24; write 1 to 24, or leave it out"),
    "more frames than there are": (nothing, (*CAM, "--frames", "25"), r"^--frames 25: tiny\.mkv has 24"),
    "more frames than cameras": (
        camera_file(extrinsics=EYES),
        (*PATH, "--frames", "4"),
        r"^--frames 4: my cam\.npz has 3",
    ),
    "a border that is not in front": (
        nothing,
        (*CAM, "--border", "0"),
        r"^--border 0: write how far it lies, above 0 and at",
    ),
    "a border that is no number": (
        nothing,
        (*CAM, "--border", "nan"),
        r"^--border nan: write how far it lies, above 0 and",
    ),
    "a border beyond all numbers of a mesh": (nothing, (*CAM, "--border", "1e31"), r"^--border 1e\+31: .* most 1e\+30"),
    "depth nearer than anything is drawn": (
        depth_file(lambda d: d * 1e-4),
        CAM,
        r"^the nearest point of frame 0 is at a depth of 0\.0002, and nothing nearer than 0\.001 is drawn",
    ),
    "a folder that nobody can write": (
        nothing,
        (*CAM[:-1], "/proc/out/deep"),
        r"^--out /proc/out/deep: /proc cannot be written",
    ),
    "no samples": (nothing, (*CAM, "--samples", "0"), r"^samples 0: write an odd number from 1 to 9"),
    "even samples": (nothing, (*CAM, "--samples", "4"), r"^samples 4: write an odd number"),
    "too many samples": (nothing, (*CAM, "--samples", "99"), r"^samples 99: write an odd number"),
    "an angle that is none": (nothing, (*CAM, "--min-angle", "some"), r"^--min-angle some: write a number, or none"),
    "an angle that no triangle has": (nothing, (*CAM, "--min-angle", "61"), r"^smallest angle 61\.0: "),
    "a profile that is none": (
        nothing,
        (*CAM, "--profile", "dirty"),
        r"^--profile dirty: unknown; write one of clean, ref",
    ),
    "a rasterizer that is none": (
        nothing,
        (*CAM, "--rasterizer", "gpu"),
        r"^--rasterizer gpu: unknown; write one of cpu",
    ),
    "an odd size": (nothing, (*CAM, "--size", "33x32"), r"^--size '33x32' has an odd side, .*; write 32x32"),
    "a size that is none": (nothing, (*CAM, "--size", "big"), r"^--size 'big' is not a size; write width x height"),
    "a folder that is a file": (a_file, CAM, r"^--out out: out is a file, and has to be the folder that is written to"),
    "a folder among the source's images": (
        nothing,
        ("recon", "--video", ".", "--fps", "5", "--cam", "30", "--out", "."),
        r"among its own source",
    ),
    "a shot without a name": (
        nothing,
        ("recon", "--shot", "tiny.yaml", "--out", "out"),
        r"^--shot tiny\.yaml: write FILE#NAME",
    ),
    "a shot that is not there": (
        nothing,
        ("recon", "--shot", "tiny.yaml#spin", "--out", "out"),
        r"no shot named 'spin'; its shots are still, swing, push",
    ),
    "depth for a shot's own video": (
        nothing,
        ("recon", "--shot", "tiny.yaml#swing", "--depth", "tiny.npz", "--out", "out"),
        r"--depth belongs to --video",
    ),
    "meshes of frames that are not there": (
        nothing,
        (*CAM, "--save-mesh", "--mesh-frames", "0,24"),
        r"^--mesh-frames 24: there are frames 0 to 23",
    ),
    "meshes that are not saved": (
        nothing,
        (*CAM, "--mesh-frames", "all"),
        r"belong to --save-mesh, which is not given",
    ),
    "numbers that are none": (
        nothing,
        (*CAM, "--save-mesh", "--mesh-frames", "one"),
        r"^--mesh-frames one: write all, or",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered_and_nothing_is_written(run: Run, film: Path, tmp_path: Path, name: str) -> None:
    prepare, arguments, answer = BAD[name]
    prepare(tmp_path)
    before = names(tmp_path)
    done = run(*arguments)
    assert done.code == 2, done.err
    assert re.search(answer, done.err, re.DOTALL), done.err
    assert "Traceback" not in done.err
    assert [each for each in names(tmp_path) if each != "cache"] == before


def test_all_faults_are_told_at_once(run: Run, tmp_path: Path) -> None:
    options = ("--lens", "180deg", "--profile", "dirty", "--samples", "2", "--size", "1", "--fps", "fast")
    done = run("recon", "--video", "no.mp4", "--cam", "45", "--out", "out", *options)
    assert done.code == 2
    for answer in ("--lens '180deg'", "--profile dirty", "samples 2", "--size '1'", "--fps 'fast'"):
        assert answer in done.err, answer
    done = run("recon", "--video", "no.mp4", "--cam", "45", "--out", "out", "--samples", "2", "--border", "-1")
    for answer in ("samples 2", "--border -1", "--cam 45", "no.mp4: no such file"):
        assert answer in done.err, answer
    done = run("recon", "--video", "no.mp4", "--depth", "no.npz", "--path", "no.cam", "--cam", "1", "--out", "out")
    for answer in (
        "--cam and --path are given",
        "no.mp4: no such file",
        "no.npz: no such file",
        "no.cam: no such file",
    ):
        assert answer in done.err, answer


def test_depth_that_nobody_gave_is_answered_with_commands_and_exit_3(run: Run, film: Path, tmp_path: Path) -> None:
    done = run("recon", "--video", "tiny.mkv", "--cam", "30", "--out", "out")
    assert done.code == 3
    assert done.err.startswith("depth-anything-v2-small cannot estimate its depth before you run\n")
    assert "ex4d models pull depth-anything-v2-small" in done.err
    assert "or give depth that you have, as in --depth FILE --depth-unit mm" in done.err
    assert not (tmp_path / "out").exists()
