"""``ex4d presets`` as its user runs it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ex4d.shotlist.catalogue import PEERS, catalogue
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import parse
from ex4d.shotlist.shipped import shipped
from tests.cli.conftest import Run

BUILT_IN = shipped("trajectories")
FILM = """\
ex4d: 1
source: {video: media/a.mp4}
shots:
  - name: a
    clip: 0s..2s
    camera:
      - {use: sway}   # mine
      - use: "drift"
"""


def write_sway(folder: Path, version: int, angle: str) -> None:
    """Write a version of a project's preset."""
    file = folder / "trajectories" / "sway" / f"v{version}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"preset: sway\nversion: {version}\nex4d: 1\nabout: Turns a little.\n"
        f"params:\n  angle: {{default: {angle}, min: 0deg, max: 90deg, about: how far}}\n"
        "camera:  # its moves\n  - pan: $angle\n\n  # a word\n  - hold:\n"
    )


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A shot list beside a project's preset of two versions."""
    write_sway(tmp_path, 1, "10deg")
    write_sway(tmp_path, 2, "40deg")
    (tmp_path / "film.yaml").write_text(FILM)
    return tmp_path / "film.yaml"


@pytest.fixture
def few(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Only these are built in."""
    home, names = tmp_path_factory.mktemp("built_in") / "trajectories", ("drift", "orbit-right", "ex4d-30")
    for name in names:
        shutil.copytree(BUILT_IN / name, home / name)
    shutil.copy(BUILT_IN / "lock.json", home)
    monkeypatch.setattr("ex4d.shotlist.library.shipped", lambda name: home)
    return names


def test_the_list_has_all_presets_in_groups_a_projects_own_first_in_80_columns(
    run: Run, film: Path, few: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken one is listed with its fault; the others all the same."""
    (film.parent / "trajectories" / "turn").mkdir()
    (film.parent / "trajectories" / "turn" / "v1.yaml").write_text("preset: trun\n")
    monkeypatch.setenv("COLUMNS", "80")
    done = run("presets", "list")
    assert done.code == 0
    assert re.findall(r"^(\S.*) \(\d+\)$", done.out, re.MULTILINE) == ["in trajectories", "built in", "after EX-4D"]
    assert re.findall(r"^  ([a-z0-9@-]+)", done.out, re.MULTILINE) == ["sway@2", "turn", *(f"{name}@1" for name in few)]
    assert "Turns a little. (angle 40deg)\n" in done.out
    assert "versions 1, 2; not released\n" in done.out
    assert "cannot be used: trajectories/turn/v1.yaml:1:1" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_list_can_be_filtered_and_read_by_programs(run: Run, film: Path, few: tuple[str, ...]) -> None:
    (entry,) = json.loads(run("presets", "list", "TURNS A LITTLE", "--json").out)
    assert (entry["name"], entry["newest"], entry["versions"], entry["released"]) == ("sway", 2, [1, 2], False)
    (angle,) = entry["parameters"]
    assert (angle["default"], angle["min"], angle["max"], angle["unit"]) == ("40deg", "0deg", "90deg", "deg")
    assert run("presets", "list", "orbit-rigth").out == (
        "none of 4 presets has 'orbit-rigth' in its name or description; did you mean 'orbit-right'?\n"
    )


def test_every_preset_that_is_built_in_belongs_to_a_group() -> None:
    """Nobody's name is used without the group's saying whose it is; all are released, and pin what they use."""
    entries = catalogue(Library(BUILT_IN))
    assert [entry.name for entry in entries if not entry.released] == []
    moves = [item for entry in entries if entry.newest for item in entry.newest.camera if isinstance(item, dict)]
    assert [item["use"] for item in moves if "use" in item and "@" not in item["use"]] == []
    assert all((entry.group != "built in") == (entry.name.split("-")[0] in PEERS) for entry in entries)


def test_what_show_says_to_use_can_be_used(run: Run, film: Path) -> None:
    data = json.loads(run("presets", "show", "reveal", "--json").out)
    text = "ex4d: 1\nsource: {video: a.mp4}\nshots:\n  - name: a\n    clip: 0s..1s\n"
    indented = "".join(f"    {line}\n" for line in data["use"].splitlines())
    assert [use.name for use in parse(text + indented, film).shots[0].presets] == ["reveal"]
    assert (data["built_in"], data["released"], len(data["sha256"])) == (True, True, 64)
    assert {parameter["name"] for parameter in data["parameters"]} == {"angle", "rise", "distance"}


def test_show_has_the_moves_as_they_are_written(run: Run, film: Path) -> None:
    """Comments and all; of the version that is named, beside a film that is named."""
    done = run("presets", "show", "sway@1", "--beside", "film.yaml")
    assert "sway@1 (in trajectories; not released yet: it may change)" in done.out
    assert "  camera:  # its moves\n    - pan: $angle\n\n    # a word\n    - hold:\n" in done.out
    assert "  angle   10deg, 0deg to 90deg: how far\n" in done.out
    assert "versions  1, 2\n" in done.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "orbit-rigth"), "unknown preset 'orbit-rigth'; did you mean 'orbit-right'?"),
        (("show", "sway@7"), "preset 'sway' has no version 7; versions: 1, 2"),
        (("show", "sway@x"), "'sway@x' is no preset; write its name, as in orbit-right"),
        (("show", "sway", "--beside", "nowhere"), "--beside nowhere: it is not there"),
        (("diff", "sway", "1"), "name a preset and two of its versions"),
        (("diff", "sway", "1", "9"), "has no version 9"),
        (("diff", "orbit-right"), "has one version only"),
        (("release", "swya"), "no preset 'swya' in trajectories; did you mean 'sway'?"),
        (("pin", "nowhere.yaml"), "nowhere.yaml:1:1   the file cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_right(run: Run, film: Path, words: tuple[str, ...], message: str) -> None:
    done = run("presets", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_pin_says_what_it_pinned_and_then_that_all_is(run: Run, film: Path) -> None:
    assert "film.yaml: not pinned yet: 2 references" in run("presets", "pin", "film.yaml", "--dry-run").out
    checked = run("presets", "pin", "film.yaml", "--check")
    assert (checked.code, film.read_text()) == (2, FILM)
    done = run("presets", "pin", "film.yaml")
    assert done.out == "film.yaml: pinned 2 references\n  7:15  sway → sway@2\n  8:14  drift → drift@1\n"
    assert film.read_text() == FILM.replace("sway", "sway@2").replace('"drift"', '"drift@1"')
    again = run("presets", "pin", "film.yaml", "--check")
    assert (again.code, again.out) == (0, "film.yaml: every reference is pinned\n")


def test_check_says_where_a_version_is_missing(run: Run, film: Path, few: tuple[str, ...]) -> None:
    """In the shot list, or in a preset that it uses."""
    (film.parent / "media").mkdir()
    (film.parent / "media" / "a.mp4").touch()
    file = film.parent / "trajectories" / "sway" / "v2.yaml"
    file.write_text(file.read_text() + "  - use: orbit-right\n")
    told = run("check", "film.yaml").out
    assert "takes the newest sway, version 2; pin it as sway@2\n" in told
    assert "takes the newest orbit-right, version 1; pin it as orbit-right@1 in the preset that uses it\n" in told


def test_a_sound_file_is_pinned_beside_one_with_faults(run: Run, film: Path) -> None:
    (film.parent / "wrong.yaml").write_text(FILM.replace("sway", "swya"))
    done = run("presets", "pin", "wrong.yaml", "film.yaml")
    assert done.code == 2
    assert "film.yaml: pinned 2 references" in done.out
    assert "wrong.yaml:7:10   shots[0].camera[0].use: unknown preset 'swya'; did you mean 'sway'?" in done.err
    data = json.loads(run("presets", "pin", "wrong.yaml", "film.yaml", "--json").out)
    assert (data["film.yaml"]["pins"], data["wrong.yaml"]["written"]) == ([], False)


@pytest.mark.parametrize("words", [("sway", "1", "2"), ("sway@1", "sway@2"), ("sway@1", "2"), ("sway",)])
def test_diff_tells_parameters_words_and_the_largest_change_of_the_camera(
    run: Run, film: Path, words: tuple[str, ...]
) -> None:
    """A pan of 40 degrees instead of 10 turns by 30 more, in its place."""
    done = run("presets", "diff", *words)
    assert "angle: 10deg (0deg to 90deg) → 40deg (0deg to 90deg)" in done.out
    assert "--- sway@1\n+++ sway@2\n" in done.out
    assert "-version: 1\n+version: 2\n" in done.out
    camera = json.loads(run("presets", "diff", *words, "--json").out)["camera"]
    assert camera == {"turn_deg": pytest.approx(30.0), "subject_distances": 0.0, "lens": 1.0}


def test_diff_compares_two_presets_by_their_newest_versions(run: Run, film: Path, few: tuple[str, ...]) -> None:
    done = run("presets", "diff", "sway", "orbit-right")
    assert done.code == 0
    assert "--- sway@2\n+++ orbit-right@1\n" in done.out


def test_a_released_version_stays_and_the_next_is_named(run: Run, film: Path) -> None:
    done = run("presets", "release", "sway@1")
    assert done.out == (
        "sway@1 is released: trajectories/lock.json has its SHA-256\n"
        "a change to it goes into trajectories/sway/v3.yaml\n"
    )
    assert "was released before, and has not changed" in run("presets", "release", "sway@1").out
    assert "not released yet" in run("presets", "show", "sway").out
    write_sway(film.parent, 1, "11deg")
    refused = run("presets", "release", "sway@1")
    assert refused.code == 2
    assert "sway@1 has changed since it was released" in refused.err
    assert "v3.yaml" in refused.err


@pytest.mark.parametrize("command", ["list", "show", "pin", "diff", "release"])
def test_help_has_an_example(run: Run, command: str) -> None:
    assert "Example: ex4d presets" in run("presets", command, "--help").out
