"""What cannot be compiled is said for all shots at once, and where each stands."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from ex4d.errors import Fault, ShotFileError, TrajectoryError
from ex4d.preflight.check import check
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import Position
from ex4d.trajectory.placing import placing
from tests.trajectory.shots import shot

FILM = """\
ex4d: 1
source: {video: a.mp4}
shots:
  - name: a
    clip: 0s..1s
    camera:
      - hold
      - {pan: 2deg, at: 0s..2s}
  - name: b
    camera:
      - path: {right: 1/s}
  - name: c
    clip: 0s..6000s
    source: {depth: {model: none}}
  - name: d
    clip: 0s..1s
    camera:
      - {use: orbit-right@1, at: 0s..3s}
"""


def test_check_tells_the_faults_of_all_shots_with_their_places(tmp_path: Path):
    (tmp_path / "a.mp4").touch()
    file = tmp_path / "film.yaml"
    file.write_text(FILM, encoding="utf-8")
    with pytest.raises(ShotFileError) as found:
        check(file)

    places = [(fault.line, fault.column, fault.path) for fault in found.value.faults]
    assert places == [
        (8, 9, "shots[0].camera[1]"),
        (11, 9, "shots[1].camera[0]"),
        (14, 5, "shots[2].source"),
        (18, 9, "shots[3].camera[0]"),
    ]
    assert "shot 'b': the path's right: the formula '1/s' has no finite value at s = 0" in str(found.value)


def test_where_a_shot_stands_is_no_part_of_what_it_says():
    first, moved = (parse(text, Path("film.yaml")).shots[0] for text in (FILM, "# a comment\n" + FILM))

    assert first.origin.whole != moved.origin.whole
    assert (first, hash(first), repr(first)) == (moved, hash(moved), repr(moved))
    assert first.model_dump() == moved.model_dump()
    assert first.model_copy(update={"name": "z"}).origin is first.origin


def test_an_error_of_a_shot_without_a_file_stays_what_it_is():
    faults: list[Fault] = []
    with pytest.raises(TrajectoryError, match="too steep"), placing(shot(), faults):
        raise TrajectoryError("too steep")
    assert faults == []


def test_a_preset_is_blamed_where_the_shot_uses_it():
    """Not in the preset's own file, which its user cannot change."""
    used = parse(FILM, Path("film.yaml")).shots[3]
    fault = used.origin.fault("no", len(used.camera) - 1)

    assert fault is not None
    assert (fault.file, fault.line) == ("film.yaml", 18)
    assert replace(fault, message="").path == "shots[3].camera[0]"
    assert used.camera[0].at.end == Position(value=Fraction(3), unit="s")
