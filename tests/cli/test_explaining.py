"""``ex4d explain`` as its user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.tiny_film import SHOTS

HEAVY = ("torch", "av", "numba", "matplotlib", "cv2", "scipy", "imageio", "opentimelineio")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A shot list whose media are not there."""
    file = tmp_path / "tiny.yaml"
    file.write_text(SHOTS, encoding="utf-8")
    return file


def test_a_film_is_told_shot_by_shot_though_its_media_are_not_there(run: Run, film: Path) -> None:
    done = run("explain", "tiny.yaml")
    assert (done.code, done.err) == (0, "")
    assert [line for line in done.out.splitlines() if line.startswith(("still (", "swing (", "push ("))] == [
        "still (0.5 s)", "swing (1 s)", "push (0.5 s)",
    ]  # fmt: skip
    assert "  - The camera travels 20 degrees to the right round the subject" in done.out


def test_programs_get_the_same_sentences_and_the_numbers(run: Run, film: Path) -> None:
    data = json.loads(run("explain", "tiny.yaml#swing", "--json").out)
    (shot,) = data["shots"]
    assert (shot["name"], shot["frames"]) == ("swing", None)
    assert shot["ending"]["furthest_deg"] == pytest.approx(20.0)
    assert shot["camera"][0]["sentences"][0].startswith("The camera travels 20 degrees")


def test_what_is_wrong_is_told_as_check_tells_it(run: Run, film: Path) -> None:
    film.write_text(SHOTS.replace("20deg", "20").replace("dolly: 20%", "doly: 20%"), encoding="utf-8")
    done = run("explain", "tiny.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("2 problems; nothing was rendered\n")
    film.write_text(SHOTS, encoding="utf-8")
    assert "has no shot 'swnig'; did you mean 'swing'?" in run("explain", "tiny.yaml#swnig").err
    assert "Example: ex4d explain" in run("explain", "--help").out


def test_words_of_a_hostile_file_move_no_terminal_about(run: Run, film: Path) -> None:
    film.write_text(SHOTS.replace("Tiny", '"\\e[2J\\u202e"'), encoding="utf-8")
    out = run("explain", "tiny.yaml").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[2J\\u202e" in out


@pytest.mark.parametrize(
    "command",
    [("explain", "tiny.yaml"), ("presets", "diff", "orbit-right@1", "orbit-left@1")],
    ids=lambda words: words[0],
)
def test_nothing_heavy_is_imported(film: Path, command: tuple[str, ...]) -> None:
    program = (
        f"import sys; sys.argv = ['ex4d', *{command!r}]\nfrom ex4d.cli import main\ntry: main()\n"
        f"except SystemExit as leaving: code = leaving.code\n"
        f"print('heavy:', code, *sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=film.parent, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() in (["heavy:", "0"], ["heavy:", "None"])
