"""``ex4d train`` as its user runs it; what it calls is faked where only its own words are in question."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ex4d.errors import MissingPart, UserError
from tests.cli.conftest import Run
from tests.training.config.files import SHORT

HEAVY = ("torch", "av", "cv2", "numba", "imageio", "matplotlib", "scipy", "diffusers", "huggingface_hub", "jaxtyping")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A training file with a folder of clips beside it."""
    (tmp_path / "clips").mkdir()
    file = tmp_path / "train.yaml"
    file.write_text(SHORT + "masks: {rendering: {cameras: [{camera: [use: orbit-right]}]}}\n")
    return file


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the commands call, in the place of the work itself: the arguments of each, by its name."""
    calls: dict[str, Any] = {}
    made = {
        "train": lambda: tmp_path / "out" / "ex4d.ckpt",
        "prepare": lambda: SimpleNamespace(folder=Path("out/prepared"), trained=(1,), held_out=(2, 3)),
        "preview_masks": lambda: _sheets(calls),
    }

    def instead(name: str) -> Callable[..., Any]:
        def work(config: Any, **arguments: Any) -> Any:
            calls[name] = arguments | {"config": config}
            return made[name]()

        return work

    module = ModuleType("ex4d.training.run")
    for name in made:
        setattr(module, name, instead(name))
    monkeypatch.setitem(sys.modules, "ex4d.training.run", module)
    return calls


def _sheets(calls: dict[str, Any]) -> Iterator[Any]:
    folder = calls["preview_masks"]["out"]
    mask = SimpleNamespace(kind="rendering", words="orbit: {right: 43.2deg}")
    file = None if folder is None else folder / "bear-0000.png"
    yield SimpleNamespace(excerpt="bear-0000", file=file, masks=((mask, SimpleNamespace(in_words="12 % hidden")),))


def test_check_says_what_is_asked_for_and_what_was_chosen(run: Run, config: Path) -> None:
    done = run("train", "check", "train.yaml")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "train.yaml: sound; 2000 steps of 8 excerpts, each 49 frames of 512x512; masks by 1 camera 0.5, "
        "by tracking (flow) 0.5",
        "  depth: {model: auto} takes depth-anything-v2-small",
        "  a camera takes the newest orbit-right; pin it as orbit-right@1",
        "  hold_out: 0 leaves no clip to validate or sample with; write hold_out: 8 in clips",
    ]


def test_check_tells_all_faults_of_all_files(run: Run, config: Path) -> None:
    config.with_name("other.yaml").write_text(SHORT.replace("clips: {videos: clips", "clips: {vidoes: clips"))
    config.write_text(SHORT + "excerpts: {frames: 48, size: 500x500}\n")
    done = run("train", "check", "train.yaml", "other.yaml")

    assert done.code == 2
    assert done.err.splitlines() == [
        "train.yaml:4:12   excerpts.frames: 48 frames are not one more than a multiple of 4, as the model takes; "
        "write 49",
        "train.yaml:4:24   excerpts.size: '500x500' has a side that is no multiple of 16; write 496x496",
        "2 problems; nothing was trained",
        "other.yaml:2:9   clips.vidoes: unknown key 'vidoes'; did you mean 'videos'?",
        "1 problem; nothing was trained",
    ]


def test_check_as_json_has_remarks_or_lines_and_columns(run: Run, config: Path) -> None:
    config.with_name("bad.yaml").write_text(SHORT + "training: {lr: 1}\n")
    done = run("train", "check", "--json", "train.yaml", "bad.yaml")
    found = json.loads(done.out)

    assert done.code == 2
    assert found["train.yaml"]["sound"]
    assert len(found["train.yaml"]["remarks"]) == 3
    assert found["bad.yaml"]["sound"] is False
    assert [(fault["line"], fault["path"]) for fault in found["bad.yaml"]["faults"]] == [(4, "training.lr")]


def test_check_imports_nothing_heavy(config: Path) -> None:
    program = (
        "import sys; sys.argv = ['ex4d', 'train', 'check', 'train.yaml']\nfrom ex4d.cli import main\ntry: main()\n"
        "except SystemExit as leaving: code = leaving.code\n"
        f"print('heavy:', code, *sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=config.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].split() in (["heavy:", "0"], ["heavy:", "None"])


@pytest.mark.parametrize("words", [("train", "train.yaml"), ("train", "run", "train.yaml")], ids=len)
def test_train_trains_with_and_without_its_name(run: Run, config: Path, called: dict[str, Any], words: Any) -> None:
    done = run(*words, "--device", "cuda:1")

    assert done.code == 0
    assert "ex4d.ckpt: trained; ex4d shoot FILE --engine ex4d --adapter " in done.out
    assert called["train"]["config"].file == Path("train.yaml")
    assert (called["train"]["device"], called["train"]["models"]) == ("cuda:1", None)


def test_the_command_that_it_names_can_be_run(
    run: Run, config: Path, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["ex4d.training.run"], "train", lambda *_, **__: Path("my out/ex4d.ckpt"))
    assert "ex4d shoot FILE --engine ex4d --adapter 'my out/ex4d.ckpt' completes" in run("train", "train.yaml").out


@pytest.mark.parametrize("command", ["run", "prepare"])
def test_without_torch_it_says_what_to_run(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("ex4d.models.commands._is_installed", lambda package: package != "torch")
    monkeypatch.setitem(sys.modules, "torch", None)
    done = run("train", command, "train.yaml", "--models", ".")

    assert done.code == 3
    assert re.search(
        r"before you run\n +pip install 'ex4d\[depth\]'\n +pip install 'ex4d\[wan\]'\n"
        r" +.*ex4d models pull wan2\.1-i2v-14b-480p ",
        done.err,
    )


def test_of_several_processes_the_first_alone_speaks(
    run: Run, config: Path, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``torchrun`` starts them."""
    monkeypatch.setenv("RANK", "1")
    done = run("train", "train.yaml")

    assert (done.code, done.out, done.err) == (0, "", "")
    assert "train" in called


def test_options_may_stand_before_the_file(run: Run, config: Path, called: dict[str, Any]) -> None:
    done = run("train", "--quiet", "--models", ".", "train.yaml")

    assert (done.code, done.out, done.err) == (0, "", "")
    assert called["train"]["models"] == Path()


def test_prepare_says_how_much_there_is(run: Run, config: Path, called: dict[str, Any]) -> None:
    assert run("train", "prepare", "train.yaml").out == "out/prepared: 1 excerpt to train on, 2 held out\n"


def test_masks_says_how_they_are_drawn_and_writes_sheets_only_where_asked(
    run: Run, config: Path, called: dict[str, Any]
) -> None:
    plain = run("train", "masks", "train.yaml", "--excerpts", "3")
    assert plain.out == "bear-0000:\n  1 rendering, orbit: {right: 43.2deg}: 12 % hidden\n"
    assert (called["preview_masks"]["out"], called["preview_masks"]["excerpts"]) == (None, 3)

    run("train", "masks", "train.yaml", "--preview")
    assert called["preview_masks"]["out"] == config.parent / "out/adapter/masks"
    run("train", "masks", "train.yaml", "--preview", "--out", "sheets")
    assert called["preview_masks"]["out"] == Path("sheets")


@pytest.mark.parametrize("command", [(), ("run",), ("check",), ("masks",), ("prepare",)], ids=str)
def test_every_command_has_help_with_an_example(run: Run, command: tuple[str, ...]) -> None:
    done = run("train", *command, "--help")
    assert done.code == 0
    assert f"Example: ex4d {' '.join(('train', *command))} " in done.out


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "no such file": (("none.yaml",), "none.yaml:1:1   the file cannot be read: No such file or directory"),
    "a misspelt command": (("chek", "train.yaml"), "'chek' is neither a training file nor a command; did you mean"),
    "a shot list": (("check", "film.yaml"), "film.yaml:1:1   ex4d: this is a shot list or preset, not a training file"),
    "no folder of weights": (("train.yaml", "--models", "none"), "--models none: no such folder"),
    "no device": (("train.yaml", "--device", "gpu"), "--device gpu: write cuda, cuda:1 or cpu"),
    "sheets that are not asked for": (("masks", "train.yaml", "--out", "x"), "write --preview too"),
    "no excerpts": (("masks", "train.yaml", "--excerpts", "0"), "--excerpts"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_answered(run: Run, config: Path, called: dict[str, Any], name: str) -> None:
    words, told = BAD[name]
    config.with_name("film.yaml").write_text("ex4d: 1\nsource: {video: a.mp4}\nshots: [{name: a}]\n")
    done = run("train", *words)

    assert done.code == 2
    assert told in done.err
    assert called == {}


def test_a_training_file_is_no_shot_list(run: Run, config: Path) -> None:
    done = run("check", "train.yaml")

    assert done.code == 2
    assert done.err.startswith("train.yaml:1:1   ex4d-train: this is a training file; ex4d train check reads it\n")


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "stopped; what is finished is kept: run the same command again to go on"),
        (UserError("no clip can be used"), 2, "no clip can be used"),
        (MissingPart("weights are missing"), 3, "weights are missing"),
    ],
    ids=["stopped", "at fault", "missing"],
)
@pytest.mark.parametrize(("command", "work"), [("run", "train"), ("prepare", "prepare")])
def test_how_it_ends_where_it_does_not_end_well(
    run: Run, config: Path, called: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
    command: str, work: str, raised: BaseException, code: int, told: str,
) -> None:  # fmt: skip
    def ends(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(sys.modules["ex4d.training.run"], work, ends)
    done = run("train", command, "train.yaml")

    assert done.code == code
    assert told in done.err
