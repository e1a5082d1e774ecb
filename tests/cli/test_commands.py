"""Each command as its user runs it, and each bad input as its user meets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ex4d.cli import main
from tests.cli.conftest import Run
from tests.tiny_film import SHOTS, source_depth, source_frames, write_tiny_film


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_tiny_film(tmp_path)


def rewritten(film: Path, old: str, new: str) -> None:
    assert old in SHOTS
    film.write_text(SHOTS.replace(old, new), encoding="utf-8")


def test_shoot_says_what_it_made_and_where(run: Run, film: Path) -> None:
    done = run("shoot", "tiny.yaml")
    assert done.code == 0
    assert "out/tiny.mp4  (21 frames, 1.75 s)" in done.out
    assert "out/tiny.otio" in done.out
    assert re.search(r"swing +12 +\d+\.\d% +\d\d% at 11f, on the left +mesh +made", done.out)
    again = run("shoot", "tiny.yaml")
    assert re.search(r"swing +12 .* kept", again.out)


def test_shoot_quiet_prints_nothing_and_json_prints_json(run: Run, film: Path) -> None:
    quiet = run("shoot", "tiny.yaml", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    data = json.loads(run("shoot", "tiny.yaml", "--json").out)
    assert data["frames"] == 21
    assert [take["kept"] for take in data["takes"]] == [True] * 3


def test_one_frame_is_not_frames(run: Run, film: Path) -> None:
    """A film of one shot of one frame, told by every command that counts."""
    head = SHOTS[: SHOTS.index("  - name: still")]
    film.write_text(head + "  - name: still\n    clip: 0f..1f\n", encoding="utf-8")
    assert "sound; 1 shot, 1 frame before" in run("check", "tiny.yaml").out
    assert "\n1 frame of 64x48" in run("plan", "tiny.yaml").out
    assert "out/tiny.mp4  (1 frame, 0.08 s)" in run("shoot", "tiny.yaml").out


def test_check_counts_no_frames_that_it_cannot_know(run: Run, film: Path) -> None:
    """A shot that plays to the end of its source is as long as that is."""
    head = SHOTS[: SHOTS.index("shots:")] + "shots:\n  - name: whole\n"
    film.write_text(head, encoding="utf-8")
    assert "sound; 1 shot, to the end of the source\n" in run("check", "tiny.yaml").out
    film.write_text(head + "  - name: one\n    clip: 0f..1f\n  - name: few\n    frames: 2\n", encoding="utf-8")
    told = "sound; 3 shots, 3 frames before transitions, and 1 shot to the end of the source\n"
    assert told in run("check", "tiny.yaml").out


def test_check_tells_what_it_assumed(run: Run, film: Path) -> None:
    done = run("check", "tiny.yaml")
    assert done.code == 0
    assert done.out.startswith("tiny.yaml: sound; 3 shots, ")
    assert "assumed" in done.out


def test_check_shows_all_faults_at_once_with_their_places(run: Run, film: Path) -> None:
    film.write_text(SHOTS.replace("20deg", "20").replace("dolly: 20%", "doly: 20%"), encoding="utf-8")
    done = run("check", "tiny.yaml")
    assert done.code == 2
    assert re.search(r"^tiny\.yaml:12:\d+ +shots\[1\]\.camera\[0\]\.orbit\.right: .*20deg", done.err, re.MULTILINE)
    assert re.search(r"^tiny\.yaml:16:\d+ .*'doly'; did you mean 'dolly'\?", done.err, re.MULTILINE)
    assert "2 problems; nothing was rendered" in done.err


@pytest.mark.parametrize("command", ["plan", "shoot"])
def test_shots_that_cannot_be_compiled_are_told_at_once_with_their_places(run: Run, film: Path, command: str) -> None:
    film.write_text(SHOTS.replace("0s..0.5s", "0s..50s").replace("dolly: 20%", "zoom: 90x"), encoding="utf-8")
    done = run(command, "tiny.yaml")
    assert done.code == 2
    assert re.search(r"^tiny\.yaml:8:5 +shots\[0\]\.clip: shot 'still'.* leaves the source", done.err, re.MULTILINE)
    assert re.search(r"^tiny\.yaml:16:9 +shots\[2\]\.camera\[0\]: shot 'push', frame \d", done.err, re.MULTILINE)
    assert "2 problems; nothing was rendered" in done.err


def test_check_as_json_has_lines_and_columns(run: Run, film: Path) -> None:
    rewritten(film, "20deg", "20")
    done = run("check", "tiny.yaml", "--json")
    assert done.code == 2
    fault = json.loads(done.out)["tiny.yaml"]["faults"][0]
    assert (fault["line"], fault["path"]) == (12, "shots[1].camera[0].orbit.right")


def test_plan_reads_the_media_and_names_the_worst_frame(run: Run, film: Path) -> None:
    done = run("plan", "tiny.yaml")
    assert done.code == 0
    assert re.search(r"swing +12 +orbit +20deg .* \d\d% at 11f, on", done.out)
    assert "subject at 2 m" in done.out
    assert "21 frames of 64x48 at 12 a second, 1.8 s" in done.out
    data = json.loads(run("plan", "tiny.yaml", "--json").out)
    swing = data["shots"][1]
    assert swing["worst_frame"] > 6
    assert swing["uncovered"]["0"] == 0
    assert [int(index) for index in swing["small"]["uncovered"]] == list(range(12))
    assert swing["where"] == {"0": "nowhere"} | dict.fromkeys(list(swing["uncovered"])[1:], "on the left")
    assert all(row[0] > max(row[1:]) for row in swing["ninths"]["11"])


def test_frame_writes_one_picture(run: Run, film: Path, tmp_path: Path) -> None:
    import imageio.v3 as iio

    done = run("frame", "tiny.yaml#swing@100%", "-o", "x.png")
    assert done.code == 0
    assert re.search(r"frame 11 of 12, \d\d% uncovered, on the left", done.err)
    assert iio.imread(tmp_path / "x.png").shape == (48, 64, 3)
    assert run("frame", "tiny.yaml#still@2f", "-o", "s.png", "--show", "source").code == 0
    np.testing.assert_array_equal(iio.imread(tmp_path / "s.png"), source_frames()[2])
    guide = run("frame", "tiny.yaml#swing@100%", "-o", "g.png", "--show", "guide")
    assert guide.code == 0
    assert (iio.imread(tmp_path / "g.png").max(axis=-1) == 0).any()


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("tiny.yaml#swimg", "no shot named 'swimg'; its shots are still, swing, push"),
        ("tiny.yaml#swing@13f", "ends at frame 11"),
        ("tiny.yaml", "FILE#SHOT@40%"),
        ("nothing.yaml#swing", "nothing.yaml"),
    ],
)
def test_frame_answers_a_place_that_is_not_there(run: Run, film: Path, place: str, answer: str) -> None:
    done = run("frame", place, "-o", "x.png")
    assert done.code == 2
    assert answer in done.err
    assert not Path("x.png").exists()


def test_frame_writes_only_pngs_and_never_over_its_source(run: Run, film: Path, tmp_path: Path) -> None:
    before = (tmp_path / "tiny.npz").read_bytes()
    assert "does not end in .png" in run("frame", "tiny.yaml#swing", "-o", "tiny.npz").err
    assert (tmp_path / "tiny.npz").read_bytes() == before


def test_paths_with_brackets_are_printed_as_they_are(run: Run, film: Path) -> None:
    done = run("shoot", "tiny.yaml", "--out", "o[/a]", "--only", "still")
    assert done.code == 0
    assert "o[/a]/tiny.takes" in done.out


def test_shoot_says_what_it_chose(run: Run, film: Path) -> None:
    rewritten(film, "lens: 54deg", "subject: center")
    done = run("shoot", "tiny.yaml", "--only", "swing")
    assert re.search(r"swing: assumed lens 54\.0deg", done.out)


def test_plan_warns_of_what_is_hardly_covered_and_of_a_subject_that_leaves(run: Run, film: Path) -> None:
    rewritten(film, "dolly: 20%", "truck: 900%")
    done = run("plan", "tiny.yaml")
    assert re.search(r"^warning: push: frame \d is (100|9\d)% uncovered.*: move it less", done.out, re.MULTILINE)
    assert re.search(r"^warning: push: .*the depth at the subject has changed by \+50%", done.out, re.MULTILINE)
    assert done.out.index("uncovered: the camera") < done.out.index("the depth at the subject")


def with_text(old: str, new: str) -> Callable[[Path], None]:
    return lambda film: rewritten(film, old, new)


def with_depth(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda film: np.savez_compressed(film.parent / "tiny.npz", depth=change(source_depth()))


def spoiled(value: float) -> Callable[[Path], None]:
    def change(depth: np.ndarray) -> np.ndarray:
        depth[7, 5, 6] = value
        return depth

    return with_depth(change)


def unreadable(film: Path) -> None:
    (film.parent / "tiny.mkv").write_bytes(b"not a video at all" * 100)


def playlist(film: Path) -> None:
    (film.parent / "list.mkv").write_text("#EXTM3U\n#EXTINF:1,\ntiny.mkv\n", encoding="utf-8")
    rewritten(film, "video: tiny.mkv", "video: list.mkv")


BAD_INPUTS = {
    "a missing video": (with_text("tiny.mkv", "nothing.mkv"), r"nothing\.mkv"),
    "a missing depth file": (with_text("tiny.npz", "nothing.npz"), r"nothing\.npz"),
    "depth of another size": (with_depth(lambda depth: depth[:, 1:]), r"64x47.*tiny\.mkv is 64x48"),
    "depth of another length": (with_depth(lambda depth: depth[1:]), r"23 frames.*tiny\.mkv has 24"),
    "depth that is no number": (spoiled(np.nan), r"tiny\.npz holds nan at column 6, row 5"),
    "negative depth": (spoiled(-1.0), r"tiny\.npz holds -1\.0 at column 6, row 5"),
    "an empty clip": (with_text("clip: 0s..0.5s", "clip: 0.5s..0.5s"), r"empty"),
    "a clip beyond the source": (with_text("clip: 0s..0.5s", "clip: 0s..50s"), r"leaves the source"),
    "an unreadable video": (unreadable, r"tiny\.mkv"),
    "an unknown key": (with_text("title:", "titel:"), r"tiny\.yaml:2:1 .*did you mean 'title'\?"),
    "an unknown preset": (with_text("orbit: {right: 20deg}", "use: orbit-rihgt@1"), r"tiny\.yaml:12:.*orbit-right"),
    "an address": (with_text("video: tiny.mkv", "video: http://example.com/tiny.mkv"), r"tiny\.yaml:3:.*local file"),
    "a playlist's address": (with_text("video: tiny.mkv", "video: concat:a.mkv|b.mkv"), r"tiny\.yaml:3:.*local file"),
    "a playlist as a video": (playlist, r"list\.mkv"),
    "an output outside the folder": (
        with_text("file: tiny.mp4", "file: ../tiny.mp4"),
        r"tiny\.yaml:4:.*plain file name",
    ),
    "a dissolve longer than its shot": (
        with_text("dissolve 0.25s", "dissolve 2s"),
        r"of shot 'push' \(0.5s\); at most 0.4s",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_is_answered_and_nothing_is_written(run: Run, film: Path, tmp_path: Path, name: str) -> None:
    spoil, answer = BAD_INPUTS[name]
    spoil(film)
    done = run("shoot", "tiny.yaml")
    assert done.code == 2
    assert re.search(answer, done.err, re.DOTALL), done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_a_shot_without_depth_is_answered_with_commands_and_exit_3(
    run: Run, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten(film, ", depth: {file: tiny.npz, unit: m}", "")
    monkeypatch.setitem(sys.modules, "torch", None)
    done = run("shoot", "tiny.yaml")
    assert done.code == 3
    assert re.search(r" pip install 'ex4d\[depth\]'\n +ex4d models pull depth-anything-v2-small ", done.err), done.err
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_made_is_answered(run: Run, film: Path) -> None:
    done = run("shoot", "tiny.yaml", "--out", "tiny.mkv")
    assert done.code == 2
    assert "choose another --out" in done.err


def test_check_imports_nothing_heavy(film: Path) -> None:
    heavy = "torch av cv2 numba matplotlib scipy imageio opentimelineio rich jaxtyping"
    code = (
        "import sys; sys.argv = ['ex4d', 'check', 'tiny.yaml']\n"
        "from ex4d.cli import main\n"
        "try: main()\n"
        "except SystemExit as leaving: assert not leaving.code, leaving.code\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=film.parent, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["check", "plan", "frame", "shoot"])
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert f"Example: ex4d {command} " in done.out


def stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


GENERATE = ("generate", "--color", "tiny.mkv", "--mask", "tiny.mkv", "-o", "film.mp4", "--engine", "mesh")


@pytest.mark.parametrize(
    ("command", "work", "words"),
    [
        (("shoot", "tiny.yaml"), "ex4d.production.shoot", "; what is finished is kept: run the same command again"),
        (("models", "pull", "ex4d"), "ex4d.models.pull", "; what is finished is kept: run the same command again"),
        (GENERATE, "ex4d.generation.generate", "; nothing is kept: run the same command again to begin anew"),
        (("plan", "tiny.yaml"), "ex4d.preflight.plan.plan", ""),
    ],
)
def test_ctrl_c_says_what_is_kept(
    run: Run, film: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], work: str, words: str
) -> None:
    monkeypatch.setattr(work, stopped)
    done = run(*command)
    assert done.code == 130
    assert f"\nstopped{words}" in done.err
    assert words or done.err.endswith("\nstopped\n")


@pytest.mark.parametrize(
    "command", [["shoot", "tiny.yaml"], ["plan", "tiny.yaml"], ["frame", "tiny.yaml#swing", "-o", "x.png"]]
)
def test_a_rasterizer_that_is_not_here_is_missing_and_one_that_is_not_is_a_fault(
    run: Run, film: Path, command: list[str]
) -> None:
    missing = run(*command, "--rasterizer", "nvdiffrast")
    assert missing.code == 3
    assert "pip install git+https://github.com/NVlabs/nvdiffrast" in missing.err
    wrong = run(*command, "--rasterizer", "gpu")
    assert wrong.code == 2
    assert "--rasterizer gpu: unknown; write one of cpu, nvdiffrast" in wrong.err
    assert not list(film.parent.glob("out/**/*.mkv"))
    assert not (film.parent / "x.png").exists()


def test_faults_of_every_kind_of_option_are_told_at_once(film: Path, run: Run) -> None:
    wrong = run("plan", film.name, "--vram", "much", "--guide", "blurred", "--rasterizer", "gpu")
    assert wrong.code == 2
    assert [word for word in ("--vram much", "--guide blurred", "--rasterizer gpu") if word not in wrong.err] == []


def test_ctrl_c_before_a_command_has_begun_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ex4d.kernels.keep_compiled", interrupted)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "\nstopped\n"
