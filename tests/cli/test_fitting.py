"""``ex4d plan --fit`` as its user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.preflight.test_fitting import SWING, film
from tests.tiny_film import SHOTS, write_tiny_film


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--shot", "swimg"], "did you mean 'swing'"),
        (["--shot", "still"], "shot 'still' has no move with an amount"),
        (["--move", "orbits"], "did you mean 'orbit'"),
        (["--shot", "push", "--move", "dolly"], "push has"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(run: Run, tmp_path: Path, arguments: list[str], says: str) -> None:
    write_tiny_film(tmp_path)
    if says == "push has":
        shots = SHOTS.replace("- dolly: 20%", "- dolly: 20%\n      - dolly: 5%")
        write_tiny_film(tmp_path, shots)
        says = "shot 'push' has 2 moves called 'dolly': camera[0], camera[1]; name one"
    done = run("plan", "tiny.yaml", "--fit", "20%", *arguments)

    assert done.code == 2
    assert says in done.err


def test_several_moves_are_listed_and_the_file_is_never_touched(run: Run, tmp_path: Path) -> None:
    file = film(tmp_path, SWING, "- use: push-in@1")
    before = file.read_bytes()
    several = run("plan", "tiny.yaml", "--fit", "20%")
    done = run("plan", "tiny.yaml", "--fit", "20%", "--move", "orbit")

    assert several.code == 2
    assert "2 moves with an amount: orbit, push-in; name one, as in --shot swing --move orbit" in several.err
    assert (done.code, file.read_bytes()) == (0, before)
    assert done.out.startswith("swing, orbit (tiny.yaml:10): now ")
    assert run("plan", "tiny.yaml", "--move", "orbit").code == 2
