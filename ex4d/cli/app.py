"""The commands by name; each is imported when it is asked for, so that none waits for what another needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS = {
    "check": "ex4d.cli.checking",
    "explain": "ex4d.cli.explaining",
    "plan": "ex4d.cli.filming",
    "frame": "ex4d.cli.filming",
    "shoot": "ex4d.cli.filming",
    "presets": "ex4d.cli.presets",
    "recon": "ex4d.cli.reconning",
    "depth": "ex4d.cli.depth",
    "generate": "ex4d.cli.generating",
    "train": "ex4d.cli.training",
    "models": "ex4d.cli.models",
}
"""The module of each command, whose function has the command's name."""
AS_WE_HELP: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}


class _Commands(Mapping[str, Any]):
    """The commands, each imported at its first use."""

    def __init__(self) -> None:
        self._imported: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._imported:
            self._imported[name] = _command(name, getattr(import_module(COMMANDS[name]), name))
        return self._imported[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _command(name: str, written: typer.Typer | Callable[..., None]) -> Any:
    """Return what runs a function, or a group of them, from the command line."""
    if isinstance(written, typer.Typer):
        group = get_command(written)
        group.name = name
        return group
    alone = typer.Typer(**AS_WE_HELP)
    alone.command(name)(written)
    return get_command(alone)


class _Group(TyperGroup):
    """All commands, of which only the one that runs is imported."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(Any, _Commands())  # a mapping that nothing is added to


app = typer.Typer(
    name="ex4d",
    cls=_Group,
    help="Write cameras in YAML, get an edited film seen from where no camera was.",
    no_args_is_help=True,
    **AS_WE_HELP,
)


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from ex4d import __version__

        sys.stdout.write(f"ex4d {__version__}\n")
        raise typer.Exit
