"""What README and docs show can be typed: every command is there, with the options that are shown."""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown() -> list[str]:
    """Return every line of a code block that begins with ex4d, from all pages; several joined by && are several."""
    blocks = [block for page in PAGES for block in re.findall(r"```\w*\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
    lines = [part.strip() for block in blocks for line in block.splitlines() for part in line.split("&&")]
    return list(dict.fromkeys(line for line in lines if line.startswith("ex4d ")))


def named() -> list[str]:
    """Return every command within a line of text, from all pages; such may leave out what it is about."""
    return list(
        dict.fromkeys(each for page in PAGES for each in re.findall(r"`(ex4d \w[^`]*)`", page.read_text("utf-8")))
    )


def command_of(words: list[str]) -> Any:
    """Return the command that the first words name, and take these words away."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands") and words:
        named = words[0] in command.commands or not hasattr(command, "default")
        command = command.commands[words.pop(0) if named else command.default]
    return command


@pytest.mark.parametrize("line", shown())
def test_every_command_that_is_shown_can_be_typed(line: str) -> None:
    words = shlex.split(re.sub(r"\s#.*", "", line))[1:]  # within a word, # is no comment
    command_of(words).make_context("ex4d", words, resilient_parsing=False).close()


@pytest.mark.parametrize("line", named())
def test_every_command_that_is_named_is_there_with_its_options(line: str) -> None:
    words = re.split(r"[\s|]+", line.removeprefix("ex4d "))
    command = command_of(words[:1] if words[0] not in ("models", "train") else words[:2])

    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= known


def test_there_are_commands_to_type() -> None:
    assert len(shown()) > 5
    assert len(named()) > 10


def rows_of_profiles() -> list[list[str]]:
    """Return the table of docs/mesh.md whose first column is ``field``: its head, then a row a field."""
    lines = (ROOT / "docs" / "mesh.md").read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| field |"))
    stop = next(number for number, line in enumerate(lines[start:], start) if not line.startswith("|"))
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:stop])
    return [head, *rows]


def test_the_table_of_profiles_is_what_they_are() -> None:
    """Every field, in order, with the value of every profile."""
    head, *rows = rows_of_profiles()
    fields = {name: asdict(profile) for name, profile in PROFILES.items()}

    assert head[1:-1] == [f"`{name}`" for name in PROFILES]
    assert rows == [
        [f"`{field}`", *(f"`{values[field]}`" for values in fields.values()), row[-1]]
        for field, row in zip(fields["clean"], rows, strict=True)
    ]
    assert all(row[-1] for row in rows)
