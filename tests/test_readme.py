"""What the README shows is true: its shot list compiles, its commands exist, its picture is there, its moves work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from ex4d.cli.app import app
from ex4d.cli.engine_arguments import ENGINE_PANEL
from ex4d.shotlist.load import load, parse
from ex4d.shotlist.model import MOVES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
"""By name."""
MOVE_TABLE = README.split("| move |")[1].split("\n\n")[0]
LIST = "ex4d: 1\nsource: {video: clip.mp4}\nshots:\n  - name: one\n    clip: 0s..1s\n    camera:\n      - %s\n"


def test_the_shot_list_is_sound() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    film = parse(block, ROOT / "shots" / "readme.yaml")
    assert [shot.name for shot in film.shots] == ["establish", "swing", "vertigo"]


def test_the_two_commands_are_the_ones_that_are_tested() -> None:
    first, second = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert first == "pip install -e . && ex4d shoot shots/scene.yaml"
    assert second == "pip install -c constraints.txt -e '.[test]' && pytest -n 2 --dist loadfile"


def test_every_command_is_described_and_every_described_one_exists() -> None:
    described = set(re.findall(r"^\| `ex4d (\w+)", README, re.MULTILINE))
    assert described == set(COMMANDS)


def test_every_move_is_described() -> None:
    rows = re.findall(r"^\| (`[a-z-]+`(?: `[a-z-]+`)*) \| `", MOVE_TABLE, re.MULTILINE)
    described = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    assert described == (set(MOVES) | {"use"}) - {"hold"}


@pytest.mark.parametrize("example", re.findall(r"`([a-z-]+: [^`]*)`", MOVE_TABLE))
def test_every_example_of_a_move_is_sound(example: str, tmp_path: Path) -> None:
    assert parse(LIST % example, tmp_path / "one.yaml").shots[0].camera


def test_the_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_folders_that_are_named_exist() -> None:
    named = re.findall(r"`((?:ex4d/\w+)|trajectories|shots|tests/bench/)`", README)
    assert named
    assert all((ROOT / name).is_dir() for name in named)


def test_the_example_film_has_at_least_four_shots_and_a_dissolve() -> None:
    film = load(ROOT / "shots" / "scene.yaml")
    assert len(film.shots) >= 4
    assert any(shot.transition.kind == "dissolve" for shot in film.shots)


def test_the_changelog_names_every_option_of_engines_with_weights() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    own = [option for option in COMMANDS["shoot"].params if getattr(option, "rich_help_panel", None) == ENGINE_PANEL]
    assert len(own) > 10
    assert [option.opts[0] for option in own if f"`{option.opts[0]}`" not in changelog] == []


def test_the_layout_of_embedded_prompts_is_told() -> None:
    (told,) = re.findall(r"`--prompt-embeds FILE`[^`]*`(\w+)` and `(\w+)`, each of\s+up to (\d+) rows of 4096", README)
    assert told == ("prompt", "negative", "512")
