"""``ex4d generate``, and the options of engines with weights, as their user meets them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ex4d.media.probe import probe
from tests.cli.conftest import Run
from tests.generation.renders import colours, masks, write
from tests.models.small_weights import write as lay_files
from tests.small_engines import lay_down, set_cards
from tests.tiny_film import SHOTS, write_tiny_film

HEAD = ("generate", "--color", "colour.mkv", "--mask", "mask.mkv", "-o", "film.mp4")


@pytest.fixture
def render(tmp_path: Path) -> Path:
    write(tmp_path / "colour.mkv", colours())
    write(tmp_path / "mask.mkv", masks())
    return tmp_path


def test_it_says_what_it_made(run: Run, render: Path) -> None:
    done = run(*HEAD, "--engine", "mesh", "--fps", "25", "--frames", "5")
    assert done.code == 0, done.err
    assert done.out == "film.mp4: 5 frames of 64x48 at 25 a second, by mesh; film.ex4d.json says from what\n"
    assert probe(render / "film.mp4").frame_rate == 25
    assert run(*HEAD, "--engine", "mesh", "--frames", "1").out.startswith("film.mp4: 1 frame of 64x48 at ")
    quiet = run(*HEAD, "--engine", "mesh", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert json.loads(run(*HEAD, "--engine", "mesh", "--json").out)["frames"] == 7


def test_auto_says_why_it_is_mesh(run: Run, render: Path) -> None:
    done = run(*HEAD, "--engine", "auto")
    assert done.code == 0
    assert re.search(r"engine: mesh, because .*no NVIDIA graphics card is here", done.err)


def test_help_has_an_example_and_the_values_that_hold(run: Run) -> None:
    done = run("generate", "--help")
    assert done.code == 0
    assert "Example: ex4d generate --color " in done.out
    assert "ex4d's own is 25" in " ".join(done.out.split())
    assert "ex4d's own is 512x512" in " ".join(done.out.split())


BAD = {
    "a mask of another length": (("--engine", "mesh"), r"mask\.mkv has 5 frames, but colour\.mkv has 7"),
    "more frames than there are": (("--engine", "mesh", "--frames", "9"), r"colour\.mkv has 7; write 1 to 7"),
    "no rate": (("--engine", "mesh", "--fps", "fast"), r"--fps 'fast' is not a frame rate"),
    "a rounded rate": (("--engine", "mesh", "--fps", "29.97"), r"write 30000/1001"),
    "an engine that is none": (("--engine", "magic"), r"--engine magic: unknown; write one of auto, mesh"),
    "an erosion that is none": (("--erode", "much"), r"--erode much: write random, or whole pixels from 0 to 64"),
    "a size that is none": (("--size", "512"), r"--size 512: write width x height"),
    "a size that the model has not": (("--size", "500x512"), r"size 500x512: .*multiples of 16; write 496x512"),
    "a precision that is none": (
        ("--precision", "half"),
        r"--precision half: unknown; write one of reference, bf16, fp8",
    ),
    "memory that is none": (("--vram", "lots"), r"--vram lots: write gigabytes, as 24, or auto"),
    "two faults": (("--steps", "0", "--device", "tpu"), r"(?s)device tpu.*steps 0"),
    "embeds that are not there": (("--prompt-embeds", "none.safetensors"), r"none\.safetensors: no such file"),
    "an adapter that is not there": (("--adapter", "none.ckpt"), r"adapter none\.ckpt: no such file"),
    "an adapter that is none": (("--adapter", "colour.mkv"), r"adapter colour\.mkv: is no archive of torch\.save"),
    "an adapter of another engine": (
        ("--engine", "mesh", "--adapter", "colour.mkv"),
        r"ex4d alone takes an adapter, but used is mesh; leave out --adapter, or write --engine ex4d",
    ),
    "no folder of models": (("--models", "nowhere"), r"models nowhere: no such folder"),
    "fast and slow": (("--fast", "--steps", "9"), r"fast is four steps without guidance; leave out steps"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered_and_nothing_is_written(run: Run, render: Path, name: str) -> None:
    arguments, answer = BAD[name]
    if name == "a mask of another length":
        write(render / "mask.mkv", masks(5))
    done = run(*HEAD, *arguments)
    assert done.code == 2, done.err
    assert re.search(answer, done.err), done.err
    assert "Traceback" not in done.err
    assert not list(render.glob("film*"))


def test_all_faults_are_told_at_once(run: Run, render: Path) -> None:
    faults = ("--engine", "magic", "--erode", "much", "--fps", "fast", "--size", "512", "--precision", "half")
    done = run("generate", "--color", "none.mp4", "--mask", "nor.mp4", "-o", "film.avi", *faults, "--steps", "0")
    assert done.code == 2
    for answer in ("none.mp4: no such file", "nor.mp4: no such file", "film.avi does not end in .mp4", "--engine magic",
                   "--erode much", "--fps 'fast'", "--size 512", "--precision half", "steps 0"):  # fmt: skip
        assert answer in done.err, answer
    done = run("generate", "--color", "none.mp4", "--mask", "nor.mp4", "-o", "film.mp4", "--engine", "mesh")
    assert done.err == "none.mp4: no such file\nnor.mp4: no such file\n"


def test_missing_weights_and_card_are_answered_with_commands_and_exit_3(run: Run, render: Path) -> None:
    done = run(*HEAD)
    assert done.code == 3
    assert re.search(r"(?s)\n  ex4d models pull wan2.1.*\n  ex4d models pull ex4d .*\n  have an NVIDIA", done.err), (
        done.err
    )
    assert "or write --engine mesh, which" in done.err
    assert not list(render.glob("film*"))


def test_weights_that_are_cut_short_are_answered_with_exit_3(
    run: Run, render: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ex4d.models import EX4D, WAN

    set_cards(monkeypatch, "NVIDIA H200")
    for weights in (WAN, EX4D):
        lay_down(weights, render / "models")
    lay_files({"ex4d.ckpt": b"PK\x03\x04 cut"}, render / "models" / "ex4d")
    done = run(*HEAD)
    assert done.code == 3
    assert "ex4d models pull" in done.err
    assert not list(render.glob("film*"))


def test_plan_tells_of_windows_padding_size_time_and_what_is_missing(run: Run, tmp_path: Path) -> None:
    write_tiny_film(tmp_path)
    done = run("plan", "tiny.yaml", "--engine", "ex4d", "--size", "832x480")
    assert done.code == 0, done.err
    assert re.search(r"swing: .*ex4d: 1 window, padded by 1 at 832x480, about \d+ s", done.out), done.out
    assert "ex4d knows 512x512" in done.out
    assert "cannot be made here: the weights ex4d are not here; ex4d models pull ex4d" in done.out
    assert re.search(r"and ex4d \d+ (s|min) on an NVIDIA H200", done.out)
    data = json.loads(run("plan", "tiny.yaml", "--engine", "ex4d", "--json").out)
    work = data["shots"][1]["engine_work"]
    assert (work["windows"], work["padding"], work["size"]) == ([[0, 12]], 1, [512, 512])
    assert data["engine_seconds_expected"] > work["seconds_expected"]
    assert json.loads(run("plan", "tiny.yaml", "--json").out)["shots"][1]["engine_work"] is None


def test_plan_tells_of_an_adapter_and_refuses_what_shoot_would(run: Run, tmp_path: Path, tiny_models: Path) -> None:
    write_tiny_film(tmp_path)
    (tmp_path / "mine.ckpt").symlink_to((tiny_models / "ex4d" / "ex4d.ckpt").resolve())
    done = run("plan", "tiny.yaml", "--engine", "ex4d", "--adapter", "mine.ckpt")
    assert done.code == 0, done.err
    assert "its adapter is mine.ckpt, on its maker's terms" in done.out
    assert "the weights wan2.1-i2v-14b-480p are not here" in done.out
    assert "the weights ex4d are not here" not in done.out
    done = run("plan", "tiny.yaml", "--adapter", "mine.ckpt")
    assert (done.code, "but used is mesh; leave out --adapter" in done.err) == (2, True)
    done = run("plan", "tiny.yaml", "--engine", "ex4d", "--adapter", "tiny.yaml")
    assert (done.code, "adapter tiny.yaml: is no archive of torch.save" in done.err) == (2, True)


def test_shoot_answers_an_engine_that_cannot_work_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    write_tiny_film(tmp_path)
    done = run("shoot", "tiny.yaml", "--engine", "ex4d")
    assert done.code == 3
    assert "or write --engine mesh, which needs none of it" in done.err
    write_tiny_film(tmp_path, SHOTS.replace("engine: mesh", "engine: ex4d"))
    assert "or write engine: mesh, which needs none of it" in run("shoot", "tiny.yaml").err
    assert not (tmp_path / "out").exists()
    assert "--guide dirty: unknown; write one of clean, reference" in run("shoot", "tiny.yaml", "--guide", "dirty").err


def test_frame_shows_the_guide_that_the_engine_gets(run: Run, tmp_path: Path) -> None:
    import imageio.v3 as iio

    black = {}
    for engine in ("mesh", "ex4d"):
        write_tiny_film(tmp_path, SHOTS.replace("engine: mesh", f"engine: {engine}"))
        assert run("frame", "tiny.yaml#swing@3f", "-o", "guide.png", "--show", "guide").code == 0
        black[engine] = (iio.imread(tmp_path / "guide.png") == 0).all(axis=-1).mean()
    assert black["ex4d"] > black["mesh"] + 0.03
    asked = {"ex4d": ("--engine", "ex4d"), "mesh": ("--engine", "ex4d", "--guide", "clean")}
    for same, arguments in asked.items():
        write_tiny_film(tmp_path)
        assert run("frame", "tiny.yaml#swing@3f", "-o", "guide.png", "--show", "guide", *arguments).code == 0
        assert (iio.imread(tmp_path / "guide.png") == 0).all(axis=-1).mean() == black[same]
    write_tiny_film(tmp_path, SHOTS.replace("engine: mesh", "engine: ex4d"))
    done = run("frame", "tiny.yaml#swing@3f", "-o", "result.png")
    assert "this frame is completed from the mesh" in done.err
    assert iio.imread(tmp_path / "result.png").any(axis=-1).all()


def test_shoot_takes_the_engines_options_and_says_on_which_terms(run: Run, tmp_path: Path, tiny_models: Path) -> None:
    write_tiny_film(tmp_path)
    arguments = ("--device", "cpu", "--models", str(tiny_models), "--size", "48x32", "--steps", "1", "--guidance", "1")
    done = run("shoot", "tiny.yaml", "--only", "push", "--engine", "ex4d", "--negative", "fog", *arguments)
    assert done.code == 0, done.err
    assert "ex4d: wan2.1-i2v-14b-480p, licence Apache-2.0, commercial use: yes" in done.err
    assert "push: ex4d, 6 frames in 1 window, padded by 3" in done.err
    assert re.search(r"push +6 +.* ex4d +made", done.out)
    settings = json.loads((tmp_path / "out/tiny.takes/push/manifest.json").read_text())["engine"]["settings"]
    assert (settings["steps"], settings["size"], settings["guidance"]) == (1, [48, 32], 1.0)
    assert settings["negative_prompt"] == "fog"


def test_films_take_embedded_prompts(run: Run, tmp_path: Path, tiny_models: Path) -> None:
    """Those of another model are refused by the engine itself, which proves that they were handed on."""
    from safetensors.numpy import save_file

    write_tiny_film(tmp_path)
    save_file({name: np.ones((7, 40), np.float32) for name in ("prompt", "negative")}, tmp_path / "words.safetensors")
    arguments = ("tiny.yaml", "--engine", "ex4d", "--prompt-embeds", "words.safetensors", "--models", str(tiny_models))
    done = run("shoot", "--device", "cpu", "--size", "48x32", "--only", "push", *arguments)
    assert done.code == 2
    assert "words.safetensors: 'prompt' has rows of 40, the model reads 32" in done.err
    assert run("plan", *arguments).code == 0


@pytest.mark.parametrize("command", ["plan", "shoot", "generate", "frame"])
def test_help_names_the_engines(run: Run, command: str) -> None:
    assert "auto, mesh, ex4d or vace" in " ".join(run(command, "--help").out.split())


@pytest.mark.parametrize("command", [("plan", "tiny.yaml", "--engine", "ex4d"), ("shoot", "tiny.yaml", "--quiet")])
def test_plans_and_films_without_weights_import_no_torch(tmp_path: Path, command: tuple[str, ...]) -> None:
    write_tiny_film(tmp_path, SHOTS.replace("engine: mesh", "engine: auto"))
    code = (
        f"import sys; sys.argv = ['ex4d', *{command!r}]\n"
        "from ex4d.cli import main\n"
        "try: main()\n"
        "except SystemExit as leaving: assert not leaving.code, leaving.code\n"
        "print([name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
