"""What README and docs show can be typed: every command is there, with the options that are shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer.main

from ex4d.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown() -> list[str]:
    """Return every line of a code block that begins with ex4d, from all pages; several joined by && are several."""
    blocks = [block for page in PAGES for block in re.findall(r"```\w*\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
    lines = [part.strip() for block in blocks for line in block.splitlines() for part in line.split("&&")]
    return list(dict.fromkeys(line for line in lines if line.startswith("ex4d ")))


@pytest.mark.parametrize("line", shown())
def test_every_command_that_is_shown_can_be_typed(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = typer.main.get_command(app)
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context("ex4d", words, resilient_parsing=False).close()


def test_there_are_commands_to_type() -> None:
    assert len(shown()) > 5
