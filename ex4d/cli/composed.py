"""Commands put together from groups of options, each read by a function of its own; and words that they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from ex4d.errors import UserError

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


def one_of(option: str, written: str | None, words: tuple[Any, ...]) -> Any:
    """Return the word as the type of it has it; None where nothing is written.

    Raises:
        UserError: it is none of the words.
    """
    if written is not None and written not in words:
        raise UserError(f"{option} {written}: unknown; write one of {', '.join(words)}")
    return written
