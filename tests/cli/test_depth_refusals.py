"""What ``ex4d depth`` answers to bad input, to missing or damaged weights, and all at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.cli.depth_runs import BASIC, OF_FILE, film, saved
from tests.cli.recon_runs import names
from tests.tiny_film import source_depth

__all__ = ["film"]


def nothing(folder: Path) -> None: ...


def without_weights(folder: Path) -> None:
    for file in (folder / "models/depth-anything-v2-small").iterdir():
        file.unlink()


def cut_weights(folder: Path) -> None:
    file = folder / "models/depth-anything-v2-small/model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


def other_weights(folder: Path) -> None:
    from safetensors.numpy import save_file

    file = folder / "models/depth-anything-v2-small/model.safetensors"
    save_file({"a.weight": np.zeros((2, 2), np.float32)}, file, metadata={"format": "pt"})


BAD: dict[str, tuple[Callable[[Path], None], tuple[str, ...], int, str]] = {
    "no video": (nothing, ("depth", "none.mp4", "-o", "d.npz"), 2, r"none\.mp4"),
    "no depth file by its name": (nothing, ("depth", "tiny.mkv", "-o", "d.png"), 2, r"-o d\.png: .*\.npz.*\.mkv"),
    "over the video": (nothing, ("depth", "tiny.mkv", "-o", "tiny.mkv"), 2, r"tiny\.mkv would be written over"),
    "images without a rate": (nothing, ("depth", "models", "-o", "d.npz"), 2, r"models is a folder .*how fast"),
    "an unknown model": (nothing, (*BASIC, "--model", "marigold"), 2, r"marigold.*: unknown; write auto, or one"),
    "weights that are not here": (
        without_weights, BASIC, 3,
        r"before you run\n  ex4d models pull depth-anything-v2-small  # 99 MB, licence Apache-2\.0, commercial",
    ),
    "weights that are cut short": (cut_weights, BASIC, 3, r"model\.safetensors: is cut short.*models pull depth-any"),
    "weights of another architecture": (
        other_weights, BASIC, 3, r"^(?!.*LOAD REPORT).*\d+ tensors of Depth Anything are not there, among them "
    ),
    "other weights that are not here": (
        nothing, (*BASIC, "--model", "depthcrafter"), 3,
        r"before you run\n  ex4d models pull depthcrafter  # [\d,]+ MB, licence .*, commercial use: no\n"
        r"  ex4d models pull stable-video-diffusion  # [\d,]+ MB, licence ",
    ),
    "a setting that the model lacks": (
        nothing, (*BASIC, "--window", "60"), 2, r"depth-anything-v2-small\} has no window, as depthcrafter has; leave"
    ),
    "a model beside a file": (
        saved(source_depth()), (*OF_FILE, "--model", "auto"), 2, r"--depth is given.*or --model"
    ),
    "a unit without a file": (nothing, (*BASIC, "--depth-unit", "m"), 2, r"--depth-unit belongs to --depth"),
    "a file that ends early": (
        saved(source_depth()[:-1]), (*OF_FILE, "--depth-unit", "m"), 2, r"mine\.npz has 23 frames.*has 24"
    ),
    "a smaller file": (
        saved(source_depth()[:, ::2, ::2]), (*OF_FILE, "--depth-unit", "m"), 2,
        r"mine\.npz is 32x24, but the video tiny\.mkv is 64x48.*upsample: guided",
    ),
    "a file of another shape": (
        saved(source_depth()[:, ::2]), (*OF_FILE, "--upsample", "guided"), 2, r"is 64x24, .*fewer in the same shape"
    ),
    "metres that are said to be millimetres": (
        saved(source_depth()), (*OF_FILE, "--depth-unit", "mm"), 2, r"mine\.npz.*mm.*m"
    ),
    "an array whose name would move the terminal": (
        lambda folder: np.savez(folder / "mine.npz", **{"\x1b[2Ja": source_depth(), "b": source_depth()}),
        OF_FILE, 2, r"mine\.npz holds the arrays \\x1b\[2Ja, b; name the one 'depth'",
    ),
    "a way that is none": (nothing, (*BASIC, "--upsample", "nearest"), 2, r"--upsample nearest: unknown.*surf"),
    "a device that is none": (nothing, (*BASIC, "--device", "tpu"), 2, r"--device tpu: unknown; write one of cpu"),
    "a device that is not here": (nothing, (*BASIC, "--device", "cuda"), 3, r"no CUDA device"),
    "a side that is none": (nothing, (*BASIC, "--longest", "20"), 2, r"--longest '20px' is out of range"),
    "a lens that is none": (nothing, (*BASIC, "--lens", "wide"), 2, r"--lens "),
    "a lens that nobody knows": (nothing, (*BASIC, "--lens", "auto"), 2, r"lens: auto|--lens"),
    "a folder of weights that is not there": (nothing, (*BASIC, "--models", "none"), 2, r"--models none: no such"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered_and_nothing_is_written(run: Run, film: Path, tmp_path: Path, name: str) -> None:
    prepare, arguments, code, answer = BAD[name]
    prepare(tmp_path)
    before = names(tmp_path)
    done = run(*arguments)
    assert done.code == code, done.err
    assert re.search(answer, done.err, re.DOTALL), done.err
    assert "Traceback" not in done.err
    assert set(names(tmp_path)) - set(before) <= {"cache"}
    assert not (tmp_path / "out").exists()


def test_all_that_is_wrong_is_told_at_once(run: Run, film: Path) -> None:
    done = run(*BASIC, "--device", "tpu", "--fps", "x", "--lens", "wide", "--window", "-1")
    assert done.code == 2
    for words in ("--device tpu", "--fps", "--lens", "--window"):
        assert words in done.err


def test_a_model_that_is_none_is_told_with_all_else_that_is_wrong(run: Run, film: Path) -> None:
    done = run("depth", "nope.mkv", "-o", "out.txt", "--model", "foo")
    assert done.code == 2
    for words in ("nope.mkv: no such file", "-o out.txt", "{model: foo}: unknown"):
        assert words in done.err
