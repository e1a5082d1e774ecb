"""Commands put together from groups of options, each read by a function of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

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
