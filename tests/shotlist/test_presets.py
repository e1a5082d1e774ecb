"""Presets: moves by name, at a version, with parameters."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ex4d.errors import ShotFileError
from ex4d.shotlist import presets
from ex4d.shotlist.arithmetic import evaluate
from ex4d.shotlist.library import Library, lock_text
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import Orbit, Pan, Position, Shot, Window
from ex4d.shotlist.model import Path as PathMove
from ex4d.shotlist.units import Quantity
from tests.shotlist.reading import camera, messages, one_shot

LAWS = settings(derandomize=True, deadline=None, max_examples=100)


class Project:
    """A folder with a shot list and presets of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "film.yaml"
        self.home = folder / "trajectories"

    def preset(self, name: str, camera: str, *, version: int = 1, params: str = "{}") -> None:
        """Write a version of a preset."""
        file = self.home / name / f"v{version}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"preset: {name}\nversion: {version}\nex4d: 1\nabout: a test\nparams: {params}\ncamera: {camera}\n"
        )

    def shot(self, camera: str) -> Shot:
        """Read one shot."""
        return parse(one_shot(camera), self.file).shots[0]

    def messages(self, camera: str) -> list[str]:
        """Read one faulty shot; the folder's name is left out of the messages."""
        return [text.replace(f"{self.file.parent}/", "") for text in messages(one_shot(camera), self.file)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path)


def test_a_preset_of_the_whole_shot_is_its_moves_written_out() -> None:
    """Nothing tells them apart."""

    assert camera("- use: orbit-right\n  with: {angle: 60deg}") == camera("- orbit: {right: 60deg}")


def test_a_parameter_that_is_left_out_has_its_default() -> None:
    """45 degrees, as its file says."""

    assert camera("- use: orbit-left@1") == camera("- orbit: {left: 45deg}")


def test_what_was_used_is_told_with_its_version(project: Project) -> None:
    """Pinned or the newest, the outer before the inner, each once."""
    project.preset("inner", "[{pan: 1deg}]")
    project.preset("inner", "[{pan: 2deg}]", version=2)
    project.preset("outer", "[{use: inner}, {use: inner}]")
    uses = project.shot("- use: outer@1\n- use: inner@1").presets

    assert [(use.name, use.version, use.pinned) for use in uses] == [
        ("outer", 1, True),
        ("inner", 2, False),
        ("inner", 1, True),
    ]
    assert all(len(use.sha256) == 64 for use in uses)


def test_the_newest_version_is_the_largest_number_not_the_last_word(project: Project) -> None:
    """10 is newer than 9."""
    for version in (1, 2, 9, 10):
        project.preset("turn", f"[{{pan: {version}deg}}]", version=version)

    assert project.shot("- use: turn").presets[0].version == 10


def test_windows_of_a_preset_are_of_the_window_in_which_it_is_used(project: Project) -> None:
    """Nested windows keep the windows they are of; a whole one adds nothing."""
    project.preset("inner", "[{pan: 1deg, at: 10%..20%}, {tilt: 1deg}]")
    project.preset("outer", "[{use: inner, at: 50%..100%}]")
    pan, tilt = project.shot("- use: outer\n  at: 1s..2s").camera
    used, half, tenth = (Window.model_validate(text) for text in ("1s..2s", "50%..100%", "10%..20%"))
    half = half.model_copy(update={"within": used})

    assert tilt.at == half
    assert pan.at == tenth.model_copy(update={"within": half})


def test_a_window_of_a_preset_in_seconds_is_refused(project: Project) -> None:
    """It is told at the preset, and where it is used."""
    project.preset("late", "[{pan: 1deg, at: 1s..2s}, {use: orbit-right, at: 0s..1s}]")

    assert project.messages("- use: late") == [
        "inside a preset a window is in %, of the window in which the preset is used (used at film.yaml:8:9)",
        "inside a preset a window is in %, of the window in which the preset is used (used at film.yaml:8:9)",
    ]


def test_parameters_stand_for_themselves_in_arithmetic_in_texts_and_in_formulas(project: Project) -> None:
    """A whole scalar keeps its exact value; in a formula a negative value keeps its sign."""
    project.preset(
        "all",
        "[{pan: $(-angle / 3)}, {tilt: {down: $angle}, at: 0%..$end, ease: in $p}, "
        "{path: {right: 2 - $angle * s, up: $far}}]",
        params="{angle: {default: -30deg}, end: {default: 40%}, p: {default: 3}, far: {default: -50%}}",
    )
    pan, tilt, path = project.shot("- use: all").camera

    assert pan.move == Pan(angle=math.radians(10))
    assert tilt.move.angle == pytest.approx(math.radians(30))  # type: ignore[union-attr]
    assert tilt.at.end == Position(value=Fraction(40), unit="%")
    assert tilt.ease is not None
    assert tilt.ease.power == 3
    assert isinstance(path.move, PathMove)
    assert float(path.move.formulas["right"].evaluate({"s": 1.0})) == pytest.approx(2 + math.radians(30))
    assert float(path.move.formulas["up"].evaluate({"s": 1.0})) == -0.5


def test_a_parameter_passes_through_nested_presets(project: Project) -> None:
    """By arithmetic on the way."""
    project.preset("inner", "[{orbit: {right: $angle}}]", params="{angle: {default: 1deg, min: 0deg, max: 90deg}}")
    project.preset("outer", "[{use: inner, with: {angle: $(2 * a)}}]", params="{a: {default: 10deg}}")

    assert project.shot("- use: outer").camera[0].move == Orbit(right=math.radians(20))
    assert project.messages("- use: outer\n  with: {a: 50deg}") == [
        "'100deg' is out of range: 0deg to 90deg (used at film.yaml:8:9)"
    ]


def test_a_parameter_may_be_written_in_the_other_unit_of_its_kind(project: Project) -> None:
    """Radians for degrees, x for %; but no distance for an angle."""
    project.preset("turn", "[{pan: $a}, {dolly: $d}]", params="{a: {default: 9deg}, d: {default: 1%}}")
    pan, dolly = project.shot("- use: turn\n  with: {a: 0.5rad, d: 0.4x}").camera

    assert pan.move.angle == pytest.approx(0.5, rel=1e-15)  # type: ignore[union-attr]
    assert dolly.move.distance == 0.4  # type: ignore[union-attr]


amounts = st.fractions(min_value=-1000, max_value=1000, max_denominator=100)


@LAWS
@given(amounts, amounts, amounts.filter(bool))
def test_arithmetic_is_exact(a: Fraction, b: Fraction, c: Fraction) -> None:
    """Fractions in, the same fraction out, with its unit."""
    values = {"a": Quantity(a, "deg"), "b": Quantity(b, "deg"), "c": Quantity(c, "")}

    assert evaluate("(-(a + b) * c / 2 - a)", values) == Quantity(-(a + b) * c / 2 - a, "deg")
    assert evaluate("(a / c - b)", values) == Quantity(a / c - b, "deg")


@LAWS
@given(st.text(alphabet="ab0129.%+-*/() deg", max_size=30))
def test_any_arithmetic_is_a_quantity_or_a_value_error(text: str) -> None:
    """Nothing else comes out."""
    try:
        evaluate(text, {"a": Quantity(Fraction(3), "deg"), "b": Quantity(Fraction(0), "")})
    except ValueError:
        return


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$angel", "'$angel': no parameter 'angel'; did you mean 'angle'?"),
        ("$(angle", "'$(angle': '$' begins a parameter, as in $angle, or arithmetic, as in $(-angle / 2)"),
        ("$", "'$': '$' begins a parameter, as in $angle, or arithmetic, as in $(-angle / 2)"),
        ("$(angle / 0)", "'$(angle / 0)': division by zero"),
        ("$(angle + 1)", "'$(angle + 1)': 30deg and 1 have different units"),
        ("$(angle * angle)", "'$(angle * angle)': 30deg times 30deg: one of them must be without a unit"),
        ("$(angle ^ 2)", "'$(angle ^ 2)': '^ 2)' was not expected; + - * / and () are"),
        ("$(sin(angle))", "'$(sin(angle))': no parameter 'sin'; parameters: angle"),
        ("$(angle angle)", "'$(angle angle)': ')' is missing"),
        ("$()", "'$()': a value is missing before ')'"),
        ("$(2 *)", "'$(2 *)': a value is missing before ')'"),
        ("$((((((((((((((((((((((angle))))))))))))))))))))))", "nested more than 20 deep"),
    ],
)
def test_wrong_references_are_told_at_the_preset_and_its_use(project: Project, text: str, message: str) -> None:
    """In the words of the preset's author."""
    project.preset("turn", f"[{{pan: {text!r}}}]", params="{angle: {default: 30deg}}")
    (found,) = project.messages("- use: turn")

    assert message in found
    assert found.endswith("(used at film.yaml:8:9)")


def test_a_fault_inside_a_preset_names_the_presets_file_and_every_use_on_the_way(project: Project) -> None:
    """The place of the fault first."""
    project.preset("inner", "[{pan: 30}]")
    project.preset("outer", "[{use: inner}]")
    with pytest.raises(ShotFileError) as caught:
        project.shot("- use: outer")
    (fault,) = caught.value.faults

    assert fault.file == str(project.home / "inner" / "v1.yaml")
    assert (fault.line, fault.column, fault.path) == (6, 11, "camera[0].pan")
    assert fault.message.replace(f"{project.file.parent}/", "") == (
        "'30' has no unit; write 30deg (used at trajectories/outer/v1.yaml:6:11, film.yaml:8:9)"
    )


def test_a_cycle_is_an_error_that_shows_it(project: Project) -> None:
    """Through however many presets."""
    project.preset("a", "[{use: b}]")
    project.preset("b", "[{use: a@1}]")
    (found,) = project.messages("- use: a")

    assert found.startswith("presets use each other in a circle: a → b → a")


def test_presets_nest_eight_deep_and_no_deeper(project: Project) -> None:
    """Nine is one too many."""
    for level in range(1, 9):
        project.preset(f"p{level}", f"[{{use: p{level + 1}}}]")
    project.preset("p9", "[{pan: 1deg}]")
    (found,) = project.messages("- use: p1")

    assert len(project.shot("- use: p2").camera) == 1
    assert found.startswith("presets nest more than 8 deep")


def test_presets_that_double_at_each_level_end_soon(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of a few lines is refused by the number of its values."""
    monkeypatch.setattr(presets, "MAX_VALUES", 2000)
    for level in range(1, 8):
        project.preset(f"p{level}", f"[{', '.join([f'{{use: p{level + 1}}}'] * 20)}]")
    project.preset("p8", "[{pan: 1deg}]")

    assert "the presets of this file amount to more than 2000 values" in project.messages("- use: p1")[0]


def test_a_projects_preset_may_stand_in_the_parent_folder(project: Project) -> None:
    """As ``shots/`` and ``trajectories/`` do, side by side."""
    project.preset("turn", "[{pan: 1deg}]")
    project.file = project.file.parent / "shots" / "film.yaml"

    assert project.shot("- use: turn").presets[0].name == "turn"


def test_a_projects_preset_may_not_have_a_built_in_name(project: Project) -> None:
    """Else the same list would mean two things."""
    project.preset("orbit-right", "[{pan: 1deg}]")

    assert project.messages("- use: orbit-right") == [
        "trajectories/orbit-right has the name of a built-in preset; rename the project's own"
    ]


def test_a_released_version_that_changed_is_an_error_that_names_it(project: Project) -> None:
    """Comments and line ends are free, meaning is not."""
    project.preset("turn", "[{pan: 1deg}]")
    (project.home / "lock.json").write_text(lock_text(project.home))
    file = project.home / "turn" / "v1.yaml"
    file.write_text("# a comment\n" + file.read_text().replace("\n", "\r\n"))
    assert project.shot("- use: turn@1").camera

    project.preset("turn", "[{pan: 2deg}]")

    assert project.messages("- use: turn@1") == [
        "preset turn@1 has changed since it was released; restore trajectories/turn/v1.yaml, or make the change v2.yaml"
    ]


def test_a_new_version_beside_a_released_one_is_not_locked(project: Project) -> None:
    """It is unreleased until the lock file names it."""
    project.preset("turn", "[{pan: 1deg}]")
    (project.home / "lock.json").write_text(lock_text(project.home))
    project.preset("turn", "[{pan: 2deg}]", version=2)

    assert project.shot("- use: turn").presets[0].version == 2


@pytest.mark.parametrize("text", ["", "[]", "{", '{"turn@1": 1}', "[" * 5000])
def test_a_broken_lock_file_is_an_error_that_names_it(project: Project, text: str) -> None:
    """Never taken for an empty one."""
    project.preset("turn", "[{pan: 1deg}]")
    (project.home / "lock.json").write_text(text)

    assert project.messages("- use: turn")[0].startswith("trajectories/lock.json is not a lock file")


@pytest.mark.parametrize("dead_link", [False, True])
def test_what_stands_in_the_place_of_a_lock_file_unlocks_nothing(project: Project, dead_link: bool) -> None:
    """A folder, or a link to nowhere, is no empty lock."""
    project.preset("turn", "[{pan: 1deg}]")
    lock = project.home / "lock.json"
    lock.symlink_to("nowhere") if dead_link else lock.mkdir()

    assert project.messages("- use: turn") == ["trajectories/lock.json is not a lock file: it is no regular file"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("{a: {default: 1deg, min: 0}}", "0 and the default 1deg have different units"),
        ("{a: {default: 9deg, max: 3deg}}", "the default 9deg is outside 3deg or less"),
        (
            "{a: 3deg}",
            "needs a mapping, as in {default: 45deg, min: -180deg, max: 180deg, about: how far round}, but ",
        ),
        ("{a: {min: 3deg}}", "needs 'default'"),
        ("{A-b: {default: 1}}", "a parameter cannot be called 'A-b'; use a-z, 0-9 and _"),
        ("[a]", "but got a list of 1"),
        ("{a: {default: 1, abuot: x}}", "unknown key 'abuot'; did you mean 'about'?"),
    ],
)
def test_faults_of_parameters(project: Project, params: str, message: str) -> None:
    """Told of the preset's file, and where it is used."""
    project.preset("turn", "[]", params=params)
    (found,) = project.messages("- use: turn")

    assert message in found
    assert found.endswith("(used at film.yaml:8:9)")


def test_a_preset_states_its_own_name_and_version(project: Project) -> None:
    """A file that was copied and not edited is told."""
    project.preset("turn", "[]")
    (project.home / "turn" / "v1.yaml").rename(project.home / "turn" / "v2.yaml")

    assert project.messages("- use: turn") == ["'1' is not the number of its file, v2.yaml (used at film.yaml:8:9)"]


def test_a_preset_whose_own_name_is_misspelt_is_told_so(project: Project) -> None:
    """The key is at fault, not what it lacks then."""
    project.preset("mine", "[{pan: 1deg}]")
    file = project.home / "mine" / "v1.yaml"
    file.write_text(file.read_text().replace("preset: mine", "presett: yours"))

    assert project.messages("- use: mine") == [
        "unknown key 'presett'; did you mean 'preset'? (used at film.yaml:8:9)",
    ]


def test_the_library_lists_what_there_is(project: Project) -> None:
    """Built-in and the project's own."""
    project.preset("turn", "[]")

    assert {"turn", "ex4d-180", "orbit-right"} <= set(Library.beside(project.file).names())
    assert json.loads(lock_text(project.home)).keys() == {"turn@1"}
