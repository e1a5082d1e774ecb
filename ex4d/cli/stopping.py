"""What a command says last when its user stops it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

RESUMED = "what is finished is kept: run the same command again to go on"


class Stopped(Exception):  # noqa: N818 - it is no error
    """The user stopped a command, whose last words these are."""


@contextmanager
def last_words(words: str) -> Iterator[None]:
    """Have these be said where the user stops what is done in the block."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise Stopped(words) from stop
