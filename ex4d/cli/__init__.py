"""The command line: the only place that prints, and where errors become exit codes.

0 done, 2 the user's input is at fault, 3 something needed is missing, 130 stopped. Anything else is a bug of ours and
keeps its traceback.
"""

from __future__ import annotations

import gc
import sys

from ex4d.cli.columns import printable
from ex4d.cli.streams import is_read_no_further, make_usable, written_out
from ex4d.errors import Ex4dError, MissingPart

EXIT_USER = 2
EXIT_MISSING = 3
EXIT_STOPPED = 130
OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""New objects after which rubbish is looked for; Python's own 700 make that a tenth of what a check takes."""


def main() -> None:
    """Run ``ex4d`` with the process's arguments, and exit."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    make_usable()
    try:
        _run()
    except KeyboardInterrupt:  # before a command has begun
        sys.stderr.write("\nstopped\n")
        sys.exit(EXIT_STOPPED)


def _run() -> None:
    from ex4d.cli.app import app
    from ex4d.cli.stopping import Stopped
    from ex4d.kernels import keep_compiled

    keep_compiled()
    try:
        with written_out():
            app(prog_name="ex4d")
    except Ex4dError as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        sys.exit(EXIT_MISSING if isinstance(error, MissingPart) else EXIT_USER)
    except Stopped as stopped:
        sys.stderr.write(f"\nstopped; {stopped}\n")
        sys.exit(EXIT_STOPPED)
    except SystemExit as leaving:
        if is_read_no_further(leaving):
            sys.exit(0)
        if leaving.code == EXIT_STOPPED:  # what typer makes of Ctrl-C where a command has nothing to say of it
            sys.stderr.write("\nstopped\n")
        raise
