"""Standard output and error as they may be: closed, full, read no further, or of few letters; and JSON for programs."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ex4d.errors import OutputError


def make_usable() -> None:
    """Give every closed stream a place to write to, and let what a stream has no letters for be spelt out."""
    while sys.stdout is None or sys.stderr is None:  # so that no file that is written later takes its number
        taken = os.open(os.devnull, os.O_RDWR)
        if taken >= 1 and sys.stdout is None:
            sys.stdout = os.fdopen(taken, "w", encoding="utf-8")
        elif taken >= 1:
            sys.stderr = os.fdopen(taken, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(data: Any) -> None:
    """Print data for programs; what JSON has no form of its own for, as paths and fractions, is written as text."""
    sys.stdout.write(json.dumps(data, indent=2, default=str) + "\n")


def is_read_no_further(leaving: SystemExit) -> bool:
    """Return whether a command ended because who reads its output, such as ``head``, has read enough."""
    return leaving.code == 1 and isinstance(leaving.__context__, BrokenPipeError)


@contextmanager
def written_out() -> Iterator[None]:
    """Write out all that a command says; where nobody reads any further, let it go.

    Raises:
        OutputError: no space is left, be it for what the command says or for what it makes.
    """
    try:
        try:
            yield
        finally:
            _flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _let_go()
        raise OutputError(f"{error.filename or 'the output'} cannot be written: no space is left there") from error


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()


def _let_go() -> None:
    """Send what is still to be written to nowhere, so that Python does not trip over it as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
