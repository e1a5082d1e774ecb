"""Commands put together from groups of options, each read by a function of its own; and what they take, read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Literal

import typer

from ex4d.errors import UserError
from ex4d.shotlist.lens import LensSpec
from ex4d.shotlist.nodes import IN_PYTHON, Text

Group = Callable[[], dict[str, Any]]
"""Returns what a group of options says, by the names of fields; raises a UserError for all that means nothing."""
Command = Callable[..., None]


def with_options(read: Callable[..., Any], argument: str) -> Callable[[Command], Command]:
    """Add the options that ``read`` takes to a command, which gets ``read`` with them filled in as ``argument``."""

    def add(command: Command) -> Command:
        own, added = inspect.signature(command, eval_str=True), inspect.signature(read, eval_str=True)

        @wraps(command)
        def run(**arguments: Any) -> None:
            said = {name: arguments.pop(name) for name in added.parameters}
            command(**arguments, **{argument: partial(read, **said)})

        parameters = [each for name, each in own.parameters.items() if name != argument]
        parameters += [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in added.parameters.values()]
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return add


def panel(title: str) -> Callable[..., Any]:
    """Return a way to describe options that help shows under one title."""

    def option(help_text: str, *names: str, metavar: str | None = None) -> Any:
        return typer.Option(*names, help=help_text, metavar=metavar, rich_help_panel=title)

    return option


def read_as(option: str, kind: Any, written: str | None) -> Any:
    """Read a value as a type of the shot language has it; None where nothing is written.

    Raises:
        UserError: it is none.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return None if written is None else TypeAdapter(kind).validate_python(written)
    except ValidationError as cause:
        raise UserError(f"{option} {cause.errors()[0]['ctx']['error']}") from cause


def lens_as_written(written: str | None) -> LensSpec | Literal["auto"] | None:
    """Read ``--lens``.

    Raises:
        UserError: it is none.
    """
    if written is None:
        return None
    try:
        if written == "auto":
            return "auto"
        return LensSpec.model_validate(LensSpec.opened(Text(written, IN_PYTHON)))
    except ValueError as cause:
        raise UserError(f"--lens {cause}") from cause


def one_of(option: str, written: str | None, words: tuple[Any, ...]) -> Any:
    """Return the word as the type of it has it; None where nothing is written.

    Raises:
        UserError: it is none of the words.
    """
    if written is not None and written not in words:
        raise UserError(f"{option} {written}: unknown; write one of {', '.join(words)}")
    return written
